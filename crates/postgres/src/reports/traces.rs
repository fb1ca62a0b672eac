//! Lists of traces, one trace with everything, and a session's timeline.
use super::rows::{cut_at_zero, get, read_facts, read_state};
use super::{Param, TimePage};
use crate::error::StoreResult;
use crate::snapshot::Snapshot;
use cognobserve_books::period::bounds;
use cognobserve_books::shown::{Names, Shown};
use cognobserve_model::facts::{Facts, level_bit};
use cognobserve_model::id::SessionId;
use cognobserve_model::payload::Payload;
use cognobserve_model::query::{Page, PageRequest, Period, TimePosition, TraceFilter, UserKey};
use cognobserve_model::report::{SessionRef, TraceDetail, TraceSummary, UserRef};
use cognobserve_model::time::Micros;
use cognobserve_model::trace::TraceState;
use futures_util::future::{try_join, try_join3};
use std::collections::HashMap;
use tokio_postgres::Row;

/// Traces read at a time where whether they match is told here.
const STRIDES: std::ops::RangeInclusive<usize> = 64..=1024;

struct StoredTrace {
    no: i64,
    booked: Facts,
    state: TraceState,
}

impl StoredTrace {
    fn read(row: &Row) -> StoreResult<StoredTrace> {
        Ok(StoredTrace {
            no: get(row, 0)?,
            booked: read_facts(row, 1)?,
            state: read_state(row, 2)?,
        })
    }

    fn shown(&self) -> Shown<'_> {
        Shown {
            state: &self.state,
            booked: &self.booked,
        }
    }

    fn position(&self) -> TimePosition {
        TimePosition {
            time: self.booked.time,
            id: self.state.id.to_string(),
        }
    }
}

/// A filter's references as numbers.
#[derive(Default)]
struct Wanted {
    user: Option<i64>,
    session: Option<i64>,
    model: Option<i64>,
}

/// What a filter's references come to.
enum Resolved {
    /// A user or session that does not exist.
    Unknown,
    /// A model that nobody used.
    Nothing,
    Wanted(Wanted),
}

async fn resolve(snapshot: &Snapshot, filter: &TraceFilter) -> StoreResult<Resolved> {
    let mut wanted = Wanted::default();
    if let Some(id) = &filter.user {
        wanted.user = snapshot.find_user_no(&UserKey::Id(id.clone())).await?;
        if wanted.user.is_none() {
            return Ok(Resolved::Unknown);
        }
    }
    if let Some(id) = &filter.session {
        wanted.session = snapshot.find_session_no(id).await?;
        if wanted.session.is_none() {
            return Ok(Resolved::Unknown);
        }
    }
    if let Some(name) = &filter.model {
        let query = "SELECT no FROM models WHERE project_no = $1 AND name = $2";
        if cut_at_zero(name) != name {
            return Ok(Resolved::Nothing);
        }
        let params: [Param; 2] = [&snapshot.project_no, name];
        let Some(row) = snapshot.query_opt(query, &params).await? else {
            return Ok(Resolved::Nothing);
        };
        wanted.model = Some(get(&row, 0)?);
    }
    Ok(Resolved::Wanted(wanted))
}

