//! The way of one request: limits, body, consent, ids, log, answer.
use super::answer::{Fate, answer, note};
use super::plan::{Circumstances, plan, plan_nobodys};
use super::schema::{EventsAnswer, EventsIn};
use crate::events::Refused;
use crate::http::body::{discard_body, is_json};
use crate::http::problem::{Code, Problem, ProblemOut};
use crate::ingest::body::{read_body, refuse_full};
use crate::ingest::decode::{USUAL_RATIO, refuse_fault, run_aside};
use crate::ingest::delivery::read_idempotency_key;
use crate::ingest::encoding::{Encoding, decompress_all, read_encodings};
use crate::ingest::format::Format;
use crate::ingest::refusal::answer_refusal;
use crate::ingest::take_in::{Permit, check_rate};
use crate::state::AppState;
use crate::worker::Reservation;
use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use cognobserve_model::event::{Appended, StoredEvent};
use cognobserve_model::time::Micros;
use cognobserve_pipeline::{AcceptedEvent, AcceptedEvents, Reason, accept_events};
use cognobserve_ports::Refusal;
use cognobserve_wire::json::sanitize;
use std::borrow::Cow;
use std::sync::Arc;

/// Longest `X-Cognobserve-Client`.
const MAX_CLIENT_BYTES: usize = 64;
/// What an event takes in memory at least.
const MIN_EVENT_BYTES: usize = 512;

/// Takes one product event, or up to 10,000; a bad one of many fails alone.
///
/// The developer is the owner of the key's project, the end user who `user_id` names; with a session token both are the
/// account. In the open-source edition events are stored without the people they are of.
#[utoipa::path(post, path = "/v1/events", tag = "events", params(
    ("Idempotency-Key" = Option<String>, Header, description = "From it and an event's place a missing `event_id` is derived."),
    ("X-Cognobserve-Client" = Option<String>, Header, description = "What the call comes from, like `python`; kept as `client_type`."),
), request_body = EventsIn, responses(
    (status = 202, body = EventsAnswer, description = "What succeeded is durable, unless it says that it was not stored."),
    (status = "default", body = ProblemOut),
))]
pub async fn ingest_events(
    State(state): State<Arc<AppState>>,
    permit: Permit,
    headers: HeaderMap,
    body: Body,
) -> Response {
    match take(&state, permit, &headers, body).await {
        Ok(answer) => (StatusCode::ACCEPTED, Json(answer)).into_response(),
        Err(problem) => problem.on_ingest().into_response(),
    }
}

async fn take(
    state: &Arc<AppState>,
    permit: Permit,
    headers: &HeaderMap,
    body: Body,
) -> Result<EventsAnswer, Problem> {
    let checked = permit.and_then(|allowed| {
        check_rate(&allowed)?;
        if !is_json(headers) {
            let detail = "Events are application/json.";
            return Err(Problem::new(Code::UnsupportedMediaType, detail));
        }
        let encodings = read_encodings(headers, Format::Json)?;
        let key = read_idempotency_key(headers)?;
        Ok((encodings, key, allowed.caller().clone()))
    });
    let (encodings, idempotency_key, caller) = match checked {
        Ok(checked) => checked,
        Err(problem) => {
            discard_body(body, headers).await;
            return Err(problem);
        }
    };
    let mut reservation = state.queue.budget().open(caller.lane.share.clone());
    let body = read_body(body, headers, &mut reservation, &state.limits).await?;
    let now = Micros::now();
    let weight = match encodings.is_empty() {
        true => body.len(),
        false => body.len() * USUAL_RATIO,
    };
    let decode = {
        let state = state.clone();
        move |reservation: &mut Reservation| read(&state, &body, &encodings, reservation, now)
    };
    let (mut accepted, reservation) = run_aside(state, weight, reservation, decode).await??;
    if accepted.is_one
        && let Some(at) = accepted.items.iter().position(Result::is_err)
        && let Err(fault) = accepted.items.swap_remove(at)
    {
        return Err(refuse_fault(fault));
    }
    let given = Circumstances {
        caller: &caller,
        now,
        client_type: read_client_type(headers),
        idempotency_key,
    };
    let fate = decide(state, &given, &mut accepted, reservation).await?;
    let answer = answer(accepted.items, fate);
    note(state, &answer, now, |notes| caller.lane.note(notes));
    Ok(answer)
}

