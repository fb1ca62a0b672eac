//! A project's API keys.
use crate::form::Form;
use crate::format::Moment;
use crate::frame::Frame;
use crate::pages::Html;
use askama::Template;

/// A key, never the key itself.
pub struct KeyRow {
    pub id: String,
    pub name: String,
    pub prefix: String,
    pub scopes: String,
    /// An e-mail if it is a member's, else as the audit log has it.
    pub maker: String,
    pub created: Moment,
    pub used: Option<Moment>,
    pub expires: Option<Moment>,
    /// `revoked` or `expired`; empty: it works.
    pub ended: &'static str,
    /// Whether who looks may revoke it.
    pub is_ours: bool,
}

#[derive(Template)]
#[template(path = "access/keys.html")]
pub struct KeysPage {
    pub frame: Frame,
    pub form: Form,
    pub keys: Vec<KeyRow>,
    /// Scopes that they may give.
    pub scopes: Vec<(&'static str, &'static str)>,
    /// Just made: shown this once.
    pub new_key: Option<String>,
    /// Whether the new key may ingest.
    pub can_ingest: bool,
    pub public_url: String,
}

pub fn render(page: &KeysPage) -> Html {
    Ok(page.render()?)
}
