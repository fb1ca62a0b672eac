//! Invitations to a workspace that nobody has followed yet, on the page of its members.
//! Invariant: their links are not shown again; nothing here has them.
use super::account::refuse_missing;
use super::audit::name_actor;
use super::members::{check_change, explain, show};
use crate::auth::page::{Refusal, redirect};
use crate::auth::power::Right;
use crate::auth::{Inside, ManageProject, Permission, Submitted};
use crate::state::AppState;
use crate::web::answer::{Answer, view_inside};
use axum::extract::State;
use axum::http::StatusCode;
use cognobserve_dashboard::Form;
use cognobserve_dashboard::format::moment;
use cognobserve_dashboard::pages::access::members::InvitationRow;
use cognobserve_model::people::{Invitation, Member};
use cognobserve_model::time::{Micros, Zone};
use std::sync::Arc;

/// Empty for who may not invite.
pub(super) async fn list_invitations<P: Permission>(
    state: &AppState,
    inside: &Inside<P>,
    members: &[Member],
) -> Result<Vec<InvitationRow>, Refusal> {
    if !inside.may(Right::ManageProject) {
        return Ok(Vec::new());
    }
    let (now, zone) = (Micros::now(), Zone::utc());
    let workspace = &inside.project.workspace;
    let waiting = state.people.list_invitations(workspace, now).await?;
    let describe = |one: Invitation| InvitationRow {
        may_revoke: inside.role.may_change_member(None, Some(one.role)),
        email: one.email,
        role: one.role.as_str(),
        by: name_actor(&one.by, members),
        made: moment(one.created, now, &zone),
        expires: moment(one.expires, now, &zone),
    };
    Ok(waiting.into_iter().map(describe).collect())
}

pub async fn revoke_invitation(
    State(state): State<Arc<AppState>>,
    inside: Inside<ManageProject>,
    given: Submitted,
) -> Answer {
    let (workspace, email) = (&inside.project.workspace, given.text("email"));
    let people = &state.people;
    let waiting = people.list_invitations(workspace, Micros::now()).await?;
    let found = waiting.into_iter().find(|one| one.email == email);
    let found = found.ok_or_else(|| refuse_missing("invitation"))?;
    check_change(&inside, None, Some(found.role))?;
    let done = people.revoke_invitation(workspace, email, &inside.actor);
    match done.await? {
        Ok(true) => Ok(redirect(
            &view_inside(&inside)?.link("/members").to_string(),
        )),
        Ok(false) => Err(refuse_missing("invitation")),
        Err(refusal) => {
            let mut form = Form::default();
            form.refuse("", explain(refusal));
            show(&state, &inside, StatusCode::CONFLICT, form, None).await
        }
    }
}
