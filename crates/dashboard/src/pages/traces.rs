//! The list of traces, with its filters; also as a part of a user's page.
use super::owner::{Names, call, list_ids};
use super::pager::{Pager, Paging};
use super::row::{Further, SCAN_LIMIT, TraceRow};
use super::{Html, PageError};
use crate::frame::Frame;
use crate::link::Link;
use crate::view::View;
use askama::Template;
use cognobserve_model::id::{SessionId, UserId};
use cognobserve_model::query::{PageRequest, TimePosition, TraceFilter, UserKey, fold_search};
use cognobserve_model::span::Level;
use cognobserve_ports::Reports;

pub const ROWS: usize = 50;

/// What the URL asks for.
#[derive(Clone, Debug, Default)]
pub struct Ask {
    pub user: Option<UserId>,
    pub session: Option<SessionId>,
    pub level: Option<Level>,
    /// As it was typed.
    pub search: String,
    pub model: String,
    pub name: String,
    pub min_latency_ms: Option<i64>,
    pub after: Option<TimePosition>,
    /// Whether the pages before had no rows.
    pub is_fruitless: bool,
}

impl Ask {
    pub fn to_filter(&self, view: &View) -> TraceFilter {
        let given = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        TraceFilter {
            user: self.user.clone(),
            session: self.session.clone(),
            level: self.level,
            model: given(&self.model),
            name: given(&self.name),
            search: given(&fold_search(&self.search)),
            period: view.period(),
            min_latency_micros: self.min_latency_ms.map(|ms| ms * 1000),
            scan_limit: Some(SCAN_LIMIT),
        }
    }

    /// The list's address with this question in it, on its first page.
    pub fn link(&self, view: &View, path: &str) -> Link {
        let text = |id: Option<&str>| id.unwrap_or_default().to_owned();
        let min = self.min_latency_ms.map(|ms| ms.to_string());
        view.link(path)
            .with("user", text(self.user.as_ref().map(UserId::as_str)))
            .with(
                "session",
                text(self.session.as_ref().map(SessionId::as_str)),
            )
            .with("level", text(self.level.map(Level::as_str)))
            .with("search", &self.search)
            .with("model", &self.model)
            .with("name", &self.name)
            .with("minLatencyMs", min.unwrap_or_default())
    }

    fn is_filtered(&self) -> bool {
        self.level.is_some()
            || self.min_latency_ms.is_some()
            || [&self.search, &self.model, &self.name]
                .iter()
                .any(|text| !text.is_empty())
    }
}

/// Rows with a pager, or what to say without any.
pub struct TraceList {
    pub rows: Vec<TraceRow>,
    pub pager: Pager,
    /// Only without rows.
    pub further: Option<Further>,
    pub is_filtered: bool,
    /// Filtered by a text, perhaps among others.
    pub is_searched: bool,
    /// Filtered by nothing else.
    pub is_only_failed: bool,
    pub is_fruitless: bool,
    pub clear: Link,
    /// Not on the user's own page.
    pub shows_user: bool,
}

/// `path`: of the page that the list is on. `None`: no such user or session.
pub async fn list(
    reports: &dyn Reports,
    view: &View,
    ask: &Ask,
    path: &str,
    rows: usize,
    paging: &Paging<'_, TimePosition>,
) -> Result<Option<TraceList>, PageError> {
    let request = PageRequest {
        limit: rows,
        after: ask.after.clone(),
    };
    let found = reports
        .list_traces(&view.project.id, ask.to_filter(view), request)
        .await?;
    let cleared = Ask {
        user: ask.user.clone(),
        session: ask.session.clone(),
        ..Ask::default()
    };
    let without_level = Ask {
        level: None,
        ..ask.clone()
    };
    let Some(page) = found else { return Ok(None) };
    let shows_user = path == "/traces";
    // A user's own page says in its path whose traces these are.
    let link = |ask: &Ask| {
        let user = ask.user.clone().filter(|_| shows_user);
        let ask = Ask {
            user,
            ..ask.clone()
        };
        ask.link(view, path)
    };
    let owners = list_ids(page.items.iter().map(|trace| trace.user.as_ref()));
    let names = match shows_user {
        true => Names::read(reports, &view.project.id, owners).await?,
        false => Names::default(),
    };
    let here = match shows_user {
        true => link(ask),
        // There, much stands above the list.
        false => link(ask).at("traces"),
    };
    let next = page.next.as_ref();
    let pager = paging.lead(&here, page.items.len(), next);
    let next = next.filter(|_| page.items.is_empty());
    Ok(Some(TraceList {
        further: Further::new(view, &pager, next, ask.is_fruitless),
        rows: TraceRow::list(view, &page.items, &names),
        pager,
        is_filtered: ask.is_filtered(),
        is_searched: !ask.search.is_empty(),
        is_only_failed: ask.level == Some(Level::Error) && !without_level.is_filtered(),
        is_fruitless: ask.is_fruitless,
        clear: link(&cleared),
        shows_user,
    }))
}

#[derive(Template)]
#[template(path = "traces.html")]
struct TracesPage {
    frame: Frame,
    ask: Ask,
    words: String,
    /// The same in a sentence.
    within: String,
    list: TraceList,
    kept: Vec<(String, String)>,
    /// Whose traces these are, with all traces to go back to.
    whose: Option<(String, Link)>,
}

pub async fn render(
    reports: &dyn Reports,
    frame: Frame,
    ask: Ask,
    paging: &Paging<'_, TimePosition>,
) -> Html {
    let view = frame.view.clone().ok_or(PageError::NotFound)?;
    let list = list(reports, &view, &ask, "/traces", ROWS, paging).await?;
    let whose = name_whose(reports, &view, &ask).await?;
    let here = ask.link(&view, "/traces");
    let page = TracesPage {
        words: view.headline(),
        within: view.within(),
        list: list.ok_or(PageError::NotFound)?,
        kept: keep_fields(&here, &["search", "level", "model", "name", "minLatencyMs"]),
        whose,
        frame: frame.with_period(here),
        ask,
    };
    Ok(page.render()?)
}

async fn name_whose(
    reports: &dyn Reports,
    view: &View,
    ask: &Ask,
) -> Result<Option<(String, Link)>, PageError> {
    let all = Ask {
        user: None,
        session: None,
        after: None,
        ..ask.clone()
    }
    .link(view, "/traces");
    let project = &view.project.id;
    if let Some(id) = &ask.session {
        let found = reports.find_session(project, id).await?;
        let name = found.map(|it| it.name.unwrap_or(it.external_id));
        return Ok(name.map(|name| (format!("session {name}"), all)));
    }
    let Some(id) = &ask.user else { return Ok(None) };
    let found = reports
        .find_user(project, &UserKey::Id(id.clone()), view.period())
        .await?;
    Ok(found.map(|it| (call(&it.stats.user).to_owned(), all)))
}

/// What a form sends beside its own fields.
pub fn keep_fields(here: &Link, own: &[&str]) -> Vec<(String, String)> {
    let fields = here.fields().iter();
    fields
        .filter(|(name, _)| !own.contains(&name.as_str()))
        .cloned()
        .collect()
}
