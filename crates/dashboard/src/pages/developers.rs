//! Who develops with the project's keys and tokens, by the events of their end users; what can be told without
//! people where the edition knows none.
mod cohorts;
pub mod one;

use super::events::Ask as Counted;
use super::events::row::developer_link;
use super::events::source::Source;
use super::events::sums::{Sums, offer_groups};
use super::pager::{Pager, Paging};
use super::{Html, PageError};
use crate::format::{self, CountUnit, Figure, Moment};
use crate::frame::Frame;
use crate::link::Link;
use crate::view::View;
use askama::Template;
use cognobserve_model::event::developers::{DeveloperPosition, MAX_DEVELOPERS, cut_page};
use cognobserve_model::event::{DeveloperSort, DeveloperStats};
use cognobserve_model::query::PageRequest;

pub const PATH: &str = "/developers";
const ROWS: usize = 50;
const GROUPS: usize = 20;

/// What the URL asks for.
#[derive(Clone, Debug)]
pub struct Ask {
    pub sort: DeveloperSort,
    pub after: Option<DeveloperPosition>,
}

impl Ask {
    pub fn link(&self, view: &View) -> Link {
        let sort = match self.sort {
            DeveloperSort::UniqueEndUsers => "",
            other => other.as_str(),
        };
        view.link(PATH).with("sortBy", sort)
    }
}

struct DeveloperRow {
    link: Link,
    name: String,
    /// The id, where the name is another.
    also: String,
    end_users: Figure,
    events: Figure,
    first_seen: Moment,
    last_seen: Moment,
}

struct Column {
    text: &'static str,
    class: &'static str,
    /// `None`: not sorted by.
    link: Option<Link>,
    is_sorted: bool,
}

#[derive(Template)]
#[template(path = "developers.html")]
struct DevelopersPage {
    frame: Frame,
    uncaptured: Option<&'static str>,
    within: String,
    columns: Vec<Column>,
    rows: Vec<DeveloperRow>,
    pager: Pager,
    events: Link,
}

#[derive(Template)]
#[template(path = "developers_unknown.html")]
struct UnknownPage {
    frame: Frame,
    uncaptured: Option<&'static str>,
    sums: Sums,
}

pub async fn render(
    source: &Source<'_>,
    frame: Frame,
    ask: Ask,
    paging: &Paging<'_, DeveloperPosition>,
) -> Html {
    let view = frame.view.clone().ok_or(PageError::NotFound)?;
    let filter = Counted::default().to_filter(&view);
    let found = source
        .events
        .list_developers(&filter, ask.sort, MAX_DEVELOPERS)
        .await?;
    let request = PageRequest {
        limit: ROWS,
        after: ask.after.clone(),
    };
    let found = cut_page(found, ask.sort, request);
    let here = ask.link(&view);
    let page = DevelopersPage {
        uncaptured: source.capture.why_not(),
        within: view.within(),
        columns: list_columns(&view, ask.sort),
        rows: DeveloperRow::list(source, &view, &found.items),
        pager: paging.lead(&here, found.items.len(), found.next.as_ref()),
        events: view.link("/events"),
        frame: frame.with_period(here),
    };
    Ok(page.render()?)
}

/// Sums alone; `ask` is not about people.
pub async fn render_unknown(source: &Source<'_>, frame: Frame, ask: Counted) -> Html {
    let view = frame.view.clone().ok_or(PageError::NotFound)?;
    let keys = offer_groups(source, &[]);
    let sums = Sums::read(source, &view, &ask, PATH, &keys, GROUPS).await?;
    let page = UnknownPage {
        uncaptured: source.capture.why_not(),
        sums,
        frame: frame.with_period(ask.link(&view, PATH)),
    };
    Ok(page.render()?)
}

fn whole(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

impl DeveloperRow {
    fn list(source: &Source<'_>, view: &View, found: &[DeveloperStats]) -> Vec<DeveloperRow> {
        let users = CountUnit::of(found.iter().map(|it| whole(it.unique_end_users)));
        let events = CountUnit::of(found.iter().map(|it| whole(it.event_count)));
        let row = |stats: &DeveloperStats| {
            let id = stats.developer.as_str();
            let name = source.names.call(id).to_owned();
            DeveloperRow {
                link: developer_link(view, id),
                also: match name == id {
                    true => String::new(),
                    false => id.to_owned(),
                },
                name,
                end_users: users.write(whole(stats.unique_end_users)),
                events: events.write(whole(stats.event_count)),
                first_seen: format::moment(stats.first_seen, view.now(), &view.zone),
                last_seen: format::moment(stats.last_seen, view.now(), &view.zone),
            }
        };
        found.iter().map(row).collect()
    }
}

fn list_columns(view: &View, sort: DeveloperSort) -> Vec<Column> {
    let columns = [
        ("Developer", "", None),
        ("End users", "num", Some(DeveloperSort::UniqueEndUsers)),
        ("Events", "num", Some(DeveloperSort::EventCount)),
        ("First event", "num hide-narrow", None),
        ("Last event", "num", Some(DeveloperSort::LastSeenAt)),
    ];
    let column = |(text, class, by): (_, _, Option<DeveloperSort>)| Column {
        text,
        class,
        link: by.map(|sort| Ask { sort, after: None }.link(view)),
        is_sorted: by == Some(sort),
    };
    columns.into_iter().map(column).collect()
}
