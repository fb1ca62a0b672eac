//! How many users were seen and first seen between edges: from their totals, the days' sums, and of days with an edge
//! inside from the traces.
use super::Param;
use super::period::NOBODY;
use super::rows::get;
use crate::error::StoreResult;
use crate::snapshot::Snapshot;
use cognobserve_books::chart::Chart;
use cognobserve_books::seen::SeenUsers;
use cognobserve_model::report::UserChart;
use cognobserve_model::time::{MICROS_PER_DAY, Micros};
use hashbrown::HashSet;

pub(super) async fn chart(snapshot: &Snapshot, edges: &[Micros]) -> StoreResult<UserChart> {
    let mut counts = UserChart {
        new: vec![0; edges.len().saturating_sub(1)],
        ..UserChart::default()
    };
    if edges.is_empty() {
        return Ok(counts);
    }
    let hidden = count_new(snapshot, edges, &mut counts).await?;
    let chart = Chart::new(edges, MICROS_PER_DAY);
    let mut seen = SeenUsers::new(&chart, hidden);
    let mut days: Vec<i64> = Vec::new();
    let (from, to) = chart.span_units();
    days.extend((from..to).filter(|day| chart.find_unit(*day).is_some()));
    for run in days.chunk_by(|day, next| day + 1 == *next) {
        let run = (run[0], run[run.len() - 1] + 1);
        snapshot
            .scan_days(run, |day, user, measures| {
                seen.add_sums(day, user, measures)
            })
            .await?;
    }
    add_traces(snapshot, &chart, &mut seen).await?;
    counts.active = seen.count();
    Ok(counts)
}

/// Users by the stretch in which they were first seen; answers who has sums and does not count.
async fn count_new(
    snapshot: &Snapshot,
    edges: &[Micros],
    counts: &mut UserChart,
) -> StoreResult<HashSet<i64>> {
    let mut hidden = HashSet::from_iter([NOBODY]);
    let times: Vec<i64> = edges.iter().map(|edge| edge.0).collect();
    let query = include_str!("../sql/reports.count_new_users_in_each.sql");
    let params: [Param; 2] = [&snapshot.project_no, &times];
    snapshot
        .scan(query, &params, |row| {
            let (begun, users): (i32, i64) = (get(row, 0)?, get(row, 1)?);
            hidden.extend(get::<Vec<i64>>(row, 2)?);
            match usize::try_from(begun).unwrap_or(0).checked_sub(1) {
                None => counts.before = users,
                Some(stretch) => {
                    if let Some(count) = counts.new.get_mut(stretch) {
                        *count = users;
                    }
                }
            }
            Ok(())
        })
        .await?;
    Ok(hidden)
}

async fn add_traces(
    snapshot: &Snapshot,
    chart: &Chart<'_>,
    seen: &mut SeenUsers<'_>,
) -> StoreResult<()> {
    let (from, to): (Vec<i64>, Vec<i64>) = chart.list_parts_read().into_iter().unzip();
    if from.is_empty() {
        return Ok(());
    }
    let query = include_str!("../sql/reports.list_users_in_each.sql");
    let params: [Param; 3] = [&snapshot.project_no, &from, &to];
    snapshot
        .scan(query, &params, |row| {
            seen.add_part(get(row, 0)?, &get::<Vec<i64>>(row, 1)?);
            Ok(())
        })
        .await
}
