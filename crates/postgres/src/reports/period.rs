//! Sums over any half-open period, exact to the µs: whole units (UTC days per user, quarters
//! of an hour per project and model) from the rollups, the ragged ends from the traces.
//! Whatever may be long is added up row by row.
use super::Param;
use super::rows::{add_measures, get, read_facts, read_measures};
use crate::error::{StoreResult, damaged};
use crate::snapshot::Snapshot;
use cognobserve_books::period::{Stretch, split};
use cognobserve_books::user_days::{Entries, band_of};
use cognobserve_model::facts::Facts;
use cognobserve_model::histogram::Histogram;
use cognobserve_model::measures::Measures;
use cognobserve_model::query::Period;
use cognobserve_model::time::{MICROS_PER_DAY, MICROS_PER_QUARTER, Micros};
use futures_util::future::try_join;
use hashbrown::HashMap;
use tokio_postgres::Row;

/// A stretch to be read from the traces, and the place of the sum that it belongs to.
struct Ragged {
    from: i64,
    to: i64,
    sum: usize,
}

/// Days that are looked up one by one; beyond, all bands of the days are gone through.
const MOST_LISTED_DAYS: i64 = 400;

/// Adds the counts of a row of `band, sums`.
fn add_user_days(row: &Row, sums: &mut HashMap<i64, Measures>) -> StoreResult<()> {
    for entry in Entries::of(get(row, 0)?, get(row, 1)?) {
        let (user, measures) = entry?;
        let counts = Measures::decode_counts(measures).ok_or_else(|| damaged("rollup"))?;
        sums.entry(user).or_default().add(&counts, 1);
    }
    Ok(())
}

fn add_counts(mut facts: Facts, sums: &mut HashMap<i64, Measures>) {
    facts.measures.trace_latency = Histogram::default();
    let user = facts.user.map_or(0, |user| user.0);
    sums.entry(user).or_default().add(&facts.measures, 1);
}

impl Snapshot {
    async fn scan_facts(
        &self,
        from: i64,
        to: i64,
        mut take: impl FnMut(Facts) + Send,
    ) -> StoreResult<()> {
        let query = "SELECT booked FROM traces WHERE project_no = $1 AND time >= $2 AND time < $3";
        self.scan(query, &[&self.project_no, &from, &to], |row| {
            take(read_facts(row, 0)?);
            Ok(())
        })
        .await
    }

    /// Sums of every user in a period, nobody (0) included; without latency histograms
    /// unless the period is open.
    pub(super) async fn sum_users(&self, period: Period) -> StoreResult<HashMap<i64, Measures>> {
        let mut sums: HashMap<i64, Measures> = HashMap::new();
        if period.is_all() {
            let query = "SELECT user_no, measures FROM tracked_user_totals WHERE project_no = $1";
            self.scan(query, &[&self.project_no], |row| {
                sums.insert(get(row, 0)?, read_measures(row, 1)?);
                Ok(())
            })
            .await?;
            return Ok(sums);
        }
        for part in split(period, MICROS_PER_DAY) {
            match part {
                Stretch::Whole(from, to) => {
                    let query = "SELECT band, sums FROM user_days WHERE project_no = $1 AND day >= $2 AND day < $3";
                    let params: [Param; 3] = [&self.project_no, &from, &to];
                    self.scan(query, &params, |row| add_user_days(row, &mut sums))
                        .await?;
                }
                Stretch::Micros(from, to) => {
                    self.scan_facts(from, to, |facts| add_counts(facts, &mut sums))
                        .await?;
                }
            }
        }
        Ok(sums)
    }

    /// The same for some users; sums of others may be there too.
    pub(super) async fn sum_some_users(
        &self,
        users: &[i64],
        period: Period,
    ) -> StoreResult<HashMap<i64, Measures>> {
        let mut sums: HashMap<i64, Measures> = HashMap::new();
        let mut bands: Vec<i64> = users.iter().map(|user| band_of(*user)).collect();
        bands.dedup();
        for part in split(period, MICROS_PER_DAY) {
            match part {
                Stretch::Whole(from, to) => {
                    let days: Option<Vec<i64>> = match to.checked_sub(from) {
                        Some(..=MOST_LISTED_DAYS) => Some((from..to).collect()),
                        _ => None,
                    };
                    let (query, params): (_, Vec<Param>) = match &days {
                        Some(days) => (
                            "SELECT band, sums FROM user_days WHERE project_no = $1 AND day = ANY ($2) AND band = ANY ($3)",
                            vec![&self.project_no, days, &bands],
                        ),
                        None => (
                            "SELECT band, sums FROM user_days WHERE project_no = $1 AND day >= $2 AND day < $3 AND band = ANY ($4)",
                            vec![&self.project_no, &from, &to, &bands],
                        ),
                    };
                    self.scan(query, &params, |row| add_user_days(row, &mut sums))
                        .await?;
                }
                Stretch::Micros(from, to) => {
                    let query = "SELECT booked FROM traces WHERE project_no = $1 AND user_no = ANY ($2) AND time >= $3 AND time < $4";
                    let params: [Param; 4] = [&self.project_no, &users, &from, &to];
                    self.scan(query, &params, |row| {
                        add_counts(read_facts(row, 0)?, &mut sums);
                        Ok(())
                    })
                    .await?;
                }
            }
        }
        Ok(sums)
    }

