//! How many events there are: by day, and by name, person or a property of theirs.
//! Invariant: the bars, the groups and what is in other groups add up to one total.
use super::row::{developer_link, name_user};
use super::source::Source;
use super::{Ask, choice};
use crate::chart::{self, Chart};
use crate::format::{CountUnit, Figure, shorten};
use crate::frame::Choice;
use crate::link::Link;
use crate::pages::traces::keep_fields;
use crate::pages::{PageError, share};
use crate::view::View;
use cognobserve_model::event::retention::find_stretch;
use cognobserve_model::event::{EventCount, EventFilter, EventGroup, StoredEvent};
use cognobserve_model::id::UserId;
use cognobserve_model::time::Micros;
use futures_util::try_join;
use std::collections::BTreeMap;

/// Quarters of an hour of the longest period, and some for clocks that are put back.
const MAX_QUARTERS: usize = 367 * 96;
/// Properties that are offered; others are typed.
const KEYS: usize = 4;
const KEY_CHARS: usize = 24;
/// What every anonymous event has, and what most have.
const KNOWN_KEYS: [&str; KEYS] = ["edition", "os", "version", "type"];

pub struct SumRow {
    pub text: String,
    pub title: String,
    pub link: Option<Link>,
    pub count: Figure,
    /// Of all, in percent.
    pub share: f64,
    /// What lacks that by which is counted, or is in groups that are not shown.
    pub is_apart: bool,
}

pub struct Sums {
    pub groups: Vec<Choice>,
    pub keys: Vec<Choice>,
    /// Of the form that names another property.
    pub path: String,
    pub kept: Vec<(String, String)>,
    pub head: String,
    pub rows: Vec<SumRow>,
    pub total: i64,
    pub chart: Chart,
}

/// As the API calls it; `None`: it does not, or needs no word.
pub fn spell_group(group: &EventGroup) -> Option<String> {
    match group {
        EventGroup::Event | EventGroup::Quarter => None,
        EventGroup::Developer => Some("developer".into()),
        EventGroup::EndUser => Some("endUser".into()),
        EventGroup::Property(key) => Some(format!("property.{key}")),
    }
}

/// Keys of the biggest groups.
pub async fn count_groups(
    source: &Source<'_>,
    filter: &EventFilter,
    group: &EventGroup,
    limit: usize,
) -> Result<Vec<String>, PageError> {
    let counted = source.events.count_events(filter, Some(group), limit);
    Ok(counted.await?.into_iter().filter_map(|it| it.key).collect())
}

/// Properties to count by: the most usual of these events, or what anonymous ones have.
pub fn offer_groups(source: &Source<'_>, events: &[&StoredEvent]) -> Vec<String> {
    if source.is_anonymous {
        return KNOWN_KEYS.map(str::to_owned).to_vec();
    }
    let mut usual: BTreeMap<String, usize> = BTreeMap::new();
    for event in events {
        let all = serde_json::from_str::<serde_json::Map<_, _>>(&event.properties);
        for (key, _) in all.unwrap_or_default() {
            *usual.entry(key).or_default() += 1;
        }
    }
    let mut usual: Vec<(String, usize)> = usual.into_iter().collect();
    usual.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    usual.truncate(KEYS);
    usual.into_iter().map(|(key, _)| key).collect()
}

/// Sums of each stretch between `edges`.
fn fold_quarters(quarters: &[EventCount], edges: &[Micros]) -> Vec<i64> {
    let mut bars = vec![0; edges.len().saturating_sub(1)];
    for EventCount { key, count } in quarters {
        let quarter = key.as_deref().and_then(|key| key.parse().ok());
        if let Some(bar) = quarter.and_then(|it| find_stretch(edges, it)) {
            bars[bar] += whole(*count);
        }
    }
    bars
}

