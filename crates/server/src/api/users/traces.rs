//! `GET /v1/users/{id}/traces` and `/sessions`.
use crate::api::page::PageOut;
use crate::api::sessions::list::answer_sessions;
use crate::api::sessions::out::SessionOut;
use crate::api::traces::list::answer_traces;
use crate::api::traces::out::TraceOut;
use crate::auth::{Allowed, Read};
use crate::http::path::PathId;
use crate::http::problem::{Problem, ProblemOut};
use crate::http::query::Params;
use crate::state::AppState;
use axum::Json;
use axum::extract::State;
use cognobserve_model::id::UserId;
use std::sync::Arc;

/// A user's traces, newest first, each with its session and its first 100 spans.
#[utoipa::path(get, path = "/v1/users/{id}/traces", tag = "users", params(
    ("id" = String, Path, description = "Our id of the user."),
    ("level" = Option<String>, Query, description = "Traces with a span of this level: DEBUG, DEFAULT, WARNING or ERROR."),
    ("search" = Option<String>, Query, description = "Case-insensitive part of the trace id, its name, a span's name or status message."),
    ("from" = Option<String>, Query, description = "At or after this time or date."),
    ("to" = Option<String>, Query, description = "Before this time or date."),
    ("tz" = Option<String>, Query, description = "IANA zone in which dates are read; the project's without."),
    ("limit" = Option<i64>, Query, minimum = 1, maximum = 100, description = "50 without."),
    ("cursor" = Option<String>, Query, description = "`nextCursor` of the page before."),
), responses((status = 200, body = PageOut<TraceOut>), (status = "default", body = ProblemOut)))]
pub async fn list_user_traces(
    State(state): State<Arc<AppState>>,
    allowed: Allowed<Read>,
    PathId(id): PathId,
    params: Params,
) -> Result<Json<PageOut<TraceOut>>, Problem> {
    answer_traces(&state, &allowed, Some(UserId::new(id)), params).await
}

/// All sessions of a user with their sums, the latest first.
#[utoipa::path(get, path = "/v1/users/{id}/sessions", tag = "users", params(
    ("id" = String, Path, description = "Our id of the user."),
    ("search" = Option<String>, Query, description = "Case-insensitive part of the session's external id or name."),
    ("from" = Option<String>, Query, description = "Last trace at or after this time or date."),
    ("to" = Option<String>, Query, description = "Last trace before this time or date."),
    ("tz" = Option<String>, Query, description = "IANA zone in which dates are read; the project's without."),
    ("limit" = Option<i64>, Query, minimum = 1, maximum = 100, description = "50 without."),
    ("cursor" = Option<String>, Query, description = "`nextCursor` of the page before."),
), responses((status = 200, body = PageOut<SessionOut>), (status = "default", body = ProblemOut)))]
pub async fn list_user_sessions(
    State(state): State<Arc<AppState>>,
    allowed: Allowed<Read>,
    PathId(id): PathId,
    params: Params,
) -> Result<Json<PageOut<SessionOut>>, Problem> {
    answer_sessions(&state, &allowed, Some(UserId::new(id)), params).await
}
