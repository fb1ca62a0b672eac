//! Getting in with a password, and what is handed out for it.
//!
//! Invariant: whether there is such an account shows neither in the answer nor in its time.
use super::address::ClientAddress;
use super::cookie::{Jar, LOGIN_LASTS};
use super::secret::Issued;
use crate::http::problem::{Code, Problem};
use crate::state::AppState;
use axum::http::{HeaderMap, HeaderValue, header};
use cognobserve_model::people::{Credentials, read_email};
use cognobserve_model::time::Micros;
use cognobserve_ports::NewLogin;
use std::time::Duration;

/// Of what a browser calls itself.
const MAX_AGENT_CHARS: usize = 200;

/// What this password was compared with; `None`: no such account, or not its password.
///
/// # Errors
/// 429 when there were too many attempts from this address.
pub async fn check_password(
    state: &AppState,
    email: &str,
    password: &str,
    from: ClientAddress,
) -> Result<Option<Credentials>, Problem> {
    let email = read_email(email).unwrap_or_default();
    let attempt = state.throttle.admit(&email, from.0).map_err(refuse)?;
    let found = match email.is_empty() {
        true => None,
        false => state.people.find_credentials(&email).await?,
    };
    let hash = found.as_ref().map(|found| found.password_hash.clone());
    // Longer ones are nobody's, and are not worth the work.
    let password = match super::password::check_password(password) {
        Ok(()) => password.to_owned(),
        Err(_) => String::new(),
    };
    let is_right = state.passwords.verify(password, hash).await?;
    if is_right {
        state.throttle.note_success(attempt);
    }
    Ok(found.filter(|_| is_right))
}

fn refuse(wait: Duration) -> Problem {
    let seconds = wait.as_secs_f64().ceil().clamp(1.0, 3_600.0) as u32;
    let detail = format!("Too many attempts: try again in {seconds} s.");
    Problem::new(Code::RateLimited, detail).retry_after(seconds)
}

/// Begins a log-in with a new secret; the cookie that carries it. `None`: the account has another
/// password than the one that was checked.
pub async fn begin_login(
    state: &AppState,
    known: &Credentials,
    headers: &HeaderMap,
    from: ClientAddress,
) -> Result<Option<HeaderValue>, Problem> {
    let secret = Issued::generate();
    let agent = headers.get(header::USER_AGENT);
    let agent = agent.and_then(|value| value.to_str().ok());
    let login = NewLogin {
        hash: secret.hash(),
        expires: end_after(LOGIN_LASTS),
        agent: agent.map(|text| text.chars().take(MAX_AGENT_CHARS).collect()),
        address: from.0.map(|address| address.to_string()),
    };
    let begun = state.people.begin_login(known, login).await?;
    Ok(begun.map(|_| Jar::Login.write(&state.site, secret.reveal())))
}

/// The time so long from now.
pub fn end_after(duration: Duration) -> Micros {
    let micros = i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
    Micros(Micros::now().0.saturating_add(micros))
}
