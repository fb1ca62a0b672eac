//! Sessions: their sums, bounds and owners, and how many each user has.
use super::Walk;
use crate::error::{StoreResult, damaged};
use crate::reports::rows::{get, read_measures, read_profile};
use cognobserve_books::objects::metadata_json;

impl Walk<'_> {
    pub(super) async fn check_sessions(&mut self) -> StoreResult<()> {
        let query = include_str!("../../sql/reports.verify_sessions.sql");
        let (report, sessions) = (&mut *self.report, &mut self.recount.sessions);
        let owned = &mut self.owned;
        self.snapshot
            .scan(query, &[&self.project], |row| {
                let no: i64 = get(row, 0)?;
                let expected = sessions.remove(&no).unwrap_or_default();
                let owner: Option<i64> = get(row, 1)?;
                let bounds: (Option<i64>, Option<i64>) = (get(row, 3)?, get(row, 4)?);
                let metadata = metadata_json(&read_profile(row, 6)?);
                serde_json::from_str::<&serde_json::value::RawValue>(&metadata)
                    .map_err(|_| damaged("session metadata"))?;
                let measures = read_measures(row, 5)?;
                report.check(format!("session {no} sums"), &measures, &expected.measures);
                let first_and_last = (expected.first, expected.last);
                report.check(format!("session {no} bounds"), &bounds, &first_and_last);
                report.check(
                    format!("session {no} owner"),
                    &(owner.unwrap_or(0), get(row, 2)?),
                    &(expected.owner_no(), expected.owner_time()),
                );
                *owned.entry(owner.unwrap_or(0)).or_default() += 1;
                Ok(())
            })
            .await?;
        let place = format!("project {} sessions without a row", self.project);
        self.report.check(place, &self.recount.sessions.len(), &0);
        Ok(())
    }
}
