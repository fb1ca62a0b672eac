//! `GET /v1/users/{id}` and by external id.
use super::out::UserDetailOut;
use crate::auth::{Allowed, Read};
use crate::http::path::PathId;
use crate::http::problem::{Problem, ProblemOut};
use crate::http::query::Params;
use crate::state::AppState;
use axum::Json;
use axum::extract::State;
use cognobserve_model::id::UserId;
use cognobserve_model::query::UserKey;
use cognobserve_pipeline::normalise_user_id;
use std::sync::Arc;

/// One user with sums and the ten latest sessions.
#[utoipa::path(get, path = "/v1/users/{id}", tag = "users", params(
    ("id" = String, Path, description = "Our id of the user."),
    ("statsFrom" = Option<String>, Query, description = "Sums from this time or date on."),
    ("statsTo" = Option<String>, Query, description = "Sums before this time or date."),
    ("tz" = Option<String>, Query, description = "IANA zone in which dates are read; the project's without."),
), responses((status = 200, body = UserDetailOut), (status = "default", body = ProblemOut)))]
pub async fn find_user(
    State(state): State<Arc<AppState>>,
    allowed: Allowed<Read>,
    PathId(id): PathId,
    params: Params,
) -> Result<Json<UserDetailOut>, Problem> {
    answer_user(&state, &allowed, Some(UserKey::Id(UserId::new(id))), params).await
}

/// One user by the developer's own id, matched exactly after trimming.
#[utoipa::path(get, path = "/v1/users/by-external-id/{externalId}", tag = "users", params(
    ("externalId" = String, Path, description = "The developer's id of the user, percent-encoded."),
    ("statsFrom" = Option<String>, Query, description = "Sums from this time or date on."),
    ("statsTo" = Option<String>, Query, description = "Sums before this time or date."),
    ("tz" = Option<String>, Query, description = "IANA zone in which dates are read; the project's without."),
), responses((status = 200, body = UserDetailOut), (status = "default", body = ProblemOut)))]
pub async fn find_user_by_external_id(
    State(state): State<Arc<AppState>>,
    allowed: Allowed<Read>,
    PathId(id): PathId,
    params: Params,
) -> Result<Json<UserDetailOut>, Problem> {
    let key = normalise_user_id(&id)
        .ok()
        .flatten()
        .map(|id| UserKey::External(id.into_owned()));
    answer_user(&state, &allowed, key, params).await
}

async fn answer_user(
    state: &AppState,
    allowed: &Allowed<Read>,
    key: Option<UserKey>,
    mut params: Params,
) -> Result<Json<UserDetailOut>, Problem> {
    let zone = params.zone(allowed);
    let stats = params.range("statsFrom", "statsTo", &zone);
    params.finish()?;
    let key = key.ok_or_else(Problem::not_found)?;
    let detail = state
        .reports
        .find_user(allowed.project(), &key, stats)
        .await?;
    Ok(Json(detail.ok_or_else(Problem::not_found)?.into()))
}
