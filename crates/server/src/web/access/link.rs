//! `GET` and `POST /link/{secret}`: looking shows a form, only sending it uses the link.
use super::fields::{read_name, read_new_password};
use super::login::enter;
use crate::auth::address::ClientAddress;
use crate::auth::enter::check_password;
use crate::auth::page::{redirect, render_message};
use crate::auth::secret::{hash_secret, is_well_formed};
use crate::auth::{Guest, GuestForm};
use crate::http::problem::{Code, add_failure_headers};
use crate::state::AppState;
use crate::web::answer::{Answer, answer};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use cognobserve_dashboard::pages::access::link::{Ask, LinkPage, render};
use cognobserve_dashboard::{Form, Frame};
use cognobserve_model::people::{Credentials, Link, LinkKind, read_email};
use cognobserve_model::time::Micros;
use cognobserve_ports::{Acceptance, StoreError};
use std::sync::Arc;

/// A link that may be used, and what it asks of this browser.
struct Opened {
    secret: String,
    kind: LinkKind,
    ask: Ask,
}

pub async fn show_link(
    State(state): State<Arc<AppState>>,
    guest: Guest,
    Path(secret): Path<String>,
) -> Answer {
    match open(&state, &guest, secret).await? {
        Some(opened) => show(&guest, &opened, StatusCode::OK, Form::default()),
        None => Ok(answer_gone()),
    }
}

async fn open(
    state: &AppState,
    guest: &Guest,
    secret: String,
) -> Result<Option<Opened>, StoreError> {
    if !is_well_formed(&secret) {
        return Ok(None);
    }
    let hash = hash_secret(&secret);
    let link = state.people.find_link(&hash, Micros::now()).await?;
    let Some(Link { kind, .. }) = link else {
        return Ok(None);
    };
    let ask = match &kind {
        LinkKind::Setup if state.people.count_accounts().await? > 0 => return Ok(None),
        LinkKind::Setup => Ask::FirstAccount,
        LinkKind::Reset { email, .. } if state.site.find_demo_password(email).is_some() => {
            Ask::Nothing
        }
        LinkKind::Reset { .. } => Ask::NewPassword,
        LinkKind::Invite { email, .. } => {
            let is_them = |email: &str| {
                let visit = guest.visit.as_ref();
                visit.is_some_and(|visit| visit.visitor.account.email == email)
            };
            match state.people.find_credentials(email).await? {
                Some(_) if is_them(email) => Ask::Nothing,
                Some(_) => Ask::KnownPassword,
                None => Ask::NewAccount,
            }
        }
    };
    Ok(Some(Opened { secret, kind, ask }))
}

fn show(guest: &Guest, opened: &Opened, status: StatusCode, form: Form) -> Answer {
    let (title, purpose, email, button) = match &opened.kind {
        LinkKind::Setup => (
            "Set up CognObserve",
            "Make the first account: it owns every workspace and operates this installation."
                .to_owned(),
            String::new(),
            "Make the account",
        ),
        LinkKind::Invite {
            workspace,
            email,
            role,
        } => (
            "You are invited",
            format!("Join the workspace {workspace} as {}.", role.as_str()),
            email.clone(),
            "Join",
        ),
        LinkKind::Reset { email, .. } if opened.ask == Ask::Nothing => (
            "The demo",
            format!(
                "You look as {email}. All data here is made up, and gone when the server stops."
            ),
            email.clone(),
            "Open the demo",
        ),
        LinkKind::Reset { email, .. } => (
            "A new password",
            "All log-ins and tokens of the account end.".to_owned(),
            email.clone(),
            "Set the password",
        ),
    };
    let page = LinkPage {
        frame: Frame::bare(title).with_theme(guest.theme),
        form,
        form_token: guest.form_token.clone(),
        action: format!("/link/{}", opened.secret),
        ask: opened.ask,
        purpose,
        email,
        button,
    };
    Ok(guest.let_keep(answer(status, render(&page))?))
}

/// The same for what never was, was used, or is too old.
fn answer_gone() -> Response {
    render_message(
        StatusCode::NOT_FOUND,
        "This link does not work",
        "It was used already, or is older than 30 minutes, or a newer one took its place. Ask for a new one.",
    )
}

pub async fn follow_link(
    State(state): State<Arc<AppState>>,
    from: ClientAddress,
    guest: Guest,
    headers: HeaderMap,
    Path(secret): Path<String>,
    given: GuestForm,
) -> Answer {
    let Some(opened) = open(&state, &guest, secret).await? else {
        return Ok(answer_gone());
    };
    let mut form = Form::default();
    let mut acceptance = Acceptance::default();
    let mut password = None;
    let mut own_hash = None;
    match opened.ask {
        Ask::Nothing => {
            // Whom a demo's link lets in has the password that was given out beside it.
            if let LinkKind::Reset { email, .. } = &opened.kind {
                password = state.site.find_demo_password(email).map(str::to_owned);
            }
        }
        Ask::KnownPassword => {
            let LinkKind::Invite { email, .. } = &opened.kind else {
                return Ok(answer_gone());
            };
            match check_password(&state, email, given.raw("password"), from).await {
                Ok(Some(known)) => own_hash = Some(known.password_hash),
                Ok(None) => {
                    form.refuse("password", "is wrong");
                    return show(&guest, &opened, StatusCode::UNAUTHORIZED, form);
                }
                Err(problem) if problem.code == Code::RateLimited => {
                    form.refuse("", problem.detail.clone());
                    let mut page = show(&guest, &opened, problem.code.status(), form)?;
                    let wait = problem.retry_after_s;
                    add_failure_headers(page.headers_mut(), problem.code, wait);
                    return Ok(page);
                }
                Err(problem) => return Err(problem.into()),
            }
        }
        Ask::FirstAccount => {
            form.keep("email", given.text("email"));
            match read_email(given.text("email")) {
                Some(email) => acceptance.email = email,
                None => form.refuse("email", "is not an e-mail address"),
            }
            acceptance.name = read_name(&given, "name", &mut form);
            password = read_new_password(&given, &mut form);
        }
        Ask::NewAccount => {
            acceptance.name = read_name(&given, "name", &mut form);
            password = read_new_password(&given, &mut form);
        }
        Ask::NewPassword => password = read_new_password(&given, &mut form),
    }
    if !form.is_fine() {
        return show(&guest, &opened, StatusCode::UNPROCESSABLE_ENTITY, form);
    }
    if let Some(password) = password {
        own_hash = Some(state.passwords.hash(password).await?);
        acceptance.password_hash.clone_from(&own_hash);
    }
    let hash = hash_secret(&opened.secret);
    let accepted = state.people.accept_link(&hash, acceptance, Micros::now());
    let Some(account) = accepted.await? else {
        return Ok(answer_gone());
    };
    match own_hash {
        // They were logged in as it before.
        None => Ok(redirect("/")),
        // Another link may have made the account a moment before, for somebody else: then it has
        // another password, and this one begins nothing.
        Some(password_hash) => {
            let known = Credentials {
                account,
                password_hash,
            };
            enter(&state, &known, &headers, from, "/").await
        }
    }
}
