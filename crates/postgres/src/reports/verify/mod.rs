//! Recomputes every sum from the stored spans and compares; also that the columns which
//! repeat something say the same. Goes through the traces day by day, so that only a day's
//! buckets are in memory.
mod sessions;
mod users;

use super::rows::{get, read_facts, read_measures, read_state};
use crate::error::{StoreResult, damaged};
use crate::snapshot::Snapshot;
use cognobserve_books::user_days::Entries;
use cognobserve_books::verification::{Buckets, Recount, Report};
use cognobserve_model::measures::Measures;
use cognobserve_model::report::Verification;
use cognobserve_model::time::{MICROS_PER_DAY, MICROS_PER_QUARTER, Micros};
use std::collections::{BTreeMap, HashMap};
use tokio_postgres::Row;

/// Verifies every project from one snapshot.
pub(super) async fn verify(snapshot: &Snapshot) -> StoreResult<Verification> {
    let mut report = Report::default();
    let projects = "SELECT no FROM projects WHERE deleted_at IS NULL ORDER BY no";
    for row in snapshot.query(projects, &[]).await? {
        let walk = Walk {
            snapshot,
            report: &mut report,
            project: get(&row, 0)?,
            recount: Recount::default(),
            seen: Seen::default(),
            owned: HashMap::new(),
        };
        walk.run().await?;
    }
    Ok(report.found)
}

/// How many rows the days with traces have: there are to be no others.
#[derive(Debug, Default, PartialEq)]
struct Seen {
    user_days: i64,
    project_quarters: i64,
    model_quarters: i64,
}

struct Walk<'a> {
    snapshot: &'a Snapshot,
    report: &'a mut Report,
    project: i64,
    recount: Recount,
    seen: Seen,
    /// Sessions by owner.
    owned: HashMap<i64, i64>,
}

