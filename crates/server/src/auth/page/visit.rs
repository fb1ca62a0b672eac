//! Somebody who is logged in, by the cookie alone: keys and tokens open no pages.
use super::inside::PROJECT_COOKIE;
use super::refusal::Refusal;
use super::theme::read_theme;
use crate::auth::cookie::{Jar, read_cookies};
use crate::auth::secret::{derive_form_token, hash_secret};
use crate::http::problem::Problem;
use crate::state::AppState;
use axum::extract::FromRequestParts;
use axum::http::Method;
use axum::http::request::Parts;
use cognobserve_dashboard::{Theme, link::Link};
use cognobserve_model::account::Project;
use cognobserve_model::people::Visitor;
use cognobserve_model::time::Micros;
use std::sync::Arc;

/// A visitor, and what the forms on the page must send back.
#[derive(Clone, Debug)]
pub struct Visit {
    pub visitor: Visitor,
    /// For a hidden field `formToken`, and for the header `X-Form-Token`.
    pub form_token: String,
    pub theme: Theme,
    /// What the address says of project, period and zone, for the links of the page.
    pub kept: Vec<(String, String)>,
    /// Which project this browser looked at last; nothing says that it is theirs.
    last_project: Option<String>,
}

/// What links carry from page to page.
const KEPT: [&str; 5] = ["projectId", "period", "from", "to", "tz"];
/// Longer values are none of ours.
const MAX_KEPT_BYTES: usize = 100;

fn read_kept(parts: &Parts) -> Vec<(String, String)> {
    let query = parts.uri.query().unwrap_or_default();
    let pairs = form_urlencoded::parse(query.as_bytes()).into_owned();
    let is_kept = |(name, value): &(String, String)| {
        KEPT.contains(&name.as_str()) && value.len() <= MAX_KEPT_BYTES
    };
    pairs.filter(is_kept).collect()
}

impl Visit {
    /// A page with the project, period and zone of this one.
    pub fn link(&self, path: &str) -> String {
        let kept = self.kept.iter();
        let link = kept.fold(Link::to(path), |link, (name, value)| link.with(name, value));
        link.to_string()
    }

    /// Of their projects the one that the address names, else that of the browser's last look,
    /// else the first.
    pub fn pick_project<'p>(&self, theirs: &'p [Project]) -> Option<&'p Project> {
        let find = |id: &str| theirs.iter().find(|project| project.id.as_str() == id);
        let mut kept = self.kept.iter();
        let named = kept.find(|(name, _)| name == "projectId");
        let named = named.and_then(|(_, id)| find(id));
        let last = || self.last_project.as_deref().and_then(find);
        named.or_else(last).or(theirs.first())
    }

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
            theme: read_theme(&parts.headers),
            kept: read_kept(parts),
            last_project: read_cookies(&parts.headers, PROJECT_COOKIE)
                .next()
                .map(str::to_owned),
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
        Err(Refusal::ended())
    }
}

/// Whether the request changes nothing.
pub(super) fn is_look(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}
