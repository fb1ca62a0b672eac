//! Rows that several pages list: users, sessions, traces.
use super::owner::{Names, Owner, call};
use super::pager::Pager;
use crate::chart::Spark;
use crate::format::{self, CountUnit, Figure, Moment};
use crate::link::{Link, segment};
use crate::view::View;
use cognobserve_model::measures::Measures;
use cognobserve_model::query::TimePosition;
use cognobserve_model::report::{SessionStats, SpanSummary, TraceSummary, UserStats};
use cognobserve_model::time::Micros;

/// What every row counts.
pub struct Counts {
    pub traces: Figure,
    pub tokens: Figure,
    pub cost: Figure,
    pub errors: Figure,
    pub has_errors: bool,
    pub failed: Figure,
    pub failed_rate: Figure,
    pub latency: Figure,
    cost_nanos: i128,
    unpriced: i64,
    /// Traces, tokens, errors and failed traces.
    numbers: [i64; 4],
}

impl Counts {
    pub fn of(sums: &Measures) -> Counts {
        Counts {
            traces: format::count(sums.trace_count),
            tokens: format::count(sums.total_tokens),
            cost: format::spent(sums),
            errors: format::count(sums.error_count),
            has_errors: sums.error_count > 0,
            failed: format::count(sums.error_trace_count),
            failed_rate: format::percent(sums.error_trace_rate()),
            latency: format::millis(sums.avg_latency_ms()),
            cost_nanos: sums.cost_nanos,
            unpriced: sums.unpriced_span_count,
            numbers: [
                sums.trace_count,
                sums.total_tokens,
                sums.error_count,
                sums.error_trace_count,
            ],
        }
    }

    /// Gives the costs of a column the same number of decimals, and its numbers one unit.
    pub fn align<'a>(rows: impl Iterator<Item = &'a mut Counts>) {
        let rows: Vec<&mut Counts> = rows.collect();
        let places = format::places(rows.iter().map(|row| row.cost_nanos));
        let unit = |at: usize| CountUnit::of(rows.iter().map(|row| row.numbers[at]));
        let units: [CountUnit; 4] = std::array::from_fn(unit);
        for row in rows {
            row.cost = format::spent_in(row.cost_nanos, row.unpriced, places);
            let write = |at: usize| units[at].write(row.numbers[at]);
            [row.traces, row.tokens, row.errors, row.failed] = std::array::from_fn(write);
        }
    }
}

pub fn user_link(view: &View, id: &str) -> Link {
    view.link(format!("/users/{}", segment(id)))
}

pub fn session_link(view: &View, id: &str) -> Link {
    view.link(format!("/sessions/{}", segment(id)))
}

pub fn trace_link(view: &View, id: &str) -> Link {
    view.link(format!("/traces/{}", segment(id)))
}

pub struct UserRow {
    pub link: Link,
    pub name: String,
    /// The next best thing to know them by.
    pub also: String,
    pub sessions: Figure,
    pub counts: Counts,
    pub first_seen: Moment,
    pub last_seen: Moment,
    pub spark: Spark,
}

impl UserRow {
    /// The rows of one table; `bars`: what each did, or nothing of anybody.
    pub fn list(view: &View, users: &[UserStats], bars: &[Vec<i64>]) -> Vec<UserRow> {
        let sessions = CountUnit::of(users.iter().map(|it| it.session_count));
        let row = |(at, stats): (usize, &UserStats)| UserRow {
            sessions: sessions.write(stats.session_count),
            ..UserRow::new(view, stats, bars.get(at).map_or(&[], Vec::as_slice))
        };
        let mut rows: Vec<UserRow> = users.iter().enumerate().map(row).collect();
        Counts::align(rows.iter_mut().map(|row| &mut row.counts));
        rows
    }

    fn new(view: &View, stats: &UserStats, trace_counts: &[i64]) -> UserRow {
        let user = &stats.user;
        let name = call(user).to_owned();
        let also = [user.email.as_deref(), Some(user.external_id.as_str())];
        let also = also.into_iter().flatten().find(|text| *text != name);
        UserRow {
            link: user_link(view, user.id.as_str()),
            also: also.unwrap_or_default().to_owned(),
            name,
            sessions: format::count(stats.session_count),
            counts: Counts::of(&stats.measures),
            first_seen: format::moment(user.first_seen, view.now(), &view.zone),
            last_seen: format::moment(user.last_seen, view.now(), &view.zone),
            spark: Spark::of(trace_counts),
        }
    }
}

