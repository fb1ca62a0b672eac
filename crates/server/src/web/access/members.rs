//! `/members`: who is in the workspace of the project, and who may be.
use super::account::refuse_missing;
use super::invitations::list_invitations;
use crate::auth::link::make_link;
use crate::auth::page::{Refusal, redirect};
use crate::auth::{Inside, ManageProject, Permission, Read, Submitted};
use crate::state::AppState;
use crate::web::answer::{Answer, answer, frame_project, view_inside};
use axum::extract::State;
use axum::http::StatusCode;
use cognobserve_dashboard::format::moment;
use cognobserve_dashboard::pages::access::members::{Invited, MemberRow, MembersPage, render};
use cognobserve_dashboard::{Form, Nav};
use cognobserve_model::id::AccountId;
use cognobserve_model::people::{LinkKind, Member, Role, read_email};
use cognobserve_model::time::{Micros, Zone};
use cognobserve_ports::MemberRefusal;
use std::sync::Arc;

pub async fn show_members(State(state): State<Arc<AppState>>, inside: Inside<Read>) -> Answer {
    show(&state, &inside, StatusCode::OK, Form::default(), None).await
}

pub(super) async fn show<P: Permission>(
    state: &AppState,
    inside: &Inside<P>,
    status: StatusCode,
    mut form: Form,
    invited: Option<Invited>,
) -> Answer {
    let own = &inside.visit.visitor.account.id;
    let (now, zone) = (Micros::now(), Zone::utc());
    let list_roles = |before| {
        let roles = Role::ALL.iter().rev().copied();
        let roles = roles.filter(|role| inside.role.may_change_member(before, Some(*role)));
        roles.map(Role::as_str).collect::<Vec<_>>()
    };
    let describe = |member: Member| MemberRow {
        is_self: member.account.id == *own,
        id: member.account.id.to_string(),
        email: member.account.email,
        name: member.account.name.unwrap_or_default(),
        role: member.role.as_str(),
        since: moment(member.since, now, &zone),
        choices: list_roles(Some(member.role)),
    };
    let workspace = inside.project.workspace.clone();
    let known = state.people.list_members(&workspace).await?;
    form.keep_default("role", Role::Member.as_str());
    let page = MembersPage {
        frame: frame_project(state, inside, "Members", Nav::Members).await?,
        form,
        workspace,
        members: known.iter().cloned().map(describe).collect(),
        invitations: list_invitations(state, inside, &known).await?,
        roles: list_roles(None),
        invited,
    };
    answer(status, render(&page))
}

/// Makes a link to pass on; the answer shows it, this once. Whether the address has an account
/// already does not show.
pub async fn invite_member(
    State(state): State<Arc<AppState>>,
    inside: Inside<ManageProject>,
    given: Submitted,
) -> Answer {
    let mut form = Form::default().with("email", given.text("email"));
    let email = read_email(given.text("email"));
    if email.is_none() {
        form.refuse("email", "is not an e-mail address");
    }
    let role = read_role(&given, &mut form);
    let (Some(email), Some(role)) = (email, role) else {
        return show(
            &state,
            &inside,
            StatusCode::UNPROCESSABLE_ENTITY,
            form,
            None,
        )
        .await;
    };
    check_change(&inside, None, Some(role))?;
    let kind = LinkKind::Invite {
        workspace: inside.project.workspace.clone(),
        email: email.clone(),
        role,
    };
    let url = &state.site.public_url;
    let link = match make_link(&*state.people, url, kind, &inside.actor).await? {
        Ok(link) => link,
        Err(refusal) => {
            let field = match refusal {
                MemberRefusal::AlreadyMember(_) => "email",
                _ => "",
            };
            form.refuse(field, explain(refusal));
            return show(&state, &inside, StatusCode::CONFLICT, form, None).await;
        }
    };
    let invited = Invited {
        email,
        role: role.as_str(),
        link,
    };
    let form = Form::default();
    show(&state, &inside, StatusCode::OK, form, Some(invited)).await
}

fn read_role(given: &Submitted, form: &mut Form) -> Option<Role> {
    let text = given.text("role");
    form.keep("role", text);
    let role = Role::parse(text);
    if role.is_none() {
        form.refuse("role", "choose one of the list");
    }
    role
}

pub async fn change_role(
    State(state): State<Arc<AppState>>,
    inside: Inside<ManageProject>,
    given: Submitted,
) -> Answer {
    let mut form = Form::default();
    let Some(role) = read_role(&given, &mut form) else {
        form.refuse("", "Choose a role of the list.");
        return show(
            &state,
            &inside,
            StatusCode::UNPROCESSABLE_ENTITY,
            form,
            None,
        )
        .await;
    };
    change(&state, &inside, &given, Some(role)).await
}

/// Anybody may leave; removing others takes more.
pub async fn remove_member(
    State(state): State<Arc<AppState>>,
    inside: Inside<Read>,
    given: Submitted,
) -> Answer {
    change(&state, &inside, &given, None).await
}

async fn change<P: Permission>(
    state: &AppState,
    inside: &Inside<P>,
    given: &Submitted,
    role: Option<Role>,
) -> Answer {
    let account = AccountId::new(given.text("account"));
    let is_self = account == inside.visit.visitor.account.id;
    let workspace = &inside.project.workspace;
    let members = state.people.list_members(workspace).await?;
    let found = members.iter().find(|member| member.account.id == account);
    let before = found.map(|member| member.role);
    if !(is_self && role.is_none()) {
        check_change(inside, before, role)?;
    }
    if before.is_none() {
        return Err(refuse_missing("member"));
    }
    let by = &inside.actor;
    let done = match role {
        Some(role) => state.people.set_role(workspace, &account, role, by).await?,
        None => state.people.remove_member(workspace, &account, by).await?,
    };
    match done {
        Ok(()) if is_self && role.is_none() => Ok(redirect("/login")),
        Ok(()) => {
            let back = view_inside(inside)?.link("/members");
            Ok(redirect(&back.to_string()))
        }
        Err(MemberRefusal::NoSuchMember) => Err(refuse_missing("member")),
        Err(refusal) => {
            let mut form = Form::default();
            form.refuse("", explain(refusal));
            show(state, inside, StatusCode::CONFLICT, form, None).await
        }
    }
}

pub(super) fn explain(refusal: MemberRefusal) -> String {
    let why = match refusal {
        MemberRefusal::AlreadyMember(role) => {
            let role = role.as_str();
            return format!("is {role} of this workspace already: change the role in the list");
        }
        MemberRefusal::LastOwner => {
            "A workspace always has an owner: make somebody else OWNER first."
        }
        MemberRefusal::NotAllowed => {
            "Nothing was changed: somebody changed a role in the meantime, and with the roles as \
             they are now, shown below, you may not do this."
        }
        MemberRefusal::NoSuchMember => "Nothing was changed: this account is no member.",
    };
    why.to_owned()
}

pub(super) fn check_change<P: Permission>(
    inside: &Inside<P>,
    before: Option<Role>,
    after: Option<Role>,
) -> Result<(), Refusal> {
    match inside.role.may_change_member(before, after) {
        true => Ok(()),
        false if before.max(after) == Some(Role::Owner) => Err(Refusal::forbidden(
            "Only an OWNER may make, change or remove an OWNER.",
        )),
        false => Err(Refusal::forbidden(
            "Only an ADMIN or an OWNER may change members.",
        )),
    }
}
