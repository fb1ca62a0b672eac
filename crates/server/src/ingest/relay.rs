//! `POST /v1/telemetry/events`: events of open-source installations that send through this one. Needs no key; off
//! unless a setting offers it. Whatever comes is anonymised again.
mod read;

use super::events::schema::RelayIn;
use crate::auth::address::ClientAddress;
use crate::events::Refused;
use crate::http::body::discard_body;
use crate::http::problem::{Code, Problem, ProblemOut};
use crate::state::AppState;
use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use cognobserve_model::event::{Appended, StoredEvent};
use cognobserve_model::id::ProjectId;
use cognobserve_model::time::Micros;
use cognobserve_pipeline::AcceptedEvent;
use cognobserve_telemetry::foreign::{Foreign, store_foreign};
use read::{Brought, Refusal, read};
use serde::Serialize;
use serde_json::json;
use std::sync::Arc;
use std::time::Instant;
use utoipa::ToSchema;

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RelayAnswer)]
pub struct RelayOut {
    /// Whether the events go on from here.
    pub success: bool,
    pub events_received: usize,
    /// Those that were stored, to be sent on.
    pub events_processed: usize,
    pub message: String,
}

/// Takes up to 100 events of another installation, and sends them on.
///
/// Only where `telemetry.proxy` offers it; limited by address. What is no event is passed over.
#[utoipa::path(post, path = "/v1/telemetry/events", tag = "events", security(()), request_body = RelayIn, responses(
    (status = 200, body = RelayOut), (status = 422, description = "There is no list `events`."), (status = "default", body = ProblemOut),
))]
pub async fn relay_events(
    State(state): State<Arc<AppState>>,
    ClientAddress(address): ClientAddress,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let Some(project) = state.telling.proxy.clone() else {
        discard_body(body, &headers).await;
        return Problem::new(Code::NotFound, "There is no such path.").into_response();
    };
    let now = Micros::now();
    let brought = read(&state, &headers, body, now).await;
    let count = brought.as_ref().map_or(0, |it| it.items.len());
    let let_in = state.relay_gate.admit(address, count, Instant::now());
    let brought = match (brought, let_in) {
        // To come again later would not help.
        (Err(Refusal::TooLarge(problem)), _) => return problem.on_ingest().into_response(),
        (_, Err(wait_s)) => {
            let problem = Problem::new(Code::RateLimited, "Too many events come from here.");
            return problem.retry_after(wait_s).into_response();
        }
        (Err(Refusal::NoList), Ok(())) => return refuse_shape(),
        (Err(Refusal::Other(problem)), Ok(())) => return problem.on_ingest().into_response(),
        (Ok(brought), Ok(())) => brought,
    };
    match store(&state, &project, brought, now).await {
        Ok(out) => Json(out).into_response(),
        Err(problem) => {
            state.relay_gate.give_back(address, count, Instant::now());
            problem.on_ingest().into_response()
        }
    }
}

fn refuse_shape() -> Response {
    let fault = json!({"loc": ["body", "events"], "msg": "a list is needed", "type": "missing"});
    let body = Json(json!({"detail": [fault]}));
    (StatusCode::UNPROCESSABLE_ENTITY, body).into_response()
}

async fn store(
    state: &AppState,
    project: &ProjectId,
    brought: Brought,
    now: Micros,
) -> Result<RelayOut, Problem> {
    let received = brought.items.len();
    let answer = |processed: Option<usize>, message: &str| {
        Ok(RelayOut {
            success: processed.is_some(),
            events_received: received,
            events_processed: processed.unwrap_or(0),
            message: message.to_owned(),
        })
    };
    if !state.telling.gate.is_open() || state.events.has_opted_out(project).await? {
        return answer(None, "telemetry is switched off here");
    }
    if state.telling.providers.is_empty() {
        return answer(None, "telemetry is not configured here: events go nowhere");
    }
    let nobody = brought.anonymous_id.as_deref();
    let conceal = |event: AcceptedEvent| conceal(state, project, &event, nobody, now);
    let events: Vec<StoredEvent> = brought.items.into_iter().flatten().map(conceal).collect();
    let queue = &state.event_queue;
    let stored = queue.append(events, Some(brought.reservation)).await;
    let stored = stored.map_err(|refused| match refused {
        Refused::Full => Problem::new(Code::Overloaded, "Too many events wait; send them again."),
        Refused::Failed(error) => error.into(),
    })?;
    let stored = stored.iter().filter(|it| **it == Appended::Stored).count();
    state.metrics.stored_events.add(stored as u64);
    answer(Some(stored), "taken")
}

fn conceal(
    state: &AppState,
    project: &ProjectId,
    event: &AcceptedEvent,
    nobody: Option<&str>,
    now: Micros,
) -> StoredEvent {
    let foreign = Foreign {
        name: &event.name,
        properties: &event.properties,
        person: event.user.as_deref().or(nobody),
        at: event.at.unwrap_or(now),
        id: event.event_id.as_deref(),
    };
    store_foreign(&foreign, project.clone(), now, &state.telling.installation)
}
