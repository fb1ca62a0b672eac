//! A whole store's rows on their way into another: what is read in which order, and how far
//! a move has come.
//!
//! Rows go as they are: both stores keep the same forms and numbers, and the install secret
//! goes along, so that every id and pseudonym stays what it was.
mod rows;

pub use rows::{
    Account, ApiKey, AuditLine, Band, Event, EventDrop, EventLog, EventSink, Forgotten, Member,
    Model, ModelQuarter, Nobody, Price, Project, Quarter, Rows, Session, SessionToken, Suppression,
    Totals, Trace, User, Workspace,
};

use crate::damaged;
use async_trait::async_trait;
use cognobserve_ports::StoreError;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// What goes over, in the order in which it does: whatever refers comes after what it refers
/// to. Keys come last: before them nobody can ask for anything. Who is logged in does not go
/// over, and no one-time link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    Workspaces,
    Accounts,
    Members,
    SessionTokens,
    Projects,
    Prices,
    Audit,
    Users,
    Unattributed,
    Suppressions,
    Models,
    Sessions,
    Traces,
    UserDays,
    ProjectQuarters,
    ModelQuarters,
    Events,
    EventDrops,
    EventSinks,
    EventLog,
    Forgotten,
    ApiKeys,
}

impl Part {
    pub const ALL: [Part; 22] = [
        Part::Workspaces,
        Part::Accounts,
        Part::Members,
        Part::SessionTokens,
        Part::Projects,
        Part::Prices,
        Part::Audit,
        Part::Users,
        Part::Unattributed,
        Part::Suppressions,
        Part::Models,
        Part::Sessions,
        Part::Traces,
        Part::UserDays,
        Part::ProjectQuarters,
        Part::ModelQuarters,
        Part::Events,
        Part::EventDrops,
        Part::EventSinks,
        Part::EventLog,
        Part::Forgotten,
        Part::ApiKeys,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Part::Workspaces => "workspaces",
            Part::Accounts => "accounts",
            Part::Members => "members",
            Part::SessionTokens => "session_tokens",
            Part::Projects => "projects",
            Part::Prices => "prices",
            Part::Audit => "audit",
            Part::Users => "users",
            Part::Unattributed => "unattributed",
            Part::Suppressions => "suppressions",
            Part::Models => "models",
            Part::Sessions => "sessions",
            Part::Traces => "traces",
            Part::UserDays => "user_days",
            Part::ProjectQuarters => "project_quarters",
            Part::ModelQuarters => "model_quarters",
            Part::Events => "events",
            Part::EventDrops => "event_drops",
            Part::EventSinks => "event_sinks",
            Part::EventLog => "event_log",
            Part::Forgotten => "forgotten",
            Part::ApiKeys => "api_keys",
        }
    }

    fn parse(name: &str) -> Option<Part> {
        Part::ALL.into_iter().find(|part| part.name() == name)
    }

    /// The part that comes after.
    pub fn next(self) -> Option<Part> {
        let mut rest = Part::ALL.into_iter().skip_while(|part| *part != self);
        rest.nth(1)
    }
}

/// A value of a row's key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Field {
    No(i64),
    Text(String),
}

/// Where the next row is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub part: Part,
    /// The key of the row before; empty at the beginning of a part.
    pub after: Vec<Field>,
    /// Rows of all parts that were read before.
    pub rows: u64,
}

impl Place {
    pub const START: Place = Place {
        part: Part::Workspaces,
        after: Vec::new(),
        rows: 0,
    };
}

/// How far a move has come, as the destination keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The origin's, see [`Survey`].
    pub fingerprint: String,
    /// Where to go on; `None` if all rows are there.
    pub place: Option<Place>,
}

impl Mark {
    pub fn encode(&self) -> Vec<u8> {
        let describe = |field: &Field| match field {
            Field::No(no) => json!(no),
            Field::Text(text) => json!(text),
        };
        let place = self.place.as_ref().map(|place| {
            let after: Vec<Value> = place.after.iter().map(describe).collect();
            json!({"part": place.part.name(), "after": after, "rows": place.rows})
        });
        let mark = json!({"fingerprint": self.fingerprint, "place": place});
        mark.to_string().into_bytes()
    }

    pub fn decode(bytes: &[u8]) -> Result<Mark, StoreError> {
        let read = || {
            let mark: Value = serde_json::from_slice(bytes).ok()?;
            let place = match &mark["place"] {
                Value::Null => None,
                place => Some(read_place(place)?),
            };
            Some(Mark {
                fingerprint: mark["fingerprint"].as_str()?.to_owned(),
                place,
            })
        };
        read().ok_or_else(|| damaged("progress of a move"))
    }
}

