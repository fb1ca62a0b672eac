//! One delivery's share of one trace, normalised: what the pipeline hands to the ledger.
//!
//! Every field is optional: absent means "this piece does not say". Ids, names and texts
//! are already trimmed, bounded and free of junk; numbers are in range; times are sane.
use crate::id::{KeyId, ProjectId};
use crate::profile::ProfilePart;
use crate::span::{ClientCost, Level, SpanKind};
use crate::stamp::Arrival;
use crate::time::Micros;
use crate::usage::Usage;
use serde::{Deserialize, Serialize};

/// All pieces of one request, committed together or not at all.
#[derive(Clone, Debug)]
pub struct Batch {
    pub project: ProjectId,
    /// The key that brought it; profile changes record it.
    pub key: KeyId,
    pub pieces: Vec<Piece>,
}

impl Batch {
    pub fn span_count(&self) -> usize {
        self.pieces.iter().map(|piece| piece.spans.len()).sum()
    }
}

/// What one delivery says of one trace.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Piece {
    /// The client's trace id (or a generated one), 1–255 bytes.
    pub trace_id: String,
    /// Unique over all pieces of a store.
    pub arrival: Arrival,
    /// The trace envelope; it outranks what non-root spans say.
    pub name: Option<String>,
    pub timestamp: Option<Micros>,
    /// External id: trimmed, NFC, 1–255 characters, not junk.
    pub user: Option<String>,
    pub session: Option<SessionPart>,
    /// JSON object text, or none; merged shallowly.
    pub metadata: Option<String>,
    /// At most one entry per span id.
    pub spans: Vec<SpanPart>,
    /// What this piece says about people; each names its user.
    pub profiles: Vec<ProfilePart>,
    /// Payload already taken out of `metadata` and the spans and packed for storage by the
    /// store's `Ledger::pack`, off the writing thread.
    pub packed: Option<Box<[u8]>>,
}

/// A session as a piece names it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionPart {
    /// The developer's id, 1–255 bytes.
    pub external_id: String,
    pub name: Option<String>,
    /// JSON object text; merged shallowly.
    pub metadata: Option<String>,
}

/// What one delivery says of one span.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct SpanPart {
    /// The client's span id (or a derived one), 1–255 bytes.
    pub id: String,
    pub parent: Option<String>,
    /// `Some(true)`: the client calls it the top of its app's part of the trace.
    pub app_root: Option<bool>,
    pub name: Option<String>,
    pub kind: Option<SpanKind>,
    pub level: Option<Level>,
    pub status_message: Option<String>,
    pub start: Option<Micros>,
    pub end: Option<Micros>,
    pub model: Option<String>,
    /// The provider's response id: two spans for one response count once.
    pub response_id: Option<String>,
    pub usage: Usage,
    pub cost: ClientCost,
    /// External user id found on the span.
    pub user: Option<String>,
    /// External session id found on the span.
    pub session: Option<String>,
    /// A name for the trace found on the span.
    pub trace_name: Option<String>,
    pub payload: SpanPayload,
}

/// What is shown but never counted. JSON texts, token-identical to what came.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpanPayload {
    pub input: Option<String>,
    pub output: Option<String>,
    /// JSON object text; merged shallowly.
    pub metadata: Option<String>,
    /// JSON text; replaced.
    pub model_parameters: Option<String>,
}

impl SpanPayload {
    pub fn is_empty(&self) -> bool {
        self.input.is_none()
            && self.output.is_none()
            && self.metadata.is_none()
            && self.model_parameters.is_none()
    }
}
