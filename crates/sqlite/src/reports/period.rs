//! Sums over any half-open period, exact to the µs: whole units (UTC days per user, quarters
//! of an hour per project and model) from the rollups, the ragged ends from the traces.
use super::Snapshot;
use crate::error::{StoreResult, damaged, sql};
use crate::rollups::{add_encoded, decode, read_totals};
use cognobserve_books::period::{OPEN_FROM, OPEN_TO, Stretch, lay, split};
use cognobserve_books::user_days::Entries;
use cognobserve_model::facts::Facts;
use cognobserve_model::measures::Measures;
use cognobserve_model::query::Period;
use cognobserve_model::time::{MICROS_PER_DAY, MICROS_PER_QUARTER, Micros};
use hashbrown::HashMap;

impl Snapshot<'_> {
    pub(super) fn scan(
        &self,
        query: &'static str,
        from: i64,
        to: i64,
        mut take: impl FnMut(i64, &[u8]) -> StoreResult<()>,
    ) -> StoreResult<()> {
        let mut statement = self.conn.prepare_cached(query).map_err(sql)?;
        let mut rows = statement.query([self.project_no, from, to]).map_err(sql)?;
        while let Some(row) = rows.next().map_err(sql)? {
            let blob = row.get_ref(1).map_err(sql)?;
            take(
                row.get(0).map_err(sql)?,
                blob.as_blob().map_err(|_| damaged("rollup"))?,
            )?;
        }
        Ok(())
    }

    fn scan_facts(&self, from: i64, to: i64, mut take: impl FnMut(Facts)) -> StoreResult<()> {
        let query =
            "SELECT t.user_no, t.booked FROM project_traces p JOIN traces t ON t.no = p.trace_no
                     WHERE p.project_no = ?1 AND p.time >= ?2 AND p.time < ?3";
        self.scan(query, from, to, |_, blob| {
            take(decode_facts(blob)?);
            Ok(())
        })
    }

    /// Sums of every user in a period, nobody (0) included; without latency histograms.
    pub fn sum_users(&self, period: Period) -> StoreResult<HashMap<i64, Measures>> {
        let mut sums: HashMap<i64, Measures> = HashMap::new();
        if period.is_all() {
            self.scan(
                "SELECT user_no, measures FROM user_totals WHERE project_no = ?1 AND ?2 < ?3",
                OPEN_FROM,
                OPEN_TO,
                |user, blob| {
                    sums.insert(user, decode(blob)?);
                    Ok(())
                },
            )?;
            return Ok(sums);
        }
        let laid = lay(period, MICROS_PER_DAY);
        let mut add = |user: i64, measures: &[u8], sign: i64| {
            let counts = Measures::decode_counts(measures).ok_or_else(|| damaged("rollup"))?;
            sums.entry(user).or_default().add(&counts, sign);
            Ok(())
        };
        let query =
            "SELECT band, sums FROM user_days WHERE project_no = ?1 AND day >= ?2 AND day < ?3";
        self.scan(query, laid.units.0, laid.units.1, |band, row| {
            Entries::of(band, row).try_for_each(|entry| {
                let (user, measures) = entry?;
                add(user, measures, 1)
            })
        })?;
        let query = "SELECT user_no, measures FROM project_traces WHERE project_no = ?1 AND time >= ?2 AND time < ?3";
        for end in laid.ends {
            self.scan(query, end.from, end.to, |user, measures| {
                add(user, measures, end.sign)
            })?;
        }
        Ok(sums)
    }

    /// A user's sums in a period, histogram included.
    pub fn sum_user(&self, user: i64, period: Period) -> StoreResult<Measures> {
        let totals = read_totals(self.conn, self.project_no, user)?;
        // Open sides end where the user's traces do, so that every loop is bounded.
        let (Some(first), Some(last)) = (totals.first, totals.last) else {
            return Ok(Measures::default());
        };
        if period.is_all() {
            return Ok(totals.measures);
        }
        let end = last.saturating_add(1);
        let from = period.from.map_or(first, |from| from.0.max(first));
        let to = period.to.map_or(end, |to| to.0.min(end)).max(from);
        let sums = self.chart_user(user, &[Micros(from), Micros(to)])?;
        Ok(sums.into_iter().next().unwrap_or_default())
    }

    /// The project's sums in a period.
    pub fn sum_project(&self, period: Period) -> StoreResult<Measures> {
        let mut sum = Measures::default();
        for part in split(period, MICROS_PER_QUARTER) {
            match part {
                Stretch::Micros(from, to) => {
                    self.scan_facts(from, to, |facts| sum.add(&facts.measures, 1))?
                }
                Stretch::Whole(from, to) => {
                    let query = "SELECT 0, measures FROM project_quarters WHERE project_no = ?1 AND quarter >= ?2 AND quarter < ?3";
                    self.scan(query, from, to, |_, blob| {
                        add_encoded(&mut sum, blob)?;
                        Ok(())
                    })?;
                }
            }
        }
        Ok(sum)
    }

    /// Sums per model number in a period; 0 is spans without a model.
    pub fn sum_models(&self, period: Period) -> StoreResult<HashMap<i64, Measures>> {
        let mut sums: HashMap<i64, Measures> = HashMap::new();
        for part in split(period, MICROS_PER_QUARTER) {
            match part {
                Stretch::Micros(from, to) => self.scan_facts(from, to, |facts| {
                    for (model, measures) in &facts.models {
                        sums.entry(model.0).or_default().add(measures, 1);
                    }
                })?,
                Stretch::Whole(from, to) => {
                    let query = "SELECT model_no, measures FROM model_quarters WHERE project_no = ?1 AND quarter >= ?2 AND quarter < ?3";
                    self.scan(query, from, to, |model, blob| {
                        add_encoded(sums.entry(model).or_default(), blob)?;
                        Ok(())
                    })?;
                }
            }
        }
        Ok(sums)
    }

    /// Unpriced spans and their tokens per model number, of all times; only models with any.
    pub fn sum_unpriced(&self) -> StoreResult<HashMap<i64, (i64, i64)>> {
        let mut sums: HashMap<i64, (i64, i64)> = HashMap::new();
        let query = "SELECT model_no, measures FROM model_quarters WHERE project_no = ?1 AND quarter >= ?2 AND quarter < ?3";
        self.scan(query, OPEN_FROM, OPEN_TO, |model, blob| {
            let counts = Measures::decode_counts(blob).ok_or_else(|| damaged("rollup"))?;
            if counts.unpriced_span_count > 0 {
                let sum = sums.entry(model).or_default();
                sum.0 += counts.unpriced_span_count;
                sum.1 += counts.unpriced_tokens;
            }
            Ok(())
        })?;
        Ok(sums)
    }

    /// The project's quarters with data in `[from, to)`, in order.
    pub fn list_quarters(&self, from: i64, to: i64) -> StoreResult<Vec<(i64, Measures)>> {
        let mut found = Vec::new();
        self.scan("SELECT quarter, measures FROM project_quarters WHERE project_no = ?1 AND quarter >= ?2 AND quarter < ?3", from, to, |quarter, blob| {
            found.push((quarter, decode(blob)?));
            Ok(())
        })?;
        Ok(found)
    }
}

pub(super) fn decode_facts(blob: &[u8]) -> StoreResult<Facts> {
    postcard::from_bytes(blob).map_err(|_| damaged("trace"))
}
