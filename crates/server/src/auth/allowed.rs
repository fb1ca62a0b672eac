//! Extractors that carry a permission in a handler's type: who holds an `Allowed<Read>` has
//! shown a valid key with the scope `read`, for the project that the request names, if any.
use super::cache::Caller;
use super::credential::read_key_hash;
use crate::http::problem::{Code, Problem};
use crate::state::AppState;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use cognobserve_model::account::Scope;
use cognobserve_model::id::ProjectId;
use std::marker::PhantomData;
use std::ops::Deref;
use std::sync::Arc;

/// What a handler needs.
pub trait Permission: Send + Sync {
    /// `None`: any valid key; the handler decides further.
    const SCOPE: Option<Scope>;
    /// Whether HTTP Basic is taken: on ingest routes alone.
    const TAKES_BASIC: bool = false;
}

/// Traces and events in; users made.
#[derive(Debug)]
pub struct Ingest;
/// Everything that only reads.
#[derive(Debug)]
pub struct Read;
/// Changing and deleting.
#[derive(Debug)]
pub struct Admin;
/// Any valid key: the handler asks [`Allowed::require`] when it knows what for.
#[derive(Debug)]
pub struct AnyScope;

impl Permission for Ingest {
    const SCOPE: Option<Scope> = Some(Scope::Ingest);
    const TAKES_BASIC: bool = true;
}
impl Permission for Read {
    const SCOPE: Option<Scope> = Some(Scope::Read);
}
impl Permission for Admin {
    const SCOPE: Option<Scope> = Some(Scope::Admin);
}
impl Permission for AnyScope {
    const SCOPE: Option<Scope> = None;
}

/// Proof that the caller may do `P`.
#[derive(Debug)]
pub struct Allowed<P> {
    caller: Arc<Caller>,
    permission: PhantomData<fn() -> P>,
}

impl<P> Allowed<P> {
    /// The project that everything in this request is about.
    pub fn project(&self) -> &ProjectId {
        &self.caller.grant.project.id
    }

    /// 403 unless the key has the scope.
    pub fn require(&self, scope: Scope) -> Result<(), Problem> {
        require_scope(&self.caller, scope)
    }

    pub fn caller(&self) -> &Arc<Caller> {
        &self.caller
    }
}

impl<P> Deref for Allowed<P> {
    type Target = Caller;

    fn deref(&self) -> &Caller {
        &self.caller
    }
}

impl<P: Permission> FromRequestParts<Arc<AppState>> for Allowed<P> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &Arc<AppState>) -> Result<Self, Problem> {
        let refused = || {
            Problem::new(
                Code::Unauthorized,
                "Send an API key as `X-API-Key` or `Authorization: Bearer`.",
            )
        };
        let hash = read_key_hash(&parts.headers, P::TAKES_BASIC).ok_or_else(refused)?;
        let caller = match state.grants.authenticate(&hash).await {
            Ok(caller) => caller.ok_or_else(refused)?,
            Err(error) if P::TAKES_BASIC => return Err(Problem::from(error).on_ingest()),
            Err(error) => return Err(error.into()),
        };
        if let Some(scope) = P::SCOPE {
            require_scope(&caller, scope)?;
        }
        if names_other_project(parts, caller.grant.project.id.as_str()) {
            return Err(Problem::not_found());
        }
        Ok(Allowed {
            caller,
            permission: PhantomData,
        })
    }
}

fn require_scope(caller: &Caller, scope: Scope) -> Result<(), Problem> {
    if caller.grant.scopes.contains(scope) {
        return Ok(());
    }
    Err(Problem::new(
        Code::Forbidden,
        format!("This needs a key with the scope `{}`.", scope.as_str()),
    ))
}

/// A key belongs to one project; naming another one is asking for what is not there.
fn names_other_project(parts: &Parts, project: &str) -> bool {
    if parts
        .headers
        .get("x-project-id")
        .is_some_and(|named| named.as_bytes() != project.as_bytes())
    {
        return true;
    }
    let Some(query) = parts.uri.query() else {
        return false;
    };
    form_urlencoded::parse(query.as_bytes())
        .any(|(name, value)| name == "projectId" && value != project)
}
