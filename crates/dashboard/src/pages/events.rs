//! Product events: what was done how often, and, where the edition knows it, by whom and when.
pub(super) mod row;
pub mod source;
pub mod sums;

use self::row::EventRow;
use self::source::Source;
use self::sums::{Sums, count_groups, offer_groups};
use super::pager::{Pager, Paging};
use super::row::user_link;
use super::traces::keep_fields;
use super::{Html, PageError};
use crate::format::{self, Figure};
use crate::frame::{Choice, Frame};
use crate::link::Link;
use crate::view::View;
use askama::Template;
use cognobserve_model::event::{EventFilter, EventGroup, Position, StoredEvent};
use cognobserve_model::id::{DeveloperId, UserId};
use cognobserve_model::time::Micros;
use futures_util::try_join;

const ROWS: usize = 50;
/// Groups that one page counts.
const GROUPS: usize = 20;
/// Names of events to choose from.
const NAMES: usize = 100;

/// What the URL asks for.
#[derive(Clone, Debug)]
pub struct Ask {
    /// Empty: of any name.
    pub event: String,
    pub developer: Option<DeveloperId>,
    pub end_user: Option<UserId>,
    pub group: EventGroup,
    pub after: Option<(Micros, Position)>,
}

impl Default for Ask {
    fn default() -> Ask {
        Ask {
            event: String::new(),
            developer: None,
            end_user: None,
            group: EventGroup::Event,
            after: None,
        }
    }
}

impl Ask {
    pub fn to_filter(&self, view: &View) -> EventFilter {
        let period = view.period();
        EventFilter {
            project: Some(view.project.id.clone()),
            developer: self.developer.clone(),
            end_user: self.end_user.clone(),
            name: Some(self.event.clone()).filter(|name| !name.is_empty()),
            from: period.from,
            to: period.to,
        }
    }

    /// The page's address with this question in it, on its first page.
    pub fn link(&self, view: &View, path: &str) -> Link {
        // A developer's own page says in its path whose events these are.
        let developer = self.developer.as_ref().filter(|_| path == "/events");
        let developer = developer.map_or("", DeveloperId::as_str);
        view.link(path)
            .with("event", &self.event)
            .with("developerId", developer)
            .with(
                "endUserId",
                self.end_user.as_ref().map_or("", UserId::as_str),
            )
            .with(
                "groupBy",
                sums::spell_group(&self.group).unwrap_or_default(),
            )
    }

    fn is_filtered(&self) -> bool {
        !self.event.is_empty() || self.developer.is_some() || self.end_user.is_some()
    }
}

/// An option of a form.
struct Chosen {
    value: String,
    text: String,
    is_current: bool,
}

#[derive(Template)]
#[template(path = "events.html")]
struct EventsPage {
    frame: Frame,
    within: String,
    total: Figure,
    noun: String,
    is_anonymous: bool,
    uncaptured: Option<&'static str>,
    names: Vec<Chosen>,
    developers: Vec<Chosen>,
    /// Whose events these are, with those of all.
    whose: Option<(String, Option<Link>, Link)>,
    sums: Sums,
    rows: Vec<EventRow>,
    shows_developer: bool,
    pager: Pager,
    is_filtered: bool,
    clear: Link,
    kept: Vec<(String, String)>,
}

#[derive(Template)]
#[template(path = "events_start.html")]
struct StartPage {
    frame: Frame,
    uncaptured: Option<&'static str>,
    base: String,
    keys: Link,
}

