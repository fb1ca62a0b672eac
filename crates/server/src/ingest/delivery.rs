//! One request at the door, complete: body, circumstances, stamps.
//!
//! Decoding it twice gives the same pieces with the same stamps, so that a batch whose
//! group failed can be tried again without having been copied.
use super::encoding::{Encoding, read_encodings};
use super::format::Format;
use crate::auth::Caller;
use crate::http::problem::Problem;
use crate::worker::ArrivalClock;
use axum::body::Bytes;
use axum::http::HeaderMap;
use cognobserve_model::stamp::Arrival;
use cognobserve_model::time::Micros;
use std::sync::{Arc, OnceLock};

/// Longest `Idempotency-Key`.
const MAX_IDEMPOTENCY_KEY_BYTES: usize = 255;

/// What kind of body the path takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// One native trace, or OTLP.
    Traces,
    /// A native batch.
    Batch,
    /// OTLP alone.
    Export,
}

/// What the head of a request says, read before its body.
#[derive(Debug)]
pub struct Head {
    pub route: Route,
    pub format: Format,
    pub encodings: Vec<Encoding>,
    pub idempotency_key: Option<String>,
}

impl Head {
    pub fn read(route: Route, format: Format, headers: &HeaderMap) -> Result<Head, Problem> {
        Ok(Head {
            route,
            format,
            encodings: read_encodings(headers, format)?,
            idempotency_key: read_idempotency_key(headers)?,
        })
    }
}

/// `Idempotency-Key`; 400 if it is empty or too long.
pub fn read_idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let Some(value) = headers.get("idempotency-key") else {
        return Ok(None);
    };
    let key = String::from_utf8_lossy(value.as_bytes()).trim().to_owned();
    if key.is_empty() || key.len() > MAX_IDEMPOTENCY_KEY_BYTES {
        return Err(Problem::invalid(
            "Idempotency-Key",
            format!("must have 1 to {MAX_IDEMPOTENCY_KEY_BYTES} bytes"),
        ));
    }
    Ok(Some(key))
}

/// A request whose body has been read.
#[derive(Debug)]
pub struct Delivery {
    pub head: Head,
    pub caller: Arc<Caller>,
    pub body: Bytes,
    pub now: Micros,
    /// For the ids of traces that come without.
    pub seed: [u8; 16],
    stamps: OnceLock<Arrival>,
}

impl Delivery {
    pub fn new(head: Head, caller: Arc<Caller>, body: Bytes) -> Delivery {
        Delivery {
            head,
            caller,
            body,
            now: Micros::now(),
            seed: rand::random(),
            stamps: OnceLock::new(),
        }
    }

    /// The first of the delivery's stamps; the same at each decoding.
    pub fn take_arrivals(&self, clock: &ArrivalClock, count: usize) -> Arrival {
        *self.stamps.get_or_init(|| clock.take(count))
    }
}
