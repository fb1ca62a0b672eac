//! `/users/{id}`: the page, and the forms that change or delete a user.
use super::traces::read_ask;
use crate::api::users::{change_user, remove_user};
use crate::auth::page::{Refusal, redirect};
use crate::auth::{Delete, Edit, Inside, Read, Submitted};
use crate::http::body::JsonBody;
use crate::http::cursor::write_cursor;
use crate::http::path::PathId;
use crate::http::problem::{Code, Problem};
use crate::http::query::Params;
use crate::state::AppState;
use crate::web::answer::{Answer, answer};
use crate::web::frame::{frame_page, view_of};
use axum::extract::State;
use axum::http::StatusCode;
use cognobserve_dashboard::Nav;
use cognobserve_dashboard::link::segment;
use cognobserve_dashboard::pages::user_change::{Typed, render_delete, render_edit};
use cognobserve_dashboard::pages::{user, user_models};
use cognobserve_model::id::UserId;
use cognobserve_model::query::{Period, UserKey};
use cognobserve_model::report::User;
use cognobserve_ports::DeleteMode;
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::sync::Arc;

pub async fn show_user(
    State(state): State<Arc<AppState>>,
    inside: Inside<Read>,
    PathId(id): PathId,
    mut params: Params,
) -> Answer {
    let frame = frame_page(&state, &inside, &params, "User", Nav::Users).await?;
    let path = format!("/users/{}", segment(&id));
    let (ask, tie) = read_ask(&mut params, view_of(&frame)?, &path)?;
    let id = UserId::new(id);
    let html = user::render(&*state.reports, frame, &id, ask, &move |at| {
        write_cursor(tie, at)
    })
    .await;
    answer(StatusCode::OK, html)
}

pub async fn show_models(
    State(state): State<Arc<AppState>>,
    inside: Inside<Read>,
    PathId(id): PathId,
    params: Params,
) -> Answer {
    let frame = frame_page(&state, &inside, &params, "Cost by model", Nav::Users).await?;
    let html = user_models::render(&*state.reports, frame, &UserId::new(id)).await;
    answer(StatusCode::OK, html)
}

pub async fn show_edit(
    State(state): State<Arc<AppState>>,
    inside: Inside<Edit>,
    PathId(id): PathId,
    params: Params,
) -> Answer {
    let frame = frame_page(&state, &inside, &params, "Edit user", Nav::Users).await?;
    let html = render_edit(&*state.reports, frame, &UserId::new(id), None).await;
    answer(StatusCode::OK, html)
}

/// The form's fields as the patch that the API takes; keys that are gone are deleted.
fn write_patch(typed: &Typed, stored: &User) -> Result<String, &'static str> {
    type Members = BTreeMap<String, Box<RawValue>>;
    let metadata = match typed.metadata.trim() {
        "" => Members::new(),
        text => serde_json::from_str(text).map_err(|_| "must be a JSON object")?,
    };
    let mut members: BTreeMap<&str, Option<&RawValue>> = stored
        .metadata
        .iter()
        .map(|(key, _)| (key.as_str(), None))
        .collect();
    for (key, value) in &metadata {
        let is_same = stored
            .metadata
            .iter()
            .any(|(known, json)| known == key && json == value.get());
        match is_same {
            true => members.remove(key.as_str()),
            false => members.insert(key, Some(&**value)),
        };
    }
    let text = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let mut patch = serde_json::Map::new();
    // What was left as it is keeps the time at which it was said.
    if text(&typed.name) != stored.name {
        patch.insert("name".into(), text(&typed.name).into());
    }
    if text(&typed.email) != stored.email {
        patch.insert("email".into(), text(&typed.email).into());
    }
    let wrong = |_| "must be a JSON object";
    let rest = serde_json::to_string(&patch).map_err(wrong)?;
    let members = serde_json::to_string(&members).map_err(wrong)?;
    let comma = if patch.is_empty() { "" } else { "," };
    Ok(format!(
        "{}{comma}\"metadata\":{members}}}",
        rest.trim_end_matches('}')
    ))
}

