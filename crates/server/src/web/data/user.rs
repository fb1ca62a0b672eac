//! `/users/{id}`: the page, and the forms that change or delete a user.
use super::patch::{list_faults, write_patch};
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
use crate::web::frame::{frame_page, read_place, view_of};
use axum::extract::State;
use axum::http::StatusCode;
use cognobserve_dashboard::Nav;
use cognobserve_dashboard::link::segment;
use cognobserve_dashboard::pages::pager::Paging;
use cognobserve_dashboard::pages::user_change::{Mode, Typed, render_delete, render_edit};
use cognobserve_dashboard::pages::{user, user_models};
use cognobserve_model::id::UserId;
use cognobserve_model::query::{Period, UserKey};
use cognobserve_ports::DeleteMode;
use std::sync::Arc;

pub async fn show_user(
    State(state): State<Arc<AppState>>,
    inside: Inside<Read>,
    PathId(id): PathId,
    mut params: Params,
) -> Answer {
    let frame = frame_page(&state, &inside, &params, "User", Nav::Users).await?;
    let path = format!("/users/{}", segment(&id));
    let place = read_place(&mut params);
    let (ask, tie) = read_ask(&mut params, view_of(&frame)?, &path)?;
    let id = UserId::new(id);
    let html = user::render(
        &*state.reports,
        frame,
        &id,
        ask,
        &Paging {
            place,
            write: &move |at| write_cursor(tie, at),
        },
    )
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
    let texts = [
        ("name", &*typed.name, stored.name.as_deref()),
        ("email", &*typed.email, stored.email.as_deref()),
    ];
    match write_patch(&texts, &typed.metadata, &stored.metadata) {
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
    let (mode, done, what) = match form.text("mode") {
        "unlink" => (DeleteMode::Unlink, "unlinked", Mode::Unlink),
        "erase" => (DeleteMode::Erase, "erased", Mode::Erase),
        _ => return Err(Problem::invalid("mode", "must be unlink or erase").into()),
    };
    if form.text("confirm") != user.external_id {
        let html = render_delete(&*state.reports, frame, &id, Some(what)).await;
        return answer(StatusCode::UNPROCESSABLE_ENTITY, html);
    }
    remove_user(&state, &inside.project, &id, mode, &inside.actor).await?;
    let back = view_of(&frame)?.link("/users").with("done", done);
    Ok(redirect(&back.to_string()))
}
