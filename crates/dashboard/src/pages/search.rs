//! The search box: an e-mail, a user's id, a session, a trace, or words of an error; what is
//! meant exactly is opened at once, anything else is listed.
use super::PageError;
use super::row::{SessionRow, TraceRow, UserRow, session_link, trace_link, user_link};
use crate::frame::Frame;
use crate::link::Link;
use crate::view::View;
use askama::Template;
use cognobserve_model::query::{
    PageRequest, Period, SessionFilter, SortOrder, TraceFilter, UserKey, UserQuery, UserSort,
    fold_search,
};
use cognobserve_ports::Reports;
use futures_util::try_join;

const USERS: usize = 10;
const SESSIONS: usize = 5;
const TRACES: usize = 15;
const MAX_CHARS: usize = 255;

/// Where a search leads.
pub enum Found {
    /// The one thing that was meant.
    Page(Link),
    Html(String),
}

#[derive(Template)]
#[template(path = "search.html")]
struct SearchPage {
    frame: Frame,
    text: String,
    users: Vec<UserRow>,
    sessions: Vec<SessionRow>,
    list: super::traces::TraceList,
    more_users: Link,
    more_traces: Link,
}

/// Searches all time for users and sessions, the page's period for words in traces.
pub async fn find(reports: &dyn Reports, mut frame: Frame, text: &str) -> Result<Found, PageError> {
    let view = frame.view.clone().ok_or(PageError::NotFound)?;
    let text = text.trim();
    if text.chars().count() > MAX_CHARS {
        return Err(PageError::Invalid(format!(
            "A search has at most {MAX_CHARS} characters."
        )));
    }
    if text.is_empty() {
        return Ok(Found::Page(view.link("/users")));
    }
    if let Some(link) = find_exact(reports, &view, text).await? {
        return Ok(Found::Page(link));
    }
    let folded = fold_search(text);
    let project = &view.project.id;
    let sessions = SessionFilter {
        search: Some(folded.clone()),
        ..SessionFilter::default()
    };
    let traces = TraceFilter {
        search: Some(folded.clone()),
        period: view.period(),
        ..TraceFilter::default()
    };
    let page = |limit| PageRequest { limit, after: None };
    let (users, sessions, traces) = try_join!(
        reports.list_users(project, ask_users(&folded)),
        reports.list_sessions(project, sessions, page(SESSIONS)),
        reports.list_traces(project, traces, page(TRACES)),
    )?;
    let users = users.items;
    let sessions = sessions.map(|page| page.items).unwrap_or_default();
    let traces = traces.map(|page| page.items).unwrap_or_default();
    // An e-mail is not unique, but when one person has it, they are meant.
    let named = users
        .iter()
        .filter(|it| is_same(it.user.email.as_deref(), &folded));
    let by_email: Vec<_> = named.collect();
    let is_only = sessions.is_empty() && traces.is_empty();
    match (users.as_slice(), by_email.as_slice()) {
        (_, [one]) => return Ok(Found::Page(user_link(&view, one.user.id.as_str()))),
        ([one], _) if is_only => return Ok(Found::Page(user_link(&view, one.user.id.as_str()))),
        _ => {}
    }
    frame.search = text.to_owned();
    let ask = super::traces::Ask {
        search: text.to_owned(),
        ..super::traces::Ask::default()
    };
    let here = ask.link(&view, "/traces");
    let html = SearchPage {
        text: text.to_owned(),
        users: users
            .iter()
            .map(|it| UserRow::new(&view, it, &[]))
            .collect(),
        sessions: sessions
            .iter()
            .map(|it| SessionRow::new(&view, it))
            .collect(),
        list: super::traces::TraceList {
            rows: traces.iter().map(|it| TraceRow::new(&view, it)).collect(),
            pager: super::row::Pager {
                first: None,
                next: None,
            },
            is_filtered: true,
            clear: view.link("/traces"),
            shows_user: true,
        },
        more_users: view
            .link("/users")
            .with("search", text)
            .with("everybody", "true"),
        more_traces: here.clone(),
        frame: frame.with_period(view.link("/search").with("q", text)),
    };
    Ok(Found::Html(html.render()?))
}

fn ask_users(folded: &str) -> UserQuery {
    UserQuery {
        search: Some(folded.to_owned()),
        last_seen_from: None,
        last_seen_to: None,
        sort: UserSort::LastSeenAt,
        order: SortOrder::Desc,
        stats: Period::ALL,
        metadata: Vec::new(),
        page: PageRequest {
            limit: USERS,
            after: None,
        },
    }
}

fn is_same(text: Option<&str>, folded: &str) -> bool {
    text.is_some_and(|text| fold_search(text) == folded)
}

/// What the text is the id of.
async fn find_exact(
    reports: &dyn Reports,
    view: &View,
    text: &str,
) -> Result<Option<Link>, PageError> {
    let project = &view.project.id;
    let external = UserKey::External(text.to_owned());
    let ours = UserKey::Id(cognobserve_model::id::UserId::new(text));
    let sessions = SessionFilter {
        search: Some(fold_search(text)),
        ..SessionFilter::default()
    };
    let (user, own, trace, sessions) = try_join!(
        reports.find_user(project, &external, Period::ALL),
        reports.find_user(project, &ours, Period::ALL),
        reports.find_trace(project, text),
        reports.list_sessions(
            project,
            sessions,
            PageRequest {
                limit: SESSIONS,
                after: None
            }
        ),
    )?;
    if let Some(user) = user.or(own) {
        return Ok(Some(user_link(view, user.stats.user.id.as_str())));
    }
    if trace.is_some() {
        return Ok(Some(trace_link(view, text)));
    }
    let sessions = sessions.map(|page| page.items).unwrap_or_default();
    let session = sessions
        .iter()
        .find(|it| it.external_id == text || it.id.as_str() == text);
    Ok(session.map(|it| session_link(view, it.id.as_str())))
}
