//! `POST /settings/telemetry`: whether product events of the workspace are captured, in each edition.
use crate::auth::page::redirect;
use crate::auth::{Inside, ManageProject, Submitted};
use crate::http::problem::Problem;
use crate::http::query::Params;
use crate::state::AppState;
use crate::web::answer::Answer;
use crate::web::frame::{frame_page, view_of};
use axum::extract::State;
use cognobserve_dashboard::Nav;
use std::sync::Arc;

/// A box that is not ticked is not sent at all: without this word nobody has said no.
const CHOICE: &str = "product-events";

pub async fn choose_capture(
    State(state): State<Arc<AppState>>,
    inside: Inside<ManageProject>,
    params: Params,
    form: Submitted,
) -> Answer {
    if form.text("choice") != CHOICE {
        return Err(Problem::invalid("choice", format!("must be {CHOICE}")).into());
    }
    let frame = frame_page(&state, &inside, &params, "Settings", Nav::Settings).await?;
    let out = !form.is_checked("events");
    let events = &state.events;
    if !events
        .opt_out(&inside.project.id, out, &inside.actor)
        .await?
    {
        return Err(Problem::not_found().into());
    }
    let back = view_of(&frame)?.link("/settings").with("done", "saved");
    Ok(redirect(&back.to_string()))
}