pub async fn save_edit(
    State(state): State<Arc<AppState>>,
    inside: Inside<Edit>,
    PathId(id): PathId,
    params: Params,
    form: Submitted,
) -> Answer {
    let id = UserId::new(id);
    let found = state
        .reports
        .find_user(&inside.project.id, &UserKey::Id(id.clone()), Period::ALL)
        .await?;
    let stored = found.ok_or_else(Refusal::not_found)?.stats.user;
    let mut typed = Typed {
        name: form.text("name").to_owned(),
        email: form.text("email").to_owned(),
        metadata: form.raw("metadata").to_owned(),
        faults: Vec::new(),
    };
    let frame = frame_page(&state, &inside, &params, "Edit user", Nav::Users).await?;
    match write_patch(&typed, &stored) {
        Err(words) => typed.faults.push(("metadata".into(), words.into())),
        Ok(patch) => match save(&state, &inside, &id, &patch).await {
            Ok(()) => {
                let back = view_of(&frame)?.link(format!("/users/{}", segment(id.as_str())));
                return Ok(redirect(&back.with("done", "saved").to_string()));
            }
            Err(problem) if problem.code == Code::InvalidRequest => {
                typed.faults = list_faults(problem)
            }
            Err(problem) => return Err(problem.into()),
        },
    }
    let html = render_edit(&*state.reports, frame, &id, Some(typed)).await;
    answer(StatusCode::UNPROCESSABLE_ENTITY, html)
}

async fn save(
    state: &AppState,
    inside: &Inside<Edit>,
    id: &UserId,
    patch: &str,
) -> Result<(), Problem> {
    let body = JsonBody::of(patch.as_bytes())?;
    change_user(state, &inside.project.id, id, body.fields()?, &inside.actor).await
}

fn list_faults(problem: Problem) -> Vec<(String, String)> {
    let whole = problem.detail.into_owned();
    if problem.errors.is_empty() {
        return vec![(String::new(), whole)];
    }
    // In a form a field is cleared by emptying it.
    let words = |message: String| message.replace("; null clears it", ", or empty");
    problem
        .errors
        .into_iter()
        .map(|fault| (fault.path, words(fault.message)))
        .collect()
}

pub async fn show_delete(
    State(state): State<Arc<AppState>>,
    inside: Inside<Delete>,
    PathId(id): PathId,
    params: Params,
) -> Answer {
    let frame = frame_page(&state, &inside, &params, "Delete user", Nav::Users).await?;
    let html = render_delete(&*state.reports, frame, &UserId::new(id), None).await;
    answer(StatusCode::OK, html)
}

pub async fn delete(
    State(state): State<Arc<AppState>>,
    inside: Inside<Delete>,
    PathId(id): PathId,
    params: Params,
    form: Submitted,
) -> Answer {
    let id = UserId::new(id);
    let frame = frame_page(&state, &inside, &params, "Delete user", Nav::Users).await?;
    let found = state
        .reports
        .find_user(&inside.project.id, &UserKey::Id(id.clone()), Period::ALL)
        .await?;
    let user = found.ok_or_else(Refusal::not_found)?.stats.user;
    let (mode, done) = match form.text("mode") {
        "unlink" => (DeleteMode::Unlink, "unlinked"),
        "erase" if form.text("confirm") == user.external_id => (DeleteMode::Erase, "erased"),
        "erase" => {
            let fault = "What you typed is not the user's id: nothing was erased.".to_owned();
            let html = render_delete(&*state.reports, frame, &id, Some(fault)).await;
            return answer(StatusCode::UNPROCESSABLE_ENTITY, html);
        }
        _ => return Err(Problem::invalid("mode", "must be unlink or erase").into()),
    };
    remove_user(&state, &inside.project, &id, mode, &inside.actor).await?;
    let back = view_of(&frame)?.link("/users").with("done", done);
    Ok(redirect(&back.to_string()))
}

#[cfg(test)]
mod tests;
