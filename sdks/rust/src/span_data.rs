//! What a span holds while it runs and until it is sent.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Instant, SystemTime};

use serde_json::Value;

use crate::answers::{Reading, read_answer};
use crate::call::Observe;
use crate::config::Content;
use crate::encode::{self, Written, shorten, write};
use crate::ids;
use crate::say::lock;
use crate::trace::{TraceData, read_name};
use crate::usage::{Cost, Level, Usage};

const MOST_MESSAGE: usize = 32 * 1024;

#[derive(Default)]
pub(crate) struct SpanState {
    pub(crate) end: Option<SystemTime>,
    pub(crate) input: Option<Vec<u8>>,
    pub(crate) output: Option<Vec<u8>>,
    pub(crate) has_own_output: bool,
    pub(crate) model: Option<String>,
    /// The model that was asked for, where the answer does not say.
    pub(crate) asked_model: Option<String>,
    pub(crate) model_parameters: Option<Vec<u8>>,
    pub(crate) usage: Option<Usage>,
    pub(crate) cost: Option<Cost>,
    pub(crate) metadata: BTreeMap<String, Vec<u8>>,
    pub(crate) level: Level,
    pub(crate) status_message: Option<String>,
    pub(crate) response_id: Option<String>,
}

pub(crate) struct SpanData {
    pub(crate) id: String,
    pub(crate) order: u64,
    pub(crate) trace: Arc<TraceData>,
    pub(crate) above: Option<Arc<SpanData>>,
    pub(crate) is_root: bool,
    pub(crate) name: String,
    pub(crate) kind: String,
    pub(crate) start: SystemTime,
    pub(crate) clock: Instant,
    pub(crate) captures_output: bool,
    pub(crate) has_told_below: AtomicBool,
    pub(crate) state: Mutex<SpanState>,
}

impl SpanData {
    pub(crate) fn start(
        trace: &Arc<TraceData>,
        above: Option<Arc<SpanData>>,
        call: Observe,
    ) -> Arc<Self> {
        Self::make(trace, above, call, false)
    }

    /// The first span of an observed trace, which leaves when it ends.
    pub(crate) fn start_root(trace: &Arc<TraceData>, call: Observe) -> Arc<Self> {
        Self::make(trace, None, call, true)
    }

    fn make(
        trace: &Arc<TraceData>,
        above: Option<Arc<SpanData>>,
        call: Observe,
        is_root: bool,
    ) -> Arc<Self> {
        let state = SpanState {
            input: call
                .input
                .and_then(|input| trace.client.make_content(input, Content::Input)),
            asked_model: call.model,
            model_parameters: call.model_parameters,
            metadata: if is_root {
                BTreeMap::new()
            } else {
                call.metadata
            },
            ..SpanState::default()
        };
        Arc::new(Self {
            id: ids::make_span_id(),
            order: ids::next_order(),
            trace: trace.clone(),
            above,
            is_root,
            name: read_name(&call.name, "span"),
            kind: read_name(&call.kind, "span"),
            start: SystemTime::now(),
            clock: Instant::now(),
            captures_output: call.captures_output,
            has_told_below: AtomicBool::new(false),
            state: Mutex::new(state),
        })
    }

    pub(crate) fn is_model_call(&self) -> bool {
        matches!(self.kind.as_str(), "generation" | "embedding")
    }

    pub(crate) fn wants_output(&self) -> bool {
        self.captures_output && self.trace.client.captures_content()
    }

    /// Nothing of an answer is looked at where nothing of it is kept.
    pub(crate) fn wants_answer(&self) -> bool {
        self.trace.client.is_recording() && (self.is_model_call() || self.wants_output())
    }

    /// The most that is looked at of an answer.
    pub(crate) fn most(&self) -> usize {
        if self.is_model_call() {
            encode::MOST_READ
        } else {
            self.trace.client.most_content()
        }
    }

    /// Changes it, unless it has ended.
    pub(crate) fn change(&self, change: impl FnOnce(&mut SpanState)) {
        let mut state = lock(&self.state);
        if state.end.is_none() {
            change(&mut state);
        }
    }

    /// Takes over what a provider's answer says; what the app has set by itself stays.
    pub(crate) fn fill(&self, reading: &Reading) {
        let is_told_below = self.has_told_below.load(Ordering::Relaxed);
        let mut has_told = false;
        self.change(|state| {
            if state.model.is_none() {
                state.model = reading
                    .model
                    .as_deref()
                    .map(|model| shorten(model, 1024).to_owned());
            }
            if state.response_id.is_none() {
                state.response_id = reading
                    .response_id
                    .as_deref()
                    .map(|id| shorten(id, 255).to_owned());
            }
            // Without a response's id the server could not tell that a call below has told this already.
            if state.usage.is_none() && (reading.response_id.is_some() || !is_told_below) {
                state.usage = reading.usage.clone();
                has_told = reading.usage.is_some();
            }
        });
        if has_told {
            self.tell_above();
        }
    }

    /// The spans around need not tell these tokens again.
    pub(crate) fn tell_above(&self) {
        let mut above = self.above.as_ref();
        while let Some(span) = above {
            span.has_told_below.store(true, Ordering::Relaxed);
            above = span.above.as_ref();
        }
    }

    pub(crate) fn put_input(&self, input: Written) {
        let content = self.trace.client.make_content(input, Content::Input);
        self.change(|state| state.input = content);
    }

    /// What a call has answered: the output, unless the app has set one.
    pub(crate) fn take_answer(&self, answer: Written) {
        if let Some(output) = self.read(answer) {
            self.put_output(output, false);
        }
    }

    pub(crate) fn read(&self, answer: Written) -> Option<Written> {
        if self.is_model_call()
            && let Some(reading) = answer.parse().as_ref().and_then(read_answer)
        {
            self.fill(&reading);
            return reading
                .output
                .map(|output| write(&output, encode::MOST_READ));
        }
        Some(answer)
    }

    pub(crate) fn put_joined(&self, output: &Value) {
        self.put_output(write(output, encode::MOST_READ), false);
    }

    pub(crate) fn put_output(&self, output: Written, is_own: bool) {
        let is_wanted = is_own || self.wants_output() && !lock(&self.state).has_own_output;
        if is_wanted {
            let content = self.trace.client.make_content(output, Content::Output);
            self.change(|state| {
                state.has_own_output |= is_own;
                state.output = content;
            });
        }
    }

    pub(crate) fn set_level(&self, level: Level, message: Option<&str>) {
        self.change(|state| {
            state.level = level;
            if let Some(message) = message {
                state.status_message = Some(shorten(message, MOST_MESSAGE).to_owned());
            }
        });
    }

    pub(crate) fn add_metadata(&self, key: &str, value: Vec<u8>) {
        self.change(|state| drop(state.metadata.insert(key.to_owned(), value)));
    }

    pub(crate) fn end(self: &Arc<Self>) {
        {
            let mut state = lock(&self.state);
            if state.end.is_some() {
                return;
            }
            state.end = Some(self.start + self.clock.elapsed());
            if state.model.is_none() {
                state.model = state.asked_model.take();
            }
        }
        self.trace.client.take_span(self);
        if self.is_root {
            self.trace.close();
        }
    }
}
