//! What this process did, sink by sink, for whoever watches it. Sums of all processes are in the store.
use crate::courier::Progress;
use crate::edition::Provider;
use crate::sink::DropReason;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Of one sink.
#[derive(Debug, Default)]
pub struct SinkCounts {
    sent: AtomicU64,
    retried: AtomicU64,
    dropped: [AtomicU64; DropReason::ALL.len()],
    waiting: AtomicU64,
}

/// Of all sinks.
#[derive(Debug, Default)]
pub struct Counts([SinkCounts; Provider::ALL.len()]);

impl Counts {
    pub fn of(&self, provider: Provider) -> &SinkCounts {
        &self.0[provider as usize]
    }
}

impl SinkCounts {
    pub fn sent(&self) -> u64 {
        self.sent.load(Relaxed)
    }

    pub fn retried(&self) -> u64 {
        self.retried.load(Relaxed)
    }

    pub fn dropped(&self, reason: DropReason) -> u64 {
        self.dropped[reason as usize].load(Relaxed)
    }

    /// Events that are stored and not settled; 0 while another process serves the sink.
    pub fn waiting(&self) -> u64 {
        self.waiting.load(Relaxed)
    }

    pub(super) fn set_waiting(&self, count: u64) {
        self.waiting.store(count, Relaxed);
    }

    /// Adds what progress was made.
    pub(super) fn add(&self, before: &Progress, after: &Progress) {
        let made = |before: u64, after: u64| after.saturating_sub(before);
        self.sent.fetch_add(made(before.sent, after.sent), Relaxed);
        self.retried
            .fetch_add(made(before.retried, after.retried), Relaxed);
        for reason in DropReason::ALL {
            let of = |progress: &Progress| progress.dropped.get(reason.as_str()).copied();
            let count = made(of(before).unwrap_or(0), of(after).unwrap_or(0));
            self.dropped[reason as usize].fetch_add(count, Relaxed);
        }
    }
}
