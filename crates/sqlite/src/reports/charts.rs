//! Sums over many stretches of time at once, and one user's by model.
use super::Snapshot;
use super::period::decode_facts;
use crate::eras::{self, Era};
use crate::error::{StoreResult, damaged, sql};
use crate::rollups::{add_encoded, decode, read_totals};
use crate::user_days;
use cognobserve_books::chart::Chart;
use cognobserve_books::costs::sort_by_cost;
use cognobserve_books::period::bounds;
use cognobserve_model::id::UserId;
use cognobserve_model::measures::{Measures, add_models};
use cognobserve_model::query::{Period, UserKey};
use cognobserve_model::time::{MICROS_PER_DAY, MICROS_PER_QUARTER, Micros};
use std::collections::BTreeMap;

impl Snapshot<'_> {
    /// The project's sums between each two edges.
    pub fn chart_project(&self, edges: &[Micros]) -> StoreResult<Vec<Measures>> {
        let chart = Chart::new(edges, MICROS_PER_QUARTER);
        let mut sums = chart.make_sums();
        let (from, to) = chart.span_units();
        let query = "SELECT quarter, measures FROM project_quarters WHERE project_no = ?1 AND quarter >= ?2 AND quarter < ?3";
        self.scan(query, from, to, |quarter, blob| {
            match chart.find_unit(quarter) {
                Some(stretch) => add_encoded(&mut sums[stretch], blob),
                None => Ok(()),
            }
        })?;
        let query = "SELECT time, measures FROM project_traces WHERE project_no = ?1 AND time >= ?2 AND time < ?3";
        for (from, to) in chart.list_read() {
            self.scan(query, from, to, |time, blob| {
                chart.place(time, &decode(blob)?, &mut sums);
                Ok(())
            })?;
        }
        Ok(sums)
    }

    /// A user's sums between each two edges.
    pub(super) fn chart_user(&self, user: i64, edges: &[Micros]) -> StoreResult<Vec<Measures>> {
        let chart = Chart::new(edges, MICROS_PER_DAY);
        self.fill_chart(user, &chart, &self.find_eras(&chart)?)
    }

    /// The eras of what is read for a chart: asked once for all of its users.
    pub(super) fn find_eras(&self, chart: &Chart<'_>) -> StoreResult<Vec<Era>> {
        let read = chart.list_read();
        match (read.first(), read.last()) {
            (Some((from, _)), Some((_, to))) => eras::find_between(self.conn, *from, *to),
            _ => Ok(Vec::new()),
        }
    }

    fn fill_chart(&self, user: i64, chart: &Chart<'_>, eras: &[Era]) -> StoreResult<Vec<Measures>> {
        let mut sums = chart.make_sums();
        let totals = read_totals(self.conn, self.project_no, user)?;
        // Days before and after all traces need not be looked for.
        let (Some(first), Some(last)) = (totals.first, totals.last) else {
            return Ok(sums);
        };
        for (day, stretch) in list_days(chart, first, last) {
            if let Some(measures) = user_days::read(self.conn, self.project_no, day, user)? {
                sums[stretch].add(&measures, 1);
            }
        }
        let query = "SELECT time, measures FROM user_traces WHERE era = ?1 AND user_no = ?2 AND time >= ?3 AND time < ?4";
        let mut statement = self.conn.prepare_cached(query).map_err(sql)?;
        for (from, to) in chart.list_read() {
            let (from, to) = (from.max(first), to.min(last.saturating_add(1)));
            for era in eras.iter().filter(|era| era.reaches(from, to)) {
                let mut rows = statement.query([era.no, user, from, to]).map_err(sql)?;
                while let Some(row) = rows.next().map_err(sql)? {
                    let blob = row.get_ref(1).map_err(sql)?;
                    let blob = blob.as_blob().map_err(|_| damaged("trace"))?;
                    chart.place(row.get(0).map_err(sql)?, &decode(blob)?, &mut sums);
                }
            }
        }
        Ok(sums)
    }
}

/// The days whose sums are added, each to a stretch; between a user's first and last trace.
pub(super) fn list_days(
    chart: &Chart<'_>,
    first: i64,
    last: i64,
) -> impl Iterator<Item = (i64, usize)> {
    let (from, to) = chart.span_units();
    let days = from.max(Micros(first).day())..to.min(Micros(last).day() + 1);
    days.filter_map(|day| Some((day, chart.find_unit(day)?)))
}

/// The sums of each user, in this order.
pub(super) fn chart_users(
    snapshot: &Snapshot,
    users: &[UserId],
    edges: &[Micros],
) -> StoreResult<Vec<Vec<Measures>>> {
    let chart = Chart::new(edges, MICROS_PER_DAY);
    let eras = snapshot.find_eras(&chart)?;
    let charts = users.iter().map(
        |user| match snapshot.find_user_no(&UserKey::Id(user.clone())) {
            Some(no) => snapshot.fill_chart(no, &chart, &eras),
            None => Ok(chart.make_sums()),
        },
    );
    charts.collect()
}

/// A user's sums by model, biggest cost first.
pub(super) fn cost_by_model(
    snapshot: &Snapshot,
    user: i64,
    period: Period,
) -> StoreResult<Vec<(Option<String>, Measures)>> {
    let (from, to) = bounds(period);
    let mut sums: BTreeMap<i64, Measures> = BTreeMap::new();
    let query = include_str!("../sql/reports.list_user_models.sql");
    let mut statement = snapshot.conn.prepare_cached(query).map_err(sql)?;
    let mut rows = statement.query([user, from, to]).map_err(sql)?;
    while let Some(row) = rows.next().map_err(sql)? {
        let listed = row.get_ref(0).map_err(sql)?;
        if let Some(listed) = listed.as_blob_or_null().map_err(|_| damaged("trace"))? {
            add_models(&mut sums, listed).ok_or_else(|| damaged("trace"))?;
            continue;
        }
        let booked = row.get_ref(1).map_err(sql)?;
        let facts = decode_facts(booked.as_blob().map_err(|_| damaged("trace"))?)?;
        for (model, measures) in &facts.models {
            sums.entry(model.0).or_default().add(measures, 1);
        }
    }
    let mut name = snapshot
        .conn
        .prepare_cached("SELECT name FROM models WHERE no = ?1")
        .map_err(sql)?;
    let mut models = Vec::with_capacity(sums.len());
    for (no, measures) in sums {
        let name = match no {
            0 => None,
            _ => Some(name.query_row([no], |row| row.get(0)).map_err(sql)?),
        };
        models.push((name, measures));
    }
    sort_by_cost(&mut models);
    Ok(models)
}
