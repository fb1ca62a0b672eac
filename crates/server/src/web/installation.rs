//! `GET /installation`: how much there is in all projects, for the operator.
use super::answer::{Answer, answer, frame_around};
use crate::auth::Operator;
use crate::state::AppState;
use axum::extract::State;
use axum::http::StatusCode;
use cognobserve_dashboard::Nav;
use cognobserve_dashboard::pages::installation::render;
use cognobserve_model::time::Micros;
use std::sync::Arc;

pub async fn show_installation(State(state): State<Arc<AppState>>, operator: Operator) -> Answer {
    let frame = frame_around(&state, &operator.visit, "Installation", Nav::Installation).await?;
    let accounts = state.people.count_accounts().await?;
    let html = render(&*state.reports, frame, accounts, Micros::now()).await;
    answer(StatusCode::OK, html)
}
