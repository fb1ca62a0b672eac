//! `POST /v1/metrics` and `/v1/logs`: exporters that send everything to one address are
//! thanked, what they send is read, dropped and counted.
use super::answer::answer_failure;
use super::format::{Dialect, is_protobuf};
use crate::auth::{Allowed, Ingest};
use crate::http::body::discard_body;
use crate::http::problem::{Problem, ProblemOut};
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
    permit: Result<Allowed<Ingest>, Problem>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    discard(&state.metrics.discarded_metrics, permit, &headers, body).await
}

/// Accepts OTLP logs and drops them.
#[utoipa::path(post, path = "/v1/logs", tag = "ingest", responses(
    (status = 200, description = "Accepted and dropped."), (status = "default", body = ProblemOut)))]
pub async fn discard_logs(
    State(state): State<Arc<AppState>>,
    permit: Result<Allowed<Ingest>, Problem>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    discard(&state.metrics.discarded_logs, permit, &headers, body).await
}

async fn discard(
    counter: &Counter,
    permit: Result<Allowed<Ingest>, Problem>,
    headers: &HeaderMap,
    body: Body,
) -> Response {
    let encoding = if is_protobuf(headers) {
        Encoding::Protobuf
    } else {
        Encoding::Json
    };
    discard_body(body, headers).await;
    if let Err(problem) = permit {
        return answer_failure(Dialect::Otlp(encoding), problem);
    }
    counter.add(1);
    let content_type = HeaderValue::from_static(encoding.content_type());
    (
        StatusCode::OK,
        [(header::CONTENT_TYPE, content_type)],
        encode_accepted(encoding, 0, ""),
    )
        .into_response()
}
