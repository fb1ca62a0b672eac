//! The log-in.
use crate::form::Form;
use crate::frame::Frame;
use crate::pages::Html;
use askama::Template;

#[derive(Template)]
#[template(path = "access/login.html")]
pub struct LoginPage {
    pub frame: Frame,
    pub form: Form,
    pub form_token: String,
    /// Where to go on; a path of ours.
    pub next: String,
    /// Nobody can log in yet: the first account is made by a link.
    pub is_first: bool,
    /// Whether all data is made up.
    pub is_demo: bool,
}

pub fn render(page: &LoginPage) -> Html {
    Ok(page.render()?)
}
