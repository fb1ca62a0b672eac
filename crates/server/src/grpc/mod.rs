//! The gRPC door: methods are routes, calls are requests, and each goes the way that its HTTP sister goes.
//!
//! Calls are read frame by frame by the door itself, because its limits (bytes in flight, shares of projects, patience)
//! count from the first byte on, and generated code would hold a message before anything could be counted.
mod reflection;
mod service;
mod status;

pub use status::{answer_bytes, answer_message, answer_panic, answer_status, answer_unknown};

use crate::http::problem::{Code, Problem};
use crate::ingest::{Format, Permit, Route, discard_grpc_logs, discard_grpc_metrics, take_in};
use crate::state::AppState;
use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Version, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use std::sync::Arc;

/// The services that take traces, and whose health can be asked for.
const SERVICES: [&str; 2] = [
    "cognobserve.v1.IngestService",
    "opentelemetry.proto.collector.trace.v1.TraceService",
];

/// Traces in.
pub fn ingest_routes() -> Router<Arc<AppState>> {
    Router::new()
        .route(
            "/cognobserve.v1.IngestService/IngestTrace",
            post(ingest_trace),
        )
        .route(
            "/cognobserve.v1.IngestService/IngestBatch",
            post(ingest_batch),
        )
        .route(
            "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
            post(export_traces),
        )
        .route(
            "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
            post(discard_grpc_metrics),
        )
        .route(
            "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
            post(discard_grpc_logs),
        )
        .route_layer(from_fn(require_call))
}

/// For tools that watch and ask; no key needed. Without ingest there is nothing but the server to ask about.
pub fn service_routes(does_ingest: bool) -> Router<Arc<AppState>> {
    let known = if does_ingest { &SERVICES[..] } else { &[] };
    let check = move |state, headers, body| service::check_health(known, state, headers, body);
    let mut routes = Router::new()
        .route("/grpc.health.v1.Health/Check", post(check))
        .route(
            "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
            post(reflection::reflect),
        )
        .route(
            "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
            post(reflection::reflect),
        );
    if does_ingest {
        let health = "/cognobserve.v1.IngestService/Health";
        routes = routes.route(health, post(service::tell_health));
    }
    routes.route_layer(from_fn(require_call))
}

/// Whether a request is a gRPC call, by its media type.
pub fn is_call(headers: &HeaderMap) -> bool {
    let media_type = headers.get(header::CONTENT_TYPE);
    let media_type = media_type.and_then(|value| value.to_str().ok());
    let essence = media_type.unwrap_or("").split(';').next().unwrap_or("");
    ["application/grpc", "application/grpc+proto"]
        .iter()
        .any(|known| essence.trim().eq_ignore_ascii_case(known))
}

/// What is no call gets an answer of HTTP: its sender does not read trailers.
async fn require_call(request: Request, next: Next) -> Response {
    let is_call = is_call(request.headers());
    if is_call && request.version() == Version::HTTP_2 {
        return next.run(request).await;
    }
    let detail = "This path speaks gRPC: application/grpc over HTTP/2.";
    Problem::new(Code::UnsupportedMediaType, detail).into_response()
}

async fn ingest_trace(
    State(state): State<Arc<AppState>>,
    permit: Permit,
    headers: HeaderMap,
    body: Body,
) -> Response {
    take_in(&state, permit, Route::Traces, Format::Grpc, &headers, body).await
}

async fn ingest_batch(
    State(state): State<Arc<AppState>>,
    permit: Permit,
    headers: HeaderMap,
    body: Body,
) -> Response {
    take_in(&state, permit, Route::Batch, Format::Grpc, &headers, body).await
}

async fn export_traces(
    State(state): State<Arc<AppState>>,
    permit: Permit,
    headers: HeaderMap,
    body: Body,
) -> Response {
    take_in(&state, permit, Route::Export, Format::Grpc, &headers, body).await
}
