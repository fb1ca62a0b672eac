//! The order of developers in a list, and its pages.
use super::{DeveloperSort, DeveloperStats};
use crate::query::{Page, PageRequest};
use std::cmp::Reverse;

/// Developers of one project that are sorted: its owner, and its members with tokens.
pub const MAX_DEVELOPERS: usize = 10_000;

/// The sort value and the id of the last one of a page.
pub type DeveloperPosition = (i64, String);

impl DeveloperSort {
    pub const ALL: &'static [DeveloperSort] = &[
        DeveloperSort::UniqueEndUsers,
        DeveloperSort::EventCount,
        DeveloperSort::LastSeenAt,
    ];

    /// As the API writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            DeveloperSort::UniqueEndUsers => "uniqueEndUsers",
            DeveloperSort::EventCount => "eventCount",
            DeveloperSort::LastSeenAt => "lastSeenAt",
        }
    }
}

/// Biggest first, then by id.
fn find_place(stats: &DeveloperStats, sort: DeveloperSort) -> (Reverse<i64>, String) {
    let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let value = match sort {
        DeveloperSort::UniqueEndUsers => number(stats.unique_end_users),
        DeveloperSort::EventCount => number(stats.event_count),
        DeveloperSort::LastSeenAt => stats.last_seen.0,
    };
    (Reverse(value), stats.developer.to_string())
}

/// One page of all developers, which come in the order of `sort`.
pub fn cut_page(
    mut found: Vec<DeveloperStats>,
    sort: DeveloperSort,
    page: PageRequest<DeveloperPosition>,
) -> Page<DeveloperStats, DeveloperPosition> {
    if let Some((value, id)) = page.after {
        let last = (Reverse(value), id);
        found.retain(|stats| find_place(stats, sort) > last);
    }
    let has_more = found.len() > page.limit;
    found.truncate(page.limit);
    let last = found.last().map(|stats| find_place(stats, sort));
    Page {
        items: found,
        next: last.filter(|_| has_more).map(|(value, id)| (value.0, id)),
    }
}
