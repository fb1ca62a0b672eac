//! A client: settings, and a lane for what waits of each kind.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use crate::barrier::Barrier;
use crate::config::{Config, Content, Settings};
use crate::deadlines::{self, Deadlines};
use crate::encode::{self, Written, write};
use crate::event_queue::EventQueue;
use crate::flush::Flush;
use crate::lane::Lane;
use crate::queue::Queue;
use crate::say::{self, harmless, redact, say};
use crate::span_data::SpanData;
use crate::trace::TraceData;

/// What has become of the spans, or of the events, so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Taken by the server.
    pub sent: u64,
    /// Lost: the queue was full, the server could not be reached, or would not have them at all.
    pub dropped: u64,
    /// Refused by the server one by one, with a reason that was warned about.
    pub refused: u64,
    /// Ended or tracked, and not sent yet.
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
    traces: Arc<Lane<Queue>>,
    events: Arc<Lane<EventQueue>>,
    deadlines: Deadlines,
}

impl Inner {
    pub(crate) fn new(config: Config) -> Arc<Self> {
        say::begin(config.is_debug(), config.listener.clone());
        let settings = Arc::new(config.into_settings());
        say(|| match settings.is_recording {
            true => format!("sends to {}", redact(&settings.endpoint)),
            false => "records nothing".to_owned(),
        });
        Arc::new(Self {
            traces: Lane::new(&settings),
            events: Lane::new(&settings),
            deadlines: Deadlines::default(),
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

    pub(crate) fn take_span(&self, span: &Arc<SpanData>) {
        if self.is_recording() && self.traces.buffer.add_span(span) {
            self.traces.start_thread();
        }
    }

    pub(crate) fn take_trace(&self, trace: &Arc<TraceData>) {
        if self.is_recording() && self.traces.buffer.end_trace(trace) {
            self.traces.start_thread();
        }
    }

    /// Nobody waits for it: in immediate mode it leaves as soon as it can.
    pub(crate) fn take_event(&self, event: Vec<u8>) {
        let is_urgent = self.settings.is_immediate;
        if self.is_recording() && self.events.buffer.add_event(event, is_urgent) {
            self.events.start_thread();
        }
    }

    /// An event that cannot be sent.
    pub(crate) fn miss_event(&self) {
        self.events.buffer.miss();
    }

    /// In immediate mode: what to wait for after a trace has ended, with `settle_sync` or after `limit`.
    pub(crate) fn settle(&self) -> Option<Barrier> {
        (self.settings.is_immediate && self.is_recording())
            .then(|| self.traces.buffer.add_barrier())
    }

    /// Waits until an ended trace was sent, not longer than the end of a program would.
    pub(crate) fn settle_sync(&self, barrier: Option<Barrier>) {
        let Some(barrier) = barrier else {
            return;
        };
        if !self
            .traces
            .wait(&barrier, Some(self.settings.shutdown_timeout))
        {
            deadlines::warn_late();
        }
    }

    /// Lets a barrier that is awaited pass after as long as the end of a program may take.
    pub(crate) fn limit(&self, barrier: &Barrier) {
        if self.traces.start_thread() {
            let timeout = self.settings.shutdown_timeout;
            self.deadlines.add(barrier, timeout);
        } else {
            deadlines::give_up(barrier);
        }
    }

    /// In immediate mode: an ended trace leaves now, and nobody waits.
    pub(crate) fn settle_unwaited(&self) {
        if self.settings.is_immediate && self.is_recording() {
            self.traces.buffer.hasten();
        }
    }

    /// Lets what waits now, also of open traces, leave; `None` if nothing can.
    pub(crate) fn begin_flush(&self) -> Option<Flush> {
        if !self.is_recording() || self.is_closed() {
            return None;
        }
        let has_events = !self.events.is_idle();
        Some(Flush {
            spans: Some((self.traces.clone(), self.traces.begin_flush())),
            events: has_events.then(|| (self.events.clone(), self.events.begin_flush())),
        })
    }

    /// Lets what waits leave, for the end of the program.
    pub(crate) fn begin_end(&self, timeout: Duration) -> Flush {
        let spans = self.traces.begin_end(timeout);
        let events = self.events.begin_end(timeout);
        Flush {
            spans: spans.map(|barrier| (self.traces.clone(), barrier)),
            events: events.map(|barrier| (self.events.clone(), barrier)),
        }
    }

    /// Takes nothing any more. What it has taken still leaves.
    pub(crate) fn shut(&self) {
        self.traces.buffer.shut();
        self.events.buffer.shut();
    }

    /// Ends it; answers how many spans and events are given up.
    pub(crate) fn close(&self) -> (u64, u64) {
        (self.traces.close(), self.events.close())
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.traces.buffer.is_closed()
    }

    /// Another client is the current one: what waits leaves now, and what belongs to this one is still taken.
    pub(crate) fn retire(&self) {
        self.traces.retire();
        self.events.retire();
    }

    pub(crate) fn stats(&self) -> Stats {
        self.traces.stats()
    }

    pub(crate) fn event_stats(&self) -> Stats {
        self.events.stats()
    }
}
