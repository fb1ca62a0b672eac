//! `POST /v1/traces` and `POST /v1/traces/batch`.
//!
//! The answer waits for the commit: a 2xx means durable.
use super::answer::{answer_committed, answer_failure};
use super::body::read_body;
use super::decode::{Decoded, Failure, Reply, decode_aside};
use super::delivery::{Delivery, Head, Route};
use super::format::{Dialect, Format};
use super::notes::{note_failure, note_reply};
use super::refusal::answer_refusal;
use crate::auth::{Allowed, Caller, Ingest};
use crate::http::body::discard_body;
use crate::http::problem::{Code, Problem, ProblemOut};
use crate::ingest::schema::{BatchAnswer, BatchIn, TraceAnswer, TraceIn};
use crate::state::{AppState, Limits};
use crate::worker::{Reservation, Setback, Way};
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use cognobserve_ports::Committed;
use cognobserve_wire::grpc::HEAD_BYTES;
use std::sync::Arc;

pub(crate) type Permit = Result<Allowed<Ingest>, Problem>;

/// Takes one trace, or an OTLP export.
///
/// Any part of a trace may come by itself: pieces with the same `trace_id` are merged, and sending the same again
/// changes nothing. OTLP is told by `application/x-protobuf`, or in JSON by `resourceSpans`, and is answered as its
/// specification says. `Content-Encoding` may be gzip, deflate, zstd or br.
#[utoipa::path(post, path = "/v1/traces", tag = "ingest", params(
    ("Idempotency-Key" = Option<String>, Header, description = "From it a missing `trace_id` is derived, so that a repeat is the same trace."),
), request_body(content((TraceIn = "application/json"), (String = "application/x-protobuf"))), responses(
    (status = 202, body = TraceAnswer, description = "Committed and durable."),
    (status = 200, description = "OTLP: committed and durable, maybe in part."),
    (status = "default", body = ProblemOut),
))]
pub async fn ingest_traces(
    State(state): State<Arc<AppState>>,
    permit: Permit,
    headers: HeaderMap,
    body: Body,
) -> Response {
    match Format::read(&headers) {
        Ok(format) => take_in(&state, permit, Route::Traces, format, &headers, body).await,
        Err(problem) => {
            refuse_unread(
                Dialect::Native,
                permit.err().unwrap_or(problem),
                &headers,
                body,
            )
            .await
        }
    }
}

/// Takes up to 10,000 traces; a bad one fails alone.
#[utoipa::path(post, path = "/v1/traces/batch", tag = "ingest", params(
    ("Idempotency-Key" = Option<String>, Header, description = "From it and a trace's place missing `trace_id`s are derived."),
), request_body = BatchIn, responses(
    (status = 202, body = BatchAnswer, description = "What succeeded is committed and durable."),
    (status = "default", body = ProblemOut),
))]
pub async fn ingest_batch(
    State(state): State<Arc<AppState>>,
    permit: Permit,
    headers: HeaderMap,
    body: Body,
) -> Response {
    match Format::read(&headers) {
        Ok(Format::Json) => {
            take_in(&state, permit, Route::Batch, Format::Json, &headers, body).await
        }
        _ => {
            let problem = Problem::new(Code::UnsupportedMediaType, "A batch is application/json.");
            refuse_unread(
                Dialect::Native,
                permit.err().unwrap_or(problem),
                &headers,
                body,
            )
            .await
        }
    }
}

/// Answers without having read the body, which is thrown away.
async fn refuse_unread(
    dialect: Dialect,
    problem: Problem,
    headers: &HeaderMap,
    body: Body,
) -> Response {
    discard_body(body, headers).await;
    answer_failure(dialect, problem)
}

