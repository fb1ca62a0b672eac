//! How many traces users have between edges: from the days' sums, of which only the first number
//! is read, and of days with an edge inside by counting.
use super::Snapshot;
use super::charts::list_days;
use crate::eras::Era;
use crate::error::{StoreResult, damaged, sql};
use crate::rollups::read_totals;
use crate::user_days;
use cognobserve_books::chart::Chart;
use cognobserve_model::id::UserId;
use cognobserve_model::query::{UserKey, UserSort};
use cognobserve_model::time::{MICROS_PER_DAY, Micros};
use cognobserve_model::weight::Weight;

/// Of each user between each two edges, in this order.
pub(super) fn chart(
    snapshot: &Snapshot,
    users: &[UserId],
    edges: &[Micros],
) -> StoreResult<Vec<Vec<i64>>> {
    let chart = Chart::new(edges, MICROS_PER_DAY);
    let eras = snapshot.find_eras(&chart)?;
    let charts = users.iter().map(|user| {
        let mut counts = vec![0; edges.len().saturating_sub(1)];
        let Some(no) = snapshot.find_user_no(&UserKey::Id(user.clone())) else {
            return Ok(counts);
        };
        let totals = read_totals(snapshot.conn, snapshot.project_no, no)?;
        if let (Some(first), Some(last)) = (totals.first, totals.last) {
            add_days(snapshot, no, list_days(&chart, first, last), &mut counts)?;
            add_parts(snapshot, no, &chart, &eras, &mut counts)?;
        }
        Ok(counts)
    });
    charts.collect()
}

fn add_days(
    snapshot: &Snapshot,
    user: i64,
    days: impl Iterator<Item = (i64, usize)>,
    counts: &mut [i64],
) -> StoreResult<()> {
    let read = |measures: &[u8]| {
        let weight = Weight::decode(measures, UserSort::TraceCount);
        Ok(weight.ok_or_else(|| damaged("rollup"))?.trace_count)
    };
    for (day, stretch) in days {
        let found = user_days::read_with(snapshot.conn, snapshot.project_no, day, user, read)?;
        counts[stretch] += found.unwrap_or(0);
    }
    Ok(())
}

fn add_parts(
    snapshot: &Snapshot,
    user: i64,
    chart: &Chart<'_>,
    eras: &[Era],
    counts: &mut [i64],
) -> StoreResult<()> {
    let query = "SELECT count(*) FROM user_traces WHERE era = ?1 AND user_no = ?2 AND time >= ?3 AND time < ?4";
    let mut statement = snapshot.conn.prepare_cached(query).map_err(sql)?;
    for (from, to) in chart.list_parts_read() {
        for era in eras.iter().filter(|era| era.reaches(from, to)) {
            let count = statement.query_row([era.no, user, from, to], |row| row.get(0));
            chart.place_count(from, count.map_err(sql)?, counts);
        }
    }
    Ok(())
}
