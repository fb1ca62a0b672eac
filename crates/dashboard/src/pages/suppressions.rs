//! Erased ids that make no user any more, and the form that lets one of them be a person again.
//! Invariant: an erased id is known to nobody, so that it is never shown: it must be typed.
use super::{Html, PageError};
use crate::form::Form;
use crate::format::{self, Moment};
use crate::frame::Frame;
use crate::link::Link;
use askama::Template;
use cognobserve_model::report::Suppression;
use cognobserve_ports::Reports;

/// The latest that are listed.
pub const LISTED: usize = 50;

struct Row {
    /// Of the tombstone, as costs name it.
    user: String,
    at: Moment,
}

#[derive(Template)]
#[template(path = "suppressions.html")]
struct SuppressionsPage {
    /// `1 id`.
    ids: String,
    rows: Vec<Row>,
    /// How many more there are.
    rest: i64,
    form: Form,
    action: Link,
    frame: Frame,
}

pub async fn render(reports: &dyn Reports, frame: Frame, form: Form) -> Html {
    let view = frame.view.clone().ok_or(PageError::NotFound)?;
    let found = reports.list_suppressions(&view.project.id, LISTED).await?;
    let row = |one: &Suppression| Row {
        user: one.user.to_string(),
        at: format::exact(one.at, &view.zone),
    };
    let rows: Vec<Row> = found.latest.iter().map(row).collect();
    let page = SuppressionsPage {
        ids: format::plural(found.count, "id"),
        rest: found.count - i64::try_from(rows.len()).unwrap_or(found.count),
        rows,
        form,
        action: view.link("/settings/suppressions"),
        frame,
    };
    Ok(page.render()?)
}