impl Walk<'_> {
    async fn run(mut self) -> StoreResult<()> {
        let mut from = i64::MIN;
        while let Some(day) = self.find_day(from).await? {
            self.count_day(day).await?;
            self.check_user_days(day).await?;
            self.check_quarters(day).await?;
            from = (day + 1) * MICROS_PER_DAY;
        }
        self.check_number_of_rows().await?;
        self.check_sessions().await?;
        self.check_users().await
    }

    /// The next day with traces.
    async fn find_day(&self, from: i64) -> StoreResult<Option<i64>> {
        let query = "SELECT min(time) FROM traces WHERE project_no = $1 AND time >= $2";
        let row = self
            .snapshot
            .query_one(query, &[&self.project, &from])
            .await?;
        let earliest: Option<i64> = get(&row, 0)?;
        Ok(earliest.map(|time| Micros(time).day()))
    }

    async fn count_day(&mut self, day: i64) -> StoreResult<()> {
        let query = include_str!("../../sql/reports.verify_traces.sql");
        let (from, to) = (day * MICROS_PER_DAY, (day + 1) * MICROS_PER_DAY);
        let (report, recount) = (&mut *self.report, &mut self.recount);
        self.snapshot
            .scan(query, &[&self.project, &from, &to], |row| {
                count_trace(report, recount, row)
            })
            .await
    }

    async fn check_user_days(&mut self, day: i64) -> StoreResult<()> {
        let query = "SELECT band, sums FROM user_days WHERE project_no = $1 AND day = $2";
        let mut stored = Buckets::new();
        let rows = &mut self.seen.user_days;
        self.snapshot
            .scan(query, &[&self.project, &day], |row| {
                *rows += 1;
                for entry in Entries::of(get(row, 0)?, get(row, 1)?) {
                    let (user, measures) = entry?;
                    let measures = Measures::decode(measures).ok_or_else(|| damaged("user day"))?;
                    stored.insert((day, user), measures);
                }
                Ok(())
            })
            .await?;
        let expected = std::mem::take(&mut self.recount.days);
        self.check_buckets("user day", stored, expected);
        Ok(())
    }

    async fn check_quarters(&mut self, day: i64) -> StoreResult<()> {
        let per_day = MICROS_PER_DAY / MICROS_PER_QUARTER;
        let (from, to) = (day * per_day, (day + 1) * per_day);
        let query = "SELECT quarter, 0::bigint, measures FROM project_quarters WHERE project_no = $1 AND quarter >= $2 AND quarter < $3";
        let stored = self.read_buckets(query, from, to).await?;
        self.seen.project_quarters += stored.len() as i64;
        let expected = std::mem::take(&mut self.recount.project_quarters);
        self.check_buckets("project quarter", stored, expected);
        let query = "SELECT quarter, model_no, measures FROM model_quarters WHERE project_no = $1 AND quarter >= $2 AND quarter < $3";
        let stored = self.read_buckets(query, from, to).await?;
        self.seen.model_quarters += stored.len() as i64;
        let expected = std::mem::take(&mut self.recount.model_quarters);
        self.check_buckets("model quarter", stored, expected);
        Ok(())
    }

    async fn read_buckets(&self, query: &'static str, from: i64, to: i64) -> StoreResult<Buckets> {
        let mut buckets = BTreeMap::new();
        self.snapshot
            .scan(query, &[&self.project, &from, &to], |row| {
                buckets.insert((get(row, 0)?, get(row, 1)?), read_measures(row, 2)?);
                Ok(())
            })
            .await?;
        Ok(buckets)
    }

    /// Both ways: what is stored and not expected differs from nothing.
    fn check_buckets(&mut self, what: &str, mut stored: Buckets, expected: Buckets) {
        for (key, expected) in expected {
            let found = stored.remove(&key).unwrap_or_default();
            let (bucket, number) = key;
            self.report
                .check(format!("{what} {bucket} {number}"), &found, &expected);
        }
        for ((bucket, number), found) in stored {
            let place = format!("{what} {bucket} {number}");
            self.report.check(place, &found, &Measures::default());
        }
    }

    async fn check_number_of_rows(&mut self) -> StoreResult<()> {
        let query = "SELECT (SELECT count(*) FROM user_days WHERE project_no = $1),
                            (SELECT count(*) FROM project_quarters WHERE project_no = $1),
                            (SELECT count(*) FROM model_quarters WHERE project_no = $1)";
        let row = self.snapshot.query_one(query, &[&self.project]).await?;
        let stored = Seen {
            user_days: get(&row, 0)?,
            project_quarters: get(&row, 1)?,
            model_quarters: get(&row, 2)?,
        };
        let place = format!("project {} rows of rollups", self.project);
        self.report.check(place, &stored, &self.seen);
        Ok(())
    }
}

/// Counts a trace; its facts and its row's columns are to be what its spans say.
fn count_trace(report: &mut Report, recount: &mut Recount, row: &Row) -> StoreResult<()> {
    let (no, id): (i64, &str) = (get(row, 0)?, get(row, 1)?);
    let (booked, state) = (read_facts(row, 7)?, read_state(row, 8)?);
    let facts = Recount::recompute(&state);
    report.check(format!("trace {no} facts"), &booked, &facts);
    let numbers: (Option<i64>, Option<i64>) = (get(row, 2)?, get(row, 3)?);
    let other: (i64, i16, Option<i64>) = (get(row, 4)?, get(row, 5)?, get(row, 6)?);
    let expected = (facts.user.map(|no| no.0), facts.session.map(|no| no.0));
    let expected_other = (facts.time.0, i16::from(facts.levels), facts.latency_micros);
    report.check(
        format!("trace {no} columns"),
        &(id, numbers, other),
        &(&*state.id, expected, expected_other),
    );
    report.found.traces += 1;
    report.found.spans += state.spans.len() as i64;
    recount.add(&state, &facts);
    Ok(())
}
