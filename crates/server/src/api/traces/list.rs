//! `GET /v1/traces`, also for one user.
use super::out::TraceOut;
use crate::api::page::PageOut;
use crate::auth::{Allowed, Caller, Read};
use crate::http::cursor::Tie;
use crate::http::problem::{Problem, ProblemOut};
use crate::http::query::Params;
use crate::state::AppState;
use axum::Json;
use axum::extract::State;
use cognobserve_model::id::{SessionId, UserId};
use cognobserve_model::query::TraceFilter;
use cognobserve_model::span::Level;
use std::sync::Arc;

/// No trace is said to be longer than a year.
const MAX_LATENCY_MS: i64 = 366 * 24 * 3_600_000;

/// Lists traces, newest first.
#[utoipa::path(get, path = "/v1/traces", tag = "traces", params(
    ("user" = Option<String>, Query, description = "Our id of the user."),
    ("session" = Option<String>, Query, description = "Our id of the session."),
    ("level" = Option<String>, Query, description = "Traces with a span of this level: DEBUG, DEFAULT, WARNING or ERROR."),
    ("model" = Option<String>, Query, description = "Traces with a span of exactly this model."),
    ("name" = Option<String>, Query, description = "Traces of exactly this name."),
    ("search" = Option<String>, Query, description = "Case-insensitive part of the trace id, its name, a span's name or status message."),
    ("from" = Option<String>, Query, description = "At or after this time or date."),
    ("to" = Option<String>, Query, description = "Before this time or date."),
    ("tz" = Option<String>, Query, description = "IANA zone in which dates are read; the project's without."),
    ("minLatencyMs" = Option<i64>, Query, minimum = 0, description = "Traces that took at least this long."),
    ("limit" = Option<i64>, Query, minimum = 1, maximum = 100, description = "50 without."),
    ("cursor" = Option<String>, Query, description = "`nextCursor` of the page before."),
), responses((status = 200, body = PageOut<TraceOut>), (status = "default", body = ProblemOut)))]
pub async fn list_traces(
    State(state): State<Arc<AppState>>,
    allowed: Allowed<Read>,
    mut params: Params,
) -> Result<Json<PageOut<TraceOut>>, Problem> {
    let user = params.text("user").map(UserId::new);
    answer_traces(&state, &allowed, user, params).await
}

/// The traces of a project or of one user; a user or session that does not exist is 404.
pub(crate) async fn answer_traces(
    state: &AppState,
    caller: &Caller,
    user: Option<UserId>,
    mut params: Params,
) -> Result<Json<PageOut<TraceOut>>, Problem> {
    let project = &caller.project.id;
    let zone = params.zone(caller);
    let filter = TraceFilter {
        user,
        session: params.text("session").map(SessionId::new),
        level: params.word("level", Level::ALL, Level::as_str),
        model: params.text("model"),
        name: params.text("name"),
        search: params.search("search"),
        period: params.range("from", "to", &zone),
        min_latency_micros: params
            .number("minLatencyMs", 0, MAX_LATENCY_MS)
            .map(|ms| ms * 1000),
        scan_limit: None,
    };
    let tie = Tie::new("traces", (project, &filter));
    let page = params.page(tie);
    params.finish()?;
    let page = state
        .reports
        .list_traces(project, filter, page)
        .await?
        .ok_or_else(Problem::not_found)?;
    Ok(Json(PageOut::new(page, tie, TraceOut::from)))
}
