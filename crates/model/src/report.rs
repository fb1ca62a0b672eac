//! Answers: what the reading room gives back, before the door writes JSON of it.
use crate::id::{ProjectId, SessionId, UserId};
use crate::measures::Measures;
use crate::query::{CostPosition, UserSort, fold_search};
use crate::span::{Level, Pricing, SpanKind};
use crate::time::{Day, Micros};
use crate::usage::Usage;

/// A tracked user.
#[derive(Clone, Debug, PartialEq)]
pub struct User {
    pub id: UserId,
    pub project: ProjectId,
    pub external_id: String,
    pub name: Option<String>,
    pub email: Option<String>,
    /// Key and JSON text, keys sorted.
    pub metadata: Vec<(String, String)>,
    pub first_seen: Micros,
    pub last_seen: Micros,
    pub created: Micros,
    /// Last change of the profile.
    pub updated: Micros,
}

/// What a user can be called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserName {
    pub external_id: String,
    pub name: Option<String>,
    pub email: Option<String>,
}

/// A user with sums, all-time or of a period.
#[derive(Clone, Debug, PartialEq)]
pub struct UserStats {
    pub user: User,
    pub measures: Measures,
    pub session_count: i64,
}

/// The integer by which a user is ordered; `None` goes last (by name, all are alike in it). Rates in millionths of a
/// percent and latencies in µs, as they are shown, so that equal texts are ties.
pub fn sort_value(
    sort: UserSort,
    first_seen: Micros,
    last_seen: Micros,
    measures: &Measures,
    session_count: i64,
) -> Option<i128> {
    let scaled = |value: f64, by: f64| (value * by).round() as i128;
    Some(match sort {
        UserSort::LastSeenAt => last_seen.0.into(),
        UserSort::FirstSeenAt => first_seen.0.into(),
        UserSort::TraceCount => measures.trace_count.into(),
        UserSort::TotalCost => measures.cost_nanos,
        UserSort::TotalTokens => measures.total_tokens.into(),
        UserSort::ErrorCount => measures.error_count.into(),
        UserSort::ErrorTraceRate => scaled(measures.error_trace_rate(), 1e6),
        UserSort::AvgLatencyMs => scaled(measures.avg_latency_ms()?, 1e3),
        UserSort::SessionCount => session_count.into(),
        UserSort::Name => return None,
    })
}

impl User {
    /// The text by which users are ordered by name: what this one is called, folded as for
    /// search, up to a U+0001, which ends a field where it is stored.
    pub fn sort_name(&self) -> String {
        let given = self.name.as_deref().or(self.email.as_deref());
        let mut folded = fold_search(given.unwrap_or(&self.external_id));
        folded.truncate(folded.find('\u{1}').unwrap_or(folded.len()));
        folded
    }
}

