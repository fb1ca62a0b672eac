//! How many traces users have between edges: from the days' sums, of which only the first number
//! is read, and of days with an edge inside from an index.
use super::Param;
use super::charts::list_bands;
use super::rows::get;
use crate::error::{StoreResult, damaged};
use crate::snapshot::Snapshot;
use cognobserve_books::chart::Chart;
use cognobserve_books::user_days::Entries;
use cognobserve_model::id::UserId;
use cognobserve_model::query::UserSort;
use cognobserve_model::time::{MICROS_PER_DAY, Micros};
use cognobserve_model::weight::Weight;
use hashbrown::HashMap;

/// Of each user between each two edges, in this order.
pub(super) async fn chart(
    snapshot: &Snapshot,
    users: &[UserId],
    edges: &[Micros],
) -> StoreResult<Vec<Vec<i64>>> {
    let chart = Chart::new(edges, MICROS_PER_DAY);
    let nothing = vec![0; edges.len().saturating_sub(1)];
    let numbers = users.iter().map(|user| snapshot.store.user_no(user));
    let numbers: Vec<i64> = numbers.collect();
    let mut living: HashMap<i64, Vec<i64>> = HashMap::new();
    let query = include_str!("../sql/reports.read_user_bounds.sql");
    let params: [Param; 2] = [&snapshot.project_no, &numbers];
    for row in snapshot.query(query, &params).await? {
        living.insert(get(&row, 0)?, nothing.clone());
    }
    if !living.is_empty() {
        add_days(snapshot, &chart, &mut living).await?;
        add_parts(snapshot, &chart, &mut living).await?;
    }
    let counts = numbers.iter().map(|no| living.get(no).cloned());
    Ok(counts
        .map(|counts| counts.unwrap_or_else(|| nothing.clone()))
        .collect())
}

async fn add_days(
    snapshot: &Snapshot,
    chart: &Chart<'_>,
    counts: &mut HashMap<i64, Vec<i64>>,
) -> StoreResult<()> {
    let (from, to) = chart.span_units();
    let days: Vec<i64> = (from..to)
        .filter(|day| chart.find_unit(*day).is_some())
        .collect();
    if days.is_empty() {
        return Ok(());
    }
    let bands = list_bands(counts.keys());
    let query = "SELECT day, band, sums FROM user_days WHERE project_no = $1 AND day = ANY ($2) AND band = ANY ($3)";
    let params: [Param; 3] = [&snapshot.project_no, &days, &bands];
    snapshot
        .scan(query, &params, |row| {
            let stretch = chart.find_unit(get(row, 0)?);
            for entry in Entries::of(get(row, 1)?, get(row, 2)?) {
                let (user, measures) = entry?;
                if let (Some(counts), Some(stretch)) = (counts.get_mut(&user), stretch) {
                    let weight = Weight::decode(measures, UserSort::TraceCount);
                    counts[stretch] += weight.ok_or_else(|| damaged("rollup"))?.trace_count;
                }
            }
            Ok(())
        })
        .await
}

async fn add_parts(
    snapshot: &Snapshot,
    chart: &Chart<'_>,
    counts: &mut HashMap<i64, Vec<i64>>,
) -> StoreResult<()> {
    let (from, to): (Vec<i64>, Vec<i64>) = chart.list_parts_read().into_iter().unzip();
    if from.is_empty() {
        return Ok(());
    }
    let users: Vec<i64> = counts.keys().copied().collect();
    let query = include_str!("../sql/reports.count_users_traces_in_each.sql");
    let params: [Param; 4] = [&snapshot.project_no, &users, &from, &to];
    snapshot
        .scan(query, &params, |row| {
            if let Some(counts) = counts.get_mut(&get::<i64>(row, 0)?) {
                chart.place_count(get(row, 1)?, get(row, 2)?, counts);
            }
            Ok(())
        })
        .await
}
