//! `/account/tokens`: personal tokens, made and revoked.
use super::account::{Shown, refuse_missing, show, show_faults};
use super::fields::{read_end, read_name};
use crate::auth::page::{Refusal, redirect};
use crate::auth::secret::Issued;
use crate::auth::{Submitted, Visit};
use crate::state::AppState;
use crate::web::answer::Answer;
use axum::extract::State;
use axum::http::StatusCode;
use cognobserve_dashboard::Form;
use cognobserve_model::id::TokenId;
use cognobserve_ports::NewToken;
use std::sync::Arc;

/// Days that a token may last; the last is the most.
const DAYS: [u32; 3] = [7, 30, 90];
/// Of one account.
const MOST: usize = 100;

/// The answer shows the token, this once.
pub async fn create_token(
    State(state): State<Arc<AppState>>,
    visit: Visit,
    given: Submitted,
) -> Answer {
    let account = &visit.visitor.account.id;
    let mut form = Form::default();
    let name = read_name(&given, "token_name", &mut form);
    if name.is_none() && form.is_fine() {
        form.refuse("token_name", "give it a name");
    }
    let end = read_end(&given, &DAYS, &mut form);
    if end.is_none() && form.is_fine() {
        form.refuse("days", "choose one of the list");
    }
    if form.is_fine() && state.people.list_tokens(account).await?.len() >= MOST {
        form.refuse("", "You have too many tokens: revoke some first.");
    }
    let (Some(name), Some(expires), true) = (name, end, form.is_fine()) else {
        return show_faults(&state, &visit, StatusCode::UNPROCESSABLE_ENTITY, form).await;
    };
    let token = Issued::generate_token();
    let new = NewToken {
        hash: token.hash(),
        prefix: token.shown_prefix().to_owned(),
        name,
        expires,
    };
    let made = match &visit.visitor.login {
        Some(login) => state.people.create_token(account, login, new).await?,
        None => None,
    };
    if made.is_none() {
        return Err(Refusal::ended());
    }
    let shown = Shown {
        new_token: Some(token.reveal().to_owned()),
        ..Shown::default()
    };
    show(&state, &visit, shown).await
}

pub async fn revoke_token(
    State(state): State<Arc<AppState>>,
    visit: Visit,
    given: Submitted,
) -> Answer {
    let token = TokenId::new(given.text("token"));
    let account = &visit.visitor.account.id;
    match state.people.revoke_token(account, &token).await? {
        true => Ok(redirect(&visit.link("/account"))),
        false => Err(refuse_missing("token")),
    }
}
