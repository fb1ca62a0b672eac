//! Forms, read once they are known to be ours: from a page of this server, with the token that
//! this browser was given, and not too large. What they hold is not yet judged.
use super::refusal::Refusal;
use crate::auth::cookie::Jar;
use crate::auth::origin::is_same_origin;
use crate::auth::secret::{hash_secret, matches_form_token};
use crate::http::body::read_small_body;
use crate::http::problem::{Code, Problem};
use crate::state::AppState;
use axum::extract::{FromRequest, Request};
use axum::http::header;
use cognobserve_model::time::Micros;
use std::ops::Deref;
use std::sync::Arc;

const MAX_BYTES: usize = 256 << 10;
/// The field with the token.
const TOKEN_FIELD: &str = "formToken";

/// A form's fields by name.
#[derive(Clone, Default)]
pub struct Fields(Vec<(String, String)>);

/// Passwords may be among them.
impl std::fmt::Debug for Fields {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list()
            .entries(self.0.iter().map(|(name, _)| name))
            .finish()
    }
}

impl Fields {
    pub fn parse(body: &[u8]) -> Fields {
        Fields(form_urlencoded::parse(body).into_owned().collect())
    }

    /// Trimmed; empty if absent.
    pub fn text(&self, name: &str) -> &str {
        self.raw(name).trim()
    }

    /// As it was typed, for passwords; empty if absent.
    pub fn raw(&self, name: &str) -> &str {
        let mut found = self.0.iter().filter(|(key, _)| key == name);
        found.next().map_or("", |(_, value)| value)
    }

    /// Trimmed; `None` if absent or empty.
    pub fn optional(&self, name: &str) -> Option<&str> {
        Some(self.text(name)).filter(|text| !text.is_empty())
    }

    /// Whether a box is ticked.
    pub fn is_checked(&self, name: &str) -> bool {
        !self.raw(name).is_empty()
    }

    /// The values of all fields of this name, like boxes of one question.
    pub fn all<'f>(&'f self, name: &'f str) -> impl Iterator<Item = &'f str> {
        self.0
            .iter()
            .filter(move |(key, _)| key == name)
            .map(|(_, value)| value.trim())
    }

    /// Reads a whole number; `Err` is what to say beside the field.
    pub fn number(&self, name: &str) -> Result<Option<i64>, &'static str> {
        let text = self.optional(name);
        text.map(|text| text.parse().map_err(|_| "must be a whole number"))
            .transpose()
    }
}

/// A form on a page for those who are logged in. Take it beside a `Visit` or an `Inside`, which
/// say that the log-in is valid.
#[derive(Debug)]
pub struct Submitted(Fields);

/// The same of somebody whose log-in may have ended already.
#[derive(Debug)]
pub struct PartingForm(Fields);

/// A form on a page for guests.
#[derive(Debug)]
pub struct GuestForm(Fields);

macro_rules! opens_fields {
    ($name:ident, $jar:expr, $must_last:expr) => {
        impl Deref for $name {
            type Target = Fields;

            fn deref(&self) -> &Fields {
                &self.0
            }
        }

        impl FromRequest<Arc<AppState>> for $name {
            type Rejection = Refusal;

            async fn from_request(
                request: Request,
                state: &Arc<AppState>,
            ) -> Result<$name, Refusal> {
                let (fields, secret) = read_form(request, state, $jar).await?;
                if $must_last {
                    check_login(state, &secret).await?;
                }
                Ok($name(fields))
            }
        }
    };
}

opens_fields!(Submitted, Jar::Login, true);
opens_fields!(PartingForm, Jar::Login, false);
opens_fields!(GuestForm, Jar::Guest, false);

/// The fields, and the secret in the jar.
async fn read_form(
    request: Request,
    state: &AppState,
    jar: Jar,
) -> Result<(Fields, String), Refusal> {
    if !is_same_origin(request.headers(), &state.site) {
        return Err(Refusal::forbidden(
            "The form was not sent by a page of this server. Open the page here and send it again.",
        ));
    }
    let essence = request.headers().get(header::CONTENT_TYPE);
    let essence = essence.and_then(|value| value.to_str().ok()).unwrap_or("");
    let essence = essence.split(';').next().unwrap_or("").trim();
    if !essence.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        let problem = Problem::new(Code::UnsupportedMediaType, "Send a form.");
        return Err(problem.into());
    }
    let secret = jar
        .read(request.headers(), &state.site)
        .map(str::to_owned)
        .unwrap_or_default();
    let (parts, body) = request.into_parts();
    let body = read_small_body(body, &parts.headers, MAX_BYTES).await?;
    let fields = Fields::parse(&body);
    if secret.is_empty() || !matches_form_token(fields.raw(TOKEN_FIELD), &secret) {
        return Err(Refusal::forbidden(
            "The form is out of date: go back, reload the page, and send it again.",
        ));
    }
    Ok((fields, secret))
}

/// A form's end comes when its sender likes. Who they are was read before it: that must still hold,
/// and a lower role has ended the log-in.
async fn check_login(state: &AppState, secret: &str) -> Result<(), Refusal> {
    let hash = hash_secret(secret);
    let found = state.people.find_login(&hash, Micros::now()).await?;
    found.map(drop).ok_or_else(Refusal::ended)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_by_name() {
        let fields =
            Fields::parse(b"name=+Ann+&password=+x+y+&scope=read&scope=ingest&n=12&bad=x&empty=");
        assert_eq!(
            (fields.text("name"), fields.raw("password")),
            ("Ann", " x y ")
        );
        assert_eq!((fields.optional("empty"), fields.text("none")), (None, ""));
        assert_eq!(fields.all("scope").collect::<Vec<_>>(), ["read", "ingest"]);
        assert_eq!(
            (fields.number("n"), fields.number("none")),
            (Ok(Some(12)), Ok(None))
        );
        assert!(fields.number("bad").is_err());
        assert!(fields.is_checked("n") && !fields.is_checked("empty"));
        assert!(!format!("{fields:?}").contains("Ann"));
    }
}