fn read_place(place: &Value) -> Option<Place> {
    let read_field = |field: &Value| match field {
        Value::String(text) => Some(Field::Text(text.clone())),
        field => field.as_i64().map(Field::No),
    };
    let after = place["after"].as_array()?.iter().map(read_field);
    Some(Place {
        part: Part::parse(place["part"].as_str()?)?,
        after: after.collect::<Option<_>>()?,
        rows: place["rows"].as_u64()?,
    })
}

/// What is known of an origin before its first row is read.
pub struct Survey {
    pub secret: [u8; 32],
    /// Another one after every change of the store.
    pub fingerprint: String,
    pub last_arrival: i64,
    /// The highest number of a project that was ever given.
    pub last_project: i64,
    /// Likewise of users, sessions, traces, payloads and models.
    pub last_number: i64,
    pub rows: Vec<(Part, u64)>,
}

impl Survey {
    pub fn count_rows(&self) -> u64 {
        self.rows.iter().map(|(_, rows)| rows).sum()
    }

    pub fn count(&self, part: Part) -> u64 {
        let of_part = self.rows.iter().filter(|(other, _)| *other == part);
        of_part.map(|(_, rows)| rows).sum()
    }
}

/// Hashes counters and marks of a store.
pub fn make_fingerprint<'a>(values: impl IntoIterator<Item = (&'a str, i64)>) -> String {
    let mut hash = Sha256::new();
    for (name, value) in values {
        hash.update(name.as_bytes());
        hash.update([0]);
        hash.update(value.to_be_bytes());
    }
    let digest = hash.finalize();
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Rows that are written together.
pub struct Batch {
    pub rows: Rows,
    /// `None`: these are the last.
    pub next: Option<Place>,
}

/// A store that is read as a whole, as of one moment.
#[async_trait]
pub trait Origin: Send + Sync {
    fn survey(&self) -> &Survey;

    /// Rows from a place on, as many as fit into memory with ease.
    async fn read(&self, place: &Place) -> Result<Batch, StoreError>;

    /// Whether somebody has changed the store since that moment.
    async fn has_changed(&self) -> Result<bool, StoreError>;
}

/// A store that takes in another one's rows. It serves nobody before [`Destination::release`].
#[async_trait]
pub trait Destination: Send + Sync {
    /// Where to go on; `None` if all rows are there.
    fn place(&self) -> Option<Place>;

    /// Writes all rows of a batch, and that it has them, or neither. The batch is the one
    /// read at [`Destination::place`].
    async fn write(&self, batch: Batch) -> Result<(), StoreError>;

    /// Once all rows are there: what the store needs besides them. May be repeated.
    async fn settle(&self, survey: &Survey) -> Result<(), StoreError>;

    /// The move is done: the store may be used.
    async fn release(&self) -> Result<(), StoreError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_reads_back() {
        let place = Place {
            part: Part::Prices,
            after: vec![
                Field::No(7),
                Field::Text("ein \"Modell\"".into()),
                Field::No(i64::MIN),
            ],
            rows: 1 << 40,
        };
        for place in [Some(Place::START), Some(place), None] {
            let mark = Mark {
                fingerprint: "abc".into(),
                place,
            };
            assert_eq!(Mark::decode(&mark.encode()).unwrap(), mark);
        }
        assert!(Mark::decode(b"{}").is_err());
        assert!(Mark::decode(br#"{"fingerprint": "", "place": {"part": "?"}}"#).is_err());
    }

    #[test]
    fn every_part_has_its_turn() {
        let parts: Vec<Part> =
            std::iter::successors(Some(Place::START.part), |part| part.next()).collect();
        assert_eq!(parts, Part::ALL);
        assert!(parts.is_sorted());
        for part in parts {
            assert_eq!(Part::parse(part.name()), Some(part));
        }
    }

    #[test]
    fn fingerprints_tell_names_and_values_apart() {
        let one = make_fingerprint([("a", 1), ("b", 2)]);
        assert_eq!(one, make_fingerprint([("a", 1), ("b", 2)]));
        assert_ne!(one, make_fingerprint([("a", 1), ("b", 3)]));
        assert_ne!(one, make_fingerprint([("a", 1), ("c", 2)]));
    }
}
