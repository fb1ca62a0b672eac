//! `/account`: name, colours, password, log-ins. Tokens are in a file of their own.
use super::fields::{read_name, read_new_password};
use crate::auth::address::ClientAddress;
use crate::auth::enter;
use crate::auth::page::{Refusal, redirect, write_theme};
use crate::auth::{Submitted, Visit};
use crate::http::problem::{Code, Problem};
use crate::state::AppState;
use crate::web::answer::{Answer, answer, frame_account};
use axum::extract::State;
use axum::http::{StatusCode, header};
use cognobserve_dashboard::format::{Figure, moment, name_agent};
use cognobserve_dashboard::pages::access::account::{AccountPage, LoginRow, TokenRow, render};
use cognobserve_dashboard::{Form, Notice, Theme};
use cognobserve_model::id::LoginId;
use cognobserve_model::people::{Login, SessionToken};
use cognobserve_model::time::{Micros, Zone};
use std::sync::Arc;

pub async fn show_account(State(state): State<Arc<AppState>>, visit: Visit) -> Answer {
    show(&state, &visit, Shown::default()).await
}

/// What a page about the account has to say besides.
#[derive(Default)]
pub(super) struct Shown {
    pub status: StatusCode,
    pub form: Form,
    pub notice: Option<Notice>,
    pub new_token: Option<String>,
}

pub(super) async fn show(state: &AppState, visit: &Visit, shown: Shown) -> Answer {
    let (now, zone) = (Micros::now(), Zone::utc());
    let account = &visit.visitor.account;
    let describe_login = |login: Login| LoginRow {
        is_this: visit.visitor.login.as_ref() == Some(&login.id),
        id: login.id.to_string(),
        agent: Figure {
            text: name_agent(login.agent.as_deref().unwrap_or_default()),
            title: login.agent.unwrap_or_default(),
        },
        address: login.address.unwrap_or_default(),
        seen: moment(login.last_seen, now, &zone),
        since: moment(login.created, now, &zone),
    };
    let describe_token = |token: SessionToken| TokenRow {
        id: token.id.to_string(),
        name: token.name,
        prefix: token.prefix,
        created: moment(token.created, now, &zone),
        expires: moment(token.expires, now, &zone),
        is_over: token.expires <= now,
        used: token.last_used.map(|used| moment(used, now, &zone)),
    };
    let logins = state.people.list_logins(&account.id, now).await?;
    let tokens = state.people.list_tokens(&account.id).await?;
    let memberships = visit.visitor.memberships.iter();
    let memberships = memberships.map(|one| (one.workspace.clone(), one.role.as_str()));
    let mut form = shown.form;
    form.keep_default("name", account.name.clone().unwrap_or_default());
    form.keep_default("days", "30");
    let frame = frame_account(state, visit, "Account").await?;
    let page = AccountPage {
        frame: frame.with_notice(shown.notice),
        form,
        email: account.email.clone(),
        is_operator: account.is_operator,
        memberships: memberships.collect(),
        logins: logins.into_iter().map(describe_login).collect(),
        tokens: tokens.into_iter().map(describe_token).collect(),
        new_token: shown.new_token,
        public_url: state.site.public_url.clone(),
    };
    answer(shown.status, render(&page))
}

/// The page with what is wrong.
pub(super) async fn show_faults(
    state: &AppState,
    visit: &Visit,
    status: StatusCode,
    form: Form,
) -> Answer {
    let shown = Shown {
        status,
        form,
        ..Shown::default()
    };
    show(state, visit, shown).await
}

pub async fn change_name(
    State(state): State<Arc<AppState>>,
    visit: Visit,
    given: Submitted,
) -> Answer {
    let mut form = Form::default();
    let name = read_name(&given, "name", &mut form);
    if !form.is_fine() {
        return show_faults(&state, &visit, StatusCode::UNPROCESSABLE_ENTITY, form).await;
    }
    let account = &visit.visitor.account.id;
    state.people.rename_account(account, name).await?;
    Ok(redirect(&visit.link("/account")))
}

/// Light or dark, for this browser alone.
pub async fn choose_theme(
    State(state): State<Arc<AppState>>,
    visit: Visit,
    given: Submitted,
) -> Answer {
    let theme = Theme::read(given.text("theme"))
        .ok_or_else(|| Problem::invalid("theme", "must be system, light or dark"))?;
    let mut response = redirect(&visit.link("/account"));
    let cookie = write_theme(theme, state.site.is_https());
    response.headers_mut().append(header::SET_COOKIE, cookie);
    Ok(response)
}

/// Ends all other log-ins. Asks for the present password, as slowly as a log-in does.
pub async fn change_password(
    State(state): State<Arc<AppState>>,
    visit: Visit,
    from: ClientAddress,
    given: Submitted,
) -> Answer {
    let mut form = Form::default();
    let account = &visit.visitor.account;
    let password = read_new_password(&given, &mut form);
    let Some(password) = password else {
        return show_faults(&state, &visit, StatusCode::UNPROCESSABLE_ENTITY, form).await;
    };
    let present = given.raw("present");
    let known = match enter::check_password(&state, &account.email, present, from).await {
        Ok(Some(known)) => known,
        Ok(None) => {
            form.refuse("present", "is wrong");
            return show_faults(&state, &visit, StatusCode::UNPROCESSABLE_ENTITY, form).await;
        }
        Err(problem) => return Err(problem.into()),
    };
    let hash = state.passwords.hash(password).await?;
    let login = visit.visitor.login.as_ref();
    if !state.people.change_password(&known, hash, login).await? {
        // A link has set another one meanwhile.
        form.refuse("present", "is wrong");
        return show_faults(&state, &visit, StatusCode::UNPROCESSABLE_ENTITY, form).await;
    }
    let shown = Shown {
        notice: Some(Notice {
            text: "The password is changed; all other log-ins have ended.".into(),
            more: None,
        }),
        ..Shown::default()
    };
    show(&state, &visit, shown).await
}

pub async fn end_login(
    State(state): State<Arc<AppState>>,
    visit: Visit,
    given: Submitted,
) -> Answer {
    let login = LoginId::new(given.text("login"));
    let account = &visit.visitor.account.id;
    match state.people.end_login(account, &login).await? {
        true => Ok(redirect(&visit.link("/account"))),
        false => Err(refuse_missing("log-in")),
    }
}

pub(super) fn refuse_missing(what: &str) -> Refusal {
    let detail = format!("There is no such {what} (any more).");
    Problem::new(Code::NotFound, detail).into()
}
