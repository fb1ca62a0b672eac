//! One developer: how many end users and events, by day, who of them comes back, and the latest events.
use super::cohorts::Cohorts;
use super::whole;
use crate::chart::{self, Chart};
use crate::format::{self, Moment};
use crate::frame::Frame;
use crate::link::Link;
use crate::pages::events::row::{EventRow, developer_link};
use crate::pages::events::source::Source;
use crate::pages::events::sums::{Sums, offer_groups};
use crate::pages::events::{Ask as Counted, list};
use crate::pages::stat::Stat;
use crate::pages::{Html, PageError};
use crate::view::{Unit, View};
use askama::Template;
use cognobserve_model::event::retention::{
    MAX_KNOWN, MAX_QUARTERS, ask_before, count_users, read_known,
};
use cognobserve_model::event::{DeveloperSort, EventFilter, EventGroup, StoredEvent};
use cognobserve_model::id::UserId;
use futures_util::try_join;
use std::collections::HashSet;

/// Latest events.
const ROWS: usize = 10;
const GROUPS: usize = 20;

#[derive(Template)]
#[template(path = "developer.html")]
struct DeveloperPage {
    frame: Frame,
    uncaptured: Option<&'static str>,
    name: String,
    id: String,
    seen: Option<(Moment, Moment)>,
    within: String,
    stats: Vec<Stat>,
    sums: Sums,
    /// `None`: the period holds too much to be gone through.
    retention: Option<Retention>,
    rows: Vec<EventRow>,
    shows_developer: bool,
    developers: Link,
    events: Link,
}

/// How many come, and who comes back.
struct Retention {
    title: &'static str,
    chart: Chart,
    cohorts: Cohorts,
}

/// `ask` names the developer; `is_own`: the project's, or who looks, who are there also without any event.
pub async fn render(source: &Source<'_>, frame: Frame, ask: Counted, is_own: bool) -> Html {
    let view = frame.view.clone().ok_or(PageError::NotFound)?;
    let id = ask.developer.clone().ok_or(PageError::NotFound)?;
    let filter = ask.to_filter(&view);
    let path = developer_link(&view, id.as_str()).path().to_owned();
    let events = source.events;
    let stats = async {
        let sort = DeveloperSort::EventCount;
        Ok::<_, PageError>(events.list_developers(&filter, sort, 1).await?)
    };
    let (stats, retention, latest) = try_join!(
        stats,
        Retention::read(source, &view, &filter),
        list(source, &filter, &ask, ROWS),
    )?;
    let stats = stats.into_iter().next();
    if stats.is_none() && !is_own && !was_here(source, &filter).await? {
        return Err(PageError::NotFound);
    }
    let latest: Vec<&StoredEvent> = latest.iter().map(|(_, event)| event).collect();
    let keys = offer_groups(source, &latest);
    let sums = Sums::read(source, &view, &ask, &path, &keys, GROUPS).await?;
    let users = source.name_users(&view, latest.iter().copied()).await?;
    let count = |count: Option<u64>| format::count(whole(count.unwrap_or(0)));
    let seen = stats.as_ref().map(|it| (it.first_seen, it.last_seen));
    let moment = |at| format::moment(at, view.now(), &view.zone);
    let all = Counted {
        developer: Some(id.clone()),
        ..Counted::default()
    };
    let page = DeveloperPage {
        uncaptured: source.capture.why_not(),
        name: source.names.call(id.as_str()).to_owned(),
        seen: seen.map(|(first, last)| (moment(first), moment(last))),
        within: view.within(),
        stats: vec![
            Stat::new(
                "End users",
                count(stats.as_ref().map(|it| it.unique_end_users)),
            ),
            Stat::new("Events", count(stats.as_ref().map(|it| it.event_count))),
        ],
        rows: EventRow::list(source, &view, &latest, &users),
        sums,
        retention,
        shows_developer: false,
        developers: view.link(super::PATH),
        events: all.link(&view, "/events"),
        id: id.to_string(),
        frame: frame.with_period(ask.link(&view, &path)),
    };
    Ok(page.render()?)
}

/// Whether they have any event, whenever it was.
async fn was_here(source: &Source<'_>, filter: &EventFilter) -> Result<bool, PageError> {
    let ever = EventFilter {
        from: None,
        to: None,
        name: None,
        ..filter.clone()
    };
    Ok(!source.events.list_events(&ever, None, 1).await?.is_empty())
}

impl Retention {
    async fn read(
        source: &Source<'_>,
        view: &View,
        filter: &EventFilter,
    ) -> Result<Option<Retention>, PageError> {
        let quarters = source.events.list_active_quarters(filter, MAX_QUARTERS + 1);
        let quarters = quarters.await?;
        if quarters.len() > MAX_QUARTERS {
            return Ok(None);
        }
        let Some(known) = find_known(source, filter).await? else {
            return Ok(None);
        };
        let bars = count_users(&quarters, &view.edges());
        let bars: Vec<i64> = bars.into_iter().map(whole).collect();
        let series = chart::numbers("End users", 2, &bars);
        let title = match view.unit() {
            Unit::Hour => "Active end users by hour",
            Unit::Day => "Active end users by day",
        };
        Ok(Some(Retention {
            title,
            chart: Chart::new(view, "retention", title, "line", vec![series]),
            cohorts: Cohorts::new(view, &quarters, &known),
        }))
    }
}

/// Who was there before the period; `None`: too many to be gone through.
async fn find_known(
    source: &Source<'_>,
    filter: &EventFilter,
) -> Result<Option<HashSet<UserId>>, PageError> {
    let Some(before) = ask_before(filter) else {
        return Ok(Some(HashSet::new()));
    };
    let by_user = Some(&EventGroup::EndUser);
    // One group more is of nobody, and one says that there are too many.
    let groups = source.events.count_events(&before, by_user, MAX_KNOWN + 2);
    Ok(read_known(groups.await?))
}
