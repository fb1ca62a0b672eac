//! Lists and details of sessions, and how many of a user's fall into a period.
use super::{Snapshot, TimePage};
use crate::error::{StoreResult, sql};
use crate::load::decode_profile;
use crate::lookup;
use crate::rollups::{decode, read_totals};
use cognobserve_books::keys::HashKind;
use cognobserve_books::shown::{SessionRow, session_matches};
use cognobserve_model::id::SessionId;
use cognobserve_model::query::{
    DayRange, Page, PageRequest, Period, SessionFilter, TimePosition, UserKey,
};
use cognobserve_model::report::{DayStats, SessionRef, SessionStats};
use cognobserve_model::time::Micros;
use hashbrown::HashMap;
use rusqlite::{OptionalExtension, params_from_iter};

const NEWEST_ERA: &str = "SELECT ifnull(max(era), 0) FROM user_sessions";

/// A session in the lists: (last, number, first); one without traces has no first.
type Listed = (i64, i64, Option<i64>);

/// One session with all-time sums.
pub(super) fn read(snapshot: &Snapshot, no: i64) -> StoreResult<SessionStats> {
    let query = "SELECT external_id, owner_no, first, last, created, measures, profile FROM sessions WHERE no = ?1";
    let mut statement = snapshot.conn.prepare_cached(query).map_err(sql)?;
    let row = statement.query_row([no], |row| {
        let times: (Option<i64>, Option<i64>, i64) = (row.get(2)?, row.get(3)?, row.get(4)?);
        Ok((
            row.get::<_, String>(0)?,
            row.get::<_, i64>(1)?,
            times,
            row.get::<_, Vec<u8>>(5)?,
            row.get::<_, Vec<u8>>(6)?,
        ))
    });
    let (external_id, owner, (first, last, created), measures, profile) = row.map_err(sql)?;
    let row = SessionRow {
        external_id,
        user: snapshot.user_ref(owner.max(0)),
        bounds: (first, last),
        created,
        measures: decode(&measures)?,
        profile: decode_profile(&profile)?,
    };
    Ok(row.show(snapshot.session_id(no), snapshot.project))
}

/// The id of the session that is called exactly so.
pub(super) fn resolve(snapshot: &Snapshot, external_id: &str) -> StoreResult<Option<SessionId>> {
    let keys = &snapshot.shared.keys;
    let hash = keys.hash(HashKind::Session, snapshot.project_no, external_id);
    let mut called_so = snapshot
        .conn
        .prepare_cached(
            "SELECT 1 FROM sessions WHERE no = ?1 AND project_no = ?2 AND external_id = ?3",
        )
        .map_err(sql)?;
    for no in lookup::find_all(snapshot.conn, lookup::SESSIONS, hash)? {
        let key = (no, snapshot.project_no, external_id);
        if called_so.exists(key).map_err(sql)? {
            return Ok(Some(snapshot.session_id(no)));
        }
    }
    Ok(None)
}

/// What a trace shows of its session.
pub(super) fn read_ref(snapshot: &Snapshot, no: i64) -> StoreResult<Option<SessionRef>> {
    if no == 0 {
        return Ok(None);
    }
    let mut statement = snapshot
        .conn
        .prepare_cached("SELECT external_id, profile FROM sessions WHERE no = ?1")
        .map_err(sql)?;
    let row = statement.query_row([no], |row| {
        Ok((row.get::<_, String>(0)?, row.get::<_, Vec<u8>>(1)?))
    });
    let Some((external_id, profile)) = row.optional().map_err(sql)? else {
        return Ok(None);
    };
    let name = decode_profile(&profile)?.name().map(Into::into);
    Ok(Some(SessionRef {
        id: snapshot.session_id(no),
        external_id,
        name,
    }))
}

