//! A layer for `tracing`: spans that name a user, a session or a model call become spans of this SDK's traces.
//!
//! It runs inside the app's own calls: what it does is caught if it panics, and no lock is held while a value of the
//! app's is formatted, since that may trace, too.

mod entered;
mod fields;
mod late;
mod names;
mod step;

use std::sync::Arc;

use tracing_core::span::{Attributes, Id, Record};
use tracing_core::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::LookupSpan;

use crate::clients::get_client;
use crate::say::harmless;
use crate::scope::{Scope, get_scope};
use crate::usage;
pub(crate) use entered::find_scope;
use fields::Fields;
use names::is_known;
use step::Step;

/// A layer for `tracing_subscriber`, with the feature `tracing`.
///
/// ```no_run
/// use cognobserve_sdk::{Config, TracingLayer, init};
/// use tracing_subscriber::prelude::*;
///
/// let _client = init(Config::new());
/// tracing_subscriber::registry().with(TracingLayer::new()).init();
///
/// let span = tracing::info_span!("answer", user.id = "user-123", session.id = "session-456");
/// span.in_scope(|| { /* all calls in here are theirs */ });
/// ```
///
/// A span with a field that names a user, a session or a model call by OpenTelemetry's conventions (`user.id`,
/// `session.id`, `gen_ai.…`) starts a trace, or is a part of the trace around it. Other spans are recorded within a trace
/// only, from level `INFO` on. An event of level `ERROR` marks the span around it as failed. The README has all fields.
#[derive(Clone, Debug)]
pub struct TracingLayer {
    keeps_fields: bool,
}

impl Default for TracingLayer {
    fn default() -> Self {
        Self::new()
    }
}

impl TracingLayer {
    /// A layer that records what it may, and the fields that mean nothing to it as metadata.
    pub fn new() -> Self {
        Self { keeps_fields: true }
    }

    /// Fields without a meaning of their own are left out, such as the arguments of `#[instrument]`.
    pub fn without_fields(mut self) -> Self {
        self.keeps_fields = false;
        self
    }

    fn start<S>(&self, attributes: &Attributes<'_>, context: &Context<'_, S>) -> Option<Arc<Step>>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        let client = get_client();
        let metadata = attributes.metadata();
        let is_ours = metadata.fields().iter().any(|field| is_known(field.name()));
        if !client.is_recording() || !is_ours && *metadata.level() > Level::INFO {
            return None;
        }
        let above = attributes.parent().and_then(|id| find_step(id, context));
        let mut scope = above.map_or_else(get_scope, |step| step.scope());
        if attributes.is_root() {
            (scope.trace, scope.span) = (None, None);
        }
        let is_within = crate::call::find_trace(&client, &scope).is_some();
        if !is_ours && !is_within {
            return None;
        }
        let fields = Fields::read(|visitor| attributes.record(visitor));
        Some(Arc::new(Step::start(
            client,
            &scope,
            metadata,
            fields,
            self.keeps_fields,
        )))
    }
}

/// What is recorded of a span, or of the nearest one around it.
fn find_step<S>(id: &Id, context: &Context<'_, S>) -> Option<Arc<Step>>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    let mut around = context.span_scope(id)?;
    around.find_map(|span| span.extensions().get::<Arc<Step>>().cloned())
}

fn get_step<S>(id: &Id, context: &Context<'_, S>) -> Option<Arc<Step>>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    context.span(id)?.extensions().get::<Arc<Step>>().cloned()
}

impl<S> Layer<S> for TracingLayer
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        harmless("a new span", || {
            // Two layers of this kind would count everything twice.
            if get_step(id, &context).is_some() {
                return;
            }
            let Some(step) = self.start(attributes, &context) else {
                return;
            };
            if let Some(span) = context.span(id) {
                drop(span.extensions_mut().replace(step));
            }
        });
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        harmless("fields", || {
            if let Some(step) = get_step(id, &context) {
                step.record(Fields::read(|visitor| values.record(visitor)));
            }
        });
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        if *event.metadata().level() != Level::ERROR || event.is_root() {
            return;
        }
        harmless("an event", || {
            let above = event.parent().and_then(|id| find_step(id, &context));
            let Scope { span, .. } = above.map_or_else(get_scope, |step| step.scope());
            if let Some(span) = span {
                let message = Fields::read(|visitor| event.record(visitor)).to_message();
                span.set_level(usage::Level::Error, Some(&message));
            }
        });
    }

    fn on_enter(&self, id: &Id, context: Context<'_, S>) {
        harmless("an entered span", || {
            if let Some(step) = get_step(id, &context) {
                entered::push(id.into_u64(), step);
            }
        });
    }

    fn on_exit(&self, id: &Id, _: Context<'_, S>) {
        harmless("a left span", || entered::pop(id.into_u64()));
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        harmless("a closed span", || {
            if let Some(step) = get_step(&id, &context) {
                step.end();
            }
        });
    }
}
