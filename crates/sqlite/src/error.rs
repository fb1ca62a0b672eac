//! Driver errors become kinds here and nowhere else.
use cognobserve_ports::{ErrorKind, StoreError};
use rusqlite::ErrorCode;

/// Maps a driver error to what the caller can do about it.
pub(crate) fn sql(error: rusqlite::Error) -> StoreError {
    let kind = match error.sqlite_error_code() {
        Some(
            ErrorCode::DiskFull
            | ErrorCode::SystemIoFailure
            | ErrorCode::ReadOnly
            | ErrorCode::CannotOpen
            | ErrorCode::DatabaseBusy
            | ErrorCode::DatabaseLocked
            | ErrorCode::OutOfMemory
            | ErrorCode::PermissionDenied,
        ) => ErrorKind::Unavailable,
        _ => ErrorKind::Internal,
    };
    StoreError::new(kind, format!("embedded store: {error}"))
}

/// A stored row that does not read back: a defect or a damaged file.
pub(crate) fn damaged(what: &str) -> StoreError {
    StoreError::new(
        ErrorKind::Internal,
        format!("embedded store: {what} does not read back"),
    )
}

pub(crate) fn internal(message: impl Into<String>) -> StoreError {
    StoreError::new(ErrorKind::Internal, message)
}

pub(crate) type StoreResult<T> = Result<T, StoreError>;
