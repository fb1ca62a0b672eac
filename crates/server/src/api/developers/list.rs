//! `GET /v1/developers`.
use crate::api::events::refuse_people;
use crate::api::json::TimeOut;
use crate::api::page::PageOut;
use crate::auth::{Allowed, Read};
use crate::http::cursor::Tie;
use crate::http::problem::{Problem, ProblemOut};
use crate::http::query::Params;
use crate::state::AppState;
use axum::Json;
use axum::extract::State;
use cognobserve_model::event::developers::{DeveloperPosition, MAX_DEVELOPERS, cut_page};
use cognobserve_model::event::{DeveloperSort, DeveloperStats};
use cognobserve_model::query::PageRequest;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// A developer by their events.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Developer)]
pub struct DeveloperOut {
    pub developer_id: String,
    pub event_count: u64,
    /// End users with an event.
    pub unique_end_users: u64,
    /// Null without events.
    pub first_seen_at: Option<TimeOut>,
    pub last_seen_at: Option<TimeOut>,
}

impl From<DeveloperStats> for DeveloperOut {
    fn from(stats: DeveloperStats) -> DeveloperOut {
        DeveloperOut {
            developer_id: stats.developer.to_string(),
            event_count: stats.event_count,
            unique_end_users: stats.unique_end_users,
            first_seen_at: Some(TimeOut(stats.first_seen)),
            last_seen_at: Some(TimeOut(stats.last_seen)),
        }
    }
}

/// Lists the project's developers, biggest first, then by id.
#[utoipa::path(get, path = "/v1/developers", tag = "events", params(
    ("sortBy" = Option<String>, Query, description = "uniqueEndUsers (default), eventCount or lastSeenAt."),
    ("event" = Option<String>, Query, description = "By events of this name alone."),
    ("from" = Option<String>, Query, description = "By events at or after this time or date."),
    ("to" = Option<String>, Query, description = "By events before this time or date."),
    ("tz" = Option<String>, Query, description = "IANA zone in which dates are read; the project's without."),
    ("limit" = Option<i64>, Query, minimum = 1, maximum = 100, description = "50 without."),
    ("cursor" = Option<String>, Query, description = "`nextCursor` of the page before."),
), responses((status = 200, body = PageOut<DeveloperOut>), (status = 403, body = ProblemOut), (status = "default", body = ProblemOut)))]
pub async fn list_developers(
    State(state): State<Arc<AppState>>,
    allowed: Allowed<Read>,
    mut params: Params,
) -> Result<Json<PageOut<DeveloperOut>>, Problem> {
    refuse_people(&state)?;
    let zone = params.zone(&allowed);
    let (filter, _) = params.events(&allowed, &zone);
    let sort = params
        .word("sortBy", DeveloperSort::ALL, DeveloperSort::as_str)
        .unwrap_or(DeveloperSort::UniqueEndUsers);
    let tie = Tie::new("developers", (&filter, sort));
    let page: PageRequest<DeveloperPosition> = params.page(tie);
    params.finish()?;
    let events = &state.events;
    let found = events
        .list_developers(&filter, sort, MAX_DEVELOPERS)
        .await?;
    let page = cut_page(found, sort, page);
    Ok(Json(PageOut::new(page, tie, DeveloperOut::from)))
}
