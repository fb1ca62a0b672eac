//! `PATCH` and `DELETE /v1/sessions/{id}`.
use super::out::SessionOut;
use crate::api::change::{DeletedOut, MAX_NAME_CHARS, check_metadata_size};
use crate::auth::{Allowed, Delete, Edit};
use crate::http::body::JsonBody;
use crate::http::path::PathId;
use crate::http::problem::{Problem, ProblemOut};
use crate::state::AppState;
use axum::Json;
use axum::extract::State;
use cognobserve_model::id::SessionId;
use cognobserve_ports::SessionPatch;
use std::sync::Arc;
use utoipa::ToSchema;

/// What to change; what is absent stays, `null` clears.
#[derive(Debug, ToSchema)]
#[schema(as = SessionPatch)]
pub struct SessionPatchIn {
    pub name: Option<String>,
    /// Merged by key; `null` deletes a key.
    pub metadata: Option<crate::api::json::MetadataOut>,
}

/// Renames a session or changes its metadata.
#[utoipa::path(patch, path = "/v1/sessions/{id}", tag = "sessions", params(
    ("id" = String, Path, description = "Our id of the session."),
), request_body = SessionPatchIn, responses((status = 200, body = SessionOut), (status = "default", body = ProblemOut)))]
pub async fn patch_session(
    State(state): State<Arc<AppState>>,
    allowed: Allowed<Edit>,
    PathId(id): PathId,
    body: JsonBody,
) -> Result<Json<SessionOut>, Problem> {
    let mut fields = body.fields()?;
    let name = fields.text("name").map(|name| {
        name.map(|name| name.trim().to_owned())
            .filter(|name| !name.is_empty())
    });
    if name
        .iter()
        .flatten()
        .any(|name| name.chars().count() > MAX_NAME_CHARS)
    {
        fields.refuse(
            "name",
            format!("must have at most {MAX_NAME_CHARS} characters"),
        );
    }
    let metadata = fields.metadata("metadata");
    check_metadata_size(&mut fields, &[], &metadata);
    fields.finish()?;
    let id = SessionId::new(id);
    let found = state
        .ledger
        .patch_session(
            allowed.project(),
            &id,
            SessionPatch { name, metadata },
            &allowed.actor,
        )
        .await?;
    found.ok_or_else(Problem::not_found)?;
    let session = state.reports.find_session(allowed.project(), &id).await?;
    Ok(Json(session.ok_or_else(Problem::not_found)?.into()))
}

/// Removes a session; its traces stay, without it.
#[utoipa::path(delete, path = "/v1/sessions/{id}", tag = "sessions", params(
    ("id" = String, Path, description = "Our id of the session."),
), responses((status = 200, body = DeletedOut), (status = "default", body = ProblemOut)))]
pub async fn delete_session(
    State(state): State<Arc<AppState>>,
    allowed: Allowed<Delete>,
    PathId(id): PathId,
) -> Result<Json<DeletedOut>, Problem> {
    let deleted = state
        .ledger
        .delete_session(allowed.project(), &SessionId::new(id), &allowed.actor)
        .await?;
    Ok(Json(deleted.ok_or_else(Problem::not_found)?.into()))
}
