//! Recomputes every rollup from the stored spans and compares; also that lists, lookup and
//! owners agree. Walks traces by time, so that only a day's buckets are in memory.
mod sessions;

use crate::error::{StoreResult, damaged, sql};
use crate::lookup::era_of;
use crate::rollups::decode;
use crate::user_days;
use crate::writer::{StoredTrace, read_trace};
use cognobserve_books::user_days::Entries;
use cognobserve_books::verification::{Buckets, Recount, Report};
use cognobserve_model::measures::{Measures, encode_models};
use cognobserve_model::report::Verification;
use cognobserve_model::time::Micros;
use rusqlite::{Connection, Params};

/// Verifies every project from one snapshot.
pub(super) fn verify(conn: &Connection) -> StoreResult<Verification> {
    let mut report = Report::default();
    let mut projects = conn
        .prepare_cached("SELECT no FROM projects")
        .map_err(sql)?;
    let projects: Vec<i64> = projects
        .query_map([], |row| row.get(0))
        .and_then(Iterator::collect)
        .map_err(sql)?;
    for project in projects {
        Walk::new(conn, &mut report, project).run()?;
    }
    let orphans: i64 = conn
        .query_row("SELECT count(*) FROM traces WHERE project_no NOT IN (SELECT no FROM projects UNION SELECT project_no FROM purges)", [], |row| row.get(0))
        .map_err(sql)?;
    report.check("traces of no project", &orphans, &0);
    Ok(report.found)
}

struct Walk<'a> {
    conn: &'a Connection,
    report: &'a mut Report,
    project: i64,
    recount: Recount,
    day: Option<i64>,
}

impl<'a> Walk<'a> {
    fn new(conn: &'a Connection, report: &'a mut Report, project: i64) -> Self {
        Walk {
            conn,
            report,
            project,
            recount: Recount::default(),
            day: None,
        }
    }

    fn run(mut self) -> StoreResult<()> {
        let conn = self.conn;
        let mut list = conn
            .prepare(
                "SELECT time, trace_no, user_no, measures FROM project_traces WHERE project_no = ?1 ORDER BY time",
            )
            .map_err(sql)?;
        let mut rows = list.query([self.project]).map_err(sql)?;
        let mut listed = 0;
        while let Some(row) = rows.next().map_err(sql)? {
            let time = Micros(row.get(0).map_err(sql)?);
            if self.day != Some(time.day()) {
                self.close_day()?;
                self.day = Some(time.day());
            }
            let trace = read_trace(conn, row.get(1).map_err(sql)?)?
                .ok_or_else(|| damaged("list of traces"))?;
            let listed_as: (i64, Vec<u8>) = (row.get(2).map_err(sql)?, row.get(3).map_err(sql)?);
            let booked = &trace.booked;
            let user = booked.user.map_or(0, |user| user.0);
            self.report.check(
                format!("trace {} in the list by time", trace.no),
                &listed_as,
                &(user, booked.measures.encode()),
            );
            self.take(&trace, time)?;
            listed += 1;
        }
        self.close_day()?;
        let stored: i64 = conn
            .query_row(
                "SELECT count(*) FROM traces WHERE project_no = ?1",
                [self.project],
                |row| row.get(0),
            )
            .map_err(sql)?;
        self.report.check(
            format!("project {} number of traces listed", self.project),
            &listed,
            &stored,
        );
        self.count_bucket_rows()?;
        self.check_sessions()?;
        self.check_users()
    }

    fn take(&mut self, trace: &StoredTrace, time: Micros) -> StoreResult<()> {
        let facts = Recount::recompute(&trace.state);
        let place = format!("trace {}", trace.no);
        self.report
            .check(format!("{place} facts"), &trace.booked, &facts);
        self.report
            .check(format!("{place} time"), &time, &facts.time);
        self.report.found.traces += 1;
        self.report.found.spans += trace.state.spans.len() as i64;
        let (user, session) = (
            facts.user.map_or(0, |user| user.0),
            facts.session.map_or(0, |session| session.0),
        );
        if user != 0 {
            self.check_listed("SELECT 1 FROM user_traces JOIN trace_eras USING (era) WHERE era = ?1 AND user_no = ?2 AND time = ?3 AND trace_no = ?4 AND time BETWEEN earliest AND latest AND measures = ?5 AND (models IS NULL OR models = ?6)", (era_of(trace.no), user, time.0, trace.no, facts.measures.encode(), encode_models(&facts.models)), &place)?;
        }
        if session != 0 {
            self.check_listed("SELECT 1 FROM session_traces WHERE session_no = ?1 AND time = ?2 AND trace_no = ?3 AND user_no = ?4", [session, time.0, trace.no, user], &place)?;
        }
        self.recount.add(&trace.state, &facts);
        Ok(())
    }

