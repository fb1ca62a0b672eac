//! Users: their all-time sums, and that every column which repeats something of the
//! profile or the sums says the same.
use super::Walk;
use crate::error::StoreResult;
use crate::reports::rows::{get, read_measures, read_profile};
use crate::writer::write_search_text;
use cognobserve_books::objects::metadata_json;
use cognobserve_books::verification::{Expected, Report};
use cognobserve_model::measures::Measures;
use cognobserve_model::profile::Profile;
use std::collections::HashMap;
use tokio_postgres::Row;

/// `tracked_users.state`.
const LIVING: i16 = 0;
const UNLINKED: i16 = 1;

impl Walk<'_> {
    pub(super) async fn check_users(&mut self) -> StoreResult<()> {
        let query = include_str!("../../sql/reports.verify_users.sql");
        let (report, users) = (&mut *self.report, &mut self.recount.users);
        let owned = &mut self.owned;
        self.snapshot
            .scan(query, &[&self.project], |row| {
                if let Some(no) = get::<Option<i64>>(row, 0)? {
                    check_user(report, no, row)?;
                }
                match get::<Option<i64>>(row, 10)? {
                    Some(no) => check_totals(report, users, owned, no, row),
                    None => Ok(()),
                }
            })
            .await?;
        let missing: Vec<i64> = self.recount.users.keys().copied().collect();
        let place = format!("project {} users without totals", self.project);
        self.report.check(place, &missing, &Vec::new());
        let missing: i64 = self.owned.values().sum();
        let place = format!("project {} sessions of users without totals", self.project);
        self.report.check(place, &missing, &0);
        Ok(())
    }
}

/// What a user's row repeats of its profile, and its totals' row of it.
fn check_user(report: &mut Report, no: i64, row: &Row) -> StoreResult<()> {
    let (state, profile): (i16, Profile) = (get(row, 1)?, read_profile(row, 8)?);
    let external_id: Option<&str> = get(row, 2)?;
    let is_living = state == LIVING;
    let place = format!("user {no}");
    report.check(
        format!("{place} ids"),
        &(external_id.is_some(), get(row, 3)?),
        &(is_living, !is_living),
    );
    let texts: (Option<&str>, Option<&str>, &str, &str) =
        (get(row, 4)?, get(row, 5)?, get(row, 6)?, get(row, 7)?);
    let search_text = external_id.map(|id| write_search_text(id, &profile));
    report.check(
        format!("{place} profile"),
        &texts,
        &(
            profile.name(),
            profile.email(),
            &*metadata_json(&profile),
            search_text.as_deref().unwrap_or_default(),
        ),
    );
    let totals: Option<i64> = get(row, 10)?;
    let expected = (state != UNLINKED).then_some(no);
    report.check(format!("{place} totals"), &totals, &expected);
    if totals.is_some() {
        let (copied, created): (Option<&str>, i64) = (get(row, 11)?, get(row, 12)?);
        report.check(
            format!("{place} copies"),
            &(copied, created),
            &(external_id, get(row, 9)?),
        );
    }
    Ok(())
}

/// The sums of a user, a tombstone or nobody (0).
fn check_totals(
    report: &mut Report,
    users: &mut HashMap<i64, Expected>,
    owned: &mut HashMap<i64, i64>,
    no: i64,
    row: &Row,
) -> StoreResult<()> {
    let place = format!("user {no}");
    let measures = read_measures(row, 16)?;
    let expected = users.remove(&no).unwrap_or_default();
    report.check(format!("{place} sums"), &measures, &expected.measures);
    let bounds: (Option<i64>, Option<i64>) = (get(row, 13)?, get(row, 14)?);
    let first_and_last = match no {
        0 => (None, None),
        _ => (expected.first, expected.last),
    };
    report.check(format!("{place} bounds"), &bounds, &first_and_last);
    let sessions: i64 = get(row, 15)?;
    report.check(
        format!("{place} sessions"),
        &sessions,
        &owned.remove(&no).unwrap_or(0),
    );
    let columns = (17..23).map(|at| get(row, at));
    let columns: Vec<i64> = columns.collect::<StoreResult<_>>()?;
    let wide: (&str, &str) = (get(row, 23)?, get(row, 24)?);
    let Measures {
        cost_nanos,
        span_latency_micros,
        ..
    } = measures;
    report.check(
        format!("{place} columns"),
        &(columns, wide),
        &(
            vec![
                measures.trace_count,
                measures.error_trace_count,
                measures.span_count,
                measures.error_count,
                measures.total_tokens,
                measures.ended_span_count,
            ],
            (&*cost_nanos.to_string(), &*span_latency_micros.to_string()),
        ),
    );
    Ok(())
}
