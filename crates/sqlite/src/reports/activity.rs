//! How many users were active in a period.
//!
//! The first and last trace of a user decide for nearly everybody; who has some before and some
//! after the period is looked for in its days, and at its ragged ends in its traces.
use super::Snapshot;
use crate::error::{StoreResult, damaged, sql};
use cognobserve_books::activity::Undecided;
use cognobserve_books::period::{Stretch, bounds, split};
use cognobserve_model::query::Period;
use cognobserve_model::report::UserCounts;
use cognobserve_model::time::{MICROS_PER_DAY, Micros};
use rusqlite::OptionalExtension;

pub(super) fn count_users(snapshot: &Snapshot, period: Period) -> StoreResult<UserCounts> {
    let mut counts = UserCounts::default();
    let mut undecided = Undecided::default();
    {
        let directory = snapshot.shared.directory.read();
        let Some(people) = directory.people(snapshot.project_no) else {
            return Ok(counts);
        };
        let is_in = |at: i64| period.contains(Micros(at));
        let (from, to) = bounds(period);
        for person in people.living() {
            counts.total += 1;
            counts.new += i64::from(is_in(person.first_seen()));
            let (Some(first), Some(last)) = (person.first, person.last) else {
                continue;
            };
            if is_in(first) || is_in(last) {
                counts.active += 1;
            } else if first < from && to <= last {
                undecided.add(person.no);
            }
        }
    }
    // Days first: most are found there.
    let mut parts = split(period, MICROS_PER_DAY);
    parts.sort_by_key(|part| matches!(part, Stretch::Micros(..)));
    for part in parts {
        counts.active += match part {
            Stretch::Whole(from, to) => find_in_days(snapshot, from, to, &mut undecided)?,
            Stretch::Micros(from, to) => find_in_traces(snapshot, from, to, &mut undecided)?,
        };
    }
    Ok(counts)
}

/// Below this share of all bands, those that are wanted are looked up one by one.
const FEW: usize = 8;

/// Takes out who was active on one of the days; answers how many that were.
fn find_in_days(
    snapshot: &Snapshot,
    from: i64,
    to: i64,
    undecided: &mut Undecided,
) -> StoreResult<i64> {
    let (mut found, mut bands_of_a_day) = (0, 0);
    let one = "SELECT sums FROM user_days WHERE project_no = ?1 AND day = ?2 AND band = ?3";
    let mut one = snapshot.conn.prepare_cached(one).map_err(sql)?;
    for day in from..to {
        if undecided.is_empty() {
            break;
        }
        if undecided.count_bands() * FEW < bands_of_a_day {
            for band in undecided.list_bands() {
                let row = one.query_row([snapshot.project_no, day, band], |row| {
                    row.get::<_, Vec<u8>>(0)
                });
                if let Some(row) = row.optional().map_err(sql)? {
                    found += undecided.take_row(band, &row)?;
                }
            }
            continue;
        }
        let all =
            "SELECT band, sums FROM user_days WHERE project_no = ?1 AND day >= ?2 AND day < ?3";
        let mut bands = 0;
        snapshot.scan(all, day, day + 1, |band, row| {
            bands += 1;
            found += undecided.take_row(band, row)?;
            Ok(())
        })?;
        bands_of_a_day = bands_of_a_day.max(bands);
    }
    Ok(found)
}

/// The same, in a stretch of the traces.
fn find_in_traces(
    snapshot: &Snapshot,
    from: i64,
    to: i64,
    undecided: &mut Undecided,
) -> StoreResult<i64> {
    let query =
        "SELECT user_no FROM project_traces WHERE project_no = ?1 AND time >= ?2 AND time < ?3";
    let mut statement = snapshot.conn.prepare_cached(query).map_err(sql)?;
    let mut rows = statement
        .query([snapshot.project_no, from, to])
        .map_err(sql)?;
    let mut found = 0;
    while !undecided.is_empty() {
        let Some(row) = rows.next().map_err(sql)? else {
            break;
        };
        let user: i64 = row.get(0).map_err(|_| damaged("trace"))?;
        found += undecided.take(user);
    }
    Ok(found)
}
