//! The developers with the most end users, of all workspaces. Invariant: numbers alone, of no project.
use crate::format::{self, CountUnit, Figure, Moment};
use crate::pages::PageError;
use crate::pages::events::source::DeveloperNames;
use cognobserve_model::event::{DeveloperSort, DeveloperStats, EventFilter};
use cognobserve_model::time::{MICROS_PER_DAY, Micros, Zone};
use cognobserve_ports::Events;

const ROWS: usize = 10;
const DAYS: i64 = 30;

pub struct DeveloperRow {
    pub name: String,
    /// The id, where the name is another.
    pub also: String,
    pub end_users: Figure,
    pub events: Figure,
    pub last: Moment,
}

/// Reads the first ten of the last 30 days.
pub async fn read(
    events: &dyn Events,
    names: &DeveloperNames,
    now: Micros,
) -> Result<Vec<DeveloperRow>, PageError> {
    let filter = EventFilter {
        from: Some(Micros(now.0 - DAYS * MICROS_PER_DAY)),
        ..EventFilter::default()
    };
    let sort = DeveloperSort::UniqueEndUsers;
    let found = events.list_developers(&filter, sort, ROWS).await?;
    let whole = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let unit = |of: fn(&DeveloperStats) -> u64| CountUnit::of(found.iter().map(|it| whole(of(it))));
    let users = unit(|it| it.unique_end_users);
    let counts = unit(|it| it.event_count);
    let row = |it: &DeveloperStats| {
        let id = it.developer.as_str();
        let name = names.call(id);
        DeveloperRow {
            name: name.to_owned(),
            also: Some(id)
                .filter(|id| *id != name)
                .unwrap_or_default()
                .to_owned(),
            end_users: users.write(whole(it.unique_end_users)),
            events: counts.write(whole(it.event_count)),
            last: format::moment(it.last_seen, now, &Zone::utc()),
        }
    };
    Ok(found.iter().map(row).collect())
}
