//! How many users were seen and first seen between edges: from the directory, the days' sums, and of days with an edge
//! inside from the traces.
use super::Snapshot;
use crate::error::{StoreResult, damaged, sql};
use cognobserve_books::chart::Chart;
use cognobserve_books::seen::SeenUsers;
use cognobserve_model::report::UserChart;
use cognobserve_model::time::{MICROS_PER_DAY, Micros};

/// Sums of traces without a user.
const NOBODY: i64 = 0;

pub(super) fn chart(snapshot: &Snapshot, edges: &[Micros]) -> StoreResult<UserChart> {
    let mut counts = UserChart {
        new: vec![0; edges.len().saturating_sub(1)],
        ..UserChart::default()
    };
    let mut hidden = hashbrown::HashSet::from_iter([NOBODY]);
    {
        let directory = snapshot.shared.directory.read();
        if let Some(people) = directory.people(snapshot.project_no) {
            for person in people.living() {
                count_new(person.first_seen(), edges, &mut counts);
            }
            hidden.extend(people.dead.keys());
        }
    }
    let chart = Chart::new(edges, MICROS_PER_DAY);
    let mut seen = SeenUsers::new(&chart, hidden);
    add_days(snapshot, &chart, &mut seen)?;
    add_traces(snapshot, &chart, &mut seen)?;
    counts.active = seen.count();
    Ok(counts)
}

fn count_new(first_seen: i64, edges: &[Micros], counts: &mut UserChart) {
    match edges.partition_point(|edge| edge.0 <= first_seen) {
        0 => counts.before += i64::from(!edges.is_empty()),
        begun => {
            if let Some(count) = counts.new.get_mut(begun - 1) {
                *count += 1;
            }
        }
    }
}

fn add_days(snapshot: &Snapshot, chart: &Chart<'_>, seen: &mut SeenUsers<'_>) -> StoreResult<()> {
    let (from, to) = chart.span_units();
    let query = "SELECT band, sums FROM user_days WHERE project_no = ?1 AND day >= ?2 AND day < ?3";
    for day in (from..to).filter(|day| chart.find_unit(*day).is_some()) {
        snapshot.scan(query, day, day + 1, |band, row| {
            seen.add_day(day, band, row)
        })?;
    }
    Ok(())
}

fn add_traces(snapshot: &Snapshot, chart: &Chart<'_>, seen: &mut SeenUsers<'_>) -> StoreResult<()> {
    let query = "SELECT time, user_no FROM project_traces WHERE project_no = ?1 AND time >= ?2 AND time < ?3";
    let mut statement = snapshot.conn.prepare_cached(query).map_err(sql)?;
    for (from, to) in chart.list_read() {
        let mut rows = statement
            .query([snapshot.project_no, from, to])
            .map_err(sql)?;
        while let Some(row) = rows.next().map_err(sql)? {
            let user = row.get(1).map_err(|_| damaged("trace"))?;
            seen.add_trace(row.get(0).map_err(|_| damaged("trace"))?, user);
        }
    }
    Ok(())
}
