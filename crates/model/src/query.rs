//! Questions: typed, already validated; what a reader may ask of the reading room.
//!
//! Cursors are positions in an order, never row numbers; the door makes them opaque and
//! ties them to sort and filter.
use crate::id::{SessionId, UserId};
use crate::span::{Level, words};
use crate::time::{Day, Micros, Zone};
use serde::{Deserialize, Serialize};

words!(
    /// By what users are listed.
    UserSort {
        LastSeenAt = "lastSeenAt", FirstSeenAt = "firstSeenAt", TraceCount = "traceCount",
        TotalCost = "totalCost", TotalTokens = "totalTokens", ErrorCount = "errorCount",
        ErrorTraceRate = "errorTraceRate", AvgLatencyMs = "avgLatencyMs", SessionCount = "sessionCount",
        Name = "name",
    }
);
words!(
    /// Ascending or descending; nulls and ties do not follow it.
    SortOrder { Asc = "asc", Desc = "desc" }
);

/// Half-open `[from, to)`; an open side is unbounded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Period {
    pub from: Option<Micros>,
    pub to: Option<Micros>,
}

impl Period {
    pub const ALL: Period = Period {
        from: None,
        to: None,
    };

    pub fn is_all(&self) -> bool {
        *self == Period::ALL
    }

    pub fn contains(&self, at: Micros) -> bool {
        self.from.is_none_or(|from| from <= at) && self.to.is_none_or(|to| at < to)
    }
}

/// How many, and after which position.
#[derive(Clone, Debug)]
pub struct PageRequest<P> {
    /// 1 or more.
    pub limit: usize,
    pub after: Option<P>,
}

/// One page; `next` is the position of its last item iff more follow, or how far a bounded
/// search came.
#[derive(Clone, Debug)]
pub struct Page<T, P> {
    pub items: Vec<T>,
    pub next: Option<P>,
}

/// Position in a list of users: the sort value (`None`: null, last), the name if that is
/// sorted by, and the tie-breaker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserPosition {
    pub value: Option<i128>,
    pub name: String,
    pub external_id: String,
}

/// Position in a list ordered by time, newest first, then id ascending.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimePosition {
    pub time: Micros,
    pub id: String,
}

impl TimePosition {
    /// After everything at `time` and later.
    pub fn before(time: Micros) -> TimePosition {
        TimePosition {
            time: Micros(time.0.saturating_sub(1)),
            id: String::new(),
        }
    }
}

/// Position in a list of cost rows: cost descending, then key ascending.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CostPosition {
    pub cost_nanos: i128,
    pub key: String,
}

#[derive(Clone, Debug)]
pub struct UserQuery {
    /// Already folded by [`fold_search`]; substring of name, e-mail or external id.
    pub search: Option<String>,
    /// Inclusive bounds on last seen.
    pub last_seen_from: Option<Micros>,
    pub last_seen_to: Option<Micros>,
    pub sort: UserSort,
    pub order: SortOrder,
    /// The period of the statistics, and so of sorting by them.
    pub stats: Period,
    /// Only users with a trace in that period.
    pub active_only: bool,
    /// Profile metadata that must be equal: key, and the text of the value (a JSON string
    /// by its content, anything else by its JSON text).
    pub metadata: Vec<(String, String)>,
    pub page: PageRequest<UserPosition>,
}

/// A user by our id or by the developer's.
#[derive(Clone, Debug)]
pub enum UserKey {
    Id(UserId),
    External(String),
}

#[derive(Clone, Debug, Default)]
pub struct TraceFilter {
    pub user: Option<UserId>,
    pub session: Option<SessionId>,
    /// Has a span of this level.
    pub level: Option<Level>,
    /// Has a span of this model, exactly.
    pub model: Option<String>,
    /// The trace's name, exactly.
    pub name: Option<String>,
    /// Folded; substring of trace id, trace name, span names or status messages.
    pub search: Option<String>,
    pub period: Period,
    pub min_latency_micros: Option<i64>,
    /// Traces that one page looks through, about; see [`SessionFilter::scan_limit`].
    pub scan_limit: Option<usize>,
}

impl TraceFilter {
    /// The same stretch of the same list, with everything on it.
    pub fn unsieved(&self) -> TraceFilter {
        TraceFilter {
            user: self.user.clone(),
            session: self.session.clone(),
            period: self.period,
            ..TraceFilter::default()
        }
    }
}

#[derive(Clone, Debug, Default)]
pub struct SessionFilter {
    pub user: Option<UserId>,
    /// Folded; substring of external id or name.
    pub search: Option<String>,
    /// On the session's last trace.
    pub period: Period,
    /// Sessions that one page looks through, about, so that a filter which hardly anything
    /// matches is answered in bounded time: the page is short, even empty, and its `next` says
    /// how far it came. `None`: as many as it takes.
    pub scan_limit: Option<usize>,
}

impl SessionFilter {
    /// The same stretch of the same list, with everything on it.
    pub fn unsieved(&self) -> SessionFilter {
        SessionFilter {
            user: self.user.clone(),
            period: self.period,
            ..SessionFilter::default()
        }
    }
}

/// What cost rows are grouped by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CostGroup {
    User,
    Model,
    Day,
    Session,
    /// A key of the users' profile metadata.
    Metadata(String),
}

#[derive(Clone, Debug)]
pub struct CostQuery {
    pub group: CostGroup,
    /// Whether to count sessions, which takes longer than all else; without, the counts are 0
    /// (by session: 1).
    pub sessions: bool,
    pub period: Period,
    pub zone: Zone,
    pub page: PageRequest<CostPosition>,
}

/// `days` calendar days ending with `today`, in a zone.
#[derive(Clone, Debug)]
pub struct DayRange {
    pub zone: Zone,
    pub today: Day,
    /// 1–366.
    pub days: u32,
}

impl DayRange {
    /// Where the days begin, oldest first, and where the last ends.
    pub fn edges(&self) -> Vec<Micros> {
        let first = self.today.plus(1 - i64::from(self.days));
        let days = (0..=i64::from(self.days)).map(|n| first.plus(n));
        days.map(|day| self.zone.start_of(day)).collect()
    }

    /// The days, oldest first, each with its half-open period.
    pub fn iter(&self) -> impl Iterator<Item = (Day, Period)> + '_ {
        let first = self.today.plus(1 - i64::from(self.days));
        (0..i64::from(self.days)).map(move |n| {
            let day = first.plus(n);
            let period = Period {
                from: Some(self.zone.start_of(day)),
                to: Some(self.zone.start_of(day.plus(1))),
            };
            (day, period)
        })
    }
}

/// Folds a text for searching: trimmed, NFC, Unicode lower case. The same on both sides.
pub fn fold_search(text: &str) -> String {
    use unicode_normalization::UnicodeNormalization;
    if text.is_ascii() {
        return text.trim().to_ascii_lowercase();
    }
    text.trim().nfc().collect::<String>().to_lowercase()
}