    /// A user's sums in a period, histogram included; `bounds` are those of the user's traces.
    pub(super) async fn sum_user(
        &self,
        user: i64,
        period: Period,
        bounds: (Option<i64>, Option<i64>),
    ) -> StoreResult<Measures> {
        // Open sides end where the user's traces do, so that the days can be listed.
        let (Some(first), Some(last)) = bounds else {
            return Ok(Measures::default());
        };
        let end = last.saturating_add(1);
        let from = period.from.map_or(first, |from| from.0.max(first));
        let to = period.to.map_or(end, |to| to.0.min(end));
        let clamped = Period {
            from: Some(Micros(from)),
            to: Some(Micros(to)),
        };
        let sums = self.sum_user_in_each(user, &[clamped]).await?;
        Ok(sums.into_iter().next().unwrap_or_default())
    }

    /// A user's sums in each of some bounded periods that are in order and apart.
    pub(super) async fn sum_user_in_each(
        &self,
        user: i64,
        periods: &[Period],
    ) -> StoreResult<Vec<Measures>> {
        let (mut days, mut day_sums): (Vec<i64>, Vec<usize>) = (Vec::new(), Vec::new());
        let mut ragged: Vec<Ragged> = Vec::new();
        for (period, sum) in periods.iter().zip(0..) {
            for part in split(*period, MICROS_PER_DAY) {
                match part {
                    Stretch::Whole(from, to) => {
                        days.extend(from..to);
                        day_sums.resize(days.len(), sum);
                    }
                    Stretch::Micros(from, to) => ragged.push(Ragged { from, to, sum }),
                }
            }
        }
        let mut sums = vec![Measures::default(); periods.len()];
        let (by_day, ()) = try_join(
            self.read_user_days(user, &days),
            self.add_user_traces(user, &ragged, &mut sums),
        )
        .await?;
        for (day, measures) in by_day {
            if let Ok(at) = days.binary_search(&day) {
                sums[day_sums[at]].add(&measures, 1);
            }
        }
        Ok(sums)
    }

    /// The sums of those of these days on which the user has any.
    async fn read_user_days(&self, user: i64, days: &[i64]) -> StoreResult<Vec<(i64, Measures)>> {
        let mut found = Vec::new();
        if days.is_empty() {
            return Ok(found);
        }
        let band = band_of(user);
        let query = "SELECT day, sums FROM user_days WHERE project_no = $1 AND band = $2 AND day = ANY ($3)";
        self.scan(query, &[&self.project_no, &band, &days], |row| {
            for entry in Entries::of(band, get(row, 1)?) {
                let (other, measures) = entry?;
                if other == user {
                    let measures = Measures::decode(measures).ok_or_else(|| damaged("rollup"))?;
                    found.push((get(row, 0)?, measures));
                }
            }
            Ok(())
        })
        .await?;
        Ok(found)
    }

    /// Adds a user's traces in stretches that are in order and apart, each to its sum.
    async fn add_user_traces(
        &self,
        user: i64,
        ragged: &[Ragged],
        sums: &mut [Measures],
    ) -> StoreResult<()> {
        // Stretches that touch are read in one go: in a zone whose midnight is not that of
        // UTC everything is ragged.
        let runs = ragged.chunk_by(|a, b| a.to == b.from);
        let (from, to): (Vec<i64>, Vec<i64>) =
            runs.map(|run| (run[0].from, run[run.len() - 1].to)).unzip();
        if from.is_empty() {
            return Ok(());
        }
        let query = include_str!("../sql/reports.scan_user_traces.sql");
        self.scan(query, &[&self.project_no, &user, &from, &to], |row| {
            let time: i64 = get(row, 0)?;
            let after = ragged.partition_point(|stretch| stretch.from <= time);
            let stretch = ragged[..after].last().ok_or_else(|| damaged("time"))?;
            sums[stretch.sum].add(&read_facts(row, 1)?.measures, 1);
            Ok(())
        })
        .await
    }

    /// The project's sums in a period.
    pub(super) async fn sum_project(&self, period: Period) -> StoreResult<Measures> {
        let mut sum = Measures::default();
        for part in split(period, MICROS_PER_QUARTER) {
            match part {
                Stretch::Micros(from, to) => {
                    self.scan_facts(from, to, |facts| sum.add(&facts.measures, 1))
                        .await?;
                }
                Stretch::Whole(from, to) => {
                    self.scan_quarters(from, to, |_, row| add_measures(&mut sum, row, 1))
                        .await?;
                }
            }
        }
        Ok(sum)
    }

    /// Sums per model number in a period; 0 is spans without a model.
    pub(super) async fn sum_models(&self, period: Period) -> StoreResult<HashMap<i64, Measures>> {
        let mut sums: HashMap<i64, Measures> = HashMap::new();
        for part in split(period, MICROS_PER_QUARTER) {
            match part {
                Stretch::Micros(from, to) => {
                    self.scan_facts(from, to, |facts| {
                        for (model, measures) in &facts.models {
                            sums.entry(model.0).or_default().add(measures, 1);
                        }
                    })
                    .await?;
                }
                Stretch::Whole(from, to) => {
                    let query = "SELECT model_no, measures FROM model_quarters WHERE project_no = $1 AND quarter >= $2 AND quarter < $3";
                    self.scan(query, &[&self.project_no, &from, &to], |row| {
                        add_measures(sums.entry(get(row, 0)?).or_default(), row, 1)
                    })
                    .await?;
                }
            }
        }
        Ok(sums)
    }

    /// The project's quarters with data in `[from, to)`; the measures are the row's second column.
    pub(super) async fn scan_quarters(
        &self,
        from: i64,
        to: i64,
        mut take: impl FnMut(i64, &Row) -> StoreResult<()> + Send,
    ) -> StoreResult<()> {
        let query = "SELECT quarter, measures FROM project_quarters WHERE project_no = $1 AND quarter >= $2 AND quarter < $3";
        self.scan(query, &[&self.project_no, &from, &to], |row| {
            take(get(row, 0)?, row)
        })
        .await
    }
}