/// Newest first, ties by trace id.
pub(super) async fn list(
    snapshot: &Snapshot,
    filter: &TraceFilter,
    page: PageRequest<TimePosition>,
) -> StoreResult<Option<TimePage<TraceSummary>>> {
    let wanted = match resolve(snapshot, filter).await? {
        Resolved::Unknown => return Ok(None),
        Resolved::Nothing => {
            return Ok(Some(Page {
                items: Vec::new(),
                next: None,
            }));
        }
        Resolved::Wanted(wanted) => wanted,
    };
    let PageRequest { limit, mut after } = page;
    let floor = find_floor(snapshot, filter, &wanted, after.as_ref()).await?;
    let filter = &TraceFilter {
        period: Period {
            from: floor.or(filter.period.from),
            ..filter.period
        },
        ..filter.clone()
    };
    let mut stride = limit + 1;
    let mut found: Vec<StoredTrace> = Vec::new();
    while found.len() <= limit {
        let rows = read_stride(snapshot, filter, &wanted, after.as_ref(), stride).await?;
        let read = rows.len();
        for row in rows {
            let trace = StoredTrace::read(&row)?;
            after = Some(trace.position());
            if trace.shown().matches(filter, wanted.model) {
                found.push(trace);
            }
        }
        if read < stride {
            break;
        }
        // A filter that matches little is walked in longer strides.
        stride = (stride * 2).clamp(*STRIDES.start(), *STRIDES.end());
    }
    let next = cut_page(&mut found, limit).or(floor.map(TimePosition::before));
    let (payloads, (users, sessions)) = try_join(
        snapshot.read_payloads(&numbers_of(&found)),
        read_names(snapshot, &found),
    )
    .await?;
    let nothing = Payload::default();
    let items = found.iter().map(|trace| {
        let payload = payloads.get(&trace.no).unwrap_or(&nothing);
        let names = pick_names(trace, &users, &sessions);
        trace.shown().summarise(payload, names)
    });
    Ok(Some(Page {
        items: items.collect(),
        next,
    }))
}

/// Cuts to the page; where it goes on if more were found.
fn cut_page(found: &mut Vec<StoredTrace>, limit: usize) -> Option<TimePosition> {
    let more = found.len() > limit;
    found.truncate(limit);
    found.last().filter(|_| more).map(StoredTrace::position)
}

/// Down to what time a page looks that may look through so many traces; `None`: to the end.
async fn find_floor(
    snapshot: &Snapshot,
    filter: &TraceFilter,
    wanted: &Wanted,
    after: Option<&TimePosition>,
) -> StoreResult<Option<Micros>> {
    let Some(scan_limit) = filter.scan_limit else {
        return Ok(None);
    };
    let (from, to) = bounds(filter.period);
    let to = after.map_or(to, |after| to.min(after.time.0.saturating_add(1)));
    let skipped = scan_limit.saturating_sub(1) as i64;
    let mut params: Vec<Param> = vec![&snapshot.project_no, &from, &to, &skipped];
    let query = match (&wanted.session, &wanted.user) {
        (Some(session), _) => {
            params.push(session);
            include_str!("../sql/reports.find_session_floor.sql")
        }
        (None, Some(user)) => {
            params.push(user);
            include_str!("../sql/reports.find_user_floor.sql")
        }
        (None, None) => include_str!("../sql/reports.find_floor.sql"),
    };
    let row = snapshot.query_opt(query, &params).await?;
    row.map(|row| get(&row, 0).map(Micros)).transpose()
}

async fn read_stride(
    snapshot: &Snapshot,
    filter: &TraceFilter,
    wanted: &Wanted,
    after: Option<&TimePosition>,
    stride: usize,
) -> StoreResult<Vec<Row>> {
    let (from, to) = bounds(filter.period);
    let (time, id) = after.map_or((i64::MAX, ""), |after| {
        (after.time.0, cut_at_zero(&after.id))
    });
    let level = filter.level.map_or(0, |level| i32::from(level_bit(level)));
    let limit = stride as i64;
    let mut params: Vec<Param> = vec![
        &snapshot.project_no,
        &from,
        &to,
        &time,
        &id,
        &level,
        &filter.min_latency_micros,
        &limit,
    ];
    let query = match (&wanted.session, &wanted.user) {
        (Some(session), _) => {
            params.extend([&wanted.user as Param, session]);
            include_str!("../sql/reports.list_session_traces.sql")
        }
        (None, Some(user)) => {
            params.push(user);
            include_str!("../sql/reports.list_user_traces.sql")
        }
        (None, None) => include_str!("../sql/reports.list_traces.sql"),
    };
    snapshot.query(query, &params).await
}

fn numbers_of(traces: &[StoredTrace]) -> Vec<i64> {
    traces.iter().map(|trace| trace.no).collect()
}

type Refs = (HashMap<i64, UserRef>, HashMap<i64, SessionRef>);