pub async fn render(
    source: &Source<'_>,
    frame: Frame,
    ask: Ask,
    paging: &Paging<'_, (Micros, Position)>,
) -> Html {
    let view = frame.view.clone().ok_or(PageError::NotFound)?;
    let filter = ask.to_filter(&view);
    let of_any = EventFilter {
        name: None,
        ..filter.clone()
    };
    let (names, developers, found) = try_join!(
        count_groups(source, &of_any, &EventGroup::Event, NAMES),
        list_developers(source, &view),
        list(source, &filter, &ask, ROWS + 1),
    )?;
    let here = ask.link(&view, "/events");
    if found.is_empty()
        && names.is_empty()
        && !ask.is_filtered()
        && !source.has_events(&view).await?
    {
        let page = StartPage {
            uncaptured: source.capture.why_not(),
            base: source.base.to_owned(),
            keys: view.link("/settings/keys"),
            frame: Frame {
                waits: true,
                ..frame.with_period(here)
            },
        };
        return Ok(page.render()?);
    }
    let events: Vec<&StoredEvent> = found.iter().take(ROWS).map(|(_, event)| event).collect();
    let keys = offer_groups(source, &events);
    let sums = Sums::read(source, &view, &ask, "/events", &keys, GROUPS).await?;
    let last = found.get(ROWS - 1).map(|(at, event)| (event.at, *at));
    let next = last.filter(|_| found.len() > ROWS);
    let users = source.name_users(&view, events.iter().copied()).await?;
    let clear = Ask {
        group: ask.group.clone(),
        ..Ask::default()
    };
    let whose = match &ask.end_user {
        None => None,
        Some(id) => Some(name_whose(source, &view, &ask, id).await?),
    };
    let page = EventsPage {
        within: view.within(),
        total: format::count(sums.total),
        noun: format::noun(sums.total, "event"),
        is_anonymous: source.is_anonymous,
        uncaptured: source.capture.why_not(),
        names: choose(names, &ask.event),
        developers: choose_developers(source, developers, &ask),
        whose,
        sums,
        rows: EventRow::list(source, &view, &events, &users),
        shows_developer: true,
        pager: paging.lead(&here, events.len(), next.as_ref()),
        is_filtered: ask.is_filtered(),
        clear: clear.link(&view, "/events"),
        kept: keep_fields(&here, &["event", "developerId"]),
        frame: frame.with_period(here),
    };
    Ok(page.render()?)
}

/// Nothing where events are nobody's.
pub async fn list(
    source: &Source<'_>,
    filter: &EventFilter,
    ask: &Ask,
    limit: usize,
) -> Result<Vec<(Position, StoredEvent)>, PageError> {
    if source.is_anonymous {
        return Ok(Vec::new());
    }
    Ok(source.events.list_events(filter, ask.after, limit).await?)
}

async fn list_developers(source: &Source<'_>, view: &View) -> Result<Vec<String>, PageError> {
    if source.is_anonymous {
        return Ok(Vec::new());
    }
    let filter = Ask::default().to_filter(view);
    count_groups(source, &filter, &EventGroup::Developer, NAMES).await
}

fn choose(mut names: Vec<String>, current: &str) -> Vec<Chosen> {
    if !current.is_empty() && !names.iter().any(|name| name == current) {
        names.push(current.to_owned());
    }
    let chosen = |name: String| Chosen {
        text: name.clone(),
        is_current: name == current,
        value: name,
    };
    names.into_iter().map(chosen).collect()
}

fn choose_developers(source: &Source<'_>, ids: Vec<String>, ask: &Ask) -> Vec<Chosen> {
    let current = ask.developer.as_ref().map_or("", DeveloperId::as_str);
    let mut developers = choose(ids, current);
    for developer in &mut developers {
        developer.text = source.names.call(&developer.value).to_owned();
    }
    developers
}

async fn name_whose(
    source: &Source<'_>,
    view: &View,
    ask: &Ask,
    id: &UserId,
) -> Result<(String, Option<Link>, Link), PageError> {
    let all = Ask {
        end_user: None,
        ..ask.clone()
    };
    let all = all.link(view, "/events");
    let named = source.name_ids(view, vec![id.clone()]).await?.remove(id);
    Ok(match named {
        Some(user) => {
            let name = user.name.or(user.email).unwrap_or(user.external_id);
            (name, Some(user_link(view, id.as_str())), all)
        }
        None => (source.names.call(id.as_str()).to_owned(), None, all),
    })
}

/// What a choice of groups is made of.
fn choice(view: &View, ask: &Ask, path: &str, text: String, group: EventGroup) -> Choice {
    Choice {
        text,
        is_current: ask.group == group,
        link: Ask {
            group,
            after: None,
            ..ask.clone()
        }
        .link(view, path),
    }
}
