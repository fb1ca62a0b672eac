//! Lists of traces, one trace with everything, and a session's timeline.
use super::places::{Place, Walk, read_newest};
use super::{Snapshot, TimePage};
use crate::error::{StoreResult, damaged, sql};
use crate::lookup;
use crate::payloads;
use crate::writer::{StoredTrace, match_trace, read_trace};
use cognobserve_books::keys::HashKind;
use cognobserve_books::shown::{Names, Shown, may_match};
use cognobserve_model::id::SessionId;
use cognobserve_model::query::{Page, PageRequest, TimePosition, TraceFilter, UserKey};
use cognobserve_model::report::{TraceDetail, TraceSummary};
use cognobserve_model::time::Micros;
use rusqlite::OptionalExtension;
use std::collections::HashMap;

/// A filter with its references resolved to numbers.
struct Wanted<'a> {
    filter: &'a TraceFilter,
    user: Option<i64>,
    session: Option<i64>,
    model: Option<i64>,
}

/// Newest first, ties by trace id.
pub(super) fn list(
    snapshot: &Snapshot,
    filter: &TraceFilter,
    page: &PageRequest<TimePosition>,
) -> StoreResult<Option<TimePage<TraceSummary>>> {
    let Some(wanted) = resolve(snapshot, filter)? else {
        return Ok(None);
    };
    let none = Page {
        items: Vec::new(),
        next: None,
    };
    let Some(wanted) = wanted else {
        return Ok(Some(none));
    };
    let walk = match (wanted.session, wanted.user) {
        (Some(session), _) => Walk::Session(session),
        (None, Some(user)) => Walk::User(user),
        (None, None) => Walk::Project,
    };
    let from = filter.period.from.map_or(i64::MIN, |from| from.0);
    let mut to = filter.period.to.map_or(i64::MAX, |to| to.0);
    if let Some(after) = &page.after {
        to = to.min(after.time.0.saturating_add(1));
    }
    let mut found: Vec<StoredTrace> = Vec::new();
    let mut stretch = page.limit as i64 + 1;
    let mut left = filter.scan_limit.unwrap_or(usize::MAX);
    while found.len() <= page.limit && from < to && left > 0 {
        stretch = stretch.min(i64::try_from(left).unwrap_or(i64::MAX));
        let places = read_newest(snapshot, walk, from, to, stretch)?;
        let Some((oldest, _)) = places.last().copied() else {
            break;
        };
        let mut traces = read_matching(snapshot, &wanted, &places)?;
        traces.retain(|trace| {
            !page.after.as_ref().is_some_and(|after| {
                trace.booked.time == after.time && *trace.state.id <= *after.id
            })
        });
        traces.sort_by(|a, b| {
            b.booked
                .time
                .cmp(&a.booked.time)
                .then_with(|| a.state.id.cmp(&b.state.id))
        });
        found.append(&mut traces);
        to = oldest;
        left = left.saturating_sub(places.len());
        // A filter that matches little is walked in longer strides.
        stretch = (stretch * 2).min(4096);
    }
    let more = found.len() > page.limit;
    found.truncate(page.limit);
    let next = match found.last().filter(|_| more) {
        Some(last) => Some(TimePosition {
            time: last.booked.time,
            id: last.state.id.to_string(),
        }),
        None => (left == 0 && from < to).then(|| TimePosition::before(Micros(to))),
    };
    let items = found
        .iter()
        .map(|trace| summarise(snapshot, trace))
        .collect::<StoreResult<_>>()?;
    Ok(Some(Page { items, next }))
}

/// `None`: a user or session that does not exist; `Some(None)`: a model that nobody used.
fn resolve<'a>(
    snapshot: &Snapshot,
    filter: &'a TraceFilter,
) -> StoreResult<Option<Option<Wanted<'a>>>> {
    let mut wanted = Wanted {
        filter,
        user: None,
        session: None,
        model: None,
    };
    if let Some(id) = &filter.user {
        wanted.user = snapshot.find_user_no(&UserKey::Id(id.clone()));
        if wanted.user.is_none() {
            return Ok(None);
        }
    }
    if let Some(id) = &filter.session {
        wanted.session = snapshot.find_session_no(id)?;
        if wanted.session.is_none() {
            return Ok(None);
        }
    }
    if let Some(name) = &filter.model {
        let mut statement = snapshot
            .conn
            .prepare_cached("SELECT no FROM models WHERE project_no = ?1 AND name = ?2")
            .map_err(sql)?;
        wanted.model = statement
            .query_row((snapshot.project_no, name), |row| row.get(0))
            .optional()
            .map_err(sql)?;
        if wanted.model.is_none() {
            return Ok(Some(None));
        }
    }
    Ok(Some(Some(wanted)))
}

