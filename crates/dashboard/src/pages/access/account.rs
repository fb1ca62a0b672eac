//! The account: name, password, log-ins, personal tokens.
use crate::form::Form;
use crate::format::{Figure, Moment};
use crate::frame::Frame;
use crate::pages::Html;
use askama::Template;

/// A browser that is logged in.
pub struct LoginRow {
    pub id: String,
    /// What the browser is called, and what it says itself.
    pub agent: Figure,
    pub address: String,
    pub seen: Moment,
    pub since: Moment,
    /// The one that looks.
    pub is_this: bool,
}

/// A personal token, never the token itself.
pub struct TokenRow {
    pub id: String,
    pub name: String,
    pub prefix: String,
    pub created: Moment,
    pub expires: Moment,
    pub is_over: bool,
    pub used: Option<Moment>,
}

#[derive(Template)]
#[template(path = "access/account.html")]
pub struct AccountPage {
    pub frame: Frame,
    pub form: Form,
    pub email: String,
    pub is_operator: bool,
    /// Workspaces and roles.
    pub memberships: Vec<(String, &'static str)>,
    pub logins: Vec<LoginRow>,
    pub tokens: Vec<TokenRow>,
    /// Just made: shown this once.
    pub new_token: Option<String>,
    pub public_url: String,
}

pub fn render(page: &AccountPage) -> Html {
    Ok(page.render()?)
}
