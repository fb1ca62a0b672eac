//! What waits to be sent, for the threads of the app and the one that sends.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use crate::barrier::Barrier;
use crate::event_queue::EventQueue;
use crate::kind::Kind;
use crate::queue::{Entry, MAX_CONTENT_BYTES, Queue, leave_content_out, measure};
use crate::row::Row;
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

/// In items: spans, or events.
#[derive(Clone, Copy)]
pub(crate) struct Counts {
    pub(crate) waiting: u64,
    /// Handed to whoever sends them, so far.
    pub(crate) taken: u64,
    pub(crate) dropped: u64,
}

pub(crate) struct Buffer<Q> {
    limits: Limits,
    queue: Mutex<Q>,
    changed: Condvar,
}

impl<Q: Row> Buffer<Q> {
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            limits,
            queue: Mutex::default(),
            changed: Condvar::new(),
        }
    }

    pub(crate) fn counts(&self) -> Counts {
        let mut queue = lock(&self.queue);
        let marks = *queue.marks();
        Counts {
            waiting: queue.count(),
            taken: marks.taken,
            dropped: marks.dropped,
        }
    }

    pub(crate) fn is_closed(&self) -> bool {
        lock(&self.queue).marks().is_closed
    }

    pub(crate) fn is_empty(&self) -> bool {
        lock(&self.queue).is_empty()
    }

    /// What is ready leaves as soon as it can, though nobody waits for it.
    pub(crate) fn hasten(&self) {
        lock(&self.queue).marks().is_urgent = true;
        self.changed.notify_all();
    }

    /// Is passed when all that waits now, also of open traces, has been dealt with.
    pub(crate) fn add_barrier(&self) -> Barrier {
        let barrier = Barrier::default();
        let mut queue = lock(&self.queue);
        if queue.marks().is_closed {
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
    pub(crate) fn take(&self, waits: bool) -> Option<Vec<Q::Piece>> {
        let mut queue = lock(&self.queue);
        loop {
            queue.pass_barriers();
            let pause = queue.find_pause(&self.limits);
            if pause == Some(Duration::ZERO) {
                return Some(queue.cut_batch(self.limits.batch));
            }
            let marks = *queue.marks();
            if marks.is_closed || !waits || marks.is_retired && pause.is_none() {
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
        lock(&self.queue).marks().is_retired = true;
        self.changed.notify_all();
    }

    /// Whether `take` has something to do or to wait for.
    pub(crate) fn has_work(&self) -> bool {
        let mut queue = lock(&self.queue);
        !queue.marks().is_closed
            && (!queue.barriers().is_empty() || queue.find_pause(&self.limits).is_some())
    }

    /// Takes nothing any more. What it has taken still leaves.
    pub(crate) fn shut(&self) {
        lock(&self.queue).marks().is_shut = true;
    }

    /// Something cannot even be queued.
    pub(crate) fn miss(&self) {
        lock(&self.queue).marks().dropped += 1;
    }

    /// Gives up what waits; answers how many items that are.
    pub(crate) fn close(&self) -> u64 {
        let mut queue = lock(&self.queue);
        let left = queue.count();
        let mut marks = *queue.marks();
        marks.dropped += left;
        (marks.is_shut, marks.is_closed) = (true, true);
        let before = std::mem::take(&mut *queue);
        *queue.marks() = marks;
        self.changed.notify_all();
        drop(queue);
        for barrier in before.barriers().values() {
            barrier.pass();
        }
        left
    }
}

impl Buffer<Queue> {
    /// Whether there is something to send.
    pub(crate) fn add_span(&self, span: &Arc<SpanData>) -> bool {
        let mut size = measure(span);
        let mut queue = lock(&self.queue);
        if queue.marks.is_shut {
            queue.marks.dropped += 1;
            drop(queue);
            warn_late(&Queue::KIND);
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
            if queue.marks.is_shut {
                drop(queue);
                warn_late(&Queue::KIND);
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

    /// The sender looks up when something new is due, and not for each span.
    fn wake(&self, queue: &Queue) {
        let most = self.limits.due;
        if queue.ready.len() == 1 || queue.ready_count >= most || queue.open_count >= most {
            self.changed.notify_all();
        }
    }
}

impl Buffer<EventQueue> {
    /// Whether there is something to send.
    pub(crate) fn add_event(&self, event: Vec<u8>, is_urgent: bool) -> bool {
        let most = self.limits.queue;
        let mut queue = lock(&self.queue);
        if queue.marks().is_shut {
            queue.marks().dropped += 1;
            drop(queue);
            warn_late(&EventQueue::KIND);
            return false;
        }
        let is_over = queue.add(event, most);
        queue.marks().is_urgent |= is_urgent;
        if is_urgent || queue.count() == 1 || queue.count() >= self.limits.due as u64 {
            self.changed.notify_all();
        }
        drop(queue);
        if is_over {
            warn_once(
                "event queue full",
                &format!(
                    "more than {most} events, or 16 MiB of them, wait to be sent: the oldest are dropped"
                ),
            );
        }
        true
    }
}

fn warn_late(kind: &Kind) {
    warn_once(kind.too_late, kind.too_late);
}
