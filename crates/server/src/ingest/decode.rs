//! From a delivery's bytes to a batch for the ledger, and to the answer that it will get
//! once the batch is committed. Pure work, no waiting; large ones run off the runtime.
use super::body::refuse_full;
use super::delivery::{Delivery, Head, Route};
use super::encoding::decompress_all;
use super::format::{Dialect, Format};
use super::message::{unframe, write_json};
use crate::http::problem::{Code, Problem};
use crate::state::AppState;
use crate::worker::Reservation;
use cognobserve_model::id::KeyId;
use cognobserve_model::piece::{Batch, Piece};
use cognobserve_pipeline::{
    Accepted, AcceptedOtlp, Door, Fault, FaultKind, IdSeed, Refused, Warning, accept_batch,
    accept_otlp, accept_trace,
};
use cognobserve_wire::json::{Sanitized, sanitize};
use cognobserve_wire::otlp::{
    Decoded as DecodedOtlp, Encoding, OtlpError, Rejected, decode_json, decode_protobuf,
    is_otlp_json,
};
use std::borrow::Cow;
use std::sync::Arc;

/// What a span takes in memory at least; a body of tiny spans weighs more than its bytes.
const MIN_SPAN_BYTES: usize = 256;
/// A compressed body is taken for this many times its size when its work is judged.
pub const USUAL_RATIO: usize = 8;

/// A delivery, understood.
#[derive(Debug)]
pub struct Decoded {
    pub batch: Batch,
    pub span_count: usize,
    /// Bytes after decompression.
    pub body_bytes: usize,
    pub reply: Reply,
}

/// What to answer once the batch is committed.
#[derive(Debug)]
pub enum Reply {
    Trace(Told),
    Batch(Vec<Result<Told, Refused>>),
    Otlp {
        encoding: Encoding,
        accepted: OtlpTold,
    },
}

/// What became of an OTLP request.
#[derive(Debug)]
pub struct OtlpTold {
    pub rejected: Rejected,
    pub warnings: Vec<Warning>,
    /// The message of partial success; empty if all is well.
    pub explanation: String,
}

/// A native trace that was taken.
#[derive(Debug)]
pub struct Told {
    pub trace_id: String,
    pub span_ids: Vec<String>,
    pub warnings: Vec<Warning>,
}

impl Reply {
    /// In which dialect the client speaks that sent this format.
    pub fn dialect(&self, format: Format) -> Dialect {
        match (format, self) {
            (Format::Grpc, _) => Dialect::Grpc,
            (_, Reply::Otlp { encoding, .. }) => Dialect::Otlp(*encoding),
            _ => Dialect::Native,
        }
    }
}

/// Why nothing of the delivery is taken, and how to say so.
#[derive(Debug)]
pub struct Failure {
    pub dialect: Dialect,
    pub problem: Problem,
    /// The trace it is about, and what else was noticed, for the project's notes.
    pub trace_id: Option<String>,
    pub warnings: Vec<Warning>,
}

impl Failure {
    pub fn new(dialect: Dialect, problem: Problem) -> Failure {
        Failure {
            dialect,
            problem,
            trace_id: None,
            warnings: Vec::new(),
        }
    }
}

/// Decodes where it does not stall others.
pub async fn decode_aside(
    state: &Arc<AppState>,
    delivery: &Arc<Delivery>,
    reservation: Reservation,
) -> Result<(Decoded, Reservation), Failure> {
    let ratio = if delivery.head.encodings.is_empty() {
        1
    } else {
        USUAL_RATIO
    };
    let work = {
        let (state, delivery) = (state.clone(), delivery.clone());
        move |reservation: &mut Reservation| decode(&state, &delivery, reservation)
    };
    let dialect = delivery.head.format.dialect();
    let done = run_aside(state, delivery.body.len() * ratio, reservation, work).await;
    done.unwrap_or_else(|problem| Err(Failure::new(dialect, problem)))
}

/// Works on a request: if it weighs little here, else on a thread of its own, as many at a time as there are
/// processors.
///
/// # Errors
/// 503 if the server goes down meanwhile.
pub async fn run_aside<T, E>(
    state: &AppState,
    weight: usize,
    mut reservation: Reservation,
    work: impl FnOnce(&mut Reservation) -> Result<T, E> + Send + 'static,
) -> Result<Result<(T, Reservation), E>, Problem>
where
    T: Send + 'static,
    E: Send + 'static,
{
    if weight <= state.limits.offload_bytes {
        return Ok(work(&mut reservation).map(|done| (done, reservation)));
    }
    // The semaphore is never closed; were it, working without a permit does no harm.
    let permit = state.decoders.acquire().await.ok();
    let task =
        tokio::task::spawn_blocking(move || work(&mut reservation).map(|done| (done, reservation)));
    let done = match task.await {
        Ok(done) => Ok(done),
        Err(failed) => match failed.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => Err(Problem::new(Code::Overloaded, "The server is going down.")),
        },
    };
    drop(permit);
    done
}

