//! What handlers reach: the ports, the queue, and the state that requests share.
use crate::auth::GrantCache;
use crate::metrics::Metrics;
use crate::worker::{ArrivalClock, Hall};
use cognobserve_ports::{Accounts, Ledger, Reports};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

/// Bounds of single requests. The queue has its own, see [`crate::worker::QueueLimits`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Of a body, before and after decompression.
    pub max_body_bytes: usize,
    /// Bodies larger than this (compressed: an eighth) are decoded off the runtime's threads.
    pub offload_bytes: usize,
    /// How long a client may pause inside a body.
    pub body_patience: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            max_body_bytes: 64 << 20,
            offload_bytes: 256 << 10,
            body_patience: Duration::from_secs(30),
        }
    }
}

/// Everything a handler may use.
pub struct AppState {
    pub accounts: Arc<dyn Accounts>,
    pub reports: Arc<dyn Reports>,
    pub ledger: Arc<dyn Ledger>,
    pub queue: Arc<dyn Hall>,
    pub limits: Limits,
    pub metrics: Arc<Metrics>,
    pub(crate) grants: GrantCache,
    pub(crate) clock: ArrivalClock,
    /// Large bodies are decoded by as many threads as there are processors, no more.
    pub(crate) decoders: Semaphore,
}

impl AppState {
    /// `metrics` are those that the queue was started with; `clock` gives stamps after all
    /// that the ledger has.
    pub fn new(
        accounts: Arc<dyn Accounts>,
        reports: Arc<dyn Reports>,
        ledger: Arc<dyn Ledger>,
        queue: Arc<dyn Hall>,
        limits: Limits,
        metrics: Arc<Metrics>,
        clock: ArrivalClock,
    ) -> Arc<AppState> {
        let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Arc::new(AppState {
            grants: GrantCache::new(accounts.clone()),
            accounts,
            reports,
            ledger,
            queue,
            limits,
            metrics,
            clock,
            decoders: Semaphore::new(processors),
        })
    }
}
