//! What the server counts about itself, for `GET /metrics`.
//!
//! One registry: a number exists by being a field here and a line in [`Metrics::render`].
//! Labels are closed sets of words; never a project, user, key or path from outside.

mod number;
mod render;

pub use number::{Counter, Gauge, Seconds};

use axum::http::StatusCode;
use cognobserve_ports::QueueHealth;

/// Statuses that are counted by themselves; any other counts as the last.
pub(crate) const STATUSES: [&str; 16] = [
    "200", "202", "303", "304", "400", "401", "403", "404", "405", "413", "415", "422", "429",
    "500", "503", "other",
];

/// The kinds of routes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Area {
    Ingest,
    Api,
    Service,
    Web,
}

pub(crate) const AREAS: [&str; 4] = ["ingest", "api", "service", "web"];

/// In an answer's extensions: what to count it as, where its status says too little.
#[derive(Clone, Copy, Debug)]
pub struct CountedAs(pub StatusCode);

/// All numbers; shared by every room of the server.
#[derive(Debug, Default)]
pub struct Metrics {
    pub(crate) requests: [[Counter; STATUSES.len()]; AREAS.len()],
    pub ingested_bytes: Counter,
    pub ingested_traces: Counter,
    pub ingested_spans: Counter,
    pub stored_events: Counter,
    pub refused_items: Counter,
    pub warnings: Counter,
    pub discarded_metrics: Counter,
    pub discarded_logs: Counter,
    pub queued_batches: Gauge,
    pub committed_batches: Counter,
    pub committed_spans: Counter,
    pub failed_groups: Counter,
    pub commit_seconds: Seconds,
    pub dead_letters: Counter,
    pub queue_depth: Gauge,
    pub queue_age_ms: Gauge,
    pub queue_workers: Gauge,
    pub queue_memory_bytes: Gauge,
    pub queue_dead: Gauge,
}

impl Metrics {
    /// Takes over what was seen of the queue's server.
    pub fn note_queue(&self, health: &QueueHealth) {
        let number = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        let age = health.oldest_age.map_or(0, |age| age.as_millis());
        self.queue_age_ms
            .set(i64::try_from(age).unwrap_or(i64::MAX));
        self.queue_depth.set(number(health.depth));
        self.queue_workers.set(number(health.workers));
        self.queue_memory_bytes.set(number(health.memory_used));
        self.queue_dead.set(number(health.dead));
    }

    /// Counts an answered request.
    pub fn count_request(&self, area: Area, status: StatusCode) {
        let known = STATUSES.iter().position(|word| *word == status.as_str());
        self.requests[area as usize][known.unwrap_or(STATUSES.len() - 1)].add(1);
    }
}
