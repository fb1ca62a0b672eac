//! Sums over many stretches of time at once, and one user's by model. The number of questions
//! grows neither with the stretches nor with the users.
use super::rows::{add_measures, get, read_facts};
use super::{Param, missing};
use crate::error::{StoreResult, damaged};
use crate::snapshot::Snapshot;
use cognobserve_books::chart::Chart;
use cognobserve_books::costs::sort_by_cost;
use cognobserve_books::period::bounds;
use cognobserve_books::user_days::{Entries, band_of};
use cognobserve_model::id::UserId;
use cognobserve_model::measures::Measures;
use cognobserve_model::query::Period;
use cognobserve_model::time::{MICROS_PER_DAY, MICROS_PER_QUARTER, Micros};
use hashbrown::HashMap;

/// The project's sums between each two edges.
pub(super) async fn chart_project(
    snapshot: &Snapshot,
    edges: &[Micros],
) -> StoreResult<Vec<Measures>> {
    let chart = Chart::new(edges, MICROS_PER_QUARTER);
    let mut sums = chart.make_sums();
    let (from, to) = chart.span_units();
    snapshot
        .scan_quarters(from, to, |quarter, row| match chart.find_unit(quarter) {
            Some(stretch) => add_measures(&mut sums[stretch], row, 1),
            None => Ok(()),
        })
        .await?;
    let (from, to): (Vec<i64>, Vec<i64>) = chart.list_read().into_iter().unzip();
    if from.is_empty() {
        return Ok(sums);
    }
    let query = include_str!("../sql/reports.scan_traces_in_each.sql");
    snapshot
        .scan(query, &[&snapshot.project_no, &from, &to], |row| {
            chart.place(get(row, 0)?, &read_facts(row, 1)?.measures, &mut sums);
            Ok(())
        })
        .await?;
    Ok(sums)
}

/// Users with traces, and between which times those lie.
struct Charted {
    /// By number; its sums.
    sums: HashMap<i64, Vec<Measures>>,
    first: i64,
    last: i64,
}

/// The sums of each user between each two edges, in this order.
pub(super) async fn chart_users(
    snapshot: &Snapshot,
    users: &[UserId],
    edges: &[Micros],
) -> StoreResult<Vec<Vec<Measures>>> {
    let numbers = users.iter().map(|user| snapshot.store.user_no(user));
    let numbers: Vec<i64> = numbers.collect();
    fill_charts(snapshot, &numbers, edges).await
}

/// A user's sums between each two edges.
pub(super) async fn chart_user(
    snapshot: &Snapshot,
    user: i64,
    edges: &[Micros],
) -> StoreResult<Vec<Measures>> {
    let charts = fill_charts(snapshot, &[user], edges).await?;
    charts.into_iter().next().ok_or_else(|| missing("user"))
}

/// For each number, in this order.
async fn fill_charts(
    snapshot: &Snapshot,
    numbers: &[i64],
    edges: &[Micros],
) -> StoreResult<Vec<Vec<Measures>>> {
    let chart = Chart::new(edges, MICROS_PER_DAY);
    let mut charted = find_charted(snapshot, numbers, &chart).await?;
    if !charted.sums.is_empty() {
        add_days(snapshot, &chart, &mut charted).await?;
        add_cut_days(snapshot, &chart, &mut charted).await?;
    }
    let sums_of = |no: &i64| charted.sums.get(no).cloned();
    let charts = numbers.iter().map(sums_of);
    Ok(charts
        .map(|sums| sums.unwrap_or_else(|| chart.make_sums()))
        .collect())
}

async fn find_charted(
    snapshot: &Snapshot,
    numbers: &[i64],
    chart: &Chart<'_>,
) -> StoreResult<Charted> {
    let mut charted = Charted {
        sums: HashMap::new(),
        first: i64::MAX,
        last: i64::MIN,
    };
    let query = include_str!("../sql/reports.read_user_bounds.sql");
    let params: [Param; 2] = [&snapshot.project_no, &numbers];
    for row in snapshot.query(query, &params).await? {
        charted.sums.insert(get(&row, 0)?, chart.make_sums());
        charted.first = charted.first.min(get(&row, 1)?);
        charted.last = charted.last.max(get(&row, 2)?);
    }
    Ok(charted)
}

