//! What can go wrong in a store, by what the caller can do about it.
use thiserror::Error;

/// How to answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// Passing: disk full, read-only, locked, connection lost. Try again later (503).
    Unavailable,
    /// The store was written by a newer version; it must not be touched.
    TooNew,
    /// The store contradicts itself or a statement failed: a defect (500; 503 on ingest).
    Internal,
    /// The name exists already.
    Conflict,
    /// The named thing does not exist.
    NotFound,
}

/// A store's failure; the source is for the log, never for the caller.
#[derive(Debug, Error)]
#[error("{message}")]
pub struct StoreError {
    kind: ErrorKind,
    message: String,
    #[source]
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl StoreError {
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        StoreError {
            kind,
            message: message.into(),
            source: None,
        }
    }

    pub fn with_source(mut self, source: impl std::error::Error + Send + Sync + 'static) -> Self {
        self.source = Some(Box::new(source));
        self
    }

    pub fn kind(&self) -> ErrorKind {
        self.kind
    }
}
