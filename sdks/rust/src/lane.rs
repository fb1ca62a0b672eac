//! One kind of things on their way: a queue, who sends what is in it, and one thread that does so.

use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::barrier::Barrier;
use crate::buffer::{Buffer, Limits};
use crate::client::Stats;
use crate::config::Settings;
use crate::delivery::Delivery;
use crate::row::Row;
use crate::say::lock;

/// The thread is there once there is something to send.
pub(crate) struct Lane<Q> {
    pub(crate) buffer: Buffer<Q>,
    delivery: Delivery,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl<Q: Row> Lane<Q> {
    pub(crate) fn new(settings: &Arc<Settings>) -> Arc<Self> {
        let limits = Limits {
            queue: settings.max_queue_size,
            batch: settings.max_batch_size,
            due: (settings.max_queue_size / 2).clamp(1, settings.max_batch_size),
            interval: settings.flush_interval,
        };
        Arc::new(Self {
            buffer: Buffer::new(limits),
            delivery: Delivery::new(Q::KIND, settings.clone()),
            thread: Mutex::new(None),
        })
    }

    pub(crate) fn stats(&self) -> Stats {
        // In this order: what is settled in between still waits in this answer, and nothing is counted twice.
        let fates = self.delivery.fates();
        let counts = self.buffer.counts();
        Stats {
            sent: fates.sent,
            dropped: fates.dropped + counts.dropped,
            refused: fates.refused,
            waiting: (counts.waiting + counts.taken).saturating_sub(fates.sum()),
        }
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.stats().waiting == 0 && self.buffer.is_empty()
    }

    /// Whether the barrier was passed in time.
    pub(crate) fn wait(self: &Arc<Self>, barrier: &Barrier, timeout: Option<Duration>) -> bool {
        let until = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        let step = Duration::from_secs(1);
        loop {
            if !self.start_thread() {
                self.run(false, until);
            }
            let left = until.map_or(step, |until| {
                until.saturating_duration_since(Instant::now())
            });
            if barrier.wait(left.min(step)) {
                return true;
            }
            if left.is_zero() {
                return false;
            }
        }
    }

    /// Lets what waits now, ready or not, leave.
    pub(crate) fn begin_flush(self: &Arc<Self>) -> Barrier {
        let barrier = self.buffer.add_barrier();
        self.start_thread();
        barrier
    }

    /// Lets what waits leave, for the end of the program; `None` if there is nothing.
    pub(crate) fn begin_end(self: &Arc<Self>, timeout: Duration) -> Option<Barrier> {
        if self.is_idle() || self.buffer.is_closed() {
            return None;
        }
        self.delivery.hurry(timeout);
        Some(self.begin_flush())
    }

    /// Takes nothing any more. Answers how many items are given up.
    pub(crate) fn close(&self) -> u64 {
        let left = self.buffer.close();
        left + self.delivery.stop(self.buffer.counts().taken)
    }

    /// Another client is the current one: what waits leaves now, and what belongs to this one is still taken.
    pub(crate) fn retire(self: &Arc<Self>) {
        self.buffer.retire();
        if !self.buffer.is_empty() {
            drop(self.begin_flush());
        }
    }

    /// Whether there is one that sends.
    pub(crate) fn start_thread(self: &Arc<Self>) -> bool {
        let mut thread = lock(&self.thread);
        if thread.as_ref().is_some_and(|thread| !thread.is_finished()) {
            return true;
        }
        let lane = self.clone();
        let started = thread::Builder::new()
            .name("cognobserve".into())
            .spawn(move || lane.work());
        *thread = started.ok();
        thread.is_some()
    }

    /// What the thread does. That of a client before leaves when it has nothing to do.
    fn work(&self) {
        loop {
            self.run(true, None);
            // Under this lock: whoever has added something since then starts another thread.
            let mut thread = lock(&self.thread);
            if !self.buffer.has_work() {
                *thread = None;
                return;
            }
        }
    }

    fn run(&self, waits: bool, until: Option<Instant>) {
        while let Some(batch) = self.buffer.take(waits) {
            self.delivery.deliver(&batch, until);
            if until.is_some_and(|until| Instant::now() >= until) {
                return;
            }
        }
    }
}
