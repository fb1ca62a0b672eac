//! What a span holds while it runs and until it is sent.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Instant, SystemTime};

use serde_json::Value;

use crate::answers::{Reading, read_answer};
use crate::call::Observe;
use crate::config::Content;
use crate::encode::{self, Written, shorten, write};
use crate::ids;
use crate::say::lock;
use crate::told::Told;
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
    /// What calls below have told, of whatever trace.
    pub(crate) told: Arc<Told>,
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
        let around = match &above {
            Some(above) => Arc::downgrade(&above.told),
            None => trace.around.clone(),
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
            told: Told::new(around),
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
        let mut told = None;
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
            let id = state.response_id.as_deref();
            if let Some(usage) = &reading.usage
                && state.usage.is_none()
                && !self.told.has(id, usage)
            {
                told = Some((state.response_id.clone(), usage.clone()));
                state.usage = Some(usage.clone());
            }
        });
        self.tell_around(told);
    }

    /// What the app says by itself.
    pub(crate) fn set_usage(&self, usage: Usage) {
        let mut told = None;
        self.change(|state| {
            told = Some((state.response_id.clone(), usage.clone()));
            state.usage = Some(usage);
        });
        self.tell_around(told);
    }

    /// The spans around need not tell these tokens again.
    pub(crate) fn tell_around(&self, told: Option<(Option<String>, Usage)>) {
        if let Some((response_id, usage)) = told.filter(|(_, usage)| *usage != Usage::default()) {
            self.told.tell_around(response_id.as_deref(), &usage);
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
        let told = {
            let mut state = lock(&self.state);
            if state.end.is_some() {
                return;
            }
            state.end = Some(self.start + self.clock.elapsed());
            if state.model.is_none() {
                state.model = state.asked_model.take();
            }
            // Told once more: an answer's id may have come after what the app has set.
            let usage = state.usage.clone();
            usage.map(|usage| (state.response_id.clone(), usage))
        };
        self.tell_around(told);
        self.trace.client.take_span(self);
        if self.is_root {
            self.trace.close();
        }
    }
}
