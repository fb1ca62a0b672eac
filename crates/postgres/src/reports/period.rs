//! Sums over any half-open period, exact to the µs: whole units (UTC days per user, quarters
//! of an hour per project and model) from the rollups, the ragged ends from the traces.
//! Whatever may be long is added up row by row.
use super::Param;
use super::charts::{chart_user, list_bands};
use super::rows::{add_measures, get, read_facts, read_measures};
use crate::error::{StoreResult, damaged};
use crate::snapshot::Snapshot;
use cognobserve_books::period::{Stretch, lay, split};
use cognobserve_books::user_days::Entries;
use cognobserve_model::facts::Facts;
use cognobserve_model::histogram::Histogram;
use cognobserve_model::measures::Measures;
use cognobserve_model::query::{Period, UserSort};
use cognobserve_model::time::{MICROS_PER_DAY, MICROS_PER_QUARTER, Micros};
use cognobserve_model::weight::Weight;
use hashbrown::HashMap;
use tokio_postgres::Row;

/// Days that are looked up one by one; beyond, all bands of the days are gone through.
const MOST_LISTED_DAYS: i64 = 400;

/// Stands for no user: traces have NULL there.
pub(super) const NOBODY: i64 = 0;

const TOTALS: &str = "SELECT user_no, measures FROM tracked_user_totals WHERE project_no = $1";

/// Adds the counts of a row of `band, sums`.
fn add_user_days(row: &Row, sums: &mut HashMap<i64, Measures>) -> StoreResult<()> {
    for entry in Entries::of(get(row, 0)?, get(row, 1)?) {
        let (user, measures) = entry?;
        let counts = Measures::decode_counts(measures).ok_or_else(|| damaged("rollup"))?;
        sums.entry(user).or_default().add(&counts, 1);
    }
    Ok(())
}

/// `sign`: 1, or -1 to take away.
fn add_counts(mut facts: Facts, sign: i64, sums: &mut HashMap<i64, Measures>) {
    facts.measures.trace_latency = Histogram::default();
    let user = facts.user.map_or(NOBODY, |user| user.0);
    sums.entry(user).or_default().add(&facts.measures, sign);
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
            self.scan(TOTALS, &[&self.project_no], |row| {
                sums.insert(get(row, 0)?, read_measures(row, 1)?);
                Ok(())
            })
            .await?;
            return Ok(sums);
        }
        let laid = lay(period, MICROS_PER_DAY);
        self.scan_days(laid.units, |_, user, measures| {
            let counts = Measures::decode_counts(measures).ok_or_else(|| damaged("rollup"))?;
            sums.entry(user).or_default().add(&counts, 1);
            Ok(())
        })
        .await?;
        for end in laid.ends {
            self.scan_facts(end.from, end.to, |facts| {
                add_counts(facts, end.sign, &mut sums);
            })
            .await?;
        }
        Ok(sums)
    }

    /// What every user is sorted by in a period, nobody (0) included.
    pub(super) async fn weigh_users(
        &self,
        period: Period,
        sort: UserSort,
    ) -> StoreResult<HashMap<i64, Weight>> {
        let mut weights: HashMap<i64, Weight> = HashMap::new();
        if period.is_all() {
            self.scan(TOTALS, &[&self.project_no], |row| {
                let weight = Weight::decode(get(row, 1)?, sort);
                weights.insert(get(row, 0)?, weight.ok_or_else(|| damaged("rollup"))?);
                Ok(())
            })
            .await?;
            return Ok(weights);
        }
        let laid = lay(period, MICROS_PER_DAY);
        self.scan_days(laid.units, |_, user, measures| {
            let weight = Weight::decode(measures, sort).ok_or_else(|| damaged("rollup"))?;
            weights.entry(user).or_default().add(weight, 1);
            Ok(())
        })
        .await?;
        for end in laid.ends {
            self.scan_facts(end.from, end.to, |facts| {
                let user = facts.user.map_or(NOBODY, |user| user.0);
                let weight = Weight::of(&facts.measures, sort);
                weights.entry(user).or_default().add(weight, end.sign);
            })
            .await?;
        }
        Ok(weights)
    }

    /// Days, their users and each one's encoded sums.
    pub(super) async fn scan_days(
        &self,
        (from, to): (i64, i64),
        mut take: impl FnMut(i64, i64, &[u8]) -> StoreResult<()> + Send,
    ) -> StoreResult<()> {
        if from >= to {
            return Ok(());
        }
        let query = match to.checked_sub(from) {
            Some(..=MOST_LISTED_DAYS) => include_str!("../sql/reports.scan_user_days.sql"),
            _ => {
                "SELECT ARRAY[band], ARRAY[length(sums)], sums, day FROM user_days WHERE project_no = $1 AND day >= $2 AND day < $3"
            }
        };
        self.scan(query, &[&self.project_no, &from, &to], |row| {
            let (bands, lengths): (Vec<i64>, Vec<i32>) = (get(row, 0)?, get(row, 1)?);
            let (mut rest, day): (&[u8], i64) = (get(row, 2)?, get(row, 3)?);
            for (band, length) in bands.into_iter().zip(lengths) {
                let length = usize::try_from(length).unwrap_or(usize::MAX);
                let (sums, others) = rest
                    .split_at_checked(length)
                    .ok_or_else(|| damaged("user day"))?;
                rest = others;
                Entries::of(band, sums).try_for_each(|entry| {
                    let (user, measures) = entry?;
                    take(day, user, measures)
                })?;
            }
            Ok(())
        })
        .await
    }

    /// Sums of some users, of whom one may be nobody; sums of others may be there too.
    pub(super) async fn sum_some_users(
        &self,
        users: &[i64],
        period: Period,
    ) -> StoreResult<HashMap<i64, Measures>> {
        let mut sums: HashMap<i64, Measures> = HashMap::new();
        if period.is_all() {
            let query = "SELECT user_no, measures FROM tracked_user_totals WHERE project_no = $1 AND user_no = ANY ($2)";
            self.scan(query, &[&self.project_no, &users], |row| {
                sums.insert(get(row, 0)?, read_measures(row, 1)?);
                Ok(())
            })
            .await?;
            return Ok(sums);
        }
        let bands = list_bands(users.iter());
        let laid = lay(period, MICROS_PER_DAY);
        let (from, to) = laid.units;
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
        let query = "SELECT booked FROM traces WHERE project_no = $1 AND user_no = ANY ($2) AND time >= $3 AND time < $4";
        let of_nobody = "SELECT booked FROM traces WHERE project_no = $1 AND user_no IS NULL AND time >= $2 AND time < $3";
        for end in laid.ends {
            let mut take = |row: &Row| {
                add_counts(read_facts(row, 0)?, end.sign, &mut sums);
                Ok(())
            };
            let params: [Param; 4] = [&self.project_no, &users, &end.from, &end.to];
            self.scan(query, &params, &mut take).await?;
            if users.contains(&NOBODY) {
                let params: [Param; 3] = [&self.project_no, &end.from, &end.to];
                self.scan(of_nobody, &params, &mut take).await?;
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
        let to = period.to.map_or(end, |to| to.0.min(end)).max(from);
        let sums = chart_user(self, user, &[Micros(from), Micros(to)]).await?;
        Ok(sums.into_iter().next().unwrap_or_default())
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
