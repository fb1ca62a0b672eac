//! A user's days, and the project's summary.
use super::charts;
use super::rows::{get, read_measures, read_profile};
use crate::error::StoreResult;
use crate::snapshot::Snapshot;
use cognobserve_model::query::{DayRange, Period};
use cognobserve_model::report::{DayStats, Summary, TopUser};
use cognobserve_model::time::{Day, Micros};
use futures_util::future::try_join;

/// Exactly `range.days` entries, today last.
pub(super) async fn analyse(
    snapshot: &Snapshot,
    user: i64,
    range: &DayRange,
) -> StoreResult<Vec<DayStats>> {
    let (days, periods): (Vec<Day>, Vec<Period>) = range.iter().unzip();
    let edges = range.edges();
    let (sums, counts) = try_join(
        charts::chart_user(snapshot, user, &edges),
        snapshot.count_sessions_in_each(Some(user), &periods),
    )
    .await?;
    let series = days.into_iter().zip(sums).zip(counts);
    let series = series.map(|((day, measures), session_count)| DayStats {
        day,
        measures,
        session_count,
    });
    Ok(series.collect())
}

/// Counts of users and the costliest, all-time.
pub(super) async fn summarise(snapshot: &Snapshot, since: Micros) -> StoreResult<Summary> {
    let project = snapshot.project_no;
    let counts = include_str!("../sql/reports.summarise.sql");
    let costliest = include_str!("../sql/reports.list_costliest.sql");
    let (counts, top) = try_join(
        snapshot.query_one(counts, &[&project, &since.0]),
        snapshot.query(costliest, &[&project]),
    )
    .await?;
    let mut top_by_cost = Vec::with_capacity(top.len());
    for row in top {
        top_by_cost.push(TopUser {
            id: snapshot.user_id(get(&row, 0)?),
            external_id: get(&row, 1)?,
            name: read_profile(&row, 3)?.name().map(Into::into),
            cost_nanos: read_measures(&row, 2)?.cost_nanos,
        });
    }
    Ok(Summary {
        total_users: get(&counts, 0)?,
        active_users: get(&counts, 1)?,
        new_users: get(&counts, 2)?,
        top_by_cost,
    })
}
