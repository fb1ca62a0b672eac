//! `GET /`: the overview, or how to begin until there is something to see.
use crate::auth::{Inside, Read};
use crate::http::query::Params;
use crate::state::AppState;
use crate::web::answer::{Answer, answer};
use crate::web::frame::{frame_page, view_of};
use axum::extract::State;
use axum::http::StatusCode;
use cognobserve_dashboard::Nav;
use cognobserve_dashboard::pages::{overview, quick_start};
use cognobserve_model::time::Micros;
use std::sync::Arc;

pub async fn show_overview(
    State(state): State<Arc<AppState>>,
    inside: Inside<Read>,
    params: Params,
) -> Answer {
    let frame = frame_page(&state, &inside, &params, "Overview", Nav::Overview).await?;
    if overview::has_traces(&*state.reports, view_of(&frame)?).await? {
        return answer(
            StatusCode::OK,
            overview::render(&*state.reports, frame).await,
        );
    }
    let now = Micros::now();
    let keys = state.accounts.list_keys(&inside.project.id).await?;
    let usable = keys
        .iter()
        .find(|key| key.revoked.is_none() && key.expires.is_none_or(|end| end > now));
    let prefix = usable.map(|key| key.prefix.clone());
    answer(
        StatusCode::OK,
        quick_start::render(frame, &state.site.public_url, prefix),
    )
}