fn read_matching(
    snapshot: &Snapshot,
    wanted: &Wanted,
    places: &[Place],
) -> StoreResult<Vec<StoredTrace>> {
    let mut header = snapshot
        .conn
        .prepare_cached("SELECT user_no, levels, latency FROM traces WHERE no = ?1")
        .map_err(sql)?;
    let mut found = Vec::new();
    for (_, no) in places {
        let row = header.query_row([no], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)));
        let (user, levels, latency): (i64, u8, Option<i64>) = row.map_err(sql)?;
        let filter = wanted.filter;
        let plausible =
            wanted.user.is_none_or(|wanted| wanted == user) && may_match(filter, levels, latency);
        if !plausible {
            continue;
        }
        let trace = read_trace(snapshot.conn, *no)?.ok_or_else(|| damaged("list of traces"))?;
        if shown(&trace).matches(filter, wanted.model) {
            found.push(trace);
        }
    }
    Ok(found)
}

fn shown(trace: &StoredTrace) -> Shown<'_> {
    Shown {
        state: &trace.state,
        booked: &trace.booked,
    }
}

fn read_names(snapshot: &Snapshot, trace: &StoredTrace) -> StoreResult<Names> {
    let session = trace.booked.session.map_or(0, |session| session.0);
    Ok(Names {
        user: snapshot.user_ref(trace.booked.user.map_or(0, |user| user.0)),
        session: super::sessions::read_ref(snapshot, session)?,
    })
}

fn summarise(snapshot: &Snapshot, trace: &StoredTrace) -> StoreResult<TraceSummary> {
    let payload = payloads::read(snapshot.conn, trace.payload_no)?;
    Ok(shown(trace).summarise(&payload, read_names(snapshot, trace)?))
}

/// One trace with everything.
pub(super) fn find(snapshot: &Snapshot, id: &str) -> StoreResult<Option<TraceDetail>> {
    let hash = snapshot
        .shared
        .keys
        .hash(HashKind::Trace, snapshot.project_no, id);
    let candidates = lookup::find_all(snapshot.conn, lookup::TRACES, hash)?;
    let trace = match_trace(
        snapshot.conn,
        &snapshot.shared.keys,
        snapshot.project_no,
        id,
        &candidates,
    )?;
    trace.map(|trace| detail(snapshot, &trace)).transpose()
}

fn detail(snapshot: &Snapshot, trace: &StoredTrace) -> StoreResult<TraceDetail> {
    let payload = payloads::read(snapshot.conn, trace.payload_no)?;
    let mut models: HashMap<i64, String> = HashMap::new();
    let mut name = snapshot
        .conn
        .prepare_cached("SELECT name FROM models WHERE no = ?1")
        .map_err(sql)?;
    for model in trace.state.spans.iter().filter_map(|span| span.model) {
        if let std::collections::hash_map::Entry::Vacant(slot) = models.entry(model.0) {
            slot.insert(name.query_row([model.0], |row| row.get(0)).map_err(sql)?);
        }
    }
    Ok(shown(trace).describe(&payload, read_names(snapshot, trace)?, &models))
}

/// A session's traces, oldest first.
pub(super) fn timeline(
    snapshot: &Snapshot,
    session: &SessionId,
    page: &PageRequest<TimePosition>,
) -> StoreResult<Option<TimePage<TraceDetail>>> {
    let Some(session) = snapshot.find_session_no(session)? else {
        return Ok(None);
    };
    let from = page.after.as_ref().map_or(i64::MIN, |after| after.time.0);
    // Up to the instant of the one after the page, so that ties are sorted together.
    let query = "SELECT time, trace_no FROM session_traces WHERE session_no = ?1 AND time >= ?2 AND time <=
                 ifnull((SELECT time FROM session_traces WHERE session_no = ?1 AND time > ?2 ORDER BY time LIMIT 1 OFFSET ?3), 9223372036854775807) ORDER BY time";
    let mut statement = snapshot.conn.prepare_cached(query).map_err(sql)?;
    let rows = statement.query_map([session, from, page.limit as i64], |row| {
        Ok((row.get(0)?, row.get(1)?))
    });
    let places: Vec<Place> = rows.and_then(Iterator::collect).map_err(sql)?;
    let mut traces = Vec::new();
    for (_, no) in places {
        traces.push(read_trace(snapshot.conn, no)?.ok_or_else(|| damaged("list of traces"))?);
    }
    traces.sort_by(|a, b| (a.booked.time, &a.state.id).cmp(&(b.booked.time, &b.state.id)));
    traces.retain(|trace| {
        !page.after.as_ref().is_some_and(|after| {
            (trace.booked.time, &*trace.state.id) <= (after.time, after.id.as_str())
        })
    });
    let more = traces.len() > page.limit;
    traces.truncate(page.limit);
    let next = traces.last().filter(|_| more).map(|last| TimePosition {
        time: last.booked.time,
        id: last.state.id.to_string(),
    });
    let items = traces
        .iter()
        .map(|trace| detail(snapshot, trace))
        .collect::<StoreResult<_>>()?;
    Ok(Some(Page { items, next }))
}
