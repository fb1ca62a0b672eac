//! `GET /search`: from whatever was pasted to the right page.
use crate::auth::page::redirect;
use crate::auth::{Inside, Read};
use crate::http::query::Params;
use crate::state::AppState;
use crate::web::answer::{Answer, answer};
use crate::web::frame::frame_page;
use axum::extract::State;
use axum::http::StatusCode;
use cognobserve_dashboard::Nav;
use cognobserve_dashboard::pages::search::{self, Found};
use std::sync::Arc;

pub async fn search(
    State(state): State<Arc<AppState>>,
    inside: Inside<Read>,
    mut params: Params,
) -> Answer {
    let frame = frame_page(&state, &inside, &params, "Search", Nav::Nowhere).await?;
    let text = params.text("q").unwrap_or_default();
    params.finish()?;
    match search::find(&*state.reports, frame, &text).await? {
        Found::Page(link) => Ok(redirect(&link.to_string())),
        Found::Html(html) => answer(StatusCode::OK, Ok(html)),
    }
}
