//! `GET` and `POST /login`, `POST /logout`.
use crate::auth::address::ClientAddress;
use crate::auth::cookie::Jar;
use crate::auth::enter::{begin_login, check_password};
use crate::auth::page::{Refusal, encode_query, read_next, redirect};
use crate::auth::secret::hash_secret;
use crate::auth::{Guest, GuestForm, PartingForm};
use crate::http::problem::{Code, add_failure_headers};
use crate::http::query::Params;
use crate::state::{AppState, DEMO_EMAIL};
use crate::web::answer::{Answer, answer};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use cognobserve_dashboard::pages::access::login::{LoginPage, render};
use cognobserve_dashboard::{Form, Frame};
use cognobserve_model::people::Credentials;
use cognobserve_model::time::Micros;
use std::sync::Arc;

pub async fn show_login(
    State(state): State<Arc<AppState>>,
    guest: Guest,
    mut params: Params,
) -> Answer {
    let next = params.text("next").unwrap_or_default();
    let next = read_next(&next);
    if guest.visit.is_some() {
        return Ok(redirect(next));
    }
    show(&state, &guest, StatusCode::OK, Form::default(), next).await
}

async fn show(
    state: &AppState,
    guest: &Guest,
    status: StatusCode,
    mut form: Form,
    next: &str,
) -> Answer {
    let is_demo = state.site.demo_password.is_some();
    if is_demo {
        form.keep_default("email", DEMO_EMAIL);
    }
    let page = LoginPage {
        frame: Frame::bare("Log in").with_theme(guest.theme),
        form,
        form_token: guest.form_token.clone(),
        next: next.to_owned(),
        is_demo,
        is_first: state.people.count_accounts().await? == 0,
    };
    Ok(guest.let_keep(answer(status, render(&page))?))
}

pub async fn log_in(
    State(state): State<Arc<AppState>>,
    from: ClientAddress,
    guest: Guest,
    headers: HeaderMap,
    given: GuestForm,
) -> Answer {
    let next = read_next(given.text("next"));
    let email = given.text("email");
    let checked = check_password(&state, email, given.raw("password"), from).await;
    let mut form = Form::default().with("email", email);
    match checked {
        Ok(Some(known)) => enter(&state, &known, &headers, from, next).await,
        Ok(None) => {
            form.refuse("", "E-mail or password is wrong.");
            show(&state, &guest, StatusCode::UNAUTHORIZED, form, next).await
        }
        Err(problem) if problem.code == Code::RateLimited => {
            form.refuse("", problem.detail.clone());
            let status = problem.code.status();
            let mut page = show(&state, &guest, status, form, next).await?;
            add_failure_headers(page.headers_mut(), problem.code, problem.retry_after_s);
            Ok(page)
        }
        Err(problem) => Err(problem.into()),
    }
}

/// Begins a log-in and goes on; one that the browser had before ends. A password that was changed
/// since it was checked is asked for again.
pub(super) async fn enter(
    state: &AppState,
    known: &Credentials,
    headers: &HeaderMap,
    from: ClientAddress,
    next: &str,
) -> Answer {
    end_login(state, headers).await?;
    let Some(cookie) = begin_login(state, known, headers, from).await? else {
        return Ok(redirect(&encode_query("/login", "next", next)));
    };
    let mut response = redirect(next);
    let out = response.headers_mut();
    out.append(header::SET_COOKIE, cookie);
    out.append(header::SET_COOKIE, Jar::Guest.clear(&state.site));
    Ok(response)
}

async fn end_login(state: &AppState, headers: &HeaderMap) -> Result<(), Refusal> {
    let Some(secret) = Jar::Login.read(headers, &state.site) else {
        return Ok(());
    };
    let hash = hash_secret(secret);
    let visitor = state.people.find_login(&hash, Micros::now()).await?;
    if let Some((account, Some(login))) = visitor.map(|visitor| (visitor.account, visitor.login)) {
        state.people.end_login(&account.id, &login).await?;
    }
    Ok(())
}

/// Also for a log-in that has ended already: the cookie goes in any case.
pub async fn log_out(
    State(state): State<Arc<AppState>>,
    headers: HeaderMap,
    _: PartingForm,
) -> Result<Response, Refusal> {
    end_login(&state, &headers).await?;
    let mut response = redirect("/login");
    let cookie = Jar::Login.clear(&state.site);
    response.headers_mut().append(header::SET_COOKIE, cookie);
    Ok(response)
}
