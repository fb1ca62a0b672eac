//! `GET /v1/events`: the events themselves, with whose they are. Not in the open-source edition.
use super::filter::refuse_people;
use crate::api::json::{JsonOut, TimeOut};
use crate::api::page::PageOut;
use crate::auth::{Allowed, Read};
use crate::http::cursor::Tie;
use crate::http::problem::{Problem, ProblemOut};
use crate::http::query::Params;
use crate::state::AppState;
use axum::Json;
use axum::extract::State;
use cognobserve_model::event::{Position, StoredEvent, Who};
use cognobserve_model::query::{Page, PageRequest};
use cognobserve_model::time::Micros;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;
use uuid::Uuid;

/// A product event as it is stored.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Event)]
pub struct EventOut {
    /// Ours, never the client's `event_id`.
    pub id: String,
    pub event: String,
    /// Null where it was stored without people.
    pub developer_id: Option<String>,
    pub end_user_id: Option<String>,
    pub session_id: Option<String>,
    pub client_type: Option<String>,
    pub properties: JsonOut,
    /// When it happened.
    pub timestamp: TimeOut,
    /// When it came in.
    pub received_at: TimeOut,
}

impl From<StoredEvent> for EventOut {
    fn from(event: StoredEvent) -> EventOut {
        let (developer, end_user) = match event.who {
            Who::Known {
                developer,
                end_user,
            } => (Some(developer), end_user),
            Who::Concealed(_) => (None, None),
        };
        EventOut {
            id: Uuid::from_bytes(event.id.0).to_string(),
            event: event.name,
            developer_id: developer.map(|id| id.to_string()),
            end_user_id: end_user.map(|id| id.to_string()),
            session_id: event.session,
            client_type: event.client_type,
            properties: JsonOut::of(event.properties),
            timestamp: TimeOut(event.at),
            received_at: TimeOut(event.arrived),
        }
    }
}

/// Lists the project's events, newest first.
#[utoipa::path(get, path = "/v1/events", tag = "events", params(
    ("event" = Option<String>, Query, description = "Events of this name."),
    ("developerId" = Option<String>, Query, description = "Events of this developer."),
    ("endUserId" = Option<String>, Query, description = "Events of this user, by our id."),
    ("from" = Option<String>, Query, description = "At or after this time or date."),
    ("to" = Option<String>, Query, description = "Before this time or date."),
    ("tz" = Option<String>, Query, description = "IANA zone in which dates are read; the project's without."),
    ("limit" = Option<i64>, Query, minimum = 1, maximum = 100, description = "50 without."),
    ("cursor" = Option<String>, Query, description = "`nextCursor` of the page before."),
), responses((status = 200, body = PageOut<EventOut>), (status = 403, body = ProblemOut), (status = "default", body = ProblemOut)))]
pub async fn list_events(
    State(state): State<Arc<AppState>>,
    allowed: Allowed<Read>,
    mut params: Params,
) -> Result<Json<PageOut<EventOut>>, Problem> {
    refuse_people(&state)?;
    let zone = params.zone(&allowed);
    let (filter, _) = params.events(&allowed, &zone);
    let tie = Tie::new("events", &filter);
    let page: PageRequest<(Micros, Position)> = params.page(tie);
    params.finish()?;
    let more = page.limit + 1;
    let mut found = state.events.list_events(&filter, page.after, more).await?;
    let has_more = found.len() > page.limit;
    found.truncate(page.limit);
    let last = found.last().map(|(position, event)| (event.at, *position));
    let page = Page {
        items: found,
        next: last.filter(|_| has_more),
    };
    Ok(Json(PageOut::new(page, tie, |(_, event)| event.into())))
}
