//! What pages are made of and how they go out.
use crate::auth::page::{Refusal, list_projects};
use crate::auth::power::may_count_all;
use crate::auth::{Inside, Visit};
use crate::http::problem::{Code, Problem};
use crate::state::AppState;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use cognobserve_dashboard::pages::{Html, PageError};
use cognobserve_dashboard::{Frame, Nav, View, Who};
use cognobserve_model::time::Micros;
use cognobserve_ports::StoreError;

/// A page, or why there is none.
pub type Answer = Result<Response, Refusal>;

/// The page with this status.
pub fn answer(status: StatusCode, html: Html) -> Answer {
    Ok((status, axum::response::Html(html?)).into_response())
}

impl From<PageError> for Refusal {
    fn from(error: PageError) -> Refusal {
        match error {
            PageError::Store(error) => error.into(),
            PageError::NotFound => Refusal::not_found(),
            PageError::Invalid(words) => Problem::new(Code::InvalidRequest, words).into(),
            PageError::Template(error) => {
                tracing::error!(%error, "a template failed");
                Problem::new(Code::Internal, "The page could not be written.").into()
            }
        }
    }
}

/// Who looks, for the frame around a page.
pub async fn find_who(state: &AppState, visit: &Visit) -> Result<Who, StoreError> {
    let account = &visit.visitor.account;
    Ok(Who {
        email: account.email.clone(),
        name: account.name.clone(),
        form_token: visit.form_token.clone(),
        projects: list_projects(state, &visit.visitor).await?,
        is_operator: may_count_all(account),
        theme: visit.theme,
    })
}

/// The frame around a page of a project that is not about a period: its links keep the one that
/// the address names.
pub async fn frame_project<P>(
    state: &AppState,
    inside: &Inside<P>,
    title: &str,
    nav: Nav,
) -> Result<Frame, Refusal> {
    let who = find_who(state, &inside.visit).await?;
    let view = view_inside(inside)?;
    Ok(Frame::project(title, nav, who, inside.role, view))
}

/// Project, period and zone of the address.
pub fn view_inside<P>(inside: &Inside<P>) -> Result<View, Refusal> {
    let view = View::read(&inside.visit.kept, inside.project.clone(), Micros::now());
    Ok(view.map_err(PageError::from)?)
}

/// The frame around a page that belongs to the account.
pub async fn frame_account(state: &AppState, visit: &Visit, title: &str) -> Result<Frame, Refusal> {
    Ok(frame_around(state, visit, title, Nav::Account).await?)
}

/// The frame around a page that is of no project: that of the project where its visitor comes from,
/// so that the way back is where it always is. What the address says badly is left out.
pub async fn frame_around(
    state: &AppState,
    visit: &Visit,
    title: &str,
    nav: Nav,
) -> Result<Frame, StoreError> {
    let who = find_who(state, visit).await?;
    let picked = visit.pick_project(&who.projects).cloned();
    let found = picked.and_then(|project| {
        let role = visit.visitor.role_in(&project.workspace)?;
        let now = Micros::now();
        let view = View::read(&visit.kept, project.clone(), now);
        let view = view.or_else(|_| View::read(&[], project, now)).ok()?;
        Some((role, view))
    });
    Ok(match found {
        Some((role, view)) => Frame::project(title, nav, who, role, view),
        None => Frame::personal(title, nav, who).keeping(visit.kept.clone()),
    })
}
