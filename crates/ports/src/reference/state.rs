//! What the reference store keeps: deliveries as they came, and what deletions have decided.
//!
//! Nothing here is a sum. The one thing that is remembered rather than recomputed is a
//! span's price, because it is decided once, by the book of that moment.
use super::events::EventRecords;
use cognobserve_model::account::{ApiKey, KeyHash, Project};
use cognobserve_model::id::{DeveloperId, SessionId, UserId};
use cognobserve_model::piece::Piece;
use cognobserve_model::price::PriceEntry;
use cognobserve_model::report::Suppression;
use cognobserve_model::span::{ClientCost, Pricing};
use cognobserve_model::stamp::Arrival;
use cognobserve_model::time::Micros;
use cognobserve_model::usage::Usage;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Default)]
pub(super) struct State {
    pub workspaces: BTreeMap<String, DeveloperId>,
    pub projects: Vec<ProjectRecord>,
    pub keys: Vec<(KeyHash, ApiKey)>,
    pub last_number: i64,
    pub last_arrival: Arrival,
    pub events: EventRecords,
}

impl State {
    /// A number that was never given before.
    pub fn take_number(&mut self) -> i64 {
        self.last_number += 1;
        self.last_number
    }
}

#[derive(Clone)]
pub(super) struct ProjectRecord {
    pub project: Project,
    pub prices: Vec<PriceEntry>,
    /// Living and dead.
    pub users: Vec<UserRecord>,
    /// Living and removed.
    pub sessions: Vec<SessionRecord>,
    pub traces: Vec<TraceRecord>,
    /// Erased external ids whose later data is suppressed.
    pub suppressed: BTreeMap<String, Suppression>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Living,
    Unlinked,
    Erased,
}

/// A user, by position in `ProjectRecord::users`.
#[derive(Clone)]
pub(super) struct UserRecord {
    pub id: UserId,
    pub external_id: String,
    pub created: Micros,
    pub fate: Fate,
    pub profile: super::profile::Facts,
}

/// A session, by position in `ProjectRecord::sessions`.
#[derive(Clone)]
pub(super) struct SessionRecord {
    pub id: SessionId,
    pub external_id: String,
    pub created: Micros,
    pub removed: bool,
    /// Its owner was erased: the id is a pseudonym, name and metadata are gone.
    pub erased: bool,
    pub profile: super::profile::Facts,
}

/// Whom an external user id means within one trace. Decided when the trace first names
/// it and kept: a repeat after a deletion still means the one who was deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Person {
    User(usize),
    /// Named while suppressed.
    Nobody,
}

#[derive(Clone)]
pub(super) struct TraceRecord {
    pub id: String,
    /// Every piece, in the order in which it was booked.
    pub pieces: Vec<Piece>,
    pub people: BTreeMap<String, Person>,
    /// Users who were erased while this trace was theirs.
    pub tombstones: BTreeSet<usize>,
    /// What an external session id means within this trace, until that one is removed.
    pub rooms: BTreeMap<String, usize>,
    pub erased: bool,
    pub prices: BTreeMap<String, Priced>,
}

/// A span's price and what it was decided from.
#[derive(Clone, PartialEq)]
pub(super) struct Priced {
    pub inputs: PriceInputs,
    pub pricing: Pricing,
}

#[derive(Clone, PartialEq)]
pub(super) struct PriceInputs {
    pub model: Option<String>,
    pub usage: Usage,
    pub cost: ClientCost,
    pub time: Micros,
}
