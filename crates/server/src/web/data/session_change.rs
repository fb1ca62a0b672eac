//! `/sessions/{id}/edit` and `/delete`: the forms that change a session and take it off its traces.
use super::patch::{list_faults, write_patch};
use crate::api::sessions::{change_session, list_members};
use crate::auth::page::{Refusal, redirect};
use crate::auth::{Delete, Edit, Inside, Submitted};
use crate::http::body::JsonBody;
use crate::http::path::PathId;
use crate::http::problem::{Code, Problem};
use crate::http::query::Params;
use crate::state::AppState;
use crate::web::answer::{Answer, answer};
use crate::web::frame::{frame_page, view_of};
use axum::extract::State;
use axum::http::StatusCode;
use cognobserve_dashboard::link::segment;
use cognobserve_dashboard::pages::session_change::{render_delete, render_edit};
use cognobserve_dashboard::{Form, Nav};
use cognobserve_model::id::SessionId;
use std::sync::Arc;

pub async fn show_edit(
    State(state): State<Arc<AppState>>,
    inside: Inside<Edit>,
    PathId(id): PathId,
    params: Params,
) -> Answer {
    let frame = frame_page(&state, &inside, &params, "Edit session", Nav::Sessions).await?;
    let html = render_edit(&*state.reports, frame, &SessionId::new(id), None).await;
    answer(StatusCode::OK, html)
}

pub async fn save_edit(
    State(state): State<Arc<AppState>>,
    inside: Inside<Edit>,
    PathId(id): PathId,
    params: Params,
    given: Submitted,
) -> Answer {
    let id = SessionId::new(id);
    let found = state.reports.find_session(&inside.project.id, &id).await?;
    let stored = found.ok_or_else(Refusal::not_found)?;
    let (name, metadata) = (given.text("name"), given.raw("metadata"));
    let mut form = Form::default()
        .with("name", name)
        .with("metadata", metadata);
    let frame = frame_page(&state, &inside, &params, "Edit session", Nav::Sessions).await?;
    let texts = [("name", name, stored.name.as_deref())];
    match write_patch(&texts, metadata, &list_members(&stored.metadata)) {
        Err(words) => form.refuse("metadata", words),
        Ok(patch) => match save(&state, &inside, &id, &patch).await {
            Ok(()) => {
                let back = view_of(&frame)?.link(format!("/sessions/{}", segment(id.as_str())));
                return Ok(redirect(&back.with("done", "saved").to_string()));
            }
            Err(problem) if problem.code == Code::InvalidRequest => {
                for (path, words) in list_faults(problem) {
                    form.refuse(name_field(&path), words);
                }
            }
            Err(problem) => return Err(problem.into()),
        },
    }
    let html = render_edit(&*state.reports, frame, &id, Some(form)).await;
    answer(StatusCode::UNPROCESSABLE_ENTITY, html)
}

async fn save(
    state: &AppState,
    inside: &Inside<Edit>,
    id: &SessionId,
    patch: &str,
) -> Result<(), Problem> {
    let body = JsonBody::of(patch.as_bytes())?;
    change_session(state, &inside.project.id, id, body.fields()?, &inside.actor).await
}

/// Where the form says what is wrong at a place of the patch.
fn name_field(path: &str) -> &'static str {
    match path.split('.').next() {
        Some("name") => "name",
        Some("metadata") => "metadata",
        _ => "",
    }
}

pub async fn show_delete(
    State(state): State<Arc<AppState>>,
    inside: Inside<Delete>,
    PathId(id): PathId,
    params: Params,
) -> Answer {
    let frame = frame_page(&state, &inside, &params, "Delete session", Nav::Sessions).await?;
    let html = render_delete(&*state.reports, frame, &SessionId::new(id), false).await;
    answer(StatusCode::OK, html)
}

pub async fn delete(
    State(state): State<Arc<AppState>>,
    inside: Inside<Delete>,
    PathId(id): PathId,
    params: Params,
    form: Submitted,
) -> Answer {
    let frame = frame_page(&state, &inside, &params, "Delete session", Nav::Sessions).await?;
    let (project, id) = (&inside.project.id, SessionId::new(id));
    let found = state.reports.find_session(project, &id).await?;
    let session = found.ok_or_else(Refusal::not_found)?;
    if form.text("confirm") != session.external_id {
        let html = render_delete(&*state.reports, frame, &id, true).await;
        return answer(StatusCode::UNPROCESSABLE_ENTITY, html);
    }
    let deleted = state.ledger.delete_session(project, &id, &inside.actor);
    deleted.await?.ok_or_else(Refusal::not_found)?;
    let back = view_of(&frame)?.link("/sessions");
    Ok(redirect(&back.with("done", "session-unlinked").to_string()))
}
