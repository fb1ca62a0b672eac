//! Somebody who is logged in, in a project of theirs.
use super::next::encode_query;
use super::refusal::Refusal;
use super::visit::{Visit, is_look};
use crate::auth::allowed::Permission;
use crate::auth::caller::{find_membership, read_project};
use crate::auth::power::{Power, Right};
use crate::http::problem::{Code, Problem};
use crate::ingest::lane::Lane;
use crate::state::AppState;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use cognobserve_model::account::Project;
use cognobserve_model::people::{Role, Visitor};
use cognobserve_ports::{Actor, StoreError};
use std::marker::PhantomData;
use std::sync::Arc;

/// Names the project that was looked at last; no secret.
pub const PROJECT_COOKIE: &str = "co_project";

/// Proof that the visitor may do `P` in the project.
#[derive(Debug)]
pub struct Inside<P> {
    pub visit: Visit,
    pub project: Project,
    pub role: Role,
    /// As the audit log names them.
    pub actor: Actor,
    pub lane: Arc<Lane>,
    permission: PhantomData<fn() -> P>,
}

impl<P> Inside<P> {
    pub fn may(&self, right: Right) -> bool {
        Power::Member(self.role).may(right)
    }

    /// 403 unless the role has the right.
    pub fn require(&self, right: Right) -> Result<(), Refusal> {
        Ok(Power::Member(self.role).require(right)?)
    }
}

impl<P: Permission> FromRequestParts<Arc<AppState>> for Inside<P> {
    type Rejection = Refusal;

    async fn from_request_parts(
        parts: &mut Parts,
        state: &Arc<AppState>,
    ) -> Result<Inside<P>, Refusal> {
        let visit = Visit::from_request_parts(parts, state).await?;
        let named = read_project(parts).map_err(|_| Refusal::not_found())?;
        let Some(named) = named else {
            return Err(choose_project(parts, state, &visit).await?);
        };
        let found = find_membership(state, &visit.visitor, &named).await?;
        let (project, role) = found.ok_or_else(Refusal::not_found)?;
        if let Some(right) = P::RIGHT {
            Power::Member(role).require(right)?;
        }
        Ok(Inside {
            actor: Actor::Account(visit.visitor.account.id.clone()),
            lane: state.grants.lane_of(&project.id),
            visit,
            project,
            role,
            permission: PhantomData,
        })
    }
}

/// All projects of the visitor's workspaces, by workspace and name.
pub async fn list_projects(
    state: &AppState,
    visitor: &Visitor,
) -> Result<Vec<Project>, StoreError> {
    let mut projects = state.accounts.list_projects().await?;
    projects.retain(|project| visitor.role_in(&project.workspace).is_some());
    projects.sort_by(|a, b| (&a.workspace, &a.name).cmp(&(&b.workspace, &b.name)));
    Ok(projects)
}

/// The same page in the project that was looked at last, or else the first.
async fn choose_project(
    parts: &Parts,
    state: &AppState,
    visit: &Visit,
) -> Result<Refusal, Refusal> {
    if !is_look(&parts.method) {
        let detail = "The form names no project: go back, reload the page, and send it again.";
        return Err(Problem::new(Code::ProjectRequired, detail).into());
    }
    let projects = list_projects(state, &visit.visitor).await?;
    let Some(project) = visit.pick_project(&projects) else {
        return Ok(Refusal::Redirect("/projects/new".into()));
    };
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let path = encode_query(path, "projectId", project.id.as_str());
    Ok(Refusal::Redirect(path))
}
