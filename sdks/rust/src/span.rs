//! A span as the app holds it. Its setters can be chained, do nothing after its end, and never panic.

use std::fmt::Display;
use std::future::Future;
use std::sync::Arc;

use serde::Serialize;

use crate::call::Observe;
use crate::encode::{self, encode, shorten, write};
use crate::say::harmless;
use crate::scope::{Change, Scope, enter, get_scope};
use crate::scoped::InScope;
use crate::span_data::SpanData;
use crate::trace::Trace;
use crate::usage::{Cost, Level, Usage};

/// A span by hand: it ends with [`end`](Span::end), or when it is dropped. A clone does not end it.
///
/// After its end nothing changes it any more.
pub struct Span {
    pub(crate) data: Arc<SpanData>,
    owns: bool,
}

impl Span {
    pub(crate) fn own(data: Arc<SpanData>) -> Self {
        Self { data, owns: true }
    }

    pub(crate) fn borrow(data: Arc<SpanData>) -> Self {
        Self { data, owns: false }
    }

    /// Its id: 16 hex digits.
    pub fn id(&self) -> &str {
        &self.data.id
    }

    /// The trace that it belongs to.
    pub fn trace(&self) -> Trace {
        Trace::borrow(self.data.trace.clone())
    }

    /// Starts a span below this one.
    pub fn start_span(&self, call: impl Into<Observe>) -> Span {
        Span::own(SpanData::start(
            &self.data.trace,
            Some(self.data.clone()),
            call.into(),
        ))
    }

    /// What the step was given.
    pub fn set_input(&self, value: impl Serialize) -> &Self {
        let client = &self.data.trace.client;
        if client.captures_content() {
            self.data.put_input(write(&value, client.most_content()));
        }
        self
    }

    /// What the step answered; wins over what an observed call returns.
    ///
    /// Of a generation, a provider's answer is read: its message is the output, its model and usage are kept.
    pub fn set_output(&self, value: impl Serialize) -> &Self {
        if self.data.trace.client.is_recording() {
            self.data.change(|state| state.has_own_output = true);
            if let Some(output) = self.data.read(write(&value, self.data.most())) {
                self.data.put_output(output, true);
            }
        }
        self
    }

    /// The model's name; wins over the answer's.
    pub fn set_model(&self, model: impl Into<String>) -> &Self {
        let model: String = model.into();
        self.data
            .change(|state| state.model = Some(shorten(&model, 1024).to_owned()));
        self
    }

    /// The model's parameters, such as `json!({"temperature": 0.2})`.
    pub fn set_model_parameters(&self, parameters: impl Serialize) -> &Self {
        let parameters = write(&parameters, encode::MAX_BYTES).into_content();
        self.data
            .change(|state| state.model_parameters = parameters);
        self
    }

    /// Tokens; wins over the answer's.
    pub fn set_usage(&self, usage: Usage) -> &Self {
        self.data.set_usage(usage);
        self
    }

    /// Dollars, as a number or as [`Cost`]; wins over the server's price book.
    pub fn set_cost(&self, cost: impl Into<Cost>) -> &Self {
        let cost = cost.into();
        self.data.change(|state| state.cost = Some(cost));
        self
    }

    /// Adds a key; one that is set again is replaced.
    pub fn set_metadata(&self, key: &str, value: impl Serialize) -> &Self {
        self.data.add_metadata(key, encode(&value));
        self
    }

    /// How bad it is, with a message if there is one to say.
    pub fn set_level(&self, level: Level, message: Option<&str>) -> &Self {
        self.data.set_level(level, message);
        self
    }

    /// Marks the step as failed, with an error or a message.
    pub fn set_error(&self, error: impl Display) -> &Self {
        let message = harmless("Display", || error.to_string()).unwrap_or_default();
        self.data.set_level(Level::Error, Some(&message));
        self
    }

    /// Calls in the future become children of this span.
    pub fn scope<F: Future>(&self, future: F) -> InScope<F> {
        InScope::new(future, Change::Whole(self.make_scope()))
    }

    /// Calls in the closure become children of this span.
    pub fn scope_sync<T>(&self, run: impl FnOnce() -> T) -> T {
        let _entered = enter(self.make_scope());
        run()
    }

    fn make_scope(&self) -> Scope {
        let trace = &self.data.trace;
        let person = trace.person().or_else(|| get_scope().person);
        Scope {
            person,
            session: trace.session(),
            trace: Some(trace.clone()),
            span: Some(self.data.clone()),
        }
    }

    /// Ends the span; if it is the first of an observed trace, the trace leaves.
    pub fn end(&self) {
        self.data.end();
    }
}

impl Clone for Span {
    fn clone(&self) -> Self {
        Self::borrow(self.data.clone())
    }
}

impl Drop for Span {
    fn drop(&mut self) {
        if self.owns {
            self.end();
        }
    }
}