/// The bands that these users' days lie in.
pub(super) fn list_bands<'u>(users: impl Iterator<Item = &'u i64>) -> Vec<i64> {
    let mut bands: Vec<i64> = users.map(|user| band_of(*user)).collect();
    bands.sort_unstable();
    bands.dedup();
    bands
}

/// Adds the days that lie in a stretch as a whole.
async fn add_days(
    snapshot: &Snapshot,
    chart: &Chart<'_>,
    charted: &mut Charted,
) -> StoreResult<()> {
    let (from, to) = chart.span_units();
    let (first, last) = (Micros(charted.first).day(), Micros(charted.last).day());
    let days = from.max(first)..to.min(last + 1);
    let days: Vec<i64> = days.filter(|day| chart.find_unit(*day).is_some()).collect();
    if days.is_empty() {
        return Ok(());
    }
    let bands = list_bands(charted.sums.keys());
    let query = "SELECT day, band, sums FROM user_days WHERE project_no = $1 AND day = ANY ($2) AND band = ANY ($3)";
    let params: [Param; 3] = [&snapshot.project_no, &days, &bands];
    let sums = &mut charted.sums;
    snapshot
        .scan(query, &params, |row| {
            let stretch = chart.find_unit(get(row, 0)?);
            for entry in Entries::of(get(row, 1)?, get(row, 2)?) {
                let (user, measures) = entry?;
                if let (Some(sums), Some(stretch)) = (sums.get_mut(&user), stretch) {
                    let added = sums[stretch].add_encoded(measures);
                    added.ok_or_else(|| damaged("rollup"))?;
                }
            }
            Ok(())
        })
        .await
}

/// Places the traces that are read of days with an edge inside.
async fn add_cut_days(
    snapshot: &Snapshot,
    chart: &Chart<'_>,
    charted: &mut Charted,
) -> StoreResult<()> {
    let read = chart.list_read().into_iter();
    let read = read.filter(|(from, to)| *from <= charted.last && charted.first < *to);
    let (from, to): (Vec<i64>, Vec<i64>) = read.unzip();
    if from.is_empty() {
        return Ok(());
    }
    let users: Vec<i64> = charted.sums.keys().copied().collect();
    let query = include_str!("../sql/reports.scan_users_traces_in_each.sql");
    let params: [Param; 4] = [&snapshot.project_no, &users, &from, &to];
    let sums = &mut charted.sums;
    snapshot
        .scan(query, &params, |row| {
            let user: i64 = get(row, 0)?;
            if let Some(sums) = sums.get_mut(&user) {
                chart.place(get(row, 1)?, &read_facts(row, 2)?.measures, sums);
            }
            Ok(())
        })
        .await
}

/// A user's sums by model, biggest cost first.
pub(super) async fn cost_by_model(
    snapshot: &Snapshot,
    user: i64,
    period: Period,
) -> StoreResult<Vec<(Option<String>, Measures)>> {
    let (from, to) = bounds(period);
    let query = "SELECT booked FROM traces WHERE project_no = $1 AND user_no = $2 AND time >= $3 AND time < $4";
    let params: [Param; 4] = [&snapshot.project_no, &user, &from, &to];
    let mut sums: HashMap<i64, Measures> = HashMap::new();
    snapshot
        .scan(query, &params, |row| {
            for (model, measures) in &read_facts(row, 0)?.models {
                sums.entry(model.0).or_default().add(measures, 1);
            }
            Ok(())
        })
        .await?;
    let numbers: Vec<i64> = sums.keys().copied().collect();
    let mut names = snapshot.read_model_names(&numbers).await?;
    let mut models = Vec::with_capacity(sums.len());
    for (no, measures) in sums {
        let name = match no {
            0 => None,
            _ => Some(names.remove(&no).ok_or_else(|| missing("model"))?),
        };
        models.push((name, measures));
    }
    sort_by_cost(&mut models);
    Ok(models)
}
