//! Driver errors become kinds here and nowhere else.
//!
//! What the server says of a row (its `DETAIL`) is left out: it quotes values, and these may
//! be personal data.
use cognobserve_ports::{ErrorKind, StoreError};
use deadpool_postgres::{HookError, PoolError};
use std::error::Error;
use std::fmt;
use tokio_postgres::error::SqlState;

pub(crate) use cognobserve_books::damaged;

pub(crate) type StoreResult<T> = Result<T, StoreError>;

/// What the log is told of a refused statement besides the message.
#[derive(Debug)]
struct Refused {
    code: SqlState,
    at: Option<String>,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SQLSTATE {}", self.code.code())?;
        match &self.at {
            Some(at) => write!(f, " at {at}"),
            None => Ok(()),
        }
    }
}

impl Error for Refused {}

/// Maps a driver error to what the caller can do about it.
pub(crate) fn sql(error: tokio_postgres::Error) -> StoreError {
    let kind = match error.code() {
        Some(code) if passes(code) => ErrorKind::Unavailable,
        None if error.is_closed() || is_broken_pipe(&error) => ErrorKind::Unavailable,
        _ => ErrorKind::Internal,
    };
    describe(kind, &error)
}

/// Maps a failure to get a connection: whatever the reason, nothing can be asked now.
pub(crate) fn pool(error: PoolError) -> StoreError {
    match error {
        PoolError::Timeout(_) => StoreError::new(
            ErrorKind::Unavailable,
            "PostgreSQL: timed out waiting for a connection",
        ),
        PoolError::Backend(error) | PoolError::PostCreateHook(HookError::Backend(error)) => {
            describe(ErrorKind::Unavailable, &error)
        }
        other => StoreError::new(ErrorKind::Unavailable, format!("PostgreSQL: {other}")),
    }
}

pub(crate) fn internal(message: impl Into<String>) -> StoreError {
    StoreError::new(ErrorKind::Internal, message)
}

/// Server states that pass, or that an operator can end: connection lost, out of space or
/// memory or connections, shutting down, timed out, read-only, locked by another.
fn passes(code: &SqlState) -> bool {
    let code = code.code();
    let class = code.starts_with("08") || code.starts_with("53") || code.starts_with("57P0");
    class || ["57014", "25006", "55P03", "40001", "40P01"].contains(&code)
}

/// Whether the connection broke. Input errors without a server's code are also given to a
/// message that does not encode or decode.
fn is_broken_pipe(error: &tokio_postgres::Error) -> bool {
    use std::io::ErrorKind::{InvalidData, InvalidInput};
    let io = error
        .source()
        .and_then(|source| source.downcast_ref::<std::io::Error>());
    io.is_some_and(|io| !matches!(io.kind(), InvalidData | InvalidInput))
}

fn describe(kind: ErrorKind, error: &tokio_postgres::Error) -> StoreError {
    if let Some(db) = error.as_db_error() {
        let (message, code) = (db.message(), db.code().code());
        let at = db.constraint().or(db.table()).map(str::to_owned);
        return StoreError::new(kind, format!("PostgreSQL: {message} ({code})")).with_source(
            Refused {
                code: db.code().clone(),
                at,
            },
        );
    }
    let message = match error.source() {
        Some(source) => format!("PostgreSQL: {error}: {source}"),
        None => format!("PostgreSQL: {error}"),
    };
    StoreError::new(kind, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_that_pass_are_told_from_defects() {
        let passing = [
            "08006", "53100", "53200", "53300", "57P01", "57P03", "57014", "25006", "55P03",
            "40001", "40P01",
        ];
        for code in passing {
            assert!(passes(&SqlState::from_code(code)), "{code}");
        }
        for code in ["23505", "42P01", "22021", "57000", "XX000"] {
            assert!(!passes(&SqlState::from_code(code)), "{code}");
        }
    }
}