pub struct SessionRow {
    pub link: Link,
    pub name: String,
    pub also: String,
    pub owner: Owner,
    /// `1 trace`.
    pub traces: String,
    pub counts: Counts,
    pub last: Moment,
}

impl SessionRow {
    /// The rows of one table.
    pub fn list(view: &View, sessions: &[SessionStats], names: &Names) -> Vec<SessionRow> {
        let rows = sessions.iter().map(|it| SessionRow::new(view, it, names));
        let mut rows: Vec<SessionRow> = rows.collect();
        Counts::align(rows.iter_mut().map(|row| &mut row.counts));
        rows
    }

    fn new(view: &View, session: &SessionStats, names: &Names) -> SessionRow {
        let name = session.name.clone();
        SessionRow {
            link: session_link(view, session.id.as_str()),
            also: name
                .as_ref()
                .map(|_| session.external_id.clone())
                .unwrap_or_default(),
            name: name.unwrap_or_else(|| session.external_id.clone()),
            owner: Owner::new(view, session.user.as_ref(), names),
            traces: format::plural(session.measures.trace_count, "trace"),
            counts: Counts::of(&session.measures),
            last: format::moment(session.last_seen, view.now(), &view.zone),
        }
    }
}

/// Longest message in a row.
const ERROR_CHARS: usize = 120;

/// What a failed span says, or else its name.
fn describe_error(failed: Option<&SpanSummary>) -> String {
    let Some(span) = failed else {
        return "in a later span".to_owned();
    };
    match span.status_message.as_deref().map(str::trim) {
        Some(words) if !words.is_empty() => format::shorten(words, ERROR_CHARS),
        _ => format!("in {}", span.name),
    }
}

pub struct TraceRow {
    pub link: Link,
    pub name: String,
    pub id: String,
    /// The first thing that went wrong.
    pub error: Option<String>,
    pub owner: Owner,
    pub session: Option<(String, Link)>,
    pub counts: Counts,
    pub latency: Figure,
    pub spans: Figure,
    pub time: Moment,
}

impl TraceRow {
    /// The rows of one table.
    pub fn list(view: &View, traces: &[TraceSummary], names: &Names) -> Vec<TraceRow> {
        let spans = CountUnit::of(traces.iter().map(|it| it.measures.span_count));
        let row = |it: &TraceSummary| TraceRow {
            spans: spans.write(it.measures.span_count),
            ..TraceRow::new(view, it, names)
        };
        let mut rows: Vec<TraceRow> = traces.iter().map(row).collect();
        Counts::align(rows.iter_mut().map(|row| &mut row.counts));
        rows
    }

    fn new(view: &View, trace: &TraceSummary, names: &Names) -> TraceRow {
        use cognobserve_model::span::Level;
        let failed = trace.spans.iter().find(|span| span.level == Level::Error);
        let session = trace.session.as_ref();
        TraceRow {
            link: trace_link(view, &trace.id),
            name: match trace.name.is_empty() {
                true => trace.id.clone(),
                false => trace.name.clone(),
            },
            id: trace.id.clone(),
            error: (trace.measures.error_count > 0).then(|| describe_error(failed)),
            owner: Owner::new(view, trace.user.as_ref(), names),
            session: session.map(|it| {
                let name = it.name.clone().unwrap_or_else(|| it.external_id.clone());
                (name, session_link(view, it.id.as_str()))
            }),
            counts: Counts::of(&trace.measures),
            latency: format::millis(trace.latency_micros.map(|micros| micros as f64 / 1e3)),
            spans: format::count(trace.measures.span_count),
            time: format::moment(trace.time, view.now(), &view.zone),
        }
    }
}

/// Says in a URL that the pages before had no rows.
pub const FRUITLESS: &str = "fruitless";

/// Where a search stands that found nothing yet and is not through.
pub struct Further {
    /// All since then was looked through.
    pub since: Moment,
    pub link: Link,
}

/// Things in a list that one page of a search looks through: as many as take some 20 ms.
pub const SCAN_LIMIT: usize = 4000;

impl Further {
    /// `pager`: of the page that has no rows; `is_fruitless`: nor had those before.
    pub fn new(
        view: &View,
        pager: &Pager,
        next: Option<&TimePosition>,
        is_fruitless: bool,
    ) -> Option<Further> {
        let since = Micros(next?.time.0.saturating_add(1));
        let link = pager.next.clone()?;
        Some(Further {
            since: format::moment(since, view.now(), &view.zone),
            link: match is_fruitless || pager.first.is_none() {
                true => link.with(FRUITLESS, "true"),
                false => link,
            },
        })
    }
}
