//! Somebody who is logged in, by the cookie alone: keys and tokens open no pages.
use super::refusal::Refusal;
use crate::auth::cookie::Jar;
use crate::auth::secret::{derive_form_token, hash_secret};
use crate::http::problem::{Code, Problem};
use crate::state::AppState;
use axum::extract::FromRequestParts;
use axum::http::Method;
use axum::http::request::Parts;
use cognobserve_model::people::Visitor;
use cognobserve_model::time::Micros;
use std::sync::Arc;

/// A visitor, and what the forms on the page must send back.
#[derive(Clone, Debug)]
pub struct Visit {
    pub visitor: Visitor,
    /// For a hidden field `formToken`, and for the header `X-Form-Token`.
    pub form_token: String,
}

impl Visit {
    /// `None`: nobody is logged in.
    pub async fn find(parts: &Parts, state: &AppState) -> Result<Option<Visit>, Problem> {
        let Some(secret) = Jar::Login.read(&parts.headers, &state.site) else {
            return Ok(None);
        };
        let hash = hash_secret(secret);
        let visitor = state.people.find_login(&hash, Micros::now()).await?;
        Ok(visitor.map(|visitor| Visit {
            visitor,
            form_token: derive_form_token(secret),
        }))
    }
}

impl FromRequestParts<Arc<AppState>> for Visit {
    type Rejection = Refusal;

    async fn from_request_parts(
        parts: &mut Parts,
        state: &Arc<AppState>,
    ) -> Result<Visit, Refusal> {
        if let Some(visit) = Visit::find(parts, state).await? {
            return Ok(visit);
        }
        if is_look(&parts.method) {
            let path = parts.uri.path_and_query();
            return Err(Refusal::ask_to_log_in(
                path.map_or("/", |path| path.as_str()),
            ));
        }
        Err(Problem::new(
            Code::Unauthorized,
            "Log in again, and repeat what you did: nothing was changed.",
        )
        .into())
    }
}

/// Whether the request changes nothing.
pub(super) fn is_look(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}
