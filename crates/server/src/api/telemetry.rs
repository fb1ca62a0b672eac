//! `GET /v1/telemetry/status`: what becomes of the project's events, as far as one project may know. Sums of the
//! whole installation are the operator's: `cognobserve telemetry status`.
use crate::auth::{Allowed, Read};
use crate::http::problem::{Problem, ProblemOut};
use crate::state::AppState;
use axum::Json;
use axum::extract::State;
use cognobserve_model::event::EventFilter;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = TelemetryStatus)]
pub struct StatusOut {
    /// Whether this project's events are captured: telemetry is on, and its developer has not opted out.
    pub enabled: bool,
    pub opted_out: bool,
    /// `cloud` or `opensource`.
    pub edition: &'static str,
    /// Whom events are sent to: some of `amplitude`, `posthog` and `proxy`, parted by commas, or `none`.
    pub provider: String,
    /// The project's events in the log.
    pub events: u64,
}

/// Whether the project's events are captured, and where they go.
#[utoipa::path(get, path = "/v1/telemetry/status", tag = "events",
    responses((status = 200, body = StatusOut), (status = "default", body = ProblemOut)))]
pub async fn read_status(
    State(state): State<Arc<AppState>>,
    allowed: Allowed<Read>,
) -> Result<Json<StatusOut>, Problem> {
    let telling = &state.telling;
    let opted_out = state.events.has_opted_out(allowed.project()).await?;
    let filter = EventFilter {
        project: Some(allowed.project().clone()),
        ..EventFilter::default()
    };
    let counted = state.events.count_events(&filter, None, 1).await?;
    let providers: Vec<&str> = telling.providers.iter().map(|it| it.as_str()).collect();
    Ok(Json(StatusOut {
        enabled: telling.gate.is_open() && !opted_out,
        opted_out,
        edition: telling.installation.edition.as_str(),
        provider: match providers.is_empty() {
            true => "none".to_owned(),
            false => providers.join(","),
        },
        events: counted.first().map_or(0, |row| row.count),
    }))
}
