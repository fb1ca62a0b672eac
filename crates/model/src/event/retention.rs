//! Who comes back: end users by stretch of time, and by the week in which they were first seen.
//! Invariant: quarters of an hour come in the order of their users, as [`ActiveQuarter`]s are listed.
use super::{ActiveQuarter, EventCount, EventFilter};
use crate::id::UserId;
use crate::time::{Day, MICROS_PER_QUARTER, Micros, Zone};
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// End users with their quarters of an hour that are gone through for one answer.
pub const MAX_QUARTERS: usize = 500_000;

/// End users of before who are gone through for one answer.
pub const MAX_KNOWN: usize = 500_000;

/// The same events, of all the time before those that are asked about; `None` if that is all.
pub fn ask_before(filter: &EventFilter) -> Option<EventFilter> {
    let before = filter.from?;
    Some(EventFilter {
        from: None,
        to: Some(before),
        ..filter.clone()
    })
}

/// Who has events, by their groups by end user; `None`: more than [`MAX_KNOWN`].
pub fn read_known(groups: Vec<EventCount>) -> Option<HashSet<UserId>> {
    let known = groups.into_iter().filter_map(|group| group.key);
    let known: HashSet<UserId> = known.map(UserId::new).collect();
    (known.len() <= MAX_KNOWN).then_some(known)
}

/// The end users who were first seen in one week.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cohort {
    /// Its Monday.
    pub week: Day,
    pub end_users: u64,
    /// How many of them did something in that week, in the next one, and so on up to the last.
    pub active: Vec<u64>,
}

fn begin(quarter: i64) -> Micros {
    Micros(quarter.saturating_mul(MICROS_PER_QUARTER))
}

/// Which of the stretches between `edges` a quarter begins in; edges ascend, one more than there are stretches.
pub fn find_stretch(edges: &[Micros], quarter: i64) -> Option<usize> {
    let at = begin(quarter);
    let after = edges.partition_point(|edge| *edge <= at);
    (1..edges.len()).contains(&after).then(|| after - 1)
}

/// Different end users in each stretch.
pub fn count_users(quarters: &[ActiveQuarter], edges: &[Micros]) -> Vec<u64> {
    let mut counts = vec![0; edges.len().saturating_sub(1)];
    for of_user in quarters.chunk_by(|one, other| one.end_user == other.end_user) {
        let stretches = of_user
            .iter()
            .filter_map(|it| find_stretch(edges, it.quarter));
        for stretch in stretches.collect::<BTreeSet<usize>>() {
            counts[stretch] += 1;
        }
    }
    counts
}

/// Who was first seen in each week of the days from `first` to `last`, both included, and who of them came when.
/// `known`: whoever was there before, and is not new. Oldest first; weeks without anybody new are left out.
pub fn list_cohorts(
    quarters: &[ActiveQuarter],
    known: &HashSet<UserId>,
    zone: &Zone,
    first: Day,
    last: Day,
) -> Vec<Cohort> {
    let mut of_week: BTreeMap<Day, (u64, BTreeMap<Day, u64>)> = BTreeMap::new();
    let of_users = quarters.chunk_by(|one, other| one.end_user == other.end_user);
    for of_user in of_users.filter(|it| !known.contains(&it[0].end_user)) {
        let days = of_user.iter().map(|it| zone.day_of(begin(it.quarter)));
        let days = days.filter(|day| (first..=last).contains(day));
        let weeks: BTreeSet<Day> = days.map(find_monday).collect();
        let Some(new) = weeks.first() else {
            continue;
        };
        let (size, active) = of_week.entry(*new).or_default();
        *size += 1;
        for week in weeks {
            *active.entry(week).or_default() += 1;
        }
    }
    let last_week = find_monday(last);
    let cohort = |(week, (end_users, active)): (Day, (u64, BTreeMap<Day, u64>))| {
        let weeks = 0..=last_week.since(week) / 7;
        let in_week = |ahead| active.get(&week.plus(7 * ahead)).copied().unwrap_or(0);
        Cohort {
            week,
            end_users,
            active: weeks.map(in_week).collect(),
        }
    };
    of_week.into_iter().map(cohort).collect()
}

/// The Monday of a day's week.
fn find_monday(day: Day) -> Day {
    // 1970-01-05 was one.
    let since = Day::parse("1970-01-05").map_or(0, |monday| day.since(monday));
    day.plus(-since.rem_euclid(7))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_was_there_before_is_known() {
        let filter = EventFilter {
            name: Some("search".into()),
            to: Some(Micros(9)),
            ..EventFilter::default()
        };
        assert_eq!(ask_before(&filter), None);
        let from = |from| EventFilter {
            from,
            ..filter.clone()
        };
        let before = EventFilter {
            to: Some(Micros(5)),
            ..from(None)
        };
        assert_eq!(ask_before(&from(Some(Micros(5)))), Some(before));
        let group = |key: Option<&str>| EventCount {
            key: key.map(str::to_owned),
            count: 1,
        };
        let known = read_known(vec![group(Some("ann")), group(None)]).unwrap();
        assert_eq!(known, HashSet::from([UserId::new("ann")]));
        let many = (0..=MAX_KNOWN).map(|n| group(Some(&n.to_string())));
        assert_eq!(read_known(many.collect()), None);
    }

    #[test]
    fn stretches_count_each_user_once() {
        let hour = |n: i64| Micros(n * 4 * MICROS_PER_QUARTER);
        let active = |user: &str, quarter| ActiveQuarter {
            end_user: UserId::new(user),
            quarter,
        };
        let quarters = [
            active("ann", 3),
            active("ann", 4),
            active("ann", 7),
            active("bob", 7),
            active("eve", 12),
        ];
        let edges = [hour(1), hour(2), hour(3)];
        assert_eq!(count_users(&quarters, &edges), [2, 0]);
        assert_eq!(count_users(&quarters, &[]), [0; 0]);
        let places = [3, 4, 7, 8, 11, 12].map(|quarter| find_stretch(&edges, quarter));
        assert_eq!(places, [None, Some(0), Some(0), Some(1), Some(1), None]);
        assert_eq!(find_stretch(&[], 1), None);
    }

    #[test]
    fn a_week_begins_on_monday_also_before_1970() {
        let day = |text| Day::parse(text).unwrap();
        assert_eq!(find_monday(day("2026-11-22")), day("2026-11-16"));
        assert_eq!(find_monday(day("1969-12-28")), day("1969-12-22"));
    }
}
