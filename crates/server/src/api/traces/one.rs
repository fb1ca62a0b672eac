//! `GET` and `DELETE /v1/traces/{traceId}`.
use super::out::TraceDetailOut;
use crate::auth::{Allowed, Delete, Read};
use crate::http::path::PathId;
use crate::http::problem::{Problem, ProblemOut};
use crate::state::AppState;
use axum::Json;
use axum::extract::State;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// One trace with all its spans and their inputs and outputs.
#[utoipa::path(get, path = "/v1/traces/{traceId}", tag = "traces", params(
    ("traceId" = String, Path, description = "The client's trace id, percent-encoded."),
), responses((status = 200, body = TraceDetailOut), (status = "default", body = ProblemOut)))]
pub async fn find_trace(
    State(state): State<Arc<AppState>>,
    allowed: Allowed<Read>,
    PathId(id): PathId,
) -> Result<Json<TraceDetailOut>, Problem> {
    let trace = state.reports.find_trace(allowed.project(), &id).await?;
    Ok(Json(trace.ok_or_else(Problem::not_found)?.into()))
}

/// Done.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Success)]
pub struct SuccessOut {
    pub success: bool,
}

/// Removes a trace with its payload, and takes back what it counted.
#[utoipa::path(delete, path = "/v1/traces/{traceId}", tag = "traces", params(
    ("traceId" = String, Path, description = "The client's trace id, percent-encoded."),
), responses((status = 200, body = SuccessOut), (status = "default", body = ProblemOut)))]
pub async fn delete_trace(
    State(state): State<Arc<AppState>>,
    allowed: Allowed<Delete>,
    PathId(id): PathId,
) -> Result<Json<SuccessOut>, Problem> {
    let found = state
        .ledger
        .delete_trace(allowed.project(), &id, &allowed.actor)
        .await?;
    found.ok_or_else(Problem::not_found)?;
    Ok(Json(SuccessOut { success: true }))
}