fn read(
    state: &AppState,
    body: &Bytes,
    encodings: &[Encoding],
    reservation: &mut Reservation,
    now: Micros,
) -> Result<AcceptedEvents, Problem> {
    let body = decompress_all(Cow::Borrowed(body), encodings, reservation, &state.limits)?;
    let clean = sanitize(&body).map_err(|error| Problem::invalid("", error.to_string()))?;
    let accepted = accept_events(&clean, now).map_err(refuse_fault)?;
    let grown = reservation.grow_to(body.len() + accepted.items.len() * MIN_EVENT_BYTES);
    grown.map_err(refuse_full)?;
    state.metrics.ingested_bytes.add(body.len() as u64);
    Ok(accepted)
}

/// Consent is asked before any id is looked for or derived.
async fn decide(
    state: &AppState,
    given: &Circumstances<'_>,
    accepted: &mut AcceptedEvents,
    reservation: Reservation,
) -> Result<Fate, Problem> {
    let project = &given.caller.project;
    if !state.telling.gate.is_open() {
        return Ok(Fate::Withheld(Reason::SwitchedOff));
    }
    if state.events.has_opted_out(&project.id).await? {
        return Ok(Fate::Withheld(Reason::OptedOut));
    }
    let items = accepted.items.iter_mut().enumerate();
    let mut events: Vec<_> = items
        .filter_map(|(position, item)| Some((position, item.as_mut().ok()?)))
        .collect();
    let planned = plan(state, given, &mut events).await?;
    let limit = project.settings.max_spans_per_second;
    let count = planned.len();
    given.caller.lane.charge_spans(limit, count);
    let stored = append(state, given, &mut events, planned, reservation).await;
    if stored.is_err() {
        given.caller.lane.refund_spans(limit, count);
    }
    let appended = stored.map_err(|refused| match refused {
        Refused::Full => Problem::new(Code::Overloaded, "Too many events wait; send them again."),
        Refused::Failed(error) => error.into(),
    })?;
    if appended.contains(&Appended::NoSuchProject) {
        return Err(answer_refusal(Refusal::NoSuchProject));
    }
    let new = appended.iter().filter(|it| **it == Appended::Stored);
    state.metrics.stored_events.add(new.count() as u64);
    Ok(Fate::Stored(appended))
}

/// Who is erased between the plan and its append is refused by the log, and their events become nobody's.
async fn append(
    state: &AppState,
    given: &Circumstances<'_>,
    events: &mut [(usize, &mut AcceptedEvent)],
    planned: Vec<StoredEvent>,
    reservation: Reservation,
) -> Result<Vec<Appended>, Refused> {
    let queue = &state.event_queue;
    let mut appended = queue.append(planned, Some(reservation)).await?;
    let mut again = Vec::new();
    for (answer, (position, event)) in appended.iter().zip(events) {
        if *answer == Appended::Forgotten {
            again.push(plan_nobodys(state, given, *position, event));
        }
    }
    let mut told = queue.append(again, None).await?.into_iter();
    for answer in &mut appended {
        if *answer == Appended::Forgotten {
            *answer = told.next().unwrap_or(Appended::Forgotten);
        }
    }
    Ok(appended)
}

/// A short word; anything else says nothing.
fn read_client_type(headers: &HeaderMap) -> Option<String> {
    let value = headers.get("x-cognobserve-client")?.to_str().ok()?.trim();
    let is_word = (1..=MAX_CLIENT_BYTES).contains(&value.len())
        && value.bytes().all(|byte| byte.is_ascii_graphic());
    is_word.then(|| value.to_owned())
}
