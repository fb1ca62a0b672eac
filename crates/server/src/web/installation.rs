//! `GET /installation`: how much there is in all projects, for the operator.
use super::answer::{Answer, answer, find_who};
use crate::auth::Operator;
use crate::state::AppState;
use axum::extract::State;
use axum::http::StatusCode;
use cognobserve_dashboard::pages::installation::render;
use cognobserve_dashboard::{Frame, Nav};
use cognobserve_model::time::Micros;
use std::sync::Arc;

pub async fn show_installation(State(state): State<Arc<AppState>>, operator: Operator) -> Answer {
    let who = find_who(&state, &operator.visit).await?;
    let frame = Frame::personal("Installation", Nav::Installation, who);
    let frame = frame.keeping(operator.visit.kept.clone());
    let accounts = state.people.count_accounts().await?;
    let html = render(&*state.reports, frame, accounts, Micros::now()).await;
    answer(StatusCode::OK, html)
}
