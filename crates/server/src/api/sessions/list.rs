//! `GET /v1/sessions`, also for one user.
use super::out::SessionOut;
use crate::api::page::PageOut;
use crate::auth::{Allowed, Caller, Read};
use crate::http::cursor::Tie;
use crate::http::problem::{Problem, ProblemOut};
use crate::http::query::Params;
use crate::state::AppState;
use axum::Json;
use axum::extract::State;
use cognobserve_model::id::UserId;
use cognobserve_model::query::SessionFilter;
use std::sync::Arc;

/// Lists sessions with their sums, by their last trace, newest first.
#[utoipa::path(get, path = "/v1/sessions", tag = "sessions", params(
    ("user" = Option<String>, Query, description = "Our id of the user to whom they belong."),
    ("search" = Option<String>, Query, description = "Case-insensitive part of the external id or name."),
    ("from" = Option<String>, Query, description = "Last trace at or after this time or date."),
    ("to" = Option<String>, Query, description = "Last trace before this time or date."),
    ("tz" = Option<String>, Query, description = "IANA zone in which dates are read; the project's without."),
    ("limit" = Option<i64>, Query, minimum = 1, maximum = 100, description = "50 without."),
    ("cursor" = Option<String>, Query, description = "`nextCursor` of the page before."),
), responses((status = 200, body = PageOut<SessionOut>), (status = "default", body = ProblemOut)))]
pub async fn list_sessions(
    State(state): State<Arc<AppState>>,
    allowed: Allowed<Read>,
    mut params: Params,
) -> Result<Json<PageOut<SessionOut>>, Problem> {
    let user = params.text("user").map(UserId::new);
    answer_sessions(&state, &allowed, user, params).await
}

/// The sessions of a project or of one user; a user that does not exist is 404.
pub(crate) async fn answer_sessions(
    state: &AppState,
    caller: &Caller,
    user: Option<UserId>,
    mut params: Params,
) -> Result<Json<PageOut<SessionOut>>, Problem> {
    let project = &caller.project.id;
    let zone = params.zone(caller);
    let filter = SessionFilter {
        user,
        search: params.search("search"),
        period: params.range("from", "to", &zone),
        scan_limit: None,
    };
    let tie = Tie::new("sessions", (project, &filter));
    let page = params.page(tie);
    params.finish()?;
    let page = state
        .reports
        .list_sessions(project, filter, page)
        .await?
        .ok_or_else(Problem::not_found)?;
    Ok(Json(PageOut::new(page, tie, SessionOut::from)))
}
