//! The hall between door and ledger when they are different processes: what was pushed is
//! delivered to some worker at least once, in no certain order.
//!
//! Delivering twice is harmless, since [`crate::Ledger::commit`] books a piece once.
use crate::StoreError;
use async_trait::async_trait;
use cognobserve_model::id::ProjectId;
use cognobserve_model::piece::Batch;
use cognobserve_model::time::Micros;
use std::fmt;
use std::time::Duration;

/// Names one delivery for acknowledging it; opaque.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DeliveryId {
    pub partition: u16,
    pub entry: String,
}

impl fmt::Display for DeliveryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.partition, self.entry)
    }
}

/// Something pushed, in the hands of a worker: all or a part of a batch.
#[derive(Clone, Debug)]
pub struct Delivery {
    pub id: DeliveryId,
    pub batch: Batch,
    /// How often it was delivered, this time included. Beyond 1 a worker lost it, or it lost
    /// the worker.
    pub attempts: u32,
}

/// Names a dead letter.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DeadId(pub String);

impl fmt::Display for DeadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What was given up, without its body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetter {
    pub id: DeadId,
    pub partition: u16,
    /// Absent if the entry was not one of ours.
    pub project: Option<String>,
    pub traces: u64,
    pub spans: u64,
    pub bytes: u64,
    pub reason: String,
    pub attempts: u32,
    /// When it was pushed (the last time, if it was replayed).
    pub pushed_at: Micros,
    pub buried_at: Micros,
}

/// Which dead letters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Dead {
    /// Those that are there when the call begins.
    All,
    These(Vec<DeadId>),
}

/// How the queue does; cheap enough to ask every second.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QueueHealth {
    /// Of the oldest entry that is not acknowledged; `None` if there is none.
    pub oldest_age: Option<Duration>,
    /// Entries that are not acknowledged.
    pub depth: u64,
    /// Those of them that some worker was given.
    pub pending: u64,
    pub dead: u64,
    /// Workers that were seen lately.
    pub workers: u64,
    pub memory_used: u64,
    /// `None`: the server knows no limit.
    pub memory_limit: Option<u64>,
    /// Why what was pushed may not survive, one sentence each.
    pub warnings: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PartitionStats {
    pub partition: u16,
    pub depth: u64,
    pub pending: u64,
    pub oldest_age: Option<Duration>,
    /// The worker that serves it.
    pub worker: Option<String>,
}

/// What happened to dead letters, ever.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub buried: u64,
    /// Those of the buried that could not be read.
    pub unreadable: u64,
    pub replayed: u64,
    pub dropped: u64,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QueueStats {
    pub partitions: Vec<PartitionStats>,
    pub workers: Vec<String>,
    pub dead: u64,
    pub counts: Counts,
}

/// A queue of batches. Every call ends within the back end's time limits;
/// [`crate::ErrorKind::Unavailable`] is passing, also when the queue is full.
#[async_trait]
pub trait Queue: Send + Sync {
    /// Keeps a batch: `Ok` means as durable as the server's settings make it
    /// ([`QueueHealth::warnings`]). On `Err` all, a part or nothing of it was kept; pushing it
    /// again is right.
    async fn push(&self, batch: &Batch) -> Result<(), StoreError>;

    /// Whether a push would be taken now.
    async fn check_ready(&self) -> Result<(), StoreError>;

    async fn health(&self) -> Result<QueueHealth, StoreError>;

    /// Takes what waits for this worker, about `limit_spans` of it (one delivery at least, even
    /// one above the limit); waits so long for the first. An empty answer may come early. The
    /// first pull makes this process a worker. All pieces of a trace go to one worker, except
    /// while workers come and go. What was pulled stays with this worker until it is
    /// acknowledged or buried, or until the worker is gone; dropping the future loses nothing.
    async fn pull(&self, limit_spans: usize, wait: Duration) -> Result<Vec<Delivery>, StoreError>;

    /// Removes what the ledger has committed. Late or twice is harmless. After an `Err` some
    /// of them may be delivered again.
    async fn acknowledge(&self, deliveries: &[DeliveryId]) -> Result<(), StoreError>;

    /// Makes a delivery a dead letter instead of acknowledging it; nothing if it was
    /// acknowledged elsewhere. `Unavailable` if there is no room for more dead letters: the
    /// delivery is then still in this worker's hands. `reason` names no content.
    async fn bury(&self, delivery: &DeliveryId, reason: &str) -> Result<(), StoreError>;

    /// Stops being a worker: others take over at once, including what this one has pulled and
    /// not acknowledged.
    async fn leave(&self) -> Result<(), StoreError>;

    /// Dead letters in the order in which they were buried.
    async fn list_dead(
        &self,
        after: Option<&DeadId>,
        limit: usize,
    ) -> Result<Vec<DeadLetter>, StoreError>;

    /// Queues dead letters again, each once; answers how many.
    async fn replay_dead(&self, which: &Dead) -> Result<u64, StoreError>;

    /// Forgets dead letters; answers how many.
    async fn drop_dead(&self, which: &Dead) -> Result<u64, StoreError>;

    /// Takes out of the dead letters whatever names a user of a project, and the rest of those
    /// traces; answers how many letters were changed or dropped. What is under way needs no
    /// such care: an erased person's data is booked without its content.
    async fn forget_user(&self, project: &ProjectId, external_id: &str) -> Result<u64, StoreError>;

    async fn stats(&self) -> Result<QueueStats, StoreError>;

    /// Waits until all that was pushed before the call is acknowledged or buried. `false`: the
    /// time was over before.
    async fn wait_until_empty(&self, timeout: Duration) -> Result<bool, StoreError>;
}
