//! `GET /v1/events/count`: how many events, in all or by a group. By people not in the open-source edition.
use super::filter::refuse_people;
use crate::auth::{Allowed, Read};
use crate::http::problem::{Problem, ProblemOut};
use crate::http::query::Params;
use crate::state::AppState;
use axum::Json;
use axum::extract::State;
use cognobserve_model::event::{EventCount, EventGroup};
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// Groups of an answer.
const MAX_GROUPS: usize = 10_000;
const MAX_PROPERTY_BYTES: usize = 255;

/// Events of one group.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = EventCount)]
pub struct CountOut {
    /// Null: those that lack what is grouped by.
    pub key: Option<String>,
    pub count: u64,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = EventCounts)]
pub struct CountsOut {
    /// Biggest first, then by key; those without a key come after others of their size. Without `groupBy` none.
    #[schema(max_items = 10000)]
    pub rows: Vec<CountOut>,
    /// In groups beyond the 10,000 biggest.
    pub other: u64,
    pub total: u64,
}

/// One of the groups that the API has.
pub fn read_group(text: &str) -> Option<EventGroup> {
    match text {
        "event" => Some(EventGroup::Event),
        "developer" => Some(EventGroup::Developer),
        "endUser" => Some(EventGroup::EndUser),
        _ => text
            .strip_prefix("property.")
            .filter(|key| (1..=MAX_PROPERTY_BYTES).contains(&key.len()))
            .map(|key| EventGroup::Property(key.to_owned())),
    }
}

/// Counts the project's events.
#[utoipa::path(get, path = "/v1/events/count", tag = "events", params(
    ("groupBy" = Option<String>, Query, description = "event, developer, endUser or property.KEY. By developer or endUser not in the open-source edition."),
    ("event" = Option<String>, Query, description = "Events of this name."),
    ("developerId" = Option<String>, Query, description = "Events of this developer."),
    ("endUserId" = Option<String>, Query, description = "Events of this user, by our id."),
    ("from" = Option<String>, Query, description = "At or after this time or date."),
    ("to" = Option<String>, Query, description = "Before this time or date."),
    ("tz" = Option<String>, Query, description = "IANA zone in which dates are read; the project's without."),
), responses((status = 200, body = CountsOut), (status = 403, body = ProblemOut), (status = "default", body = ProblemOut)))]
pub async fn count_events(
    State(state): State<Arc<AppState>>,
    allowed: Allowed<Read>,
    mut params: Params,
) -> Result<Json<CountsOut>, Problem> {
    let zone = params.zone(&allowed);
    let (filter, is_about_people) = params.events(&allowed, &zone);
    let expected = "event, developer, endUser or property.KEY";
    let group = params.read("groupBy", expected, read_group);
    params.finish()?;
    let is_by_person = matches!(group, Some(EventGroup::Developer | EventGroup::EndUser));
    if is_about_people || is_by_person {
        refuse_people(&state)?;
    }
    let events = &state.events;
    let rows = match &group {
        None => Vec::new(),
        Some(group) => {
            events
                .count_events(&filter, Some(group), MAX_GROUPS)
                .await?
        }
    };
    let listed = rows.iter().map(|row| row.count).sum();
    let total = match group.is_some() && rows.len() < MAX_GROUPS {
        true => listed,
        false => {
            let all = events.count_events(&filter, None, 1).await?;
            // What came since the rows were counted is in neither.
            all.first().map_or(0, |row| row.count).max(listed)
        }
    };
    let write = |EventCount { key, count }| CountOut { key, count };
    Ok(Json(CountsOut {
        rows: rows.into_iter().map(write).collect(),
        other: match group {
            Some(_) => total - listed,
            None => 0,
        },
        total,
    }))
}
