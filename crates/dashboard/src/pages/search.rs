//! The search box: an e-mail, a user's id, a session, a trace, or words of an error; what is
//! meant exactly is opened at once, anything else is listed.
//!
//! Users and whatever has exactly this id are found at once; sessions and failed traces of the
//! period come from their own lists, which the page asks for when it is shown.
use super::PageError;
use super::row::{SCAN_LIMIT, UserRow, session_link, trace_link, user_link};
use super::{sessions, traces};
use crate::frame::Frame;
use crate::link::Link;
use crate::view::View;
use askama::Template;
use cognobserve_model::id::{SessionId, UserId};
use cognobserve_model::query::{
    PageRequest, Period, SortOrder, TraceFilter, UserKey, UserQuery, UserSort, fold_search,
};
use cognobserve_model::report::UserStats;
use cognobserve_model::span::Level;
use cognobserve_ports::Reports;
use futures_util::try_join;

const USERS: usize = 10;
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
    more_users: Link,
    words: String,
    /// The longest period, in words, and its search, if more failed in it.
    longest: Option<(String, Link)>,
    /// The same of the sessions, unless they are all searched.
    wider: Option<(String, Link)>,
    sessions: Link,
    failed_traces: Link,
    all_traces: Link,
}

/// For somebody who has said nothing to look for.
#[derive(Template)]
#[template(path = "search_blank.html")]
struct BlankPage {
    frame: Frame,
    users: Link,
    sessions: Link,
    traces: Link,
}

fn check(text: &str) -> Result<&str, PageError> {
    let text = text.trim();
    match text.chars().count() {
        0..=MAX_CHARS => Ok(text),
        long => Err(PageError::Invalid(format!(
            "A search has at most {MAX_CHARS} characters, and this one {long}: a part of what you \
             look for is enough."
        ))),
    }
}

/// Users of all time, and whatever has exactly this id.
pub async fn find(reports: &dyn Reports, mut frame: Frame, text: &str) -> Result<Found, PageError> {
    let view = frame.view.clone().ok_or(PageError::NotFound)?;
    let text = check(text)?;
    if text.is_empty() {
        let blank = BlankPage {
            users: view.link("/users").with("everybody", "true"),
            sessions: view.link("/sessions"),
            traces: view.link("/traces"),
            frame,
        };
        return Ok(Found::Html(blank.render()?));
    }
    if let Some(link) = find_exact(reports, &view, text).await? {
        return Ok(Found::Page(link));
    }
    let folded = fold_search(text);
    let users = reports
        .list_users(&view.project.id, ask_users(&folded))
        .await?
        .items;
    if let Some(one) = find_addressee(&users, &folded) {
        return Ok(Found::Page(user_link(&view, one.user.id.as_str())));
    }
    frame.search = text.to_owned();
    let sessions = sessions::Ask {
        search: text.to_owned(),
        ..sessions::Ask::default()
    };
    let all = traces::Ask {
        search: text.to_owned(),
        ..traces::Ask::default()
    };
    let failed = traces::Ask {
        level: Some(Level::Error),
        ..all.clone()
    };
    let rows = UserRow::list(&view, &users, &[]);
    let has_more = fails_outside(reports, &view, &failed).await?;
    let here = view.link("/search").with("q", text);
    let html = SearchPage {
        text: text.to_owned(),
        users: rows,
        more_users: view
            .link("/users")
            .with("search", text)
            .with("everybody", "true"),
        words: view.within(),
        wider: (!view.rest_of_longest().is_empty())
            .then(|| (view.longest_words(), view.with_longest(&here))),
        longest: has_more.then(|| (view.longest_words(), view.with_longest(&here))),
        sessions: sessions.link(&view),
        failed_traces: failed.link(&view, "/traces"),
        all_traces: all.link(&view, "/traces"),
        frame: frame.with_period(here),
    };
    Ok(Found::Html(html.render()?))
}

/// Whether such traces are outside of the period, too, or may be: no more of them is looked through
/// than one page of their list would.
async fn fails_outside(
    reports: &dyn Reports,
    view: &View,
    failed: &traces::Ask,
) -> Result<bool, PageError> {
    for period in view.rest_of_longest() {
        let filter = TraceFilter {
            period,
            scan_limit: Some(SCAN_LIMIT),
            ..failed.to_filter(view)
        };
        let one = PageRequest {
            limit: 1,
            after: None,
        };
        let found = reports.list_traces(&view.project.id, filter, one).await?;
        if found.is_some_and(|page| !page.items.is_empty() || page.next.is_some()) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn ask_users(folded: &str) -> UserQuery {
    UserQuery {
        search: Some(folded.to_owned()),
        last_seen_from: None,
        last_seen_to: None,
        sort: UserSort::LastSeenAt,
        order: SortOrder::Desc,
        stats: Period::ALL,
        active_only: false,
        metadata: Vec::new(),
        page: PageRequest {
            limit: USERS,
            after: None,
        },
    }
}

/// An e-mail is not unique, but when one person has it, they are meant.
fn find_addressee<'u>(users: &'u [UserStats], folded: &str) -> Option<&'u UserStats> {
    let has_it = |it: &&UserStats| {
        let email = it.user.email.as_deref();
        email.is_some_and(|email| fold_search(email) == folded)
    };
    let mut named = users.iter().filter(has_it);
    named.next().filter(|_| named.next().is_none())
}

/// What the text is the id of.
async fn find_exact(
    reports: &dyn Reports,
    view: &View,
    text: &str,
) -> Result<Option<Link>, PageError> {
    let project = &view.project.id;
    let external = UserKey::External(text.to_owned());
    let ours = UserKey::Id(UserId::new(text));
    let session = SessionId::new(text);
    let (user, own, trace, session, called_so) = try_join!(
        reports.find_user(project, &external, Period::ALL),
        reports.find_user(project, &ours, Period::ALL),
        reports.find_trace(project, text),
        reports.find_session(project, &session),
        reports.resolve_session(project, text),
    )?;
    let user = user.or(own);
    let session = session.map(|it| it.id).or(called_so);
    Ok(match (user, trace, session) {
        (Some(user), _, _) => Some(user_link(view, user.stats.user.id.as_str())),
        (_, Some(_), _) => Some(trace_link(view, text)),
        (_, _, Some(session)) => Some(session_link(view, session.as_str())),
        _ => None,
    })
}
