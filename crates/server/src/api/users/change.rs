//! `PATCH` and `DELETE /v1/users/{id}`.
use super::out::UserOut;
use crate::api::change::{DeletedOut, check_metadata_size};
use crate::auth::{Allowed, Delete, Edit};
use crate::http::body::{Fields, JsonBody};
use crate::http::path::PathId;
use crate::http::problem::{Problem, ProblemOut};
use crate::http::query::Params;
use crate::state::AppState;
use axum::Json;
use axum::extract::State;
use cognobserve_model::account::Project;
use cognobserve_model::id::{ProjectId, UserId};
use cognobserve_model::profile::{MAX_METADATA_BYTES, ProfilePart};
use cognobserve_model::query::{Period, UserKey};
use cognobserve_model::report::{Deleted, UserStats};
use cognobserve_model::time::Micros;
use cognobserve_pipeline::{Notes, read_profile};
use cognobserve_ports::{Actor, DeleteMode};
use cognobserve_telemetry::event::EndUserId;
use std::sync::Arc;
use utoipa::ToSchema;

/// What to change; what is absent stays, `null` clears.
#[derive(Debug, ToSchema)]
#[schema(as = UserPatch)]
pub struct UserPatchIn {
    pub name: Option<String>,
    #[schema(format = Email)]
    pub email: Option<String>,
    /// Merged by key; `null` deletes a key.
    pub metadata: Option<crate::api::json::MetadataOut>,
}

/// Changes a user's profile; the change counts as made now.
#[utoipa::path(patch, path = "/v1/users/{id}", tag = "users", params(
    ("id" = String, Path, description = "Our id of the user."),
), request_body = UserPatchIn, responses((status = 200, body = UserOut), (status = "default", body = ProblemOut)))]
pub async fn patch_user(
    State(state): State<Arc<AppState>>,
    allowed: Allowed<Edit>,
    PathId(id): PathId,
    body: JsonBody,
) -> Result<Json<UserOut>, Problem> {
    let id = UserId::new(id);
    change_user(
        &state,
        allowed.project(),
        &id,
        body.fields()?,
        &allowed.actor,
    )
    .await?;
    Ok(Json(
        find_stats(&state, allowed.project(), &id).await?.into(),
    ))
}

/// Merges a patch into a profile; everything that is wrong with it is said at once.
pub(crate) async fn change_user(
    state: &AppState,
    project: &ProjectId,
    id: &UserId,
    mut fields: Fields<'_>,
    by: &Actor,
) -> Result<(), Problem> {
    let part = read_patch(&mut fields);
    if !part.metadata.is_empty() {
        let stored = find_stats(state, project, id).await?;
        check_metadata_size(&mut fields, &stored.user.metadata, &part.metadata);
    }
    fields.finish()?;
    if part.is_empty() {
        return Ok(());
    }
    let found = state.ledger.patch_user(project, id, part, by).await?;
    found.ok_or_else(Problem::not_found)
}

async fn find_stats(
    state: &AppState,
    project: &ProjectId,
    id: &UserId,
) -> Result<UserStats, Problem> {
    let found = state
        .reports
        .find_user(project, &UserKey::Id(id.clone()), Period::ALL)
        .await?;
    Ok(found.ok_or_else(Problem::not_found)?.stats)
}

/// By the rules of ingest; what would only be dropped there is refused here.
fn read_patch(fields: &mut Fields) -> ProfilePart {
    let mut notes = Notes::default();
    let read = read_profile(
        fields.get("name"),
        fields.get("email"),
        fields.get("metadata"),
        Vec::new(),
        &mut notes,
    );
    for warning in notes.finish() {
        let path = warning.place.to_string();
        let path = path.strip_prefix("user.").unwrap_or(&path);
        let message = match path {
            "name" => "must have 1 to 255 characters; null clears it".to_owned(),
            "email" => "must be an e-mail address; null clears it".to_owned(),
            "metadata" => format!(
                "must be an object of at most {} KiB",
                MAX_METADATA_BYTES >> 10
            ),
            _ => warning.reason.to_string(),
        };
        fields.refuse(path, message);
    }
    let (user, at) = (String::new(), Micros::now());
    ProfilePart {
        user,
        at,
        name: read.name,
        email: read.email,
        metadata: read.metadata,
    }
}

/// Deletes a user.
///
/// `unlink` (default): the user goes, traces and sessions stay, their spend becomes unattributed.
/// `erase`: everything readable about the person goes from the store; the spend stays under an anonymous
/// row, and later data under the same external id is counted without it.
#[utoipa::path(delete, path = "/v1/users/{id}", tag = "users", params(
    ("id" = String, Path, description = "Our id of the user."),
    ("mode" = Option<String>, Query, description = "unlink (default) or erase."),
), responses((status = 200, body = DeletedOut), (status = "default", body = ProblemOut)))]
pub async fn delete_user(
    State(state): State<Arc<AppState>>,
    allowed: Allowed<Delete>,
    PathId(id): PathId,
    mut params: Params,
) -> Result<Json<DeletedOut>, Problem> {
    const MODES: &[DeleteMode] = &[DeleteMode::Unlink, DeleteMode::Erase];
    let mode = params.word("mode", MODES, |mode| match mode {
        DeleteMode::Unlink => "unlink",
        DeleteMode::Erase => "erase",
    });
    params.finish()?;
    let mode = mode.unwrap_or(DeleteMode::Unlink);
    let id = UserId::new(id);
    let deleted = remove_user(&state, &allowed.project, &id, mode, &allowed.actor).await?;
    Ok(Json(deleted.into()))
}

/// Deletes a user wherever something of them is.
pub(crate) async fn remove_user(
    state: &AppState,
    project: &Project,
    id: &UserId,
    mode: DeleteMode,
    by: &Actor,
) -> Result<Deleted, Problem> {
    if mode == DeleteMode::Erase {
        // First, since afterwards nobody knows who it was: what fails here can be asked for again.
        let user = find_stats(state, &project.id, id).await?.user;
        let forgotten = state.queue.forget_user(&project.id, &user.external_id);
        forgotten.await?;
        forget_events(state, &project.id, id).await?;
    }
    let deleted = state.ledger.delete_user(&project.id, id, mode, by).await?;
    let deleted = deleted.ok_or_else(Problem::not_found)?;
    if mode == DeleteMode::Erase {
        state.grants.lane_of(&project.id).forget_notes();
        // What came in meanwhile.
        forget_events(state, &project.id, id).await?;
    }
    Ok(deleted)
}

/// Whichever edition stored them.
async fn forget_events(state: &AppState, project: &ProjectId, id: &UserId) -> Result<(), Problem> {
    let pseudonyms = &state.telling.installation.pseudonyms;
    let pseudonym = pseudonyms.of_end_user(&EndUserId::new(id.as_str()));
    let forgotten = state.events.forget_end_user(project, id, &pseudonym);
    let count = forgotten.await?;
    tracing::debug!(count, "events of an erased user are gone");
    Ok(())
}
