//! Product events as they are stored: who did what, as much of it as the edition may know.
pub mod developers;
pub mod retention;

use crate::id::{DeveloperId, ProjectId, UserId};
use crate::time::Micros;

/// An event's own id, as the bytes of a UUID. With a client's `event_id` it is the same at each delivery; that id
/// itself is not stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EventId(pub [u8; 16]);

/// An event's place in the log: ascending in the order in which events became visible, not without gaps.
pub type Position = u64;

/// Whose event it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Who {
    /// Of the cloud edition.
    Known {
        developer: DeveloperId,
        end_user: Option<UserId>,
    },
    /// Of the open-source edition: the pseudonym of the end user, else of the developer.
    Concealed(String),
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredEvent {
    pub id: EventId,
    pub project: ProjectId,
    pub who: Who,
    pub name: String,
    /// A session's id as the API shows it; `None` in the open-source edition.
    pub session: Option<String>,
    /// The project's own name of a session that nothing was known of when the event came; `None` once it is linked, or
    /// given up, and in the open-source edition.
    pub awaited: Option<String>,
    /// What the call came from: `X-Cognobserve-Client`.
    pub client_type: Option<String>,
    /// A JSON object; anonymised already in the open-source edition.
    pub properties: String,
    /// When it happened, as the client says.
    pub at: Micros,
    /// When it came in: what retention goes by.
    pub arrived: Micros,
}

/// An event whose session was not known when it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AwaitedSession {
    pub position: Position,
    pub project: ProjectId,
    /// The project's own name of the session.
    pub external_id: String,
    pub arrived: Micros,
}

/// What became of an event that was to be stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Appended {
    Stored,
    /// One with this id was there: the first stays as it is.
    Known,
    NoSuchProject,
    /// Not stored: whose it is was forgotten, see the port. It may be stored as nobody's.
    Forgotten,
}

/// Which events are asked about. Times: `from` is inside, `to` outside.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventFilter {
    /// `None`: of all projects, for the operator's counts and nobody else.
    pub project: Option<ProjectId>,
    pub developer: Option<DeveloperId>,
    pub end_user: Option<UserId>,
    pub name: Option<String>,
    pub from: Option<Micros>,
    pub to: Option<Micros>,
}

/// By what events are counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventGroup {
    Event,
    Developer,
    /// Events without an end user are a group of their own.
    EndUser,
    /// The quarter of an hour in which they happened, as its number since 1970.
    Quarter,
    /// A property's value: text as it is, anything else as JSON; events without it are a group of their own.
    Property(String),
}

/// Events of one group; `key` is `None` where the event lacks what is grouped by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventCount {
    pub key: Option<String>,
    pub count: u64,
}

/// A developer by its events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeveloperStats {
    pub developer: DeveloperId,
    pub event_count: u64,
    pub unique_end_users: u64,
    /// Of its events' own times.
    pub first_seen: Micros,
    pub last_seen: Micros,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeveloperSort {
    UniqueEndUsers,
    EventCount,
    LastSeenAt,
}

/// That an end user did something in a quarter of an hour.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ActiveQuarter {
    pub end_user: UserId,
    /// Quarters of an hour since 1970.
    pub quarter: i64,
}

/// An event that a sink gave up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DroppedEvent {
    pub position: Position,
    pub event: EventId,
    pub reason: String,
    pub at: Micros,
}
