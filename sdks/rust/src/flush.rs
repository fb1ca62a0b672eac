//! What a flush waits for: of each lane what it has, all at the same time.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::barrier::Barrier;
use crate::event_queue::EventQueue;
use crate::lane::Lane;
use crate::queue::Queue;
use crate::row::Row;

/// A lane and what it is to pass; `None` if it has nothing.
type Part<Q> = Option<(Arc<Lane<Q>>, Barrier)>;

pub(crate) struct Flush {
    pub(crate) spans: Part<Queue>,
    pub(crate) events: Part<EventQueue>,
}

impl Flush {
    /// Whether all was dealt with in time.
    pub(crate) fn wait(&self, timeout: Duration) -> bool {
        let started = Instant::now();
        let find_left = || timeout.saturating_sub(started.elapsed());
        wait_for(&self.spans, find_left()) & wait_for(&self.events, find_left())
    }

    pub(crate) async fn settle(self) {
        settle(self.spans).await;
        settle(self.events).await;
    }
}

fn wait_for<Q: Row>(part: &Part<Q>, timeout: Duration) -> bool {
    part.as_ref()
        .is_none_or(|(lane, barrier)| lane.wait(barrier, Some(timeout)))
}

async fn settle<Q: Row>(part: Part<Q>) {
    if let Some((lane, barrier)) = part {
        // Without a thread that sends there is nothing to wait for.
        if lane.start_thread() {
            barrier.await;
        }
    }
}
