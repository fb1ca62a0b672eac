//! Sessions: their sums, bounds and owners, the lists that they stand in.
use super::Walk;
use crate::error::{StoreResult, damaged, sql};
use crate::load::decode_profile;
use crate::lookup::era_of;
use crate::rollups::decode;
use cognobserve_books::objects::metadata_json;
use std::collections::HashMap;

impl Walk<'_> {
    fn check_session_listed(
        &mut self,
        no: i64,
        owner: i64,
        (first, last): (Option<i64>, Option<i64>),
        created: i64,
    ) -> StoreResult<()> {
        let (last, place) = (last.unwrap_or(created), format!("session {no}"));
        self.check_listed(
            "SELECT 1 FROM project_sessions WHERE project_no = ?1 AND last = ?2 AND session_no = ?3",
            [self.project, last, no],
            &place,
        )?;
        self.check_listed(
            "SELECT 1 FROM user_sessions WHERE era = ?1 AND project_no = ?2 AND user_no = ?3 AND last = ?4 AND session_no = ?5 AND first IS ?6",
            (era_of(no), self.project, owner, last, no, first),
            &place,
        )
    }

    pub(super) fn check_sessions(&mut self) -> StoreResult<()> {
        let conn = self.conn;
        let mut statement = conn.prepare("SELECT no, owner_no, first, last, measures, profile, created FROM sessions WHERE project_no = ?1").map_err(sql)?;
        let mut rows = statement.query([self.project]).map_err(sql)?;
        let (mut owned, mut kept): (HashMap<i64, i64>, i64) = (HashMap::new(), 0);
        while let Some(row) = rows.next().map_err(sql)? {
            let (no, owner): (i64, i64) = (row.get(0).map_err(sql)?, row.get(1).map_err(sql)?);
            let expected = self.recount.sessions.remove(&no).unwrap_or_default();
            let bounds: (Option<i64>, Option<i64>) =
                (row.get(2).map_err(sql)?, row.get(3).map_err(sql)?);
            let created: i64 = row.get(6).map_err(sql)?;
            self.check_session_listed(no, owner, bounds, created)?;
            kept += 1;
            let measures = decode(
                row.get_ref(4)
                    .map_err(sql)?
                    .as_blob()
                    .map_err(|_| damaged("session"))?,
            )?;
            let profile = decode_profile(
                row.get_ref(5)
                    .map_err(sql)?
                    .as_blob()
                    .map_err(|_| damaged("session"))?,
            )?;
            serde_json::from_str::<serde::de::IgnoredAny>(&metadata_json(&profile))
                .map_err(|_| damaged("session metadata"))?;
            self.report
                .check(format!("session {no} sums"), &measures, &expected.measures);
            self.report.check(
                format!("session {no} bounds"),
                &bounds,
                &(expected.first, expected.last),
            );
            self.report
                .check(format!("session {no} owner"), &owner, &expected.owner_no());
            *owned.entry(owner).or_default() += 1;
        }
        drop(rows);
        let query = "SELECT (SELECT count(*) FROM project_sessions WHERE project_no = ?1),
                            (SELECT count(*) FROM user_sessions WHERE project_no = ?1)";
        let listed: (i64, i64) = conn
            .query_row(query, [self.project], |row| Ok((row.get(0)?, row.get(1)?)))
            .map_err(sql)?;
        self.report.check(
            format!("project {} number of sessions listed", self.project),
            &listed,
            &(kept, kept),
        );
        self.report.check(
            format!("project {} sessions without a row", self.project),
            &self.recount.sessions.len(),
            &0,
        );
        let mut totals = conn
            .prepare_cached("SELECT user_no, sessions FROM user_totals WHERE project_no = ?1")
            .map_err(sql)?;
        let mut rows = totals.query([self.project]).map_err(sql)?;
        while let Some(row) = rows.next().map_err(sql)? {
            let (user, sessions): (i64, i64) = (row.get(0).map_err(sql)?, row.get(1).map_err(sql)?);
            self.report.check(
                format!("user {user} sessions"),
                &sessions,
                &owned.remove(&user).unwrap_or(0),
            );
        }
        let missing = owned.into_values().sum::<i64>();
        self.report.check(
            format!("project {} sessions of users without totals", self.project),
            &missing,
            &0,
        );
        Ok(())
    }
}
