//! Lists and details of sessions, and how many fall into a period.
use super::rows::{cut_at_zero, get, read_measures, read_profile};
use super::{Param, TimePage};
use crate::error::StoreResult;
use crate::snapshot::Snapshot;
use cognobserve_books::period::bounds;
use cognobserve_books::shown::{SessionRow, session_matches};
use cognobserve_model::id::SessionId;
use cognobserve_model::query::{Page, PageRequest, Period, SessionFilter, TimePosition, UserKey};
use cognobserve_model::report::SessionStats;
use cognobserve_model::time::Micros;
use hashbrown::HashMap;
use tokio_postgres::Row;

/// Sessions read at a time where what is searched for is told here.
const STRIDES: std::ops::RangeInclusive<usize> = 64..=2048;

fn read_session(snapshot: &Snapshot, row: &Row) -> StoreResult<SessionStats> {
    let (no, owner): (i64, Option<i64>) = (get(row, 0)?, get(row, 2)?);
    let session = SessionRow {
        external_id: get(row, 1)?,
        user: snapshot.user_ref(owner.unwrap_or(0), get(row, 3)?),
        bounds: (get(row, 4)?, get(row, 5)?),
        created: get(row, 6)?,
        measures: read_measures(row, 8)?,
        profile: read_profile(row, 9)?,
    };
    Ok(session.show(snapshot.session_id(no), &snapshot.project))
}

/// One session with all-time sums.
pub(super) async fn find(snapshot: &Snapshot, id: &SessionId) -> StoreResult<Option<SessionStats>> {
    let query = include_str!("../sql/reports.find_session.sql");
    let no = snapshot.store.session_no(id);
    let row = snapshot
        .query_opt(query, &[&snapshot.project_no, &no])
        .await?;
    row.map(|row| read_session(snapshot, &row)).transpose()
}

/// The id of the session that is called exactly so.
pub(super) async fn resolve(
    snapshot: &Snapshot,
    external_id: &str,
) -> StoreResult<Option<SessionId>> {
    if cut_at_zero(external_id) != external_id {
        return Ok(None);
    }
    let query = "SELECT no FROM trace_sessions WHERE project_no = $1 AND external_id = $2";
    let params: [Param; 2] = [&snapshot.project_no, &external_id];
    let row = snapshot.query_opt(query, &params).await?;
    let no = row.map(|row| get(&row, 0)).transpose()?;
    Ok(no.map(|no| snapshot.session_id(no)))
}

/// A user's latest sessions.
pub(super) async fn list_latest(
    snapshot: &Snapshot,
    user: i64,
    limit: usize,
) -> StoreResult<Vec<SessionStats>> {
    let page = PageRequest { limit, after: None };
    let found = list_of(snapshot, Some(user), &SessionFilter::default(), page).await?;
    Ok(found.items)
}

/// Sessions by their last trace, newest first, ties by external id.
pub(super) async fn list(
    snapshot: &Snapshot,
    filter: &SessionFilter,
    page: PageRequest<TimePosition>,
) -> StoreResult<Option<TimePage<SessionStats>>> {
    let user = match &filter.user {
        None => None,
        Some(id) => match snapshot.find_user_no(&UserKey::Id(id.clone())).await? {
            Some(no) => Some(no),
            None => return Ok(None),
        },
    };
    list_of(snapshot, user, filter, page).await.map(Some)
}

