//! Extractors that carry a permission in a handler's type: who holds an `Allowed<Read>` has
//! shown a valid key, token or log-in that may read in the project that the request is about.
use super::caller::{Caller, find_member, read_project};
use super::credential::{Shown, read_credential};
use super::origin::is_same_origin;
use super::power::Right;
use super::secret::{hash_secret, matches_form_token};
use crate::http::body::is_said_json;
use crate::http::problem::{Code, Problem};
use crate::state::AppState;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method};
use cognobserve_model::id::ProjectId;
use cognobserve_model::time::Micros;
use std::marker::PhantomData;
use std::ops::Deref;
use std::sync::Arc;

/// What a handler needs.
pub trait Permission: Send + Sync {
    /// `None`: anybody known; the handler decides further.
    const RIGHT: Option<Right>;
    /// Whether HTTP Basic is taken: on ingest routes alone.
    const TAKES_BASIC: bool = false;
}

macro_rules! permissions {
    ($($(#[$doc:meta])* $name:ident $right:expr;)+) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $name;
        impl Permission for $name {
            const RIGHT: Option<Right> = $right;
        }
    )+};
}

permissions!(
    /// Everything that only reads.
    Read Some(Right::Read);
    /// Changing what is said about users and sessions.
    Edit Some(Right::Edit);
    /// Deleting and erasing.
    Delete Some(Right::Delete);
    /// Keys; for those that may delete the handler asks further.
    ManageKeys Some(Right::ManageKeys);
    /// Settings, prices, members.
    ManageProject Some(Right::ManageProject);
    /// The workspace itself.
    Own Some(Right::Own);
    /// Anybody known: the handler asks [`Allowed::require`] when it knows what for.
    AnyRight None;
);

/// Traces and events in; users made.
#[derive(Debug)]
pub struct Ingest;

impl Permission for Ingest {
    const RIGHT: Option<Right> = Some(Right::Ingest);
    const TAKES_BASIC: bool = true;
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
        &self.caller.project.id
    }

    /// 403 unless the caller has the right.
    pub fn require(&self, right: Right) -> Result<(), Problem> {
        self.caller.power.require(right)
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
        let found = find_caller(parts, state, P::TAKES_BASIC, P::RIGHT).await;
        let caller = match found {
            Err(problem) if P::TAKES_BASIC => return Err(problem.on_ingest()),
            found => found?,
        };
        Ok(Allowed {
            caller,
            permission: PhantomData,
        })
    }
}

/// Whether the credential opens anything anywhere: asked before work is done for a request that may
/// hold several questions, of which each is weighed by itself.
///
/// # Errors
/// 401 if not; the store's.
pub async fn check_known(headers: &HeaderMap, state: &AppState) -> Result<(), Problem> {
    let now = Micros::now();
    let is_known = match read_credential(headers, &state.site, false) {
        Shown::Nothing | Shown::Wrong => false,
        Shown::Key(hash) => state.grants.authenticate(&hash).await?.is_some(),
        Shown::Token(hash) => state.people.find_token(&hash, now).await?.is_some(),
        Shown::Cookie(secret) => {
            let hash = hash_secret(secret);
            state.people.find_login(&hash, now).await?.is_some()
        }
    };
    is_known.then_some(()).ok_or_else(refuse_unknown)
}

fn refuse_unknown() -> Problem {
    Problem::new(
        Code::Unauthorized,
        "Send an API key as `X-API-Key` or `Authorization: Bearer`.",
    )
}

/// In this order: 401, for keys 403 and 404, for members 400 and 404 and 403.
async fn find_caller(
    parts: &Parts,
    state: &AppState,
    takes_basic: bool,
    right: Option<Right>,
) -> Result<Arc<Caller>, Problem> {
    let require = |caller: &Caller| match right {
        Some(right) => caller.power.require(right),
        None => Ok(()),
    };
    let visitor = match read_credential(&parts.headers, &state.site, takes_basic) {
        Shown::Nothing | Shown::Wrong => return Err(refuse_unknown()),
        Shown::Key(hash) => {
            let caller = state.grants.authenticate(&hash).await?;
            let caller = caller.ok_or_else(refuse_unknown)?;
            require(&caller)?;
            // A key belongs to one project; naming another one is asking for what is not there.
            let named = read_project(parts)?;
            return match named.is_none_or(|named| named == caller.project.id.as_str()) {
                true => Ok(caller),
                false => Err(Problem::not_found()),
            };
        }
        Shown::Token(hash) => state.people.find_token(&hash, Micros::now()).await?,
        Shown::Cookie(secret) => {
            let hash = hash_secret(secret);
            let visitor = state.people.find_login(&hash, Micros::now()).await?;
            if visitor.is_some() {
                check_intent(parts, state, secret)?;
            }
            visitor
        }
    };
    let caller = find_member(state, visitor.ok_or_else(refuse_unknown)?, parts).await?;
    require(&caller)?;
    Ok(Arc::new(caller))
}

/// A browser sends the cookie whoever asks it to: what changes anything must show that a page of
/// ours wanted it.
fn check_intent(parts: &Parts, state: &AppState, secret: &str) -> Result<(), Problem> {
    if matches!(parts.method, Method::GET | Method::HEAD) {
        return Ok(());
    }
    if !is_same_origin(&parts.headers, &state.site) {
        return Err(Problem::new(
            Code::Forbidden,
            "With a log-in's cookie this must come from a page of this server (same origin).",
        ));
    }
    let token = parts.headers.get("x-form-token");
    let has_token = token.is_some_and(|token| {
        let token = token.to_str().unwrap_or("");
        matches_form_token(token, secret)
    });
    match has_token || is_said_json(&parts.headers) {
        true => Ok(()),
        false => Err(Problem::new(
            Code::Forbidden,
            "With a log-in's cookie this must say Content-Type: application/json, or carry X-Form-Token.",
        )),
    }
}
