//! The list of sessions, the latest first.
use super::owner::{Names, call, list_ids};
use super::pager::{Pager, Paging};
use super::row::{Further, SCAN_LIMIT, SessionRow};
use super::traces::keep_fields;
use super::{Html, PageError};
use crate::frame::Frame;
use crate::link::Link;
use crate::view::View;
use askama::Template;
use cognobserve_model::id::UserId;
use cognobserve_model::query::{
    PageRequest, Period, SessionFilter, TimePosition, UserKey, fold_search,
};
use cognobserve_ports::Reports;

pub const ROWS: usize = 50;

/// What the URL asks for.
#[derive(Clone, Debug, Default)]
pub struct Ask {
    pub user: Option<UserId>,
    /// As it was typed.
    pub search: String,
    pub after: Option<TimePosition>,
    /// Whether the pages before had no rows.
    pub is_fruitless: bool,
}

impl Ask {
    pub fn link(&self, view: &View) -> Link {
        let user = self.user.as_ref().map_or("", UserId::as_str);
        view.link("/sessions")
            .with("user", user)
            .with("search", &self.search)
    }
}

#[derive(Template)]
#[template(path = "sessions.html")]
struct SessionsPage {
    frame: Frame,
    ask: Ask,
    words: String,
    rows: Vec<SessionRow>,
    pager: Pager,
    /// Only without rows.
    further: Option<Further>,
    kept: Vec<(String, String)>,
    whose: Option<String>,
    clear: Link,
}

pub async fn render(
    reports: &dyn Reports,
    frame: Frame,
    ask: Ask,
    paging: &Paging<'_, TimePosition>,
) -> Html {
    let view = frame.view.clone().ok_or(PageError::NotFound)?;
    let project = &view.project.id;
    let filter = SessionFilter {
        user: ask.user.clone(),
        search: Some(fold_search(&ask.search)).filter(|text| !text.is_empty()),
        period: view.period(),
        scan_limit: Some(SCAN_LIMIT),
    };
    let request = PageRequest {
        limit: ROWS,
        after: ask.after.clone(),
    };
    let found = reports.list_sessions(project, filter, request).await?;
    let found = found.ok_or(PageError::NotFound)?;
    let whose = match &ask.user {
        None => None,
        Some(id) => {
            reports
                .find_user(project, &UserKey::Id(id.clone()), Period::ALL)
                .await?
        }
    };
    let owners = list_ids(found.items.iter().map(|session| session.user.as_ref()));
    let names = Names::read(reports, project, owners).await?;
    let here = ask.link(&view);
    let next = found.next.as_ref();
    let pager = paging.lead(&here, found.items.len(), next);
    let next = next.filter(|_| found.items.is_empty());
    let page = SessionsPage {
        words: view.within(),
        rows: SessionRow::list(&view, &found.items, &names),
        further: Further::new(&view, &pager, next, ask.is_fruitless),
        pager,
        kept: keep_fields(&here, &["search"]),
        whose: whose.map(|it| call(&it.stats.user).to_owned()),
        clear: view.link("/sessions"),
        frame: frame.with_period(here),
        ask,
    };
    Ok(page.render()?)
}