async fn list_of(
    snapshot: &Snapshot,
    user: Option<i64>,
    filter: &SessionFilter,
    page: PageRequest<TimePosition>,
) -> StoreResult<TimePage<SessionStats>> {
    let PageRequest { limit, mut after } = page;
    let mut stride = limit + 1;
    let mut items: Vec<SessionStats> = Vec::new();
    let mut left = filter.scan_limit.unwrap_or(usize::MAX);
    let mut is_end = false;
    while items.len() <= limit && !is_end && left > 0 {
        stride = stride.min(left);
        let rows = read_stride(snapshot, user, filter.period, after.as_ref(), stride).await?;
        if let Some(last) = rows.last() {
            after = Some(TimePosition {
                time: Micros(get(last, 7)?),
                id: get(last, 1)?,
            });
        }
        for row in &rows {
            let session = read_session(snapshot, row)?;
            if session_matches(filter, &session.external_id, session.name.as_deref()) {
                items.push(session);
            }
        }
        is_end = rows.len() < stride;
        left -= rows.len();
        // A search that finds little goes in longer strides.
        stride = (stride * 2).clamp(*STRIDES.start(), *STRIDES.end());
    }
    let more = items.len() > limit;
    items.truncate(limit);
    let next = match items.last().filter(|_| more) {
        Some(last) => Some(TimePosition {
            time: last.last_seen,
            id: last.external_id.clone(),
        }),
        None => after.filter(|_| !is_end),
    };
    Ok(Page { items, next })
}

async fn read_stride(
    snapshot: &Snapshot,
    user: Option<i64>,
    period: Period,
    after: Option<&TimePosition>,
    stride: usize,
) -> StoreResult<Vec<Row>> {
    let (from, to) = bounds(period);
    let (time, id) = after.map_or((i64::MAX, ""), |after| {
        (after.time.0, cut_at_zero(&after.id))
    });
    let limit = stride as i64;
    let mut params: Vec<Param> = vec![&snapshot.project_no, &from, &to, &time, &id, &limit];
    let query = match &user {
        None => include_str!("../sql/reports.list_sessions.sql"),
        Some(user) => {
            params.push(user);
            include_str!("../sql/reports.list_user_sessions.sql")
        }
    };
    snapshot.query(query, &params).await
}

impl Snapshot {
    /// How many of everybody's sessions have a trace in the period, nobody (0) included.
    pub(super) async fn count_sessions(&self, period: Period) -> StoreResult<HashMap<i64, i64>> {
        let (from, to) = bounds(period);
        let query = include_str!("../sql/reports.count_sessions.sql");
        let rows = self.query(query, &[&self.project_no, &from, &to]).await?;
        read_counts(&rows)
    }

    /// The same for some users.
    pub(super) async fn count_user_sessions(
        &self,
        users: &[i64],
        period: Period,
    ) -> StoreResult<HashMap<i64, i64>> {
        let (from, to) = bounds(period);
        let query = include_str!("../sql/reports.count_user_sessions.sql");
        let params: [Param; 4] = [&self.project_no, &from, &to, &users];
        read_counts(&self.query(query, &params).await?)
    }

    /// How many sessions, of one user or of all, have a trace in each of some bounded periods
    /// that are in order and apart.
    pub(super) async fn count_sessions_in_each(
        &self,
        user: Option<i64>,
        periods: &[Period],
    ) -> StoreResult<Vec<i64>> {
        let (starts, ends): (Vec<i64>, Vec<i64>) =
            periods.iter().map(|period| bounds(*period)).unzip();
        let mut counts = vec![0; periods.len()];
        let (Some(from), Some(to)) = (starts.first(), ends.last()) else {
            return Ok(counts);
        };
        let query = include_str!("../sql/reports.count_sessions_in_each.sql");
        let params: [Param; 6] = [&self.project_no, &starts, &ends, from, to, &user];
        for row in self.query(query, &params).await? {
            // Stretches are counted from 1.
            let stretch: i32 = get(&row, 0)?;
            let at = usize::try_from(stretch - 1).unwrap_or(usize::MAX);
            if let Some(count) = counts.get_mut(at) {
                *count = get(&row, 1)?;
            }
        }
        Ok(counts)
    }
}

fn read_counts(rows: &[Row]) -> StoreResult<HashMap<i64, i64>> {
    let counts = rows.iter().map(|row| Ok((get(row, 0)?, get(row, 1)?)));
    counts.collect()
}
