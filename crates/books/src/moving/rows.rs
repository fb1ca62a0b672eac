//! The rows themselves. What a store can work out from others (lists by time, lookups,
//! columns that repeat a blob) is not among them.
//!
//! Blobs are the encodings that the stores have in common.

pub struct Workspace {
    pub no: i64,
    pub name: String,
    pub developer: String,
    pub created: i64,
    /// 1: wants no events captured.
    pub opted_out: i64,
}

pub struct Project {
    pub no: i64,
    pub id: String,
    pub workspace_no: i64,
    pub name: String,
    pub created: i64,
    pub retention_payload_days: Option<i64>,
    pub capture: String,
    pub time_zone: String,
    pub max_spans_per_second: Option<i64>,
    pub max_users: Option<i64>,
    /// Trace time up to which retention is done.
    pub payloads_removed_to: Option<i64>,
}

pub struct Price {
    pub project_no: i64,
    pub model: String,
    pub effective_from: i64,
    pub rates: String,
}

pub struct AuditLine {
    pub no: i64,
    pub at: i64,
    pub project_no: Option<i64>,
    pub workspace_no: Option<i64>,
    pub actor: String,
    pub action: String,
    pub detail: String,
}

/// An all-time row.
#[derive(Default)]
pub struct Totals {
    pub first: Option<i64>,
    pub last: Option<i64>,
    pub sessions: i64,
    /// Empty: nothing was ever booked.
    pub measures: Vec<u8>,
}

/// A living user, an unlinked (1) or an erased one (2).
pub struct User {
    pub no: i64,
    pub project_no: i64,
    pub state: i16,
    pub external_id: Option<String>,
    pub external_hash: Option<String>,
    pub profile: Vec<u8>,
    pub created: i64,
    pub updated: i64,
    pub updated_by: Option<String>,
    pub totals: Totals,
}

/// What a project has booked for nobody.
pub struct Nobody {
    pub project_no: i64,
    pub totals: Totals,
}

pub struct Account {
    pub id: String,
    pub email: String,
    pub name: Option<String>,
    pub is_operator: i64,
    pub created: i64,
    pub password_hash: String,
}

pub struct Member {
    pub workspace_no: i64,
    pub account_id: String,
    pub role: String,
    pub since: i64,
}

pub struct SessionToken {
    pub id: String,
    pub hash: Vec<u8>,
    pub account_id: String,
    pub name: String,
    pub prefix: String,
    pub created: i64,
    pub expires: i64,
    pub last_used: Option<i64>,
}

pub struct Suppression {
    pub project_no: i64,
    pub external_hash: String,
    pub user_no: i64,
    pub at: i64,
}

pub struct Model {
    pub no: i64,
    pub project_no: i64,
    pub name: String,
}

pub struct Session {
    pub no: i64,
    pub project_no: i64,
    pub external_id: String,
    /// `None`: nobody.
    pub owner_no: Option<i64>,
    pub owner_time: Option<i64>,
    pub first: Option<i64>,
    pub last: Option<i64>,
    pub created: i64,
    pub measures: Vec<u8>,
    pub profile: Vec<u8>,
}

pub struct Trace {
    pub no: i64,
    pub project_no: i64,
    pub user_no: Option<i64>,
    pub session_no: Option<i64>,
    pub time: i64,
    pub levels: i16,
    pub latency_micros: Option<i64>,
    pub booked: Vec<u8>,
    pub state: Vec<u8>,
    /// Payload bodies with their numbers, oldest first.
    pub bodies: Vec<(i64, Vec<u8>)>,
}

/// A day of the users of a band.
pub struct Band {
    pub project_no: i64,
    pub day: i64,
    pub band: i64,
    pub sums: Vec<u8>,
}

pub struct Quarter {
    pub project_no: i64,
    pub quarter: i64,
    pub measures: Vec<u8>,
}

pub struct ModelQuarter {
    pub project_no: i64,
    pub quarter: i64,
    pub model_no: i64,
    pub measures: Vec<u8>,
}

pub struct ApiKey {
    pub id: String,
    pub project_no: i64,
    pub hash: Vec<u8>,
    pub prefix: String,
    pub name: String,
    pub scopes: String,
    pub created: i64,
    pub created_by: Option<String>,
    pub expires: Option<i64>,
    pub last_used: Option<i64>,
    pub revoked: Option<i64>,
}

pub struct Event {
    pub position: i64,
    pub project_no: i64,
    pub id: Vec<u8>,
    pub developer: Option<String>,
    pub end_user: Option<String>,
    pub pseudonym: Option<String>,
    pub name: String,
    pub session: Option<String>,
    pub awaited: Option<String>,
    pub client_type: Option<String>,
    pub properties: String,
    pub at: i64,
    pub arrived: i64,
}

pub struct EventDrop {
    pub position: i64,
    pub sink: String,
    pub reason: String,
    pub at: i64,
}

/// Who holds it stays behind.
pub struct EventSink {
    pub name: String,
    pub progress: String,
}

/// The one row of where the log ends.
pub struct EventLog {
    pub no: i64,
    pub position: i64,
    pub stored: i64,
}

/// An end user who was erased, by id or pseudonym.
pub struct Forgotten {
    pub project_no: i64,
    pub whose: String,
}

/// Rows of one part, in the order of their keys.
pub enum Rows {
    Workspaces(Vec<Workspace>),
    Projects(Vec<Project>),
    Prices(Vec<Price>),
    Audit(Vec<AuditLine>),
    Accounts(Vec<Account>),
    Members(Vec<Member>),
    SessionTokens(Vec<SessionToken>),
    Users(Vec<User>),
    Unattributed(Vec<Nobody>),
    Suppressions(Vec<Suppression>),
    Models(Vec<Model>),
    Sessions(Vec<Session>),
    Traces(Vec<Trace>),
    UserDays(Vec<Band>),
    ProjectQuarters(Vec<Quarter>),
    ModelQuarters(Vec<ModelQuarter>),
    Events(Vec<Event>),
    EventDrops(Vec<EventDrop>),
    EventSinks(Vec<EventSink>),
    EventLog(Vec<EventLog>),
    Forgotten(Vec<Forgotten>),
    ApiKeys(Vec<ApiKey>),
}

impl Rows {
    pub fn count(&self) -> usize {
        match self {
            Rows::Workspaces(rows) => rows.len(),
            Rows::Projects(rows) => rows.len(),
            Rows::Prices(rows) => rows.len(),
            Rows::Audit(rows) => rows.len(),
            Rows::Accounts(rows) => rows.len(),
            Rows::Members(rows) => rows.len(),
            Rows::SessionTokens(rows) => rows.len(),
            Rows::Users(rows) => rows.len(),
            Rows::Unattributed(rows) => rows.len(),
            Rows::Suppressions(rows) => rows.len(),
            Rows::Models(rows) => rows.len(),
            Rows::Sessions(rows) => rows.len(),
            Rows::Traces(rows) => rows.len(),
            Rows::UserDays(rows) => rows.len(),
            Rows::ProjectQuarters(rows) => rows.len(),
            Rows::ModelQuarters(rows) => rows.len(),
            Rows::Events(rows) => rows.len(),
            Rows::EventDrops(rows) => rows.len(),
            Rows::EventSinks(rows) => rows.len(),
            Rows::EventLog(rows) => rows.len(),
            Rows::Forgotten(rows) => rows.len(),
            Rows::ApiKeys(rows) => rows.len(),
        }
    }
}
