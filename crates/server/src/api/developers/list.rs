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
use cognobserve_model::event::{DeveloperSort, DeveloperStats};
use cognobserve_model::query::{Page, PageRequest};
use serde::Serialize;
use std::cmp::Reverse;
use std::sync::Arc;
use utoipa::ToSchema;

/// Of one project: its owner, and its members with tokens.
const MAX_DEVELOPERS: usize = 10_000;

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

const SORTS: &[DeveloperSort] = &[
    DeveloperSort::UniqueEndUsers,
    DeveloperSort::EventCount,
    DeveloperSort::LastSeenAt,
];

fn spell(sort: DeveloperSort) -> &'static str {
    match sort {
        DeveloperSort::UniqueEndUsers => "uniqueEndUsers",
        DeveloperSort::EventCount => "eventCount",
        DeveloperSort::LastSeenAt => "lastSeenAt",
    }
}

/// A place in the list: biggest first, then by id.
fn find_place(stats: &DeveloperStats, sort: DeveloperSort) -> (Reverse<i64>, String) {
    let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let value = match sort {
        DeveloperSort::UniqueEndUsers => number(stats.unique_end_users),
        DeveloperSort::EventCount => number(stats.event_count),
        DeveloperSort::LastSeenAt => stats.last_seen.0,
    };
    (Reverse(value), stats.developer.to_string())
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
        .word("sortBy", SORTS, spell)
        .unwrap_or(DeveloperSort::UniqueEndUsers);
    let tie = Tie::new("developers", (&filter, sort));
    let page: PageRequest<(i64, String)> = params.page(tie);
    params.finish()?;
    let mut found = state
        .events
        .list_developers(&filter, sort, MAX_DEVELOPERS)
        .await?;
    if let Some((value, id)) = page.after {
        let last = (Reverse(value), id);
        found.retain(|stats| find_place(stats, sort) > last);
    }
    let has_more = found.len() > page.limit;
    found.truncate(page.limit);
    let last = found.last().map(|stats| find_place(stats, sort));
    let page = Page {
        items: found,
        next: last.filter(|_| has_more).map(|(value, id)| (value.0, id)),
    };
    Ok(Json(PageOut::new(page, tie, DeveloperOut::from)))
}
