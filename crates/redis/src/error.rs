//! What the server and the way to it can do wrong, as the kinds of a store's error.
use cognobserve_ports::{ErrorKind, StoreError};
use redis::{RedisError, ServerError};

pub(crate) type QueueResult<T> = Result<T, StoreError>;

/// What a full, starting, following or lonely server answers: it passes.
const PASSING: [&str; 11] = [
    "OOM",
    "LOADING",
    "READONLY",
    "MASTERDOWN",
    "CLUSTERDOWN",
    "TRYAGAIN",
    "NOREPLICAS",
    "MISCONF",
    "BUSY",
    "UNKILLABLE",
    "UNBLOCKED",
];

/// A mistake that does not pass by itself.
pub(crate) fn refuse(message: impl Into<String>) -> StoreError {
    StoreError::new(ErrorKind::Internal, message)
}

pub(crate) fn unavailable(message: impl Into<String>) -> StoreError {
    StoreError::new(ErrorKind::Unavailable, message)
}

/// The server's refusal of one command.
pub(crate) fn read_refusal(error: ServerError) -> StoreError {
    let code = error.code();
    let (kind, message) = match code {
        "OOM" => (ErrorKind::Unavailable, "the queue's memory is full".into()),
        "MOVED" | "ASK" | "CROSSSLOT" => (
            ErrorKind::Internal,
            "the queue's server is a node of a Redis Cluster; name a server that has all keys"
                .into(),
        ),
        code if PASSING.contains(&code) => (
            ErrorKind::Unavailable,
            format!("the queue's server does not take this now ({code})"),
        ),
        code => (
            ErrorKind::Internal,
            format!("the queue's server refused a command ({code})"),
        ),
    };
    StoreError::new(kind, message).with_source(RedisError::from(error))
}

/// A connection that could not be made or did not last; or a log-in that was refused.
pub(crate) fn read_failure(error: RedisError) -> StoreError {
    use redis::{ErrorKind as Theirs, ServerErrorKind};
    let passing = match error.kind() {
        Theirs::AuthenticationFailed
        | Theirs::InvalidClientConfig
        | Theirs::Server(ServerErrorKind::NoPerm) => false,
        // By its own words: which kind the driver makes of them differs by the way they come.
        _ => !["WRONGPASS", "NOAUTH", "NOPERM"]
            .iter()
            .any(|code| error.code() == Some(code)),
    };
    if passing {
        unavailable("the queue's server cannot be reached").with_source(error)
    } else {
        refuse("the queue's server does not let us in").with_source(error)
    }
}
