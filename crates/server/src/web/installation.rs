//! `GET /installation`: how much there is in all projects, for the operator.
use super::answer::{Answer, answer, frame_around};
use crate::auth::Operator;
use crate::state::AppState;
use axum::extract::State;
use axum::http::StatusCode;
use cognobserve_dashboard::Nav;
use cognobserve_dashboard::pages::events::source::DeveloperNames;
use cognobserve_dashboard::pages::installation::{Source, render};
use cognobserve_model::time::Micros;
use std::sync::Arc;

pub async fn show_installation(State(state): State<Arc<AppState>>, operator: Operator) -> Answer {
    let frame = frame_around(&state, &operator.visit, "Installation", Nav::Installation).await?;
    let projects = state.accounts.list_projects().await?.into_iter();
    let names = projects.map(|project| (project.developer.to_string(), project.workspace));
    let source = Source {
        reports: &*state.reports,
        events: match state.telling.is_anonymous() {
            true => None,
            false => Some(&*state.events),
        },
        names: DeveloperNames::new(names),
        accounts: state.people.count_accounts().await?,
    };
    let html = render(&source, frame, Micros::now()).await;
    answer(StatusCode::OK, html)
}
