//! Forms about one session: its name and metadata to edit, and the unlinking to confirm.
use super::owner::Owner;
use super::row::session_link;
use super::user_change::write_object;
use super::{Html, PageError};
use crate::form::Form;
use crate::format::{self, shorten};
use crate::frame::Frame;
use crate::link::Link;
use crate::view::View;
use askama::Template;
use cognobserve_model::id::SessionId;
use cognobserve_model::report::SessionStats;
use cognobserve_ports::Reports;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// Longest name in a heading.
const NAME_CHARS: usize = 80;

/// What both forms say of the session.
struct About {
    name: String,
    external_id: String,
    back: Link,
    action: Link,
}

impl About {
    fn new(view: &View, session: &SessionStats, action: &str) -> About {
        let name = session.name.as_ref().filter(|name| !name.is_empty());
        let back = session_link(view, session.id.as_str());
        About {
            name: shorten(name.unwrap_or(&session.external_id), NAME_CHARS),
            external_id: session.external_id.clone(),
            action: view.link(format!("{}/{action}", back.path())),
            back,
        }
    }
}

#[derive(Template)]
#[template(path = "session_edit.html")]
struct EditPage {
    frame: Frame,
    about: About,
    form: Form,
}

#[derive(Template)]
#[template(path = "session_delete.html")]
struct DeletePage {
    frame: Frame,
    about: About,
    owner: Owner,
    traces: String,
    cost: String,
    /// Whether something else than the id was typed.
    is_refused: bool,
}

async fn find(
    reports: &dyn Reports,
    frame: &Frame,
    id: &SessionId,
) -> Result<(View, SessionStats), PageError> {
    let view = frame.view.clone().ok_or(PageError::NotFound)?;
    let found = reports.find_session(&view.project.id, id).await?;
    Ok((view, found.ok_or(PageError::NotFound)?))
}

/// `typed`: `None` shows what is stored.
pub async fn render_edit(
    reports: &dyn Reports,
    frame: Frame,
    id: &SessionId,
    typed: Option<Form>,
) -> Html {
    let (view, session) = find(reports, &frame, id).await?;
    let stored = || {
        Form::default()
            .with("name", session.name.clone().unwrap_or_default())
            .with("metadata", write_metadata(&session.metadata))
    };
    let page = EditPage {
        about: About::new(&view, &session, "edit"),
        form: typed.unwrap_or_else(stored),
        frame,
    };
    Ok(page.render()?)
}

/// A key a line, each value as it is stored.
fn write_metadata(stored: &str) -> String {
    let members: BTreeMap<String, &RawValue> = serde_json::from_str(stored).unwrap_or_default();
    let member = |(key, value): (String, &RawValue)| (key, value.get().to_owned());
    write_object(&members.into_iter().map(member).collect::<Vec<_>>())
}

/// `is_refused`: the form came without the session's id.
pub async fn render_delete(
    reports: &dyn Reports,
    frame: Frame,
    id: &SessionId,
    is_refused: bool,
) -> Html {
    let (view, session) = find(reports, &frame, id).await?;
    let sums = &session.measures;
    let page = DeletePage {
        about: About::new(&view, &session, "delete"),
        owner: Owner::find(reports, &view, session.user.as_ref()).await?,
        traces: format::plural(sums.trace_count, "trace"),
        cost: format::spent(sums).text,
        is_refused,
        frame,
    };
    Ok(page.render()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_is_written_as_it_is_stored() {
        let stored = r#"{"b":[1.50, 2],"a":"x \"y\""}"#;
        assert_eq!(
            write_metadata(stored),
            "{\n  \"a\": \"x \\\"y\\\"\",\n  \"b\": [1.50, 2]\n}"
        );
        assert_eq!(write_metadata("{}"), "{}");
    }
}
