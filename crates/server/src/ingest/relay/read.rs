//! What a request of another installation holds, before anything is decided about it. Never more than a request may
//! have, packed or not.
use crate::http::body::{discard_body, is_json, read_packed_body};
use crate::http::problem::{Code, Problem};
use crate::ingest::body::refuse_full;
use crate::ingest::encoding::{decompress_all, read_encodings};
use crate::ingest::format::Format;
use crate::state::{AppState, Limits};
use crate::worker::Reservation;
use axum::body::Body;
use axum::http::HeaderMap;
use cognobserve_model::time::Micros;
use cognobserve_pipeline::{AcceptedEvent, Fault, FaultKind, accept_events};
use cognobserve_wire::json::sanitize;
use serde::Deserialize;
use std::borrow::Cow;

const MAX_BYTES: usize = 256 << 10;
const MAX_EVENTS: usize = 100;

/// The events of a request.
pub struct Brought {
    pub items: Vec<Result<AcceptedEvent, Fault>>,
    /// Stands for whoever has no id.
    pub anonymous_id: Option<String>,
    /// Of the bytes in flight, until the events are stored.
    pub reservation: Reservation,
}

/// Why nothing of a request is taken.
pub enum Refusal {
    /// More than one request may hold.
    TooLarge(Problem),
    /// There is no list of events.
    NoList,
    Other(Problem),
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Refusal {
        match problem.code {
            Code::PayloadTooLarge => Refusal::TooLarge(problem),
            _ => Refusal::Other(problem),
        }
    }
}

#[derive(Default, Deserialize)]
struct Named {
    #[serde(default)]
    anonymous_id: Option<String>,
}

/// Reads at most 256 KiB, and as many unpacked, of at most 100 events.
pub async fn read(
    state: &AppState,
    headers: &HeaderMap,
    body: Body,
    now: Micros,
) -> Result<Brought, Refusal> {
    let encodings = match is_json(headers) {
        true => read_encodings(headers, Format::Json),
        false => {
            let detail = "Send application/json.";
            Err(Problem::new(Code::UnsupportedMediaType, detail))
        }
    };
    let encodings = match encodings {
        Ok(encodings) => encodings,
        Err(problem) => {
            discard_body(body, headers).await;
            return Err(problem.into());
        }
    };
    let packed = read_packed_body(body, headers, MAX_BYTES).await?;
    let limits = Limits {
        max_body_bytes: MAX_BYTES,
        ..state.limits
    };
    let share = state.relay_gate.share();
    let mut reservation = state.queue.budget().open(share);
    reservation.grow(packed.len()).map_err(refuse_full)?;
    let packed = Cow::Borrowed(&packed[..]);
    let body = decompress_all(packed, &encodings, &mut reservation, &limits)?;
    let clean = sanitize(&body).map_err(|error| Problem::invalid("", error.to_string()))?;
    let accepted = accept_events(&clean, now).map_err(|fault| match fault.kind {
        FaultKind::TooLarge => refuse_many(),
        FaultKind::Invalid => Refusal::NoList,
    })?;
    if accepted.is_one {
        return Err(Refusal::NoList);
    }
    if accepted.items.len() > MAX_EVENTS {
        return Err(refuse_many());
    }
    let named: Named = serde_json::from_str(clean.text()).unwrap_or_default();
    Ok(Brought {
        items: accepted.items,
        anonymous_id: named.anonymous_id,
        reservation,
    })
}

fn refuse_many() -> Refusal {
    let detail = format!("A request may have at most {MAX_EVENTS} events.");
    Problem::new(Code::PayloadTooLarge, detail).into()
}