/// One user with the latest sessions.
#[derive(Clone, Debug, PartialEq)]
pub struct UserDetail {
    pub stats: UserStats,
    /// The 10 latest.
    pub sessions: Vec<SessionStats>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct UserRef {
    pub id: UserId,
    /// `None`: an erased user's tombstone.
    pub external_id: Option<String>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct SessionRef {
    pub id: SessionId,
    pub external_id: String,
    pub name: Option<String>,
}

/// A session with all-time sums.
#[derive(Clone, Debug, PartialEq)]
pub struct SessionStats {
    pub id: SessionId,
    pub project: ProjectId,
    pub external_id: String,
    pub name: Option<String>,
    /// JSON object text.
    pub metadata: String,
    /// The user of its latest identified trace.
    pub user: Option<UserRef>,
    /// Of its traces; `created` without any.
    pub first_seen: Micros,
    pub last_seen: Micros,
    pub created: Micros,
    pub measures: Measures,
}

/// A trace in a list.
#[derive(Clone, Debug, PartialEq)]
pub struct TraceSummary {
    pub id: String,
    pub name: String,
    pub time: Micros,
    pub user: Option<UserRef>,
    pub session: Option<SessionRef>,
    /// JSON object text.
    pub metadata: String,
    pub latency_micros: Option<i64>,
    pub measures: Measures,
    /// The first 100 by (start, id).
    pub spans: Vec<SpanSummary>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct SpanSummary {
    pub id: String,
    pub name: String,
    pub level: Level,
    pub status_message: Option<String>,
    pub total_tokens: i64,
    pub cost_nanos: Option<i64>,
}

/// A trace with everything.
#[derive(Clone, Debug, PartialEq)]
pub struct TraceDetail {
    pub summary: TraceSummary,
    /// When its first piece arrived.
    pub arrived: Micros,
    /// By (start, id); all of them.
    pub spans: Vec<SpanDetail>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct SpanDetail {
    pub id: String,
    pub parent: Option<String>,
    pub name: String,
    pub kind: SpanKind,
    pub level: Level,
    pub status_message: Option<String>,
    pub start: Option<Micros>,
    pub end: Option<Micros>,
    pub latency_micros: Option<i64>,
    pub model: Option<String>,
    /// The provider's id of the response; spans with the same one count once.
    pub response_id: Option<String>,
    pub usage: Usage,
    pub pricing: Pricing,
    /// `false`: its usage is counted on another span.
    pub counted: bool,
    /// JSON texts; `None` if absent, removed by retention or never captured.
    pub input: Option<String>,
    pub output: Option<String>,
    pub metadata: Option<String>,
    pub model_parameters: Option<String>,
}

/// One day of a series.
#[derive(Clone, Debug, PartialEq)]
pub struct DayStats {
    pub day: Day,
    pub measures: Measures,
    /// Sessions of the user with a trace on that day.
    pub session_count: i64,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    pub total_users: i64,
    pub active_users: i64,
    pub new_users: i64,
    /// At most five; cost descending, then external id.
    pub top_by_cost: Vec<TopUser>,
}

/// Living users, by what they did in a period.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UserCounts {
    /// Whatever they did.
    pub total: i64,
    /// With a trace in the period.
    pub active: i64,
    /// First seen in the period.
    pub new: i64,
}

/// Living users over stretches of time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserChart {
    /// First seen before the first stretch begins.
    pub before: i64,
    /// Of each stretch: with a trace in it.
    pub active: Vec<i64>,
    /// Of each stretch: first seen in it.
    pub new: Vec<i64>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct TopUser {
    pub id: UserId,
    pub external_id: String,
    pub name: Option<String>,
    pub cost_nanos: i128,
}

/// What a cost row is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CostKey {
    User {
        id: UserId,
        external_id: String,
        name: Option<String>,
    },
    /// An erased user's spend.
    Tombstone {
        id: UserId,
    },
    Model(String),
    Day(Day),
    Session {
        id: SessionId,
        external_id: String,
    },
    /// A metadata value: a JSON string's content, else its JSON text.
    Value(String),
}

impl CostKey {
    /// The text by which ties are broken.
    pub fn order_key(&self) -> String {
        match self {
            CostKey::User { external_id, .. } | CostKey::Session { external_id, .. } => {
                external_id.clone()
            }
            CostKey::Tombstone { id } => id.to_string(),
            CostKey::Model(name) => name.clone(),
            CostKey::Day(day) => day.to_string(),
            CostKey::Value(value) => value.clone(),
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct CostRow {
    pub key: CostKey,
    pub measures: Measures,
    pub session_count: i64,
}

/// Rows of one page; `unattributed` and `total` are of the whole, and balance.
#[derive(Clone, Debug, PartialEq)]
pub struct CostReport {
    pub rows: Vec<CostRow>,
    pub next: Option<CostPosition>,
    pub unattributed: (Measures, i64),
    pub total: (Measures, i64),
}

/// A model without a price, with what it used.
#[derive(Clone, Debug, PartialEq)]
pub struct UnpricedModel {
    /// `None`: spans with tokens and no model.
    pub model: Option<String>,
    pub span_count: i64,
    pub total_tokens: i64,
}

/// How much a project holds: counts alone, nothing of its users and no cost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProjectCounts {
    pub project: ProjectId,
    pub workspace: String,
    pub name: String,
    /// Neither unlinked nor erased.
    pub users: i64,
    pub sessions: i64,
    pub traces: i64,
    pub spans: i64,
    /// Time of the latest trace.
    pub last_trace: Option<Micros>,
}

/// How much there is in all projects.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inventory {
    /// Those without a project, too.
    pub workspaces: i64,
    /// By workspace and name.
    pub projects: Vec<ProjectCounts>,
}

/// An erased external id whose later data makes no user. The id itself is known to nobody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suppression {
    /// The tombstone under which the spend stays.
    pub user: UserId,
    /// When it was erased.
    pub at: Micros,
}

/// How many external ids of a project are suppressed, and the latest of them, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Suppressions {
    pub count: i64,
    pub latest: Vec<Suppression>,
}

/// What a deletion took away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Deleted {
    pub traces: i64,
    pub sessions: i64,
}

/// One rollup row that differs from its recomputation.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// Which rollup and key, in words.
    pub place: String,
    pub stored: String,
    pub recomputed: String,
}

/// What `verify` found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Verification {
    pub traces: i64,
    pub spans: i64,
    pub rollup_rows: i64,
    /// How many differ in all.
    pub difference_count: i64,
    /// The first hundred.
    pub differences: Vec<Difference>,
}

/// What repricing would change, or changed, for one user.
#[derive(Clone, Debug, PartialEq)]
pub struct Repriced {
    /// `None`: unattributed.
    pub user: Option<UserRef>,
    pub spans: i64,
    pub before_nanos: i128,
    pub after_nanos: i128,
}
