//! `GET /v1/sessions/{id}` and its timeline.
use super::out::SessionOut;
use crate::api::page::PageOut;
use crate::api::traces::out::TraceDetailOut;
use crate::auth::{Allowed, Read};
use crate::http::cursor::Tie;
use crate::http::path::PathId;
use crate::http::problem::{Problem, ProblemOut};
use crate::http::query::Params;
use crate::state::AppState;
use axum::Json;
use axum::extract::State;
use cognobserve_model::id::SessionId;
use std::sync::Arc;

/// One session with its sums.
#[utoipa::path(get, path = "/v1/sessions/{id}", tag = "sessions", params(
    ("id" = String, Path, description = "Our id of the session."),
), responses((status = 200, body = SessionOut), (status = "default", body = ProblemOut)))]
pub async fn find_session(
    State(state): State<Arc<AppState>>,
    allowed: Allowed<Read>,
    PathId(id): PathId,
) -> Result<Json<SessionOut>, Problem> {
    let session = state
        .reports
        .find_session(allowed.project(), &SessionId::new(id))
        .await?;
    Ok(Json(session.ok_or_else(Problem::not_found)?.into()))
}

/// A session's traces with everything, in the order in which they happened.
#[utoipa::path(get, path = "/v1/sessions/{id}/timeline", tag = "sessions", params(
    ("id" = String, Path, description = "Our id of the session."),
    ("limit" = Option<i64>, Query, minimum = 1, maximum = 100, description = "50 without."),
    ("cursor" = Option<String>, Query, description = "`nextCursor` of the page before."),
), responses((status = 200, body = PageOut<TraceDetailOut>), (status = "default", body = ProblemOut)))]
pub async fn read_timeline(
    State(state): State<Arc<AppState>>,
    allowed: Allowed<Read>,
    PathId(id): PathId,
    mut params: Params,
) -> Result<Json<PageOut<TraceDetailOut>>, Problem> {
    let tie = Tie::new("timeline", (allowed.project(), &id));
    let page = params.page(tie);
    params.finish()?;
    let page = state
        .reports
        .read_timeline(allowed.project(), &SessionId::new(id), page)
        .await?;
    Ok(Json(PageOut::new(
        page.ok_or_else(Problem::not_found)?,
        tie,
        TraceDetailOut::from,
    )))
}
