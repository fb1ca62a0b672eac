//! Ended spans that wait to be sent, for the threads of the app and the one that sends.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use crate::barrier::Barrier;
use crate::queue::{Entry, MAX_CONTENT_BYTES, Queue, leave_content_out, measure};
use crate::say::{lock, warn_once};
use crate::span_data::SpanData;
use crate::trace::TraceData;

/// The limits that the queue keeps to.
#[derive(Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) queue: usize,
    /// The most that one request has.
    pub(crate) batch: usize,
    /// What makes one leave at once: a small queue is not full before.
    pub(crate) due: usize,
    pub(crate) interval: Duration,
}

/// In spans.
#[derive(Clone, Copy)]
pub(crate) struct Counts {
    pub(crate) waiting: u64,
    /// Handed to whoever sends them, so far.
    pub(crate) taken: u64,
    pub(crate) dropped: u64,
}

pub(crate) struct Buffer {
    limits: Limits,
    queue: Mutex<Queue>,
    changed: Condvar,
}

impl Buffer {
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            limits,
            queue: Mutex::default(),
            changed: Condvar::new(),
        }
    }

    pub(crate) fn counts(&self) -> Counts {
        let queue = lock(&self.queue);
        Counts {
            waiting: (queue.ready_count + queue.open_count) as u64,
            taken: queue.taken,
            dropped: queue.dropped,
        }
    }

    pub(crate) fn is_closed(&self) -> bool {
        lock(&self.queue).is_closed
    }

    pub(crate) fn is_empty(&self) -> bool {
        let queue = lock(&self.queue);
        queue.ready.is_empty() && queue.open.is_empty()
    }

    /// Whether there is something to send.
    pub(crate) fn add_span(&self, span: &Arc<SpanData>) -> bool {
        let mut size = measure(span);
        let mut queue = lock(&self.queue);
        if queue.is_shut {
            queue.dropped += 1;
            drop(queue);
            warn_closed();
            return false;
        }
        let is_large = queue.bytes + size > MAX_CONTENT_BYTES;
        if is_large {
            size = leave_content_out(span);
        }
        queue.bytes += size;
        let is_ended = lock(&span.trace.state).is_ended;
        let entry = queue.find_entry(&span.trace, is_ended);
        entry.spans.push_back(span.clone());
        entry.size += size;
        *(if is_ended {
            &mut queue.ready_count
        } else {
            &mut queue.open_count
        }) += 1;
        let is_over = queue.ready_count + queue.open_count > self.limits.queue;
        if is_over {
            queue.drop_oldest();
        }
        self.wake(&queue);
        drop(queue);
        // A host's listener may call us: it is told when nothing is locked any more.
        if is_large {
            warn_once(
                "too large",
                "over 64 MiB wait to be sent: inputs and outputs are left out",
            );
        }
        if is_over {
            let most = self.limits.queue;
            warn_once(
                "queue full",
                &format!("more than {most} spans wait to be sent: the oldest are dropped"),
            );
        }
        true
    }

    /// Nothing is left to wait for: what has ended leaves.
    pub(crate) fn end_trace(&self, trace: &Arc<TraceData>) -> bool {
        let most = self.limits.queue;
        let mut queue = lock(&self.queue);
        if let Some(entry) = queue.open.remove(&trace.order) {
            queue.release(entry);
        } else if !lock(&trace.state).was_released {
            // One without spans tells of its user, too.
            if queue.is_shut {
                drop(queue);
                warn_closed();
                return false;
            }
            if queue.empty_count >= most {
                drop(queue);
                warn_once(
                    "empty",
                    &format!(
                        "more than {most} traces without spans wait to be sent: the newest are dropped"
                    ),
                );
                return false;
            }
            queue.empty_count += 1;
            queue.release(Entry::new(trace));
        }
        self.wake(&queue);
        true
    }

    /// What is ready leaves as soon as it can, though nobody waits for it.
    pub(crate) fn hasten(&self) {
        lock(&self.queue).is_urgent = true;
        self.changed.notify_all();
    }

    /// Is passed when all that waits now, also of open traces, has been dealt with.
    pub(crate) fn add_barrier(&self) -> Barrier {
        let barrier = Barrier::default();
        let mut queue = lock(&self.queue);
        if queue.is_closed {
            drop(queue);
            barrier.pass();
            return barrier;
        }
        queue.release_all();
        queue.add_barrier(barrier.clone());
        self.changed.notify_all();
        barrier
    }

    /// The next batch when it is due; `None` when there is nothing more to come.
    pub(crate) fn take(&self, waits: bool) -> Option<Vec<Entry>> {
        let mut queue = lock(&self.queue);
        loop {
            queue.pass_barriers();
            let pause = queue.find_pause(&self.limits);
            if pause == Some(Duration::ZERO) {
                return Some(queue.cut_batch(self.limits.batch));
            }
            if queue.is_closed || !waits || queue.is_retired && pause.is_none() {
                return None;
            }
            queue = match pause {
                Some(pause) => {
                    let waited = self.changed.wait_timeout(queue, pause);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
                None => self
                    .changed
                    .wait(queue)
                    .unwrap_or_else(PoisonError::into_inner),
            };
        }
    }

    /// From now on `take` does not wait while nothing is in sight.
    pub(crate) fn retire(&self) {
        lock(&self.queue).is_retired = true;
        self.changed.notify_all();
    }

    /// Whether `take` has something to do or to wait for.
    pub(crate) fn has_work(&self) -> bool {
        let mut queue = lock(&self.queue);
        !queue.is_closed && (!queue.barriers.is_empty() || queue.find_pause(&self.limits).is_some())
    }

    /// Takes nothing any more. What it has taken still leaves.
    pub(crate) fn shut(&self) {
        lock(&self.queue).is_shut = true;
    }

    /// Gives up what waits; answers how many spans that are.
    pub(crate) fn close(&self) -> u64 {
        let mut queue = lock(&self.queue);
        let left = (queue.ready_count + queue.open_count) as u64;
        let before = std::mem::take(&mut *queue);
        queue.taken = before.taken;
        queue.dropped = before.dropped + left;
        (queue.is_shut, queue.is_closed) = (true, true);
        self.changed.notify_all();
        drop(queue);
        for barrier in before.barriers.into_values() {
            barrier.pass();
        }
        left
    }

    /// The sender looks up when something new is due, and not for each span.
    fn wake(&self, queue: &Queue) {
        let most = self.limits.due;
        if queue.ready.len() == 1 || queue.ready_count >= most || queue.open_count >= most {
            self.changed.notify_all();
        }
    }
}

fn warn_closed() {
    warn_once(
        "closed",
        "traces and spans ended after the shutdown: they are not sent",
    );
}
