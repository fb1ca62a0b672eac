//! Where the server is, and the bounds of everything.
use crate::error::{QueueResult, refuse};
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// More would only make every survey slower.
const MOST_PARTITIONS: u16 = 1024;

#[derive(Clone)]
pub struct Settings {
    /// `redis://user:password@host:port/database`, or `rediss://` for TLS, which verifies the
    /// server's certificate and name.
    pub url: String,
    /// A PEM file with the roots to trust; not set: those that browsers trust.
    pub roots: Option<PathBuf>,
    /// What all keys begin with (in braces): one queue per prefix.
    pub prefix: String,
    /// Into how many streams traces are spread; at most so many workers have something to do.
    /// Fixed by the first process that opens the queue.
    pub partitions: u16,
    /// This worker's name; not set: a random one. No two workers may share one.
    pub worker: Option<String>,
    /// How long a worker that says nothing keeps its partitions.
    pub lease_time: Duration,
    /// Pushes are refused while the oldest entry is older than this; not set: never.
    pub max_age: Option<Duration>,
    /// A batch is split into entries of about this many bytes. Small, since a worker reads
    /// an entry of every partition at once at worst.
    pub entry_bytes: usize,
    /// Dead letters that are kept; when there are so many, entries that would become one stay
    /// in the queue.
    pub max_dead: u64,
    /// How many replicas must have a push before it is answered, and how long that may take.
    pub replicas_to_wait: u32,
    pub replica_timeout: Duration,
    pub connect_timeout: Duration,
    /// For one round trip.
    pub response_timeout: Duration,
}

impl Settings {
    pub fn new(url: impl Into<String>) -> Settings {
        Settings {
            url: url.into(),
            roots: None,
            prefix: "cognobserve".into(),
            partitions: 32,
            worker: None,
            lease_time: Duration::from_secs(15),
            max_age: Some(Duration::from_secs(3600)),
            entry_bytes: 1 << 20,
            max_dead: 100_000,
            replicas_to_wait: 0,
            replica_timeout: Duration::from_secs(1),
            connect_timeout: Duration::from_secs(2),
            response_timeout: Duration::from_secs(5),
        }
    }

    pub(crate) fn check(&self) -> QueueResult<()> {
        if self.prefix.is_empty() || self.prefix.contains(['{', '}']) {
            return Err(refuse(
                "the queue's prefix must not be empty or have braces",
            ));
        }
        if !(1..=MOST_PARTITIONS).contains(&self.partitions) {
            return Err(refuse(format!(
                "a queue has 1 to {MOST_PARTITIONS} partitions, not {}",
                self.partitions
            )));
        }
        let times = [self.lease_time, self.connect_timeout, self.response_timeout];
        if times.iter().any(|time| *time < Duration::from_millis(50)) {
            return Err(refuse("the queue's time limits must be 50 ms at least"));
        }
        Ok(())
    }
}

/// The URL holds a password.
impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("prefix", &self.prefix)
            .field("partitions", &self.partitions)
            .field("worker", &self.worker)
            .field("lease_time", &self.lease_time)
            .field("max_age", &self.max_age)
            .finish_non_exhaustive()
    }
}
