//! `/settings/suppressions`: ids that were erased, and letting one of them be a person again.
use crate::auth::page::{Refusal, redirect};
use crate::auth::{Delete, Inside, Submitted};
use crate::http::query::Params;
use crate::state::AppState;
use crate::web::answer::{Answer, answer};
use crate::web::frame::{frame_page, view_of};
use axum::extract::State;
use axum::http::StatusCode;
use cognobserve_dashboard::pages::suppressions::render;
use cognobserve_dashboard::{Form, Nav};
use cognobserve_pipeline::normalise_user_id;
use std::sync::Arc;

pub async fn show_suppressions(
    State(state): State<Arc<AppState>>,
    inside: Inside<Delete>,
    params: Params,
) -> Answer {
    let frame = frame_page(&state, &inside, &params, "Erased users", Nav::Settings).await?;
    answer(
        StatusCode::OK,
        render(&*state.reports, frame, Form::default()).await,
    )
}

pub async fn lift_suppression(
    State(state): State<Arc<AppState>>,
    inside: Inside<Delete>,
    params: Params,
    given: Submitted,
) -> Answer {
    let typed = given.text("externalId");
    let mut form = Form::default().with("externalId", typed);
    let frame = frame_page(&state, &inside, &params, "Erased users", Nav::Settings).await?;
    match lift(&state, &inside, typed).await? {
        Ok(()) => {
            let back = view_of(&frame)?.link("/settings/suppressions");
            return Ok(redirect(&back.with("done", "lifted").to_string()));
        }
        Err(words) => form.refuse("externalId", words),
    }
    let html = render(&*state.reports, frame, form).await;
    answer(StatusCode::UNPROCESSABLE_ENTITY, html)
}

/// Words for the form if there was nothing to lift.
async fn lift(
    state: &AppState,
    inside: &Inside<Delete>,
    typed: &str,
) -> Result<Result<(), String>, Refusal> {
    let id = match normalise_user_id(typed) {
        Ok(id) => id.unwrap_or_default(),
        Err(error) => return Ok(Err(error.to_string())),
    };
    if typed.is_empty() {
        return Ok(Err("Type the id of the user who was erased.".into()));
    }
    let (project, by) = (&inside.project.id, &inside.actor);
    let was_suppressed = state.ledger.lift_suppression(project, &id, by).await?;
    Ok(match was_suppressed {
        true => Ok(()),
        false => Err("This id is not suppressed.".into()),
    })
}
