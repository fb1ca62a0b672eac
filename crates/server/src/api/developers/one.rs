//! `GET /v1/developers/{developerId}`.
use super::list::DeveloperOut;
use crate::api::events::refuse_people;
use crate::auth::{Allowed, Read};
use crate::http::path::PathId;
use crate::http::problem::{Problem, ProblemOut};
use crate::http::query::Params;
use crate::state::AppState;
use axum::Json;
use axum::extract::State;
use cognobserve_model::event::{DeveloperSort, EventFilter};
use cognobserve_model::id::DeveloperId;
use std::sync::Arc;

/// One developer by their events in the project; without any in the period only the caller's own is there.
#[utoipa::path(get, path = "/v1/developers/{developerId}", tag = "events", params(
    ("developerId" = String, Path, description = "The owner of a workspace, or an account."),
    ("event" = Option<String>, Query, description = "By events of this name alone."),
    ("from" = Option<String>, Query, description = "By events at or after this time or date."),
    ("to" = Option<String>, Query, description = "By events before this time or date."),
    ("tz" = Option<String>, Query, description = "IANA zone in which dates are read; the project's without."),
), responses((status = 200, body = DeveloperOut), (status = 403, body = ProblemOut), (status = "default", body = ProblemOut)))]
pub async fn find_developer(
    State(state): State<Arc<AppState>>,
    allowed: Allowed<Read>,
    PathId(id): PathId,
    mut params: Params,
) -> Result<Json<DeveloperOut>, Problem> {
    refuse_people(&state)?;
    let zone = params.zone(&allowed);
    let (filter, _) = params.events(&allowed, &zone);
    params.finish()?;
    let id = DeveloperId::new(id);
    let filter = EventFilter {
        developer: Some(id.clone()),
        ..filter
    };
    let sort = DeveloperSort::EventCount;
    let found = state.events.list_developers(&filter, sort, 1).await?;
    match found.into_iter().next() {
        Some(stats) => Ok(Json(stats.into())),
        None => {
            check_own(&allowed, &id)?;
            Ok(Json(DeveloperOut {
                developer_id: id.to_string(),
                event_count: 0,
                unique_end_users: 0,
                first_seen_at: None,
                last_seen_at: None,
            }))
        }
    }
}

/// 404 unless this is the project's developer or the caller.
pub fn check_own(allowed: &Allowed<Read>, id: &DeveloperId) -> Result<(), Problem> {
    let is_own = *id == allowed.developer || *id == allowed.project.developer;
    is_own.then_some(()).ok_or_else(Problem::not_found)
}
