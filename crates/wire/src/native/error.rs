//! Why a native request, or one trace of it, can't be read at all.
//! Invariant: every error has a path (empty for the whole body) and a sentence for humans.
//! It must not quote what the client sent.

use thiserror::Error;

use super::{MAX_EVENTS, MAX_SPANS, MAX_TRACES};
use crate::json::Kind;

/// A request or trace that can't be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NativeError {
    /// Not JSON.
    #[error("not valid JSON: {message}")]
    Syntax {
        /// The parser's words, with line and column.
        message: String,
    },
    /// JSON, but not of the documented shape.
    #[error("expected {}, got {}", .expected.name(), .got.name())]
    Shape {
        /// Where, like `spans[3]`; empty for the whole.
        path: String,
        /// What should be there.
        expected: Kind,
        /// What is there.
        got: Kind,
    },
    /// A trace with more than `MAX_SPANS` spans.
    #[error("more than {MAX_SPANS} spans in one trace")]
    TooManySpans,
    /// A batch with more than `MAX_TRACES` traces.
    #[error("more than {MAX_TRACES} traces in one batch")]
    TooManyTraces,
    /// A request with more than `MAX_EVENTS` events.
    #[error("more than {MAX_EVENTS} events in one request")]
    TooManyEvents,
}

impl NativeError {
    /// Where in the JSON, like `spans[3]`; empty for the whole.
    pub fn path(&self) -> &str {
        match self {
            NativeError::Syntax { .. } => "",
            NativeError::Shape { path, .. } => path,
            NativeError::TooManySpans => "spans",
            NativeError::TooManyTraces => "traces",
            NativeError::TooManyEvents => "events",
        }
    }

    /// Whether the request is too large rather than wrong.
    pub fn is_too_large(&self) -> bool {
        matches!(
            self,
            NativeError::TooManyTraces | NativeError::TooManyEvents
        )
    }

    pub(super) fn from_serde(error: &serde_json::Error) -> Self {
        NativeError::Syntax {
            message: error.to_string(),
        }
    }

    pub(super) fn shape(path: &str, expected: Kind, got: Kind) -> Self {
        NativeError::Shape {
            path: path.to_owned(),
            expected,
            got,
        }
    }
}