/// The one way in, whatever the format.
pub(crate) async fn take_in(
    state: &Arc<AppState>,
    permit: Permit,
    route: Route,
    format: Format,
    headers: &HeaderMap,
    body: Body,
) -> Response {
    let dialect = format.dialect();
    let checked = permit.and_then(|allowed| {
        check_rate(&allowed)?;
        Ok((
            Head::read(route, format, headers)?,
            allowed.caller().clone(),
        ))
    });
    let (head, caller) = match checked {
        Ok(checked) => checked,
        Err(problem) => return refuse_unread(dialect, problem, headers, body).await,
    };
    let mut reservation = state.queue.budget().open(caller.lane.share.clone());
    let body = match read_body(body, headers, &mut reservation, &limit_body(state, format)).await {
        Ok(body) => body,
        Err(problem) => return answer_failure(dialect, problem),
    };
    let delivery = Arc::new(Delivery::new(head, caller, body));
    let result = match decode_aside(state, &delivery, reservation).await {
        Ok((decoded, reservation)) => commit(state, &delivery, decoded, reservation).await,
        Err(failure) => Err(failure),
    };
    match result {
        Ok((reply, committed)) => {
            note_reply(state, &delivery, &reply);
            answer_committed(format, reply, &committed)
        }
        Err(failure) => {
            note_failure(&delivery, &failure);
            failure.into_response()
        }
    }
}

/// A frame is not part of its message's size.
fn limit_body(state: &AppState, format: Format) -> Limits {
    let frame_bytes = match format {
        Format::Grpc => HEAD_BYTES,
        Format::Json | Format::Protobuf => 0,
    };
    Limits {
        max_body_bytes: state.limits.max_body_bytes + frame_bytes,
        ..state.limits
    }
}

/// 429 while the project is above its spans (and events) a second.
pub(super) fn check_rate(caller: &Caller) -> Result<(), Problem> {
    let limit = caller.project.settings.max_spans_per_second;
    caller.lane.check_rate(limit).map_err(|wait_s| {
        Problem::new(
            Code::RateLimited,
            "The project sends more spans a second than its settings allow.",
        )
        .retry_after(wait_s)
    })
}

/// Waits for the commit. A batch whose group failed is decoded again and tried alone.
async fn commit(
    state: &Arc<AppState>,
    delivery: &Arc<Delivery>,
    decoded: Decoded,
    reservation: Reservation,
) -> Result<(Reply, Committed), Failure> {
    let Decoded {
        batch,
        span_count,
        body_bytes,
        reply,
    } = decoded;
    if batch.pieces.is_empty() {
        return Ok((reply, Committed::default()));
    }
    let trace_count = batch.pieces.len();
    let caller = &delivery.caller;
    let limit = caller.project.settings.max_spans_per_second;
    caller.lane.charge_spans(limit, span_count);
    let mut outcome = state.queue.submit(batch, reservation, Way::Grouped).await;
    if let Err(Setback::Sunk(mut reservation)) = outcome {
        reservation.shrink_to(delivery.body.len());
        let (again, reservation) = decode_aside(state, delivery, reservation).await?;
        outcome = state
            .queue
            .submit(again.batch, reservation, Way::Alone)
            .await;
    }
    if outcome.is_err() {
        caller.lane.refund_spans(limit, span_count);
    }
    let dialect = reply.dialect(delivery.head.format);
    let committed = outcome.map_err(|setback| Failure::new(dialect, answer_setback(setback)))?;
    state.metrics.ingested_bytes.add(body_bytes as u64);
    state.metrics.ingested_traces.add(trace_count as u64);
    state.metrics.ingested_spans.add(span_count as u64);
    Ok((reply, committed))
}

fn answer_setback(setback: Setback) -> Problem {
    match setback {
        Setback::Refused(refusal) => answer_refusal(refusal),
        Setback::Sunk(_) | Setback::Failed => Problem::new(
            Code::Overloaded,
            "The batch could not be stored; send it again.",
        ),
        Setback::Unavailable => Problem::new(
            Code::Overloaded,
            "The store does not take anything now; send it again.",
        ),
    }
}
