//! Who asks, once it is known: the same for keys, session tokens and log-ins.
//!
//! Invariant: a caller has one project and no word of its own about which.
use super::power::Power;
use crate::http::problem::{Code, Problem};
use crate::ingest::lane::Lane;
use crate::state::AppState;
use axum::http::request::Parts;
use cognobserve_model::account::Project;
use cognobserve_model::id::{AccountId, DeveloperId};
use cognobserve_model::people::{Role, Visitor};
use cognobserve_ports::{Actor, StoreError};
use std::sync::Arc;

/// A project, and somebody with some power in it.
#[derive(Debug)]
pub struct Caller {
    /// What everything in the request is about.
    pub project: Project,
    /// The owner of the project's workspace; with a session token the account itself.
    pub developer: DeveloperId,
    /// With a session token the account is the end user, too.
    pub end_user: Option<AccountId>,
    /// As the audit log names them.
    pub actor: Actor,
    pub power: Power,
    /// What all requests of the project share.
    pub lane: Arc<Lane>,
}

/// A project and the visitor's role in it; `None`: there is none such, or it is not theirs.
pub async fn find_membership(
    state: &AppState,
    visitor: &Visitor,
    project_id: &str,
) -> Result<Option<(Project, Role)>, StoreError> {
    let found = state.accounts.find_project(project_id).await?;
    // The port takes names, too; those are not unique.
    let project = found.filter(|project| project.id.as_str() == project_id);
    Ok(project.and_then(|project| {
        let role = visitor.role_in(&project.workspace)?;
        Some((project, role))
    }))
}

/// The caller that a visitor is in the project that the request names.
pub async fn find_member(
    state: &AppState,
    visitor: Visitor,
    parts: &Parts,
) -> Result<Caller, Problem> {
    let named = read_project(parts)?.ok_or_else(|| {
        Problem::new(
            Code::ProjectRequired,
            "Name a project: `projectId` in the query, or the header `X-Project-Id`.",
        )
    })?;
    let found = find_membership(state, &visitor, &named).await?;
    let (project, role) = found.ok_or_else(Problem::not_found)?;
    let account = visitor.account.id;
    let is_token = visitor.login.is_none();
    let role = if is_token {
        role.min(Role::Member)
    } else {
        role
    };
    Ok(Caller {
        developer: match is_token {
            true => DeveloperId::new(account.as_str()),
            false => project.developer.clone(),
        },
        end_user: is_token.then(|| account.clone()),
        actor: Actor::Account(account),
        power: Power::Member(role),
        lane: state.grants.lane_of(&project.id),
        project,
    })
}

/// The project that the request names. Two different ones are none that can be found.
pub fn read_project(parts: &Parts) -> Result<Option<String>, Problem> {
    let header = parts.headers.get("x-project-id");
    let header = header.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    let query = form_urlencoded::parse(parts.uri.query().unwrap_or("").as_bytes());
    let of_query = query
        .filter(|(name, _)| name == "projectId")
        .map(|(_, value)| value.into_owned());
    let mut named = header.into_iter().chain(of_query);
    let first = named.next();
    match named.all(|other| Some(&other) == first.as_ref()) {
        true => Ok(first),
        false => Err(Problem::not_found()),
    }
}
