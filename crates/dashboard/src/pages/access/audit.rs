//! Who did what in the workspace.
use crate::format::Moment;
use crate::frame::Frame;
use crate::link::Link;
use crate::pages::Html;
use askama::Template;

pub struct AuditRow {
    pub at: Moment,
    /// An e-mail if it is a member's, else as the log has it.
    pub actor: String,
    pub action: String,
    pub detail: String,
    pub project: String,
}

/// Where paging goes.
pub struct Pages {
    pub first: Option<Link>,
    pub next: Option<Link>,
}

#[derive(Template)]
#[template(path = "access/audit.html")]
pub struct AuditPage {
    pub frame: Frame,
    pub workspace: String,
    pub rows: Vec<AuditRow>,
    pub pages: Pages,
}

pub fn render(page: &AuditPage) -> Html {
    Ok(page.render()?)
}
