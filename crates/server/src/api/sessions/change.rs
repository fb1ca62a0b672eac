//! `PATCH` and `DELETE /v1/sessions/{id}`.
use super::out::SessionOut;
use crate::api::change::{DeletedOut, MAX_NAME_CHARS, check_metadata_size};
use crate::auth::{Allowed, Delete, Edit};
use crate::http::body::{Fields, JsonBody};
use crate::http::path::PathId;
use crate::http::problem::{Problem, ProblemOut};
use crate::state::AppState;
use axum::Json;
use axum::extract::State;
use cognobserve_model::id::{ProjectId, SessionId};
use cognobserve_model::report::SessionStats;
use cognobserve_ports::{Actor, SessionPatch};
use serde_json::value::RawValue;
use std::collections::BTreeMap;
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
    let (id, project) = (SessionId::new(id), allowed.project());
    change_session(&state, project, &id, body.fields()?, &allowed.actor).await?;
    Ok(Json(find(&state, project, &id).await?.into()))
}

/// Merges a patch into a session; everything that is wrong with it is said at once.
pub(crate) async fn change_session(
    state: &AppState,
    project: &ProjectId,
    id: &SessionId,
    mut fields: Fields<'_>,
    by: &Actor,
) -> Result<(), Problem> {
    let stored = find(state, project, id).await?;
    let patch = read_patch(&mut fields);
    if !patch.metadata.is_empty() {
        let stored = list_members(&stored.metadata);
        check_metadata_size(&mut fields, &stored, &patch.metadata);
    }
    fields.finish()?;
    if patch.name.is_none() && patch.metadata.is_empty() {
        return Ok(());
    }
    let found = state.ledger.patch_session(project, id, patch, by).await?;
    found.ok_or_else(Problem::not_found)
}

fn read_patch(fields: &mut Fields) -> SessionPatch {
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
    SessionPatch { name, metadata }
}

async fn find(
    state: &AppState,
    project: &ProjectId,
    id: &SessionId,
) -> Result<SessionStats, Problem> {
    let found = state.reports.find_session(project, id).await?;
    found.ok_or_else(Problem::not_found)
}

/// The keys of stored metadata, each with its JSON.
pub(crate) fn list_members(metadata: &str) -> Vec<(String, String)> {
    let members: BTreeMap<String, &RawValue> = serde_json::from_str(metadata).unwrap_or_default();
    let member = |(key, value): (String, &RawValue)| (key, value.get().to_owned());
    members.into_iter().map(member).collect()
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