    fn check_listed(
        &mut self,
        query: &'static str,
        key: impl Params,
        place: &str,
    ) -> StoreResult<()> {
        let mut statement = self.conn.prepare_cached(query).map_err(sql)?;
        let found = statement.exists(key).map_err(sql)?;
        self.report
            .check(format!("{place} is listed"), &found, &true);
        Ok(())
    }

    fn close_day(&mut self) -> StoreResult<()> {
        for ((day, user), expected) in std::mem::take(&mut self.recount.days) {
            let stored = user_days::read(self.conn, self.project, day, user)?;
            self.report.check(
                format!("user day {day} {user}"),
                &stored.unwrap_or_default(),
                &expected,
            );
        }
        let tables: [(&'static str, &str, Buckets); 2] = [
            (
                "SELECT measures FROM project_quarters WHERE project_no = ?1 AND quarter = ?2 AND ?3 = 0",
                "project quarter",
                std::mem::take(&mut self.recount.project_quarters),
            ),
            (
                "SELECT measures FROM model_quarters WHERE project_no = ?1 AND quarter = ?2 AND model_no = ?3",
                "model quarter",
                std::mem::take(&mut self.recount.model_quarters),
            ),
        ];
        for (query, what, buckets) in tables {
            let mut statement = self.conn.prepare_cached(query).map_err(sql)?;
            for ((bucket, number), expected) in buckets {
                let mut rows = statement
                    .query([self.project, bucket, number])
                    .map_err(sql)?;
                let stored = match rows.next().map_err(sql)? {
                    Some(row) => decode(
                        row.get_ref(0)
                            .map_err(sql)?
                            .as_blob()
                            .map_err(|_| damaged("rollup"))?,
                    )?,
                    None => Measures::default(),
                };
                drop(rows);
                self.report
                    .check(format!("{what} {bucket} {number}"), &stored, &expected);
            }
        }
        Ok(())
    }

    /// Rows for which there is no trace would balance nothing: their sums must agree too.
    fn count_bucket_rows(&mut self) -> StoreResult<()> {
        let total = self.recount.total();
        let days = self.sum_user_days()?;
        self.report.check(
            format!("project {} all user days", self.project),
            &days,
            &total,
        );
        for (query, what) in [
            (
                "SELECT measures FROM project_traces WHERE project_no = ?1",
                "all listed traces",
            ),
            (
                "SELECT measures FROM project_quarters WHERE project_no = ?1",
                "all project quarters",
            ),
            (
                "SELECT measures FROM user_totals WHERE project_no = ?1",
                "all user totals",
            ),
        ] {
            let mut statement = self.conn.prepare_cached(query).map_err(sql)?;
            let mut rows = statement.query([self.project]).map_err(sql)?;
            let mut sum = Measures::default();
            while let Some(row) = rows.next().map_err(sql)? {
                sum.add(
                    &decode(
                        row.get_ref(0)
                            .map_err(sql)?
                            .as_blob()
                            .map_err(|_| damaged("rollup"))?,
                    )?,
                    1,
                );
            }
            drop(rows);
            self.report
                .check(format!("project {} {what}", self.project), &sum, &total);
        }
        Ok(())
    }

    fn sum_user_days(&self) -> StoreResult<Measures> {
        let query = "SELECT sums FROM user_days WHERE project_no = ?1";
        let mut statement = self.conn.prepare_cached(query).map_err(sql)?;
        let mut rows = statement.query([self.project]).map_err(sql)?;
        let mut sum = Measures::default();
        while let Some(row) = rows.next().map_err(sql)? {
            let row = row.get_ref(0).map_err(sql)?;
            for entry in Entries::of(0, row.as_blob().map_err(|_| damaged("user day"))?) {
                sum.add(&decode(entry?.1)?, 1);
            }
        }
        Ok(sum)
    }

    fn check_users(&mut self) -> StoreResult<()> {
        let mut statement = self
            .conn
            .prepare("SELECT user_no, first, last, measures FROM user_totals WHERE project_no = ?1")
            .map_err(sql)?;
        let mut rows = statement.query([self.project]).map_err(sql)?;
        while let Some(row) = rows.next().map_err(sql)? {
            let user: i64 = row.get(0).map_err(sql)?;
            let expected = self.recount.users.remove(&user).unwrap_or_default();
            let measures = decode(
                row.get_ref(3)
                    .map_err(sql)?
                    .as_blob()
                    .map_err(|_| damaged("totals"))?,
            )?;
            self.report
                .check(format!("user {user} sums"), &measures, &expected.measures);
            if user != 0 {
                let bounds: (Option<i64>, Option<i64>) =
                    (row.get(1).map_err(sql)?, row.get(2).map_err(sql)?);
                self.report.check(
                    format!("user {user} bounds"),
                    &bounds,
                    &(expected.first, expected.last),
                );
            }
        }
        let missing: Vec<i64> = self.recount.users.keys().copied().collect();
        self.report.check(
            format!("project {} users without totals", self.project),
            &missing,
            &Vec::new(),
        );
        Ok(())
    }
}
