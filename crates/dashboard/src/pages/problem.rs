//! A page that says what is wrong and where to go.
use super::Html;
use crate::frame::Frame;
use askama::Template;

#[derive(Template)]
#[template(path = "problem.html")]
struct ProblemPage<'a> {
    frame: Frame,
    status: u16,
    detail: &'a str,
}

/// `frame`: bare for somebody who is not logged in.
pub fn render(frame: Frame, status: u16, detail: &str) -> Html {
    let page = ProblemPage {
        frame,
        status,
        detail,
    };
    Ok(page.render()?)
}
