//! Somebody who is shown a form and need not be logged in: at the log-in, behind a link.
//!
//! A cookie of their own binds the form to the browser, so that nobody is logged in by another site.
use super::theme::read_theme;
use super::visit::Visit;
use crate::auth::cookie::Jar;
use crate::auth::page::refusal::Refusal;
use crate::auth::secret::{Issued, derive_form_token};
use crate::state::AppState;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use cognobserve_dashboard::Theme;
use std::sync::Arc;

#[derive(Clone, Debug)]
pub struct Guest {
    /// For a hidden field `formToken`.
    pub form_token: String,
    /// They may be logged in all the same.
    pub visit: Option<Visit>,
    pub theme: Theme,
    /// To be set with the answer, unless the browser has one.
    cookie: Option<HeaderValue>,
}

impl Guest {
    /// Every page with a form for guests must go out through this.
    pub fn let_keep(&self, mut page: Response) -> Response {
        if let Some(cookie) = &self.cookie {
            page.headers_mut()
                .append(header::SET_COOKIE, cookie.clone());
        }
        page
    }
}

impl FromRequestParts<Arc<AppState>> for Guest {
    type Rejection = Refusal;

    async fn from_request_parts(
        parts: &mut Parts,
        state: &Arc<AppState>,
    ) -> Result<Guest, Refusal> {
        let visit = Visit::find(parts, state).await?;
        let theme = read_theme(&parts.headers);
        if let Some(secret) = Jar::Guest.read(&parts.headers, &state.site) {
            return Ok(Guest {
                form_token: derive_form_token(secret),
                visit,
                theme,
                cookie: None,
            });
        }
        let secret = Issued::generate();
        Ok(Guest {
            form_token: derive_form_token(secret.reveal()),
            visit,
            theme,
            cookie: Some(Jar::Guest.write(&state.site, secret.reveal())),
        })
    }
}
