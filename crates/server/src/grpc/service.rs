//! Whether the server takes and answers: our own `Health`, and the one that probes and load balancers know.
//!
//! Both say what `/readyz` says, and need no key, as it does.
use super::status::{answer_bytes, answer_message, answer_status};
use crate::api::health::find_readiness;
use crate::http::body::{discard_body, read_small_body};
use crate::http::problem::Problem;
use crate::ingest::{Format, Head, Route, unframe};
use crate::state::{AppState, Limits};
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use cognobserve_wire::grpc::{ServingStatus, encode_health, read_health_check};
use cognobserve_wire::native::proto::HealthAnswer;
use std::sync::Arc;

/// Questions are names.
const MAX_QUESTION_BYTES: usize = 4 << 10;

/// `cognobserve.v1.IngestService/Health`.
pub async fn tell_health(
    State(state): State<Arc<AppState>>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    discard_body(body, &headers).await;
    let (status, warnings) = match find_readiness(&state).await {
        Ok(warnings) => ("SERVING", warnings),
        Err(problem) => ("NOT_SERVING", vec![problem.detail.into_owned()]),
    };
    let answer = HealthAnswer {
        status: status.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        warnings,
    };
    answer_message(StatusCode::OK, &answer)
}

/// `grpc.health.v1.Health/Check` of one of the `known` services, or of the whole server by the empty name.
pub async fn check_health(
    known: &[&str],
    State(state): State<Arc<AppState>>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let service = match read_service(&state, &headers, body).await {
        Ok(service) => service,
        Err(problem) => return answer_status(&problem),
    };
    if !service.is_empty() && !known.contains(&&*service) {
        return answer_status(&Problem::not_found());
    }
    let status = match find_readiness(&state).await {
        Ok(_) => ServingStatus::Serving,
        Err(_) => ServingStatus::NotServing,
    };
    answer_bytes(StatusCode::OK, &encode_health(status))
}

async fn read_service(
    state: &AppState,
    headers: &HeaderMap,
    body: Body,
) -> Result<String, Problem> {
    let head = Head::read(Route::Traces, Format::Grpc, headers)?;
    let body = read_small_body(body, headers, MAX_QUESTION_BYTES).await?;
    let limits = Limits {
        max_body_bytes: MAX_QUESTION_BYTES,
        ..state.limits
    };
    // Nobody's share: the question is anybody's.
    let mut reservation = state.queue.budget().open(Arc::default());
    let message = unframe(&body, &head.encodings, &mut reservation, &limits)?;
    let check = read_health_check(&message).map_err(|fault| Problem::invalid("", fault))?;
    Ok(check.service)
}
