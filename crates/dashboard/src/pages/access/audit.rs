//! Who did what in the workspace.
use crate::format::Moment;
use crate::frame::Frame;
use crate::pages::Html;
use crate::pages::pager::Pager;
use askama::Template;

pub struct AuditRow {
    pub at: Moment,
    /// An e-mail if it is a member's, else as the log has it.
    pub actor: String,
    pub action: String,
    pub detail: String,
    pub project: String,
}

#[derive(Template)]
#[template(path = "access/audit.html")]
pub struct AuditPage {
    pub frame: Frame,
    pub workspace: String,
    pub rows: Vec<AuditRow>,
    pub pages: Pager,
}

pub fn render(page: &AuditPage) -> Html {
    Ok(page.render()?)
}
