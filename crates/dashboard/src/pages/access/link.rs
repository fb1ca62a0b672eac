//! What a one-time link opens.
use crate::form::Form;
use crate::frame::Frame;
use crate::pages::Html;
use askama::Template;

/// What the form asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    /// Nothing: one click.
    Nothing,
    /// E-mail, name and a new password.
    FirstAccount,
    /// Name and a new password.
    NewAccount,
    /// The password that the account has.
    KnownPassword,
    /// A new password.
    NewPassword,
}

#[derive(Template)]
#[template(path = "access/link.html")]
pub struct LinkPage {
    pub frame: Frame,
    pub form: Form,
    pub form_token: String,
    /// The path of the link itself.
    pub action: String,
    pub ask: Ask,
    /// In one sentence, what the link is for.
    pub purpose: String,
    /// Whose it is; empty if the form asks for it.
    pub email: String,
    pub button: &'static str,
}

pub fn render(page: &LinkPage) -> Html {
    Ok(page.render()?)
}
