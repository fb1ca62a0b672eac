//! Forms about one user: the profile to edit, and the deletion to confirm.
use super::user::Person;
use super::{Html, PageError};
use crate::format::{self, Figure};
use crate::frame::Frame;
use crate::link::{Link, segment};
use askama::Template;
use cognobserve_model::id::UserId;
use cognobserve_model::query::{Period, UserKey};
use cognobserve_model::report::UserDetail;
use cognobserve_ports::Reports;

/// What was typed, and what is wrong with it.
#[derive(Clone, Debug, Default)]
pub struct Typed {
    pub name: String,
    pub email: String,
    /// A JSON object.
    pub metadata: String,
    /// Field and message.
    pub faults: Vec<(String, String)>,
}

impl Typed {
    /// What is wrong with a field.
    fn fault(&self, field: &str) -> Option<&str> {
        let found = self.faults.iter().find(|(name, _)| name == field);
        found.map(|(_, message)| message.as_str())
    }

    /// What is wrong with none of the fields.
    fn others(&self) -> Vec<&str> {
        let own = ["name", "email", "metadata"];
        let others = self
            .faults
            .iter()
            .filter(|(name, _)| !own.contains(&name.as_str()));
        others.map(|(_, message)| message.as_str()).collect()
    }
}

#[derive(Template)]
#[template(path = "user_edit.html")]
struct EditPage {
    frame: Frame,
    who: Person,
    typed: Typed,
    back: Link,
    action: Link,
}

#[derive(Template)]
#[template(path = "user_delete.html")]
struct DeletePage {
    frame: Frame,
    who: Person,
    traces: String,
    sessions: String,
    cost: Figure,
    back: Link,
    action: Link,
    refused: Option<Mode>,
}

/// What was asked for without the user's id being typed as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    Unlink,
    Erase,
}

async fn find(
    reports: &dyn Reports,
    frame: &Frame,
    id: &UserId,
) -> Result<(crate::View, UserDetail), PageError> {
    let view = frame.view.clone().ok_or(PageError::NotFound)?;
    let key = UserKey::Id(id.clone());
    let found = reports
        .find_user(&view.project.id, &key, Period::ALL)
        .await?;
    Ok((view, found.ok_or(PageError::NotFound)?))
}

/// `typed`: `None` shows what is stored.
pub async fn render_edit(
    reports: &dyn Reports,
    frame: Frame,
    id: &UserId,
    typed: Option<Typed>,
) -> Html {
    let (view, found) = find(reports, &frame, id).await?;
    let user = &found.stats.user;
    let stored = || Typed {
        name: user.name.clone().unwrap_or_default(),
        email: user.email.clone().unwrap_or_default(),
        metadata: write_object(&user.metadata),
        faults: Vec::new(),
    };
    let path = format!("/users/{}", segment(id.as_str()));
    let page = EditPage {
        who: Person::new(&view, user),
        typed: typed.unwrap_or_else(stored),
        back: view.link(path.clone()),
        action: view.link(format!("{path}/edit")),
        frame,
    };
    Ok(page.render()?)
}

/// An object with a key a line, from keys and JSON texts.
pub(super) fn write_object(pairs: &[(String, String)]) -> String {
    if pairs.is_empty() {
        return "{}".into();
    }
    let line = |(key, json): &(String, String)| {
        // A text has no way to fail.
        format!(
            "  {}: {json}",
            serde_json::to_string(key).unwrap_or_default()
        )
    };
    let lines: Vec<String> = pairs.iter().map(line).collect();
    format!("{{\n{}\n}}", lines.join(",\n"))
}

pub async fn render_delete(
    reports: &dyn Reports,
    frame: Frame,
    id: &UserId,
    refused: Option<Mode>,
) -> Html {
    let (view, found) = find(reports, &frame, id).await?;
    let path = format!("/users/{}", segment(id.as_str()));
    let page = DeletePage {
        who: Person::new(&view, &found.stats.user),
        traces: format::plural(found.stats.measures.trace_count, "trace"),
        sessions: format::plural(found.stats.session_count, "session"),
        cost: format::spent(&found.stats.measures),
        back: view.link(path.clone()),
        action: view.link(format!("{path}/delete")),
        refused,
        frame,
    };
    Ok(page.render()?)
}
