//! What the program itself calls when something happened. A call copies what it is given into a bounded queue and is
//! done: it never fails, never waits, and knows neither editions nor providers. A task of its own stores what waits.
mod keeper;

use crate::anonymise::allow::DURATIONS;
use crate::event::EndUserId;
use crate::gate::{Bell, Gate};
use crate::route::Installation;
use cognobserve_model::id::{DeveloperId, ProjectId};
use cognobserve_model::time::Micros;
use cognobserve_ports::Events;
use keeper::Keeper;
use serde_json::{Map, Value};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::task::AbortHandle;
use tokio::time::timeout;

/// Events that wait to be stored.
pub const QUEUE_EVENTS: usize = 10_000;
/// Upper bounds of all buckets but the last, in ms.
const BOUNDS_MS: [u128; DURATIONS.len() - 1] = [10, 50, 100, 500, 1_000, 5_000, 30_000];

/// Where captured events go.
#[derive(Clone)]
pub struct Capture {
    pub events: Arc<dyn Events>,
    pub installation: Arc<Installation>,
    /// Whose events they are.
    pub project: ProjectId,
    pub gate: Gate,
    pub bell: Bell,
}

/// What became of the calls so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status {
    pub is_enabled: bool,
    pub edition: &'static str,
    /// In memory.
    pub queued: u64,
    pub stored: u64,
    /// For want of room, or after the end.
    pub dropped: u64,
    /// Not captured, since consent or the developer's own is missing.
    pub withheld: u64,
}

/// As it was called.
struct Called {
    name: String,
    properties: Map<String, Value>,
    end_user: Option<EndUserId>,
    developer: Option<DeveloperId>,
    at: Micros,
}

#[derive(Debug, Default)]
struct Tally {
    queued: AtomicU64,
    stored: AtomicU64,
    dropped: AtomicU64,
    withheld: AtomicU64,
}

impl Tally {
    /// Fewer wait; answers how many of them had not been counted out by a shutdown meanwhile.
    fn leave_queue(&self, count: u64) -> u64 {
        let leave = |queued: u64| Some(queued.saturating_sub(count));
        let before = self.queued.fetch_update(Relaxed, Relaxed, leave);
        before.unwrap_or(0).min(count)
    }
}

struct Inner {
    called: mpsc::Sender<Called>,
    flushes: mpsc::UnboundedSender<oneshot::Sender<()>>,
    tally: Arc<Tally>,
    gate: Gate,
    edition: &'static str,
    is_over: AtomicBool,
    keeper: AbortHandle,
}

/// The one thing that callers hold; clones are the same.
#[derive(Clone)]
pub struct Telemetry(Arc<Inner>);

impl Telemetry {
    /// Must be called within a tokio runtime.
    pub fn start(capture: Capture) -> Telemetry {
        let (called, calls) = mpsc::channel(QUEUE_EVENTS);
        let (flushes, asked) = mpsc::unbounded_channel();
        let tally = Arc::new(Tally::default());
        let (gate, edition) = (capture.gate.clone(), capture.installation.edition.as_str());
        let keeper = Keeper::new(capture, tally.clone());
        let keeper = tokio::spawn(keeper.run(calls, asked)).abort_handle();
        Telemetry(Arc::new(Inner {
            called,
            flushes,
            tally,
            gate,
            edition,
            is_over: AtomicBool::new(false),
            keeper,
        }))
    }

    /// Something happened. The end user is the ledger's (`usr_…`), the developer the owner of their app.
    pub fn track(
        &self,
        event: &str,
        properties: &Map<String, Value>,
        end_user: Option<EndUserId>,
        developer: Option<DeveloperId>,
    ) {
        let tally = &self.0.tally;
        if !self.0.gate.is_open() {
            tally.withheld.fetch_add(1, Relaxed);
            return;
        }
        let called = Called {
            name: event.to_owned(),
            properties: properties.clone(),
            end_user,
            developer,
            at: Micros::now(),
        };
        tally.queued.fetch_add(1, Relaxed);
        if self.0.is_over.load(Relaxed) || self.0.called.try_send(called).is_err() {
            let dropped = tally.leave_queue(1);
            tally.dropped.fetch_add(dropped, Relaxed);
        }
    }

    /// Something failed. `kind`: one of the words that may leave (`timeout`, `rate_limit`, `network`, …), never a message.
    pub fn track_error(
        &self,
        kind: &str,
        end_user: Option<EndUserId>,
        developer: Option<DeveloperId>,
    ) {
        let properties = [("error_kind", kind), ("status", "error")];
        self.track("error", &make_map(properties), end_user, developer);
    }

    /// How long something took, to the bucket.
    pub fn track_performance(
        &self,
        feature: &str,
        took: Duration,
        end_user: Option<EndUserId>,
        developer: Option<DeveloperId>,
    ) {
        let properties = [("feature", feature), ("duration_bucket", find_bucket(took))];
        self.track("performance", &make_map(properties), end_user, developer);
    }

    pub fn status(&self) -> Status {
        let Inner {
            tally,
            gate,
            edition,
            ..
        } = &*self.0;
        Status {
            is_enabled: gate.is_open(),
            edition,
            queued: tally.queued.load(Relaxed),
            stored: tally.stored.load(Relaxed),
            dropped: tally.dropped.load(Relaxed),
            withheld: tally.withheld.load(Relaxed),
        }
    }

    /// Waits until all that was tracked before is stored. `false`: not within the deadline.
    pub async fn flush(&self, deadline: Duration) -> bool {
        let (tell, told) = oneshot::channel();
        // Fails only after the end.
        let _ = self.0.flushes.send(tell);
        matches!(timeout(deadline, told).await, Ok(Ok(())))
    }

    /// Takes nothing more, stores what waits, and ends. `false`: not all was stored within the deadline; what is left
    /// counts as dropped.
    pub async fn shutdown(&self, deadline: Duration) -> bool {
        self.0.is_over.store(true, Relaxed);
        let is_done = self.flush(deadline).await;
        self.0.keeper.abort();
        let left = self.0.tally.queued.swap(0, Relaxed);
        self.0.tally.dropped.fetch_add(left, Relaxed);
        is_done
    }
}

fn make_map<const N: usize>(properties: [(&str, &str); N]) -> Map<String, Value> {
    let own = properties.map(|(key, word)| (key.to_owned(), Value::from(word)));
    own.into_iter().collect()
}

fn find_bucket(took: Duration) -> &'static str {
    let bucket = BOUNDS_MS.iter().position(|bound| took.as_millis() < *bound);
    DURATIONS[bucket.unwrap_or(BOUNDS_MS.len())]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_told_to_the_bucket() {
        for (ms, bucket) in [
            (0, "<10ms"),
            (9, "<10ms"),
            (10, "<50ms"),
            (999, "<1s"),
            (29_999, "<30s"),
            (30_000, ">=30s"),
        ] {
            assert_eq!(find_bucket(Duration::from_millis(ms)), bucket, "{ms} ms");
        }
    }
}
