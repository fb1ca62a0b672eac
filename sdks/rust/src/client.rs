//! A client: settings, what waits, and one thread that sends it.

use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::barrier::Barrier;
use crate::buffer::{Buffer, Limits};
use crate::config::{Config, Content, Settings};
use crate::deadlines::{self, Deadlines};
use crate::delivery::Delivery;
use crate::encode::{self, Written, write};
use crate::say::{self, harmless, lock, redact, say};
use crate::span_data::SpanData;
use crate::trace::TraceData;

/// What has become of the spans so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Taken by the server.
    pub sent: u64,
    /// Lost: the queue was full, the server could not be reached, or would not have them at all.
    pub dropped: u64,
    /// Refused by the server one by one, with a reason that was warned about.
    pub refused: u64,
    /// Ended, and not sent yet.
    pub waiting: u64,
}

impl Stats {
    pub(crate) const NONE: Self = Self {
        sent: 0,
        dropped: 0,
        refused: 0,
        waiting: 0,
    };

    pub(crate) fn add(&mut self, more: Self) {
        self.sent += more.sent;
        self.dropped += more.dropped;
        self.refused += more.refused;
        self.waiting += more.waiting;
    }
}

pub(crate) struct Inner {
    pub(crate) settings: Arc<Settings>,
    buffer: Buffer,
    delivery: Delivery,
    deadlines: Deadlines,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Inner {
    pub(crate) fn new(config: Config) -> Arc<Self> {
        say::begin(config.is_debug(), config.listener.clone());
        let settings = Arc::new(config.into_settings());
        say(|| match settings.is_recording {
            true => format!("sends to {}", redact(&settings.endpoint)),
            false => "records nothing".to_owned(),
        });
        let limits = Limits {
            queue: settings.max_queue_size,
            batch: settings.max_batch_size,
            due: (settings.max_queue_size / 2).clamp(1, settings.max_batch_size),
            interval: settings.flush_interval,
        };
        let delivery = Delivery::new(settings.clone());
        Arc::new(Self {
            buffer: Buffer::new(limits),
            delivery,
            deadlines: Deadlines::default(),
            thread: Mutex::new(None),
            settings,
        })
    }

    pub(crate) fn is_recording(&self) -> bool {
        self.settings.is_recording
    }

    pub(crate) fn captures_content(&self) -> bool {
        self.settings.is_recording && self.settings.capture_content
    }

    /// The most that is looked at of an input or output: a mask sees all of it.
    pub(crate) fn most_content(&self) -> usize {
        if self.settings.mask.is_some() {
            encode::MOST_READ
        } else {
            encode::MAX_BYTES
        }
    }

    /// An input or output as it is sent; `None` if it is not.
    pub(crate) fn make_content(&self, written: Written, what: Content) -> Option<Vec<u8>> {
        if !self.captures_content() {
            return None;
        }
        let Some(mask) = &self.settings.mask else {
            return written.into_content();
        };
        let plain = match written.parse() {
            Some(Value::Null) => return None,
            Some(plain) => plain,
            // What the mask cannot see whole is not sent.
            None => return Some(encode::encode("[truncated]")),
        };
        let masked =
            harmless("the mask", || mask(plain, what)).unwrap_or_else(|| Value::from("[masked]"));
        write(&masked, encode::MAX_BYTES).into_content()
    }

    pub(crate) fn take_span(self: &Arc<Self>, span: &Arc<SpanData>) {
        if self.is_recording() && self.buffer.add_span(span) {
            self.start_thread();
        }
    }

    pub(crate) fn take_trace(self: &Arc<Self>, trace: &Arc<TraceData>) {
        if self.is_recording() && self.buffer.end_trace(trace) {
            self.start_thread();
        }
    }

    /// In immediate mode: what to wait for after a trace has ended, with `settle_sync` or after `limit`.
    pub(crate) fn settle(&self) -> Option<Barrier> {
        (self.settings.is_immediate && self.is_recording()).then(|| self.buffer.add_barrier())
    }

    /// Waits until an ended trace was sent, not longer than the end of a program would.
    pub(crate) fn settle_sync(self: &Arc<Self>, barrier: Option<Barrier>) {
        let Some(barrier) = barrier else {
            return;
        };
        if !self.wait(&barrier, Some(self.settings.shutdown_timeout)) {
            deadlines::warn_late();
        }
    }

    /// Lets a barrier that is awaited pass after as long as the end of a program may take.
    pub(crate) fn limit(self: &Arc<Self>, barrier: &Barrier) {
        if self.start_thread() {
            let timeout = self.settings.shutdown_timeout;
            self.deadlines.add(barrier, timeout);
        } else {
            deadlines::give_up(barrier);
        }
    }

    /// In immediate mode: an ended trace leaves now, and nobody waits.
    pub(crate) fn settle_unwaited(&self) {
        if self.settings.is_immediate && self.is_recording() {
            self.buffer.hasten();
        }
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

    /// Lets what waits now, also of open traces, leave; `None` if nothing can.
    pub(crate) fn begin_flush(self: &Arc<Self>) -> Option<Barrier> {
        if !self.is_recording() || self.is_closed() {
            return None;
        }
        let barrier = self.buffer.add_barrier();
        self.start_thread();
        Some(barrier)
    }

    /// Lets what waits leave, for the end of the program; `None` if there is nothing.
    pub(crate) fn begin_end(self: &Arc<Self>, timeout: Duration) -> Option<Barrier> {
        if self.stats().waiting == 0 && self.buffer.is_empty() {
            return None;
        }
        self.delivery.hurry(timeout);
        self.begin_flush()
    }

    /// Takes nothing any more. What it has taken still leaves.
    pub(crate) fn shut(&self) {
        self.buffer.shut();
    }

    /// Ends it; answers how many spans are given up.
    pub(crate) fn close(&self) -> u64 {
        let left = self.buffer.close();
        left + self.delivery.stop(self.buffer.counts().taken)
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.buffer.is_closed()
    }

    /// Another client is the current one: what waits leaves now, and what belongs to this one is still taken.
    pub(crate) fn retire(self: &Arc<Self>) {
        self.buffer.retire();
        if !self.buffer.is_empty() {
            drop(self.begin_flush());
        }
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

    /// Whether there is one that sends.
    pub(crate) fn start_thread(self: &Arc<Self>) -> bool {
        let mut thread = lock(&self.thread);
        if thread.as_ref().is_some_and(|thread| !thread.is_finished()) {
            return true;
        }
        let client = self.clone();
        let started = thread::Builder::new()
            .name("cognobserve".into())
            .spawn(move || client.work());
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
