//! Who is in the workspace.
use crate::form::Form;
use crate::format::Moment;
use crate::frame::Frame;
use crate::pages::Html;
use askama::Template;

pub struct MemberRow {
    pub id: String,
    pub email: String,
    pub name: String,
    pub role: &'static str,
    pub since: Moment,
    pub is_self: bool,
    /// What they may be made; empty: not to be touched by who looks.
    pub choices: Vec<&'static str>,
}

/// An invitation that waits to be followed.
pub struct InvitationRow {
    pub email: String,
    pub role: &'static str,
    pub by: String,
    pub made: Moment,
    pub expires: Moment,
    pub may_revoke: bool,
}

/// An invitation that was just made: its link is shown this once.
pub struct Invited {
    pub email: String,
    pub role: &'static str,
    pub link: String,
}

#[derive(Template)]
#[template(path = "access/members.html")]
pub struct MembersPage {
    pub frame: Frame,
    pub form: Form,
    pub workspace: String,
    pub members: Vec<MemberRow>,
    /// Those that wait, for who may invite.
    pub invitations: Vec<InvitationRow>,
    /// Roles that they may invite to; empty: nobody.
    pub roles: Vec<&'static str>,
    pub invited: Option<Invited>,
}

pub fn render(page: &MembersPage) -> Html {
    Ok(page.render()?)
}
