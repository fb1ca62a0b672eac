//! `/projects/new`, `/projects/delete`, `/workspaces/new`.
use super::fields::read_name;
use crate::auth::page::{Refusal, encode_query, redirect};
use crate::auth::power::{Power, Right};
use crate::auth::{Inside, Own, Submitted, Visit};
use crate::http::problem::{Code, Problem};
use crate::state::AppState;
use crate::web::answer::{Answer, answer, frame_account};
use axum::extract::State;
use axum::http::StatusCode;
use cognobserve_dashboard::pages::access::spaces::{
    NewProjectPage, NewWorkspacePage, render_project, render_workspace,
};
use cognobserve_dashboard::{Form, Nav};
use cognobserve_model::people::{Role, Visitor};
use cognobserve_ports::{Actor, ErrorKind};
use std::sync::Arc;

/// Workspaces that one account may own.
const MOST_WORKSPACES: usize = 50;
const MAX_WORKSPACE_CHARS: usize = 63;

/// Where they may make projects.
fn list_workspaces(visitor: &Visitor) -> Vec<String> {
    let all = visitor.memberships.iter();
    let theirs = all.filter(|one| Power::Member(one.role).may(Right::ManageProject));
    theirs.map(|one| one.workspace.clone()).collect()
}

pub async fn show_new_project(State(state): State<Arc<AppState>>, visit: Visit) -> Answer {
    show_project(&state, &visit, StatusCode::OK, Form::default()).await
}

async fn show_project(state: &AppState, visit: &Visit, status: StatusCode, form: Form) -> Answer {
    let mut frame = frame_account(state, visit, "New project").await?;
    frame.nav = Nav::Nowhere;
    let workspaces = list_workspaces(&visit.visitor);
    let page = NewProjectPage {
        frame,
        form,
        workspaces,
    };
    answer(status, render_project(&page))
}

pub async fn create_project(
    State(state): State<Arc<AppState>>,
    visit: Visit,
    given: Submitted,
) -> Answer {
    let mut form = Form::default().with("workspace", given.text("workspace"));
    let name = read_name(&given, "name", &mut form);
    if name.is_none() && form.is_fine() {
        form.refuse("name", "give it a name");
    }
    let workspace = given.text("workspace");
    if !list_workspaces(&visit.visitor)
        .iter()
        .any(|one| one == workspace)
    {
        form.refuse("workspace", "choose one of the list");
    }
    let (Some(name), true) = (name, form.is_fine()) else {
        return show_project(&state, &visit, StatusCode::UNPROCESSABLE_ENTITY, form).await;
    };
    let by = Actor::Account(visit.visitor.account.id.clone());
    match state.accounts.create_project(workspace, &name, &by).await {
        Ok(project) => {
            let page = encode_query("/", "projectId", project.id.as_str());
            Ok(redirect(&page))
        }
        Err(error) if error.kind() == ErrorKind::Conflict => {
            form.refuse("name", "the workspace has such a project already");
            show_project(&state, &visit, StatusCode::CONFLICT, form).await
        }
        Err(error) => Err(error.into()),
    }
}

/// Removes a project and everything in it, once its name was typed.
pub async fn delete_project(
    State(state): State<Arc<AppState>>,
    inside: Inside<Own>,
    given: Submitted,
) -> Answer {
    if given.text("name") != inside.project.name {
        let detail = "That was not the project's name: nothing was deleted.";
        return Err(Problem::new(Code::InvalidRequest, detail).into());
    }
    let project = &inside.project.id;
    let done = state.accounts.delete_project(project, &inside.actor);
    match done.await? {
        true => Ok(redirect("/")),
        false => Err(Refusal::not_found()),
    }
}

pub async fn show_new_workspace(State(state): State<Arc<AppState>>, visit: Visit) -> Answer {
    show_workspace(&state, &visit, StatusCode::OK, Form::default()).await
}

async fn show_workspace(state: &AppState, visit: &Visit, status: StatusCode, form: Form) -> Answer {
    let mut frame = frame_account(state, visit, "New workspace").await?;
    frame.nav = Nav::Nowhere;
    let page = NewWorkspacePage { frame, form };
    answer(status, render_workspace(&page))
}

pub async fn create_workspace(
    State(state): State<Arc<AppState>>,
    visit: Visit,
    given: Submitted,
) -> Answer {
    let name = given.text("name");
    let mut form = Form::default().with("name", name);
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if !(1..=MAX_WORKSPACE_CHARS).contains(&name.len()) || !name.bytes().all(is_plain) {
        form.refuse("name", "1 to 63 small letters, digits and -");
    }
    let owned = visit.visitor.memberships.iter();
    if owned.filter(|one| one.role == Role::Owner).count() >= MOST_WORKSPACES {
        form.refuse("", "You own too many workspaces.");
    }
    if !form.is_fine() {
        return show_workspace(&state, &visit, StatusCode::UNPROCESSABLE_ENTITY, form).await;
    }
    let account = &visit.visitor.account.id;
    match state.people.create_workspace(name, account).await {
        Ok(()) => Ok(redirect("/projects/new")),
        Err(error) if error.kind() == ErrorKind::Conflict => {
            form.refuse("name", "is taken");
            show_workspace(&state, &visit, StatusCode::CONFLICT, form).await
        }
        Err(error) => Err(error.into()),
    }
}
