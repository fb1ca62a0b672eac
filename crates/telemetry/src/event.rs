//! An event as it was captured, before it is decided what may leave of it.
use cognobserve_model::id::DeveloperId;
use cognobserve_model::time::Micros;
use serde_json::{Map, Value};
use std::fmt;
use uuid::Uuid;

/// A developer's customer, as the ledger knows them (`usr_…`). Not a [`DeveloperId`], so that the two cannot be swapped.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct EndUserId(String);

impl EndUserId {
    pub fn new(id: impl Into<String>) -> EndUserId {
        EndUserId(id.into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for EndUserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What is known of a developer beside the id, and leaves in the cloud edition alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeveloperProfile {
    pub email: Option<String>,
    pub country: Option<String>,
    /// What the call came from: `X-Cognobserve-Client`.
    pub client_type: Option<String>,
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Made at the door, the same at each try: what providers tell repeats by. Never the client's own.
    pub id: Uuid,
    pub name: String,
    pub properties: Map<String, Value>,
    pub end_user: Option<EndUserId>,
    pub developer: Option<DeveloperId>,
    pub profile: DeveloperProfile,
    /// A session's id as the ledger has it (`ses_…`).
    pub session: Option<String>,
    pub at: Micros,
}

/// An event whose people were concealed before it was stored: nothing brings them back, whatever the edition is now.
#[derive(Clone, Debug, PartialEq)]
pub struct Concealed {
    pub id: Uuid,
    pub name: String,
    /// Leaves as it is.
    pub pseudonym: String,
    /// Anonymised, with the edition, the system and the version of the installation that captured it.
    pub properties: Map<String, Value>,
    pub at: Micros,
}

/// An event as the log gives it back.
#[derive(Clone, Debug, PartialEq)]
pub enum Logged {
    Named(Event),
    Concealed(Concealed),
}