fn whole(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Events by stretch of the view's period.
pub async fn chart_events(
    source: &Source<'_>,
    view: &View,
    filter: &EventFilter,
) -> Result<(Chart, i64), PageError> {
    let quarter = EventGroup::Quarter;
    let counted = source
        .events
        .count_events(filter, Some(&quarter), MAX_QUARTERS);
    let bars = fold_quarters(&counted.await?, &view.edges());
    let series = chart::numbers("Events", 1, &bars);
    let chart = Chart::new(view, "events", "Events", "bars", vec![series]);
    Ok((chart, bars.iter().sum()))
}

impl Sums {
    /// `path`: of the page; `keys`: properties to offer; `limit`: groups to show.
    pub async fn read(
        source: &Source<'_>,
        view: &View,
        ask: &Ask,
        path: &str,
        keys: &[String],
        limit: usize,
    ) -> Result<Sums, PageError> {
        let filter = ask.to_filter(view);
        let counted = async {
            let events = source.events;
            let counted = events.count_events(&filter, Some(&ask.group), limit);
            Ok::<_, PageError>(counted.await?)
        };
        let ((chart, total), counted) = try_join!(chart_events(source, view, &filter), counted)?;
        let listed: i64 = counted.iter().map(|it| whole(it.count)).sum();
        // An event that came between the two questions is in one of them.
        let total = total.max(listed);
        let rows = describe(source, view, ask, counted, total - listed).await?;
        let here = ask.link(view, path);
        Ok(Sums {
            groups: list_groups(source, view, ask, path),
            keys: list_keys(view, ask, path, keys),
            path: path.to_owned(),
            kept: keep_fields(&here, &["groupBy"]),
            head: match &ask.group {
                EventGroup::Property(key) => key.clone(),
                EventGroup::Developer => "Developer".into(),
                EventGroup::EndUser => "End user".into(),
                EventGroup::Event | EventGroup::Quarter => "Event".into(),
            },
            rows,
            total,
            chart,
        })
    }
}

async fn describe(
    source: &Source<'_>,
    view: &View,
    ask: &Ask,
    counted: Vec<EventCount>,
    others: i64,
) -> Result<Vec<SumRow>, PageError> {
    let users = match ask.group {
        EventGroup::EndUser => {
            let ids = counted.iter().filter_map(|it| it.key.as_deref());
            let ids = ids.map(UserId::new).collect();
            source.name_ids(view, ids).await?
        }
        _ => Default::default(),
    };
    let total = counted.iter().map(|it| whole(it.count)).sum::<i64>() + others;
    let unit = CountUnit::of(counted.iter().map(|it| whole(it.count)).chain([total]));
    let row = |text: String, title: String, link, count: i64, is_apart| SumRow {
        text,
        title,
        link,
        count: unit.write(count),
        share: share(count.into(), total.into()),
        is_apart,
    };
    let describe = |EventCount { key, count }: EventCount| {
        let count = whole(count);
        let Some(key) = key else {
            return row(name_lack(&ask.group), String::new(), None, count, true);
        };
        match &ask.group {
            EventGroup::Event => {
                let same = Ask {
                    event: key.clone(),
                    after: None,
                    ..ask.clone()
                };
                let link = same.link(view, "/events");
                row(key, String::new(), Some(link), count, false)
            }
            EventGroup::EndUser => {
                let user = name_user(source, view, Some(&UserId::new(key)), &users);
                row(user.text, user.title, user.link, count, false)
            }
            EventGroup::Developer => {
                let text = source.names.call(&key).to_owned();
                let link = developer_link(view, &key);
                row(text, key, Some(link), count, false)
            }
            EventGroup::Property(_) | EventGroup::Quarter => {
                row(shorten(&key, 200), String::new(), None, count, false)
            }
        }
    };
    let mut rows: Vec<SumRow> = counted.into_iter().map(describe).collect();
    if others > 0 {
        rows.push(row("all others".into(), String::new(), None, others, true));
    }
    Ok(rows)
}

fn name_lack(group: &EventGroup) -> String {
    match group {
        EventGroup::Property(key) => format!("without {}", shorten(key, KEY_CHARS)),
        EventGroup::EndUser => "no end user".into(),
        _ => "of nobody".into(),
    }
}

fn list_groups(source: &Source<'_>, view: &View, ask: &Ask, path: &str) -> Vec<Choice> {
    let groups = [
        ("Events", EventGroup::Event),
        ("End users", EventGroup::EndUser),
        ("Developers", EventGroup::Developer),
    ];
    let offered = match source.is_anonymous {
        true => 1,
        // One developer's page is of that one.
        false if ask.developer.is_some() && path != "/events" => 2,
        false => groups.len(),
    };
    let groups = groups.into_iter().take(offered);
    let choice = |(text, group): (&str, _)| choice(view, ask, path, text.to_owned(), group);
    groups.map(choice).collect()
}

/// The chosen one is always among them.
fn list_keys(view: &View, ask: &Ask, path: &str, keys: &[String]) -> Vec<Choice> {
    let chosen = match &ask.group {
        EventGroup::Property(key) => Some(key),
        _ => None,
    };
    let other = chosen.filter(|key| !keys.contains(key));
    let choice = |key: &String| {
        let group = EventGroup::Property(key.clone());
        choice(view, ask, path, shorten(key, KEY_CHARS), group)
    };
    keys.iter().chain(other).map(choice).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::samples;

    #[test]
    fn quarters_are_added_to_the_bars_that_they_begin_in() {
        let edges = [0, 4, 8].map(|quarter: i64| Micros(quarter * 900_000_000));
        let counted = |key: &str, count| EventCount {
            key: Some(key.into()),
            count,
        };
        let quarters = [
            counted("0", 1),
            counted("3", 2),
            counted("4", 10),
            counted("8", 100),
            counted("-1", 1_000),
        ];
        assert_eq!(fold_quarters(&quarters, &edges), [3, 10]);
    }

    #[test]
    fn the_chosen_property_is_lit_also_if_it_was_typed() {
        let view = samples::project_view();
        let ask = Ask {
            group: EventGroup::Property("plan".into()),
            ..Ask::default()
        };
        let lit = |keys: &[String]| -> Vec<(String, bool)> {
            let choices = list_keys(&view, &ask, "/events", keys);
            choices
                .into_iter()
                .map(|it| (it.text, it.is_current))
                .collect()
        };
        let (os, plan) = ("os".to_owned(), "plan".to_owned());
        let both = [(os.clone(), false), (plan.clone(), true)];
        assert_eq!(lit(std::slice::from_ref(&os)), both);
        assert_eq!(lit(&[os, plan]), both);
    }
}