impl Snapshot<'_> {
    /// A user's sessions with `last` in `[from, to)`, newest first, over all eras.
    fn list_user_sessions(
        &self,
        user: i64,
        from: i64,
        to: i64,
        limit: i64,
    ) -> StoreResult<Vec<Listed>> {
        let query = "SELECT last, session_no, first FROM user_sessions
                     WHERE era = ?1 AND project_no = ?2 AND user_no = ?3 AND last >= ?4 AND last < ?5 ORDER BY last DESC LIMIT ?6";
        let mut statement = self.conn.prepare_cached(query).map_err(sql)?;
        let mut found = Vec::new();
        for era in 0..=self.newest_era(NEWEST_ERA)? {
            let key = [era, self.project_no, user, from, to, limit];
            let rows = statement
                .query_map(params_from_iter(key), |row| {
                    Ok((row.get(0)?, row.get(1)?, row.get(2)?))
                })
                .map_err(sql)?;
            for row in rows {
                found.push(row.map_err(sql)?);
            }
        }
        found.sort_unstable_by(|a: &Listed, b| b.cmp(a));
        Ok(found)
    }

    /// Whether a session has a trace in the period.
    fn session_is_in(&self, (last, no, first): Listed, period: Period) -> StoreResult<bool> {
        let Some(first) = first else { return Ok(false) };
        if period.contains(Micros(last)) || period.contains(Micros(first)) {
            return Ok(true);
        }
        let (Some(from), Some(to)) = (period.from, period.to) else {
            return Ok(false);
        };
        if last < from.0 || first >= to.0 {
            return Ok(false);
        }
        let mut inside = self.conn.prepare_cached("SELECT 1 FROM session_traces WHERE session_no = ?1 AND time >= ?2 AND time < ?3 LIMIT 1").map_err(sql)?;
        inside.exists([no, from.0, to.0]).map_err(sql)
    }

    /// How many of a user's sessions have a trace in the period.
    pub fn count_user_sessions(&self, user: i64, period: Period) -> StoreResult<i64> {
        let from = period.from.map_or(i64::MIN, |from| from.0);
        let to = period.to.map_or(i64::MAX, |to| to.0);
        if from >= to {
            return Ok(0);
        }
        let totals = read_totals(self.conn, self.project_no, user)?;
        let (Some(first), Some(last)) = (totals.first, totals.last) else {
            return Ok(0);
        };
        // Counted from the shorter end; what goes on after the period is looked at singly.
        let mut count = match from.saturating_sub(first) < last.saturating_sub(from) {
            true => totals.sessions - self.count_sessions_that_end(user, i64::MIN, from)?,
            false => self.count_sessions_that_end(user, from, i64::MAX)?,
        };
        for listed in self.list_user_sessions(user, to, i64::MAX, i64::MAX)? {
            count -= i64::from(!self.session_is_in(listed, period)?);
        }
        Ok(count)
    }

    /// How many of a user's sessions have their last trace in `[from, to)`.
    fn count_sessions_that_end(&self, user: i64, from: i64, to: i64) -> StoreResult<i64> {
        let query = "SELECT count(*) FROM user_sessions
                     WHERE era = ?1 AND project_no = ?2 AND user_no = ?3 AND last >= ?4 AND last < ?5 AND first IS NOT NULL";
        let mut inside = self.conn.prepare_cached(query).map_err(sql)?;
        let mut count = 0;
        for era in 0..=self.newest_era(NEWEST_ERA)? {
            let key = [era, self.project_no, user, from, to];
            count += inside
                .query_row(key, |row| row.get::<_, i64>(0))
                .map_err(sql)?;
        }
        Ok(count)
    }

    /// The same for everybody, nobody (0) included.
    pub fn count_sessions(&self, period: Period) -> StoreResult<HashMap<i64, i64>> {
        let mut counts: HashMap<i64, i64> = HashMap::new();
        for (user, listed) in self.list_all_sessions(period)? {
            if self.session_is_in(listed, period)? {
                *counts.entry(user).or_default() += 1;
            }
        }
        Ok(counts)
    }

    /// Every session whose last trace is not before the period, with its owner.
    pub fn list_all_sessions(&self, period: Period) -> StoreResult<Vec<(i64, Listed)>> {
        let query = "SELECT user_no, last, session_no, first FROM user_sessions WHERE era = ?1 AND project_no = ?2 AND last >= ?3";
        let mut statement = self.conn.prepare_cached(query).map_err(sql)?;
        let from = period.from.map_or(i64::MIN, |from| from.0);
        let mut found = Vec::new();
        for era in 0..=self.newest_era(NEWEST_ERA)? {
            let rows = statement.query_map([era, self.project_no, from], |row| {
                Ok((row.get(0)?, (row.get(1)?, row.get(2)?, row.get(3)?)))
            });
            for row in rows.map_err(sql)? {
                found.push(row.map_err(sql)?);
            }
        }
        Ok(found)
    }
}

impl Snapshot<'_> {
    /// Adds to each day how many of the user's sessions have a trace on it.
    pub fn count_sessions_per_day(
        &self,
        user: i64,
        range: &DayRange,
        series: &mut [DayStats],
    ) -> StoreResult<()> {
        let periods: Vec<Period> = range.iter().map(|(_, period)| period).collect();
        let from = periods.first().and_then(|period| period.from);
        let listed = self.list_user_sessions(
            user,
            from.map_or(i64::MIN, |from| from.0),
            i64::MAX,
            i64::MAX,
        )?;
        let counts = self.count_in_each(listed, &periods)?;
        for (day, count) in series.iter_mut().zip(counts) {
            day.session_count += count;
        }
        Ok(())
    }

    /// How many of these sessions have a trace in each of some periods that are in order and apart.
    pub fn count_in_each(
        &self,
        sessions: impl IntoIterator<Item = Listed>,
        periods: &[Period],
    ) -> StoreResult<Vec<i64>> {
        let mut counts = vec![0; periods.len()];
        let (Some(from), Some(to)) = (
            periods.first().and_then(|period| period.from),
            periods.last().and_then(|period| period.to),
        ) else {
            return Ok(counts);
        };
        let index_of = |at: i64| {
            let after =
                periods.partition_point(|period| period.from.is_some_and(|from| from.0 <= at));
            let at_or_before = after.checked_sub(1)?;
            periods[at_or_before]
                .contains(Micros(at))
                .then_some(at_or_before)
        };
        let mut times = self.conn.prepare_cached("SELECT time FROM session_traces WHERE session_no = ?1 AND time >= ?2 AND time < ?3 ORDER BY time").map_err(sql)?;
        for (last, no, first) in sessions {
            let Some(first) = first.filter(|first| *first < to.0 && last >= from.0) else {
                continue;
            };
            if let (Some(a), Some(b)) = (index_of(first), index_of(last))
                && a == b
            {
                counts[a] += 1;
                continue;
            }
            let mut counted = None;
            let mut rows = times.query([no, from.0, to.0]).map_err(sql)?;
            while let Some(row) = rows.next().map_err(sql)? {
                let index = index_of(row.get(0).map_err(sql)?);
                if let Some(at) = index.filter(|_| index != counted) {
                    counts[at] += 1;
                    counted = index;
                }
            }
        }
        Ok(counts)
    }
}

