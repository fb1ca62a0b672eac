//! `/healthz`, `/readyz`, `/metrics`: for machines that watch; no key needed, nothing told
//! about projects or people.
use crate::http::problem::{Code, Problem, ProblemOut};
use crate::state::AppState;
use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Health)]
pub struct HealthOut {
    /// `ok`
    pub status: &'static str,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Readiness)]
pub struct ReadinessOut {
    /// `ok`
    pub status: &'static str,
    /// Settings of the servers behind this one that let what was acknowledged be lost.
    pub warnings: Vec<String>,
}

/// The process lives.
#[utoipa::path(get, path = "/healthz", tag = "service", security(()), responses((status = 200, body = HealthOut)))]
pub async fn check_health() -> Json<HealthOut> {
    Json(HealthOut { status: "ok" })
}

/// The store answers and takes writes, and the queue takes batches.
#[utoipa::path(get, path = "/readyz", tag = "service", security(()),
    responses((status = 200, body = ReadinessOut), (status = 503, body = ProblemOut)))]
pub async fn check_readiness(
    State(state): State<Arc<AppState>>,
) -> Result<Json<ReadinessOut>, Problem> {
    let warnings = find_readiness(&state).await?;
    Ok(Json(ReadinessOut {
        status: "ok",
        warnings,
    }))
}

/// What there is to warn of; the problem if nothing can be taken or answered.
pub async fn find_readiness(state: &AppState) -> Result<Vec<String>, Problem> {
    let open = state.queue.check_open().await;
    let mut warnings = open.map_err(|reason| Problem::new(Code::Overloaded, reason))?;
    // Whatever the kind of failure: who watches wants to know whether to send anything.
    let checked = state.reports.check_ready().await;
    warnings.extend(checked.map_err(|error| Problem {
        code: Code::Overloaded,
        retry_after_s: Some(1),
        ..Problem::from(error)
    })?);
    Ok(warnings)
}

/// Numbers about this process, as Prometheus text.
#[utoipa::path(get, path = "/metrics", tag = "service", security(()), responses((status = 200, body = String, content_type = "text/plain")))]
pub async fn read_metrics(State(state): State<Arc<AppState>>) -> impl IntoResponse {
    let text = state
        .metrics
        .render(state.queue.budget().used_bytes(), &state.telling.counts);
    (
        [(
            header::CONTENT_TYPE,
            "text/plain; version=0.0.4; charset=utf-8",
        )],
        text,
    )
}