fn decode(
    state: &AppState,
    delivery: &Delivery,
    reservation: &mut Reservation,
) -> Result<Decoded, Failure> {
    let Head { route, format, .. } = delivery.head;
    let dialect = format.dialect();
    let fail = |problem| Failure::new(dialect, problem);
    let body = undo_encodings(state, delivery, reservation).map_err(fail)?;
    let (pieces, reply) = match (format, route) {
        (Format::Protobuf, _) | (Format::Grpc, Route::Export) => {
            let decoded = decode_protobuf(&body).map_err(|error| fail(refuse_otlp(&error)))?;
            read_otlp(state, delivery, decoded, Encoding::Protobuf)
        }
        (Format::Grpc, Route::Traces | Route::Batch) => {
            let json = write_json(&body, route, reservation, &state.limits).map_err(fail)?;
            read_json(state, delivery, json.as_bytes())?
        }
        (Format::Json, _) => read_json(state, delivery, &body)?,
    };
    let span_count = pieces.iter().map(|piece| piece.spans.len()).sum();
    let grown = reservation.grow_to(span_count * MIN_SPAN_BYTES);
    grown.map_err(|full| Failure::new(reply.dialect(format), refuse_full(full)))?;
    let caller = &delivery.caller;
    let mut batch = Batch {
        project: caller.project.id.clone(),
        // Whoever it was, as the audit log names them.
        key: KeyId::new(caller.actor.as_str()),
        pieces,
    };
    state.ledger.pack(&mut batch);
    Ok(Decoded {
        batch,
        span_count,
        body_bytes: body.len(),
        reply,
    })
}

fn undo_encodings<'d>(
    state: &AppState,
    delivery: &'d Delivery,
    reservation: &mut Reservation,
) -> Result<Cow<'d, [u8]>, Problem> {
    let (body, encodings) = (&*delivery.body, &*delivery.head.encodings);
    match delivery.head.format {
        Format::Grpc => unframe(body, encodings, reservation, &state.limits),
        Format::Json | Format::Protobuf => {
            decompress_all(Cow::Borrowed(body), encodings, reservation, &state.limits)
        }
    }
}

/// Runs `with` at the door of this delivery.
fn at_door<T>(state: &AppState, delivery: &Delivery, with: impl FnOnce(&Door) -> T) -> T {
    let id_seed = match &delivery.head.idempotency_key {
        Some(key) => IdSeed::Stable(key),
        None => IdSeed::Random(delivery.seed),
    };
    let take_arrivals = |count| delivery.take_arrivals(&state.clock, count);
    let capture = delivery.caller.project.settings.capture;
    with(&Door {
        now: delivery.now,
        take_arrivals: &take_arrivals,
        capture,
        id_seed,
    })
}

fn read_json(
    state: &AppState,
    delivery: &Delivery,
    body: &[u8],
) -> Result<(Vec<Piece>, Reply), Failure> {
    let Head { route, format, .. } = delivery.head;
    let clean = sanitize(body)
        .map_err(|error| Failure::new(format.dialect(), Problem::invalid("", error.to_string())))?;
    match route {
        Route::Batch => read_batch(state, delivery, &clean),
        // A message is what its method says.
        Route::Traces if format == Format::Json && is_otlp_json(clean.text()) => {
            let refuse = |error| Failure::new(Dialect::Otlp(Encoding::Json), refuse_otlp(&error));
            let decoded = decode_json(clean.text()).map_err(refuse)?;
            Ok(read_otlp(state, delivery, decoded, Encoding::Json))
        }
        Route::Traces | Route::Export => read_trace(state, delivery, &clean),
    }
}

fn read_trace(
    state: &AppState,
    delivery: &Delivery,
    clean: &Sanitized,
) -> Result<(Vec<Piece>, Reply), Failure> {
    match at_door(state, delivery, |door| accept_trace(clean, door)) {
        Ok(accepted) => {
            let (piece, told) = tell(accepted);
            Ok((vec![piece], Reply::Trace(told)))
        }
        Err(refused) => {
            let problem = refuse_fault(refused.fault);
            Err(Failure {
                dialect: delivery.head.format.dialect(),
                problem,
                trace_id: refused.trace_id,
                warnings: refused.warnings,
            })
        }
    }
}

fn read_batch(
    state: &AppState,
    delivery: &Delivery,
    clean: &Sanitized,
) -> Result<(Vec<Piece>, Reply), Failure> {
    let results = at_door(state, delivery, |door| accept_batch(clean, door));
    let dialect = delivery.head.format.dialect();
    let results = results.map_err(|fault| Failure::new(dialect, refuse_fault(fault)))?;
    let mut pieces = Vec::with_capacity(results.len());
    let told = results.into_iter().map(|result| {
        let (piece, told) = tell(result?);
        pieces.push(piece);
        Ok(told)
    });
    let told = told.collect();
    Ok((pieces, Reply::Batch(told)))
}

fn tell(accepted: Accepted) -> (Piece, Told) {
    let Accepted {
        piece,
        span_ids,
        warnings,
    } = accepted;
    let told = Told {
        trace_id: piece.trace_id.clone(),
        span_ids,
        warnings,
    };
    (piece, told)
}

fn read_otlp(
    state: &AppState,
    delivery: &Delivery,
    decoded: DecodedOtlp,
    encoding: Encoding,
) -> (Vec<Piece>, Reply) {
    let accepted = at_door(state, delivery, |door| accept_otlp(decoded, door));
    let explanation = accepted.explain();
    let AcceptedOtlp {
        pieces,
        rejected,
        warnings,
    } = accepted;
    (
        pieces,
        Reply::Otlp {
            encoding,
            accepted: OtlpTold {
                rejected,
                warnings,
                explanation,
            },
        },
    )
}

pub fn refuse_fault(fault: Fault) -> Problem {
    match fault.kind {
        FaultKind::Invalid => Problem::invalid(fault.path, fault.message),
        FaultKind::TooLarge => Problem::new(Code::PayloadTooLarge, fault.message),
    }
}

fn refuse_otlp(error: &OtlpError) -> Problem {
    match error {
        OtlpError::TooLarge => Problem::new(Code::PayloadTooLarge, error.to_string()),
        OtlpError::Json(_) | OtlpError::Protobuf(_) => Problem::invalid("", error.to_string()),
    }
}
