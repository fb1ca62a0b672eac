//! `POST /v1/telemetry/events`: events of open-source installations that send through this one. Needs no key; off
//! unless a setting offers it. Whatever comes is anonymised again.
use super::events::schema::RelayIn;
use crate::auth::address::ClientAddress;
use crate::events::Refused;
use crate::http::body::{discard_body, is_json, read_small_body};
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
use cognobserve_pipeline::{AcceptedEvent, accept_events};
use cognobserve_telemetry::foreign::{Foreign, store_foreign};
use cognobserve_wire::json::sanitize;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::sync::Arc;
use std::time::Instant;
use utoipa::ToSchema;

const MAX_BYTES: usize = 256 << 10;
const MAX_EVENTS: usize = 100;

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

#[derive(Default, Deserialize)]
struct Named {
    #[serde(default)]
    anonymous_id: Option<String>,
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
    if let Err(wait_s) = state.relay_gate.check(address, Instant::now()) {
        discard_body(body, &headers).await;
        let problem = Problem::new(Code::RateLimited, "Too many events come from here.");
        return problem.retry_after(wait_s).into_response();
    }
    let taken = take(&state, &project, &headers, body).await;
    let count = taken.as_ref().map_or(1, |told| match told {
        Told::Answer(out) => out.events_received,
        Told::Unprocessable => 1,
    });
    state.relay_gate.charge(address, count, Instant::now());
    match taken {
        Ok(Told::Answer(out)) => Json(out).into_response(),
        Ok(Told::Unprocessable) => {
            let fault =
                json!({"loc": ["body", "events"], "msg": "a list is needed", "type": "missing"});
            (
                StatusCode::UNPROCESSABLE_ENTITY,
                Json(json!({"detail": [fault]})),
            )
                .into_response()
        }
        Err(problem) => problem.on_ingest().into_response(),
    }
}

enum Told {
    Answer(RelayOut),
    Unprocessable,
}

async fn take(
    state: &AppState,
    project: &ProjectId,
    headers: &HeaderMap,
    body: Body,
) -> Result<Told, Problem> {
    if !is_json(headers) {
        discard_body(body, headers).await;
        return Err(Problem::new(
            Code::UnsupportedMediaType,
            "Send application/json.",
        ));
    }
    let body = read_small_body(body, headers, MAX_BYTES).await?;
    let clean = sanitize(&body).map_err(|error| Problem::invalid("", error.to_string()))?;
    let now = Micros::now();
    let Some(accepted) = accept_events(&clean, now).ok().filter(|it| !it.is_one) else {
        return Ok(Told::Unprocessable);
    };
    let received = accepted.items.len();
    if received > MAX_EVENTS {
        let detail = format!("A request may have at most {MAX_EVENTS} events.");
        return Err(Problem::new(Code::PayloadTooLarge, detail));
    }
    let answer = |processed: Option<usize>, message: &str| {
        Ok(Told::Answer(RelayOut {
            success: processed.is_some(),
            events_received: received,
            events_processed: processed.unwrap_or(0),
            message: message.to_owned(),
        }))
    };
    if !state.telling.gate.is_open() || state.events.has_opted_out(project).await? {
        return answer(None, "telemetry is switched off here");
    }
    if state.telling.providers.is_empty() {
        return answer(None, "telemetry is not configured here: events go nowhere");
    }
    let named: Named = serde_json::from_str(clean.text()).unwrap_or_default();
    let conceal = |event: AcceptedEvent| conceal(state, project, &event, &named, now);
    let events = accepted.items.into_iter().flatten().map(conceal);
    let stored = state.event_queue.append(events.collect(), None).await;
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
    named: &Named,
    now: Micros,
) -> StoredEvent {
    let properties: &Map<String, Value> = &event.properties;
    let foreign = Foreign {
        name: &event.name,
        properties,
        person: event.user.as_deref().or(named.anonymous_id.as_deref()),
        at: event.at.unwrap_or(now),
        id: event.event_id.as_deref(),
    };
    store_foreign(&foreign, project.clone(), now, &state.telling.installation)
}
