//! Somebody who runs the installation, as a browser meets them.
use super::refusal::Refusal;
use super::visit::Visit;
use crate::auth::power::may_count_all;
use crate::state::AppState;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use std::sync::Arc;

/// Proof that the visitor is the operator. For everybody else such a page does not exist.
#[derive(Clone, Debug)]
pub struct Operator {
    pub visit: Visit,
}

impl FromRequestParts<Arc<AppState>> for Operator {
    type Rejection = Refusal;

    async fn from_request_parts(
        parts: &mut Parts,
        state: &Arc<AppState>,
    ) -> Result<Operator, Refusal> {
        let visit = Visit::from_request_parts(parts, state).await?;
        match may_count_all(&visit.visitor.account) {
            true => Ok(Operator { visit }),
            false => Err(Refusal::not_found()),
        }
    }
}