/// A user's latest sessions.
pub(super) fn list_latest(
    snapshot: &Snapshot,
    user: i64,
    limit: usize,
) -> StoreResult<Vec<SessionStats>> {
    let filter = SessionFilter {
        user: Some(snapshot.user_id(user)),
        ..SessionFilter::default()
    };
    let listed = list(snapshot, &filter, &PageRequest { limit, after: None })?;
    Ok(listed.map(|page| page.items).unwrap_or_default())
}

/// Sessions by their last trace, newest first, ties by external id.
pub(super) fn list(
    snapshot: &Snapshot,
    filter: &SessionFilter,
    page: &PageRequest<TimePosition>,
) -> StoreResult<Option<TimePage<SessionStats>>> {
    let user = match &filter.user {
        None => None,
        Some(id) => match snapshot.find_user_no(&UserKey::Id(id.clone())) {
            Some(no) => Some(no),
            None => return Ok(None),
        },
    };
    let from = filter.period.from.map_or(i64::MIN, |from| from.0);
    let mut to = filter.period.to.map_or(i64::MAX, |to| to.0);
    if let Some(after) = &page.after {
        to = to.min(after.time.0.saturating_add(1));
    }
    let mut items: Vec<SessionStats> = Vec::new();
    let wanted = page.limit + 1;
    let mut left = filter.scan_limit.unwrap_or(usize::MAX);
    while items.len() < wanted && from < to && left > 0 {
        // One stretch of sessions, closed at a whole instant so that ties are sorted together.
        let batch = read_batch(snapshot, user, from, to, wanted.max(64).min(left) as i64)?;
        left = left.saturating_sub(batch.len());
        let Some(oldest) = batch.last().map(|(last, _)| *last) else {
            break;
        };
        let mut sessions = Vec::new();
        for (_, no) in batch {
            let session = read(snapshot, no)?;
            let before = page.after.as_ref().is_some_and(|after| {
                session.last_seen == after.time && session.external_id <= after.id
            });
            let name = session.name.as_deref();
            if !before && session_matches(filter, &session.external_id, name) {
                sessions.push(session);
            }
        }
        sessions.sort_by(|a, b| {
            b.last_seen
                .cmp(&a.last_seen)
                .then_with(|| a.external_id.cmp(&b.external_id))
        });
        items.append(&mut sessions);
        to = oldest;
    }
    let more = items.len() > page.limit;
    items.truncate(page.limit);
    let next = match items.last().filter(|_| more) {
        Some(last) => Some(TimePosition {
            time: last.last_seen,
            id: last.external_id.clone(),
        }),
        None => (left == 0 && from < to).then(|| TimePosition::before(Micros(to))),
    };
    Ok(Some(Page { items, next }))
}

/// Up to about `limit` sessions (last, number), newest first, and all that share the oldest's instant.
fn read_batch(
    snapshot: &Snapshot,
    user: Option<i64>,
    from: i64,
    to: i64,
    limit: i64,
) -> StoreResult<Vec<(i64, i64)>> {
    if let Some(user) = user {
        let listed = snapshot.list_user_sessions(user, from, to, limit)?;
        let Some(oldest) = listed.get(limit as usize - 1).map(|(last, _, _)| *last) else {
            return Ok(listed.into_iter().map(|(last, no, _)| (last, no)).collect());
        };
        let mut batch: Vec<(i64, i64)> = listed
            .into_iter()
            .filter(|(last, _, _)| *last > oldest)
            .map(|(last, no, _)| (last, no))
            .collect();
        let tied = snapshot.list_user_sessions(user, oldest, oldest + 1, i64::MAX)?;
        batch.extend(tied.into_iter().map(|(last, no, _)| (last, no)));
        return Ok(batch);
    }
    let query = "SELECT last, session_no FROM project_sessions WHERE project_no = ?1 AND last < ?3 AND last >=
                 max(?2, ifnull((SELECT last FROM project_sessions WHERE project_no = ?1 AND last < ?3 ORDER BY last DESC LIMIT 1 OFFSET ?4), ?2)) ORDER BY last DESC";
    let mut statement = snapshot.conn.prepare_cached(query).map_err(sql)?;
    let rows = statement
        .query_map([snapshot.project_no, from, to, limit - 1], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .map_err(sql)?;
    rows.collect::<Result<_, _>>().map_err(sql)
}
