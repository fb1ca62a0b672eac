//! How many users were active in a period.
//!
//! Who has traces before and after it is looked for in its days, twice as many with every
//! question, so that the busy are found by the first; and at its ragged ends in its traces.
use super::Param;
use super::rows::get;
use crate::error::StoreResult;
use crate::snapshot::Snapshot;
use cognobserve_books::activity::Undecided;
use cognobserve_books::period::{Stretch, bounds, split};
use cognobserve_model::query::Period;
use cognobserve_model::report::UserCounts;
use cognobserve_model::time::MICROS_PER_DAY;

/// Up to so many bands are asked for by number.
const FEW_BANDS: usize = 500;

/// Users in all, with a trace in the period, and first seen in it.
pub(super) async fn count_users(snapshot: &Snapshot, period: Period) -> StoreResult<UserCounts> {
    let (from, to) = bounds(period);
    let query = include_str!("../sql/reports.count_users.sql");
    let params: [Param; 3] = [&snapshot.project_no, &from, &to];
    let row = snapshot.query_one(query, &params).await?;
    let mut counts = UserCounts {
        total: get(&row, 0)?,
        active: get(&row, 1)?,
        new: get(&row, 2)?,
    };
    let around: Vec<i64> = get(&row, 3)?;
    let mut undecided = Undecided::default();
    around.into_iter().for_each(|user| undecided.add(user));
    // Days first: most are found there.
    let mut parts = split(period, MICROS_PER_DAY);
    parts.sort_by_key(|part| matches!(part, Stretch::Micros(..)));
    for part in parts {
        counts.active += match part {
            Stretch::Whole(from, to) => find_in_days(snapshot, from, to, &mut undecided).await?,
            Stretch::Micros(from, to) => find_in_traces(snapshot, from, to, &mut undecided).await?,
        };
    }
    Ok(counts)
}

/// Takes out who was active on one of the days; answers how many that were.
async fn find_in_days(
    snapshot: &Snapshot,
    from: i64,
    mut to: i64,
    undecided: &mut Undecided,
) -> StoreResult<i64> {
    let (mut found, mut days) = (0, 1);
    while from < to && !undecided.is_empty() {
        let start = from.max(to - days);
        let bands = undecided.list_bands();
        let (query, params): (_, Vec<Param>) = match bands.len() <= FEW_BANDS {
            true => (
                "SELECT band, sums FROM user_days WHERE project_no = $1 AND day >= $2 AND day < $3 AND band = ANY ($4)",
                vec![&snapshot.project_no, &start, &to, &bands],
            ),
            false => (
                "SELECT band, sums FROM user_days WHERE project_no = $1 AND day >= $2 AND day < $3",
                vec![&snapshot.project_no, &start, &to],
            ),
        };
        snapshot
            .scan(query, &params, |row| {
                found += undecided.take_row(get(row, 0)?, get(row, 1)?)?;
                Ok(())
            })
            .await?;
        (to, days) = (start, days * 2);
    }
    Ok(found)
}

/// The same, in a stretch of the traces.
async fn find_in_traces(
    snapshot: &Snapshot,
    from: i64,
    to: i64,
    undecided: &mut Undecided,
) -> StoreResult<i64> {
    let mut found = 0;
    if undecided.is_empty() {
        return Ok(found);
    }
    let query = "SELECT DISTINCT user_no FROM traces WHERE project_no = $1 AND time >= $2 AND time < $3 AND user_no IS NOT NULL";
    let params: [Param; 3] = [&snapshot.project_no, &from, &to];
    snapshot
        .scan(query, &params, |row| {
            found += undecided.take(get(row, 0)?);
            Ok(())
        })
        .await?;
    Ok(found)
}
