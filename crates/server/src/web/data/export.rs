//! `GET /users/{id}/export`: everything about a user, as JSON texts, one a line: the user, then
//! sessions, then traces with all spans. Streamed: memory holds one stretch at a time.
use crate::api::costs::csv::attach;
use crate::api::sessions::out::SessionOut;
use crate::api::traces::detail::TraceDetailOut;
use crate::api::users::out::UserOut;
use crate::auth::page::Refusal;
use crate::auth::{Inside, Read};
use crate::http::path::PathId;
use crate::http::problem::Problem;
use crate::state::AppState;
use crate::web::answer::Answer;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use cognobserve_dashboard::view::name_download;
use cognobserve_model::id::{ProjectId, UserId};
use cognobserve_model::query::{
    PageRequest, Period, SessionFilter, TimePosition, TraceFilter, UserKey,
};
use serde::Serialize;
use std::io;
use std::sync::Arc;

const STRETCH_ROWS: usize = 50;

/// What is still to be written.
enum Rest {
    Sessions(Option<TimePosition>),
    Traces(Option<TimePosition>),
    Nothing,
}

struct Export {
    state: Arc<AppState>,
    project: ProjectId,
    user: UserId,
    rest: Rest,
}

pub async fn export_user(
    State(state): State<Arc<AppState>>,
    inside: Inside<Read>,
    PathId(id): PathId,
) -> Answer {
    let (project, user) = (inside.project.id.clone(), UserId::new(id));
    let found = state
        .reports
        .find_user(&project, &UserKey::Id(user.clone()), Period::ALL)
        .await?;
    let stats = found.ok_or_else(Refusal::not_found)?.stats;
    let what = format!("user {}", stats.user.external_id);
    let file = format!("{}.ndjson", name_download(&inside.project, &what));
    let mut first = Vec::new();
    write_line(&mut first, "user", &UserOut::from(stats)).map_err(fail)?;
    let export = Export {
        state,
        project,
        user,
        rest: Rest::Sessions(None),
    };
    let rest = futures_util::stream::try_unfold(export, async |mut export: Export| {
        let chunk = export.write_stretch().await?;
        Ok::<_, io::Error>(chunk.map(|chunk| (chunk, export)))
    });
    let first = futures_util::stream::iter([Ok(Bytes::from(first))]);
    let chunks = futures_util::StreamExt::chain(first, rest);
    let headers = [
        (header::CONTENT_TYPE, "application/x-ndjson".to_owned()),
        (header::CONTENT_DISPOSITION, attach(&file)),
    ];
    Ok((headers, Body::from_stream(chunks)).into_response())
}

fn fail(error: io::Error) -> Refusal {
    tracing::error!(%error, "an export could not be written");
    Problem::new(
        crate::http::problem::Code::Internal,
        "The export could not be written.",
    )
    .into()
}

/// `{"kind":value}`.
fn write_line(out: &mut Vec<u8>, kind: &str, value: &impl Serialize) -> io::Result<()> {
    out.extend_from_slice(format!("{{\"{kind}\":").as_bytes());
    serde_json::to_writer(&mut *out, value)?;
    out.extend_from_slice(b"}\n");
    Ok(())
}

impl Export {
    /// The next lines; `None` when all is written.
    async fn write_stretch(&mut self) -> io::Result<Option<Bytes>> {
        let told = |error| io::Error::other(Problem::from(error).detail);
        let page = |after| PageRequest {
            limit: STRETCH_ROWS,
            after,
        };
        let (reports, mut out) = (&self.state.reports, Vec::new());
        match std::mem::replace(&mut self.rest, Rest::Nothing) {
            Rest::Sessions(after) => {
                let filter = SessionFilter {
                    user: Some(self.user.clone()),
                    ..SessionFilter::default()
                };
                let found = reports
                    .list_sessions(&self.project, filter, page(after))
                    .await
                    .map_err(told)?;
                // Deleted meanwhile: what there was is written.
                let Some(found) = found else { return Ok(None) };
                self.rest = match found.next {
                    Some(next) => Rest::Sessions(Some(next)),
                    None => Rest::Traces(None),
                };
                for session in found.items {
                    write_line(&mut out, "session", &SessionOut::from(session))?;
                }
            }
            Rest::Traces(after) => {
                let filter = TraceFilter {
                    user: Some(self.user.clone()),
                    ..TraceFilter::default()
                };
                let found = reports
                    .list_traces(&self.project, filter, page(after))
                    .await
                    .map_err(told)?;
                let Some(found) = found else { return Ok(None) };
                if let Some(next) = found.next {
                    self.rest = Rest::Traces(Some(next));
                }
                for trace in found.items {
                    let detail = reports
                        .find_trace(&self.project, &trace.id)
                        .await
                        .map_err(told)?;
                    if let Some(detail) = detail {
                        write_line(&mut out, "trace", &TraceDetailOut::from(detail))?;
                    }
                }
            }
            Rest::Nothing => return Ok(None),
        }
        Ok(Some(Bytes::from(out)))
    }
}