async fn read_names(snapshot: &Snapshot, traces: &[StoredTrace]) -> StoreResult<Refs> {
    let booked = || traces.iter().map(|trace| &trace.booked);
    let mut users: Vec<i64> = booked().filter_map(|it| Some(it.user?.0)).collect();
    let mut sessions: Vec<i64> = booked().filter_map(|it| Some(it.session?.0)).collect();
    for numbers in [&mut users, &mut sessions] {
        numbers.sort_unstable();
        numbers.dedup();
    }
    try_join(
        snapshot.read_user_refs(&users),
        snapshot.read_session_refs(&sessions),
    )
    .await
}

fn pick_names(
    trace: &StoredTrace,
    users: &HashMap<i64, UserRef>,
    sessions: &HashMap<i64, SessionRef>,
) -> Names {
    let (user, session) = (trace.booked.user, trace.booked.session);
    Names {
        user: user.and_then(|no| users.get(&no.0).cloned()),
        session: session.and_then(|no| sessions.get(&no.0).cloned()),
    }
}

async fn describe(snapshot: &Snapshot, traces: &[StoredTrace]) -> StoreResult<Vec<TraceDetail>> {
    let spans = traces.iter().flat_map(|trace| &trace.state.spans);
    let mut models: Vec<i64> = spans.filter_map(|span| Some(span.model?.0)).collect();
    models.sort_unstable();
    models.dedup();
    let (payloads, (users, sessions), models) = try_join3(
        snapshot.read_payloads(&numbers_of(traces)),
        read_names(snapshot, traces),
        snapshot.read_model_names(&models),
    )
    .await?;
    let nothing = Payload::default();
    let details = traces.iter().map(|trace| {
        let payload = payloads.get(&trace.no).unwrap_or(&nothing);
        let names = pick_names(trace, &users, &sessions);
        trace.shown().describe(payload, names, &models)
    });
    Ok(details.collect())
}

/// One trace with everything: by its id, or by the one it had before it was erased.
pub(super) async fn find(snapshot: &Snapshot, id: &str) -> StoreResult<Option<TraceDetail>> {
    if cut_at_zero(id) != id {
        return Ok(None);
    }
    let keys = snapshot.store.keys();
    let erased = keys.pseudonym("id", snapshot.project_no, id);
    let query = "SELECT no, booked, state FROM traces WHERE project_no = $1 AND id = ANY ($2)";
    let ids = vec![id, &erased];
    let params: [Param; 2] = [&snapshot.project_no, &ids];
    let mut found = Vec::new();
    for row in snapshot.query(query, &params).await? {
        let trace = StoredTrace::read(&row)?;
        if *trace.state.id == *id || trace.state.erased {
            found.push(trace);
        }
    }
    // One that has the id itself comes first.
    found.sort_by_key(|trace| *trace.state.id != *id);
    found.truncate(1);
    Ok(describe(snapshot, &found).await?.pop())
}

/// A session's traces, oldest first.
pub(super) async fn read_timeline(
    snapshot: &Snapshot,
    session: &SessionId,
    page: &PageRequest<TimePosition>,
) -> StoreResult<Option<TimePage<TraceDetail>>> {
    let Some(session) = snapshot.find_session_no(session).await? else {
        return Ok(None);
    };
    let after = page.after.as_ref();
    let (time, id) = after.map_or((i64::MIN, ""), |after| {
        (after.time.0, cut_at_zero(&after.id))
    });
    let limit = page.limit as i64 + 1;
    let query = include_str!("../sql/reports.read_timeline.sql");
    let params: [Param; 5] = [&snapshot.project_no, &session, &time, &id, &limit];
    let rows = snapshot.query(query, &params).await?;
    let traces = rows.iter().map(StoredTrace::read);
    let mut traces: Vec<StoredTrace> = traces.collect::<StoreResult<_>>()?;
    let next = cut_page(&mut traces, page.limit);
    let items = describe(snapshot, &traces).await?;
    Ok(Some(Page { items, next }))
}
