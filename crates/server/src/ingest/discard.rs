//! `POST /v1/metrics` and `/v1/logs`: exporters that send everything to one address are
//! thanked, what they send is read, dropped and counted.
use super::answer::answer_failure;
use super::format::{Dialect, is_protobuf};
use super::take_in::Permit;
use crate::grpc::answer_bytes;
use crate::http::body::discard_body;
use crate::http::problem::ProblemOut;
use crate::metrics::Counter;
use crate::state::AppState;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use cognobserve_wire::otlp::{Encoding, encode_accepted};
use std::sync::Arc;

/// Accepts OTLP metrics and drops them.
#[utoipa::path(post, path = "/v1/metrics", tag = "ingest", responses(
    (status = 200, description = "Accepted and dropped."), (status = "default", body = ProblemOut)))]
pub async fn discard_metrics(
    State(state): State<Arc<AppState>>,
    permit: Permit,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let dialect = find_dialect(&headers);
    discard(
        &state.metrics.discarded_metrics,
        permit,
        dialect,
        &headers,
        body,
    )
    .await
}

/// Accepts OTLP logs and drops them.
#[utoipa::path(post, path = "/v1/logs", tag = "ingest", responses(
    (status = 200, description = "Accepted and dropped."), (status = "default", body = ProblemOut)))]
pub async fn discard_logs(
    State(state): State<Arc<AppState>>,
    permit: Permit,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let dialect = find_dialect(&headers);
    discard(
        &state.metrics.discarded_logs,
        permit,
        dialect,
        &headers,
        body,
    )
    .await
}

/// OTLP metrics by gRPC, accepted and dropped.
pub async fn discard_grpc_metrics(
    State(state): State<Arc<AppState>>,
    permit: Permit,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let counter = &state.metrics.discarded_metrics;
    discard(counter, permit, Dialect::Grpc, &headers, body).await
}

/// OTLP logs by gRPC, accepted and dropped.
pub async fn discard_grpc_logs(
    State(state): State<Arc<AppState>>,
    permit: Permit,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let counter = &state.metrics.discarded_logs;
    discard(counter, permit, Dialect::Grpc, &headers, body).await
}

fn find_dialect(headers: &HeaderMap) -> Dialect {
    Dialect::Otlp(match is_protobuf(headers) {
        true => Encoding::Protobuf,
        false => Encoding::Json,
    })
}

async fn discard(
    counter: &Counter,
    permit: Permit,
    dialect: Dialect,
    headers: &HeaderMap,
    body: Body,
) -> Response {
    discard_body(body, headers).await;
    if let Err(problem) = permit {
        return answer_failure(dialect, problem);
    }
    counter.add(1);
    let Dialect::Otlp(encoding) = dialect else {
        // An empty message says that all is well.
        return answer_bytes(StatusCode::OK, b"");
    };
    let content_type = HeaderValue::from_static(encoding.content_type());
    (
        StatusCode::OK,
        [(header::CONTENT_TYPE, content_type)],
        encode_accepted(encoding, 0, ""),
    )
        .into_response()
}
