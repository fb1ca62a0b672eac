//! What fields say of a span that runs already: tokens, and whose it is.

use std::sync::{Arc, Mutex};

use crate::call::{Observe, tell_origin};
use crate::ids;
use crate::say::lock;
use crate::span_data::SpanData;
use crate::trace::TraceData;
use crate::usage::Usage;
use crate::user::Person;

impl TraceData {
    pub(super) fn set_person(&self, person: Arc<Person>) {
        lock(&self.state).person = Some(person);
    }

    pub(super) fn set_session(&self, session: Arc<str>) {
        lock(&self.state).session = Some(session);
    }
}

impl SpanData {
    /// Adds to the tokens that are known, unless a call below has told them: they would count twice.
    pub(super) fn add_usage(&self, more: &Usage) {
        if *more == Usage::default() {
            return;
        }
        let mut told = None;
        self.change(|state| {
            if self.told.has(state.response_id.as_deref(), more) {
                return;
            }
            let known = state.usage.get_or_insert_default();
            known.prompt_tokens = more.prompt_tokens.or(known.prompt_tokens);
            known.completion_tokens = more.completion_tokens.or(known.completion_tokens);
            known.total_tokens = more.total_tokens.or(known.total_tokens);
            known.cached_tokens = more.cached_tokens.or(known.cached_tokens);
            known.cache_write_tokens = more.cache_write_tokens.or(known.cache_write_tokens);
            known.reasoning_tokens = more.reasoning_tokens.or(known.reasoning_tokens);
            told = Some((state.response_id.clone(), known.clone()));
        });
        self.tell_around(told);
    }

    /// Goes on as the first span of a trace of somebody else's. What has begun below it stays where it is.
    pub(super) fn part(&self, person: Arc<Person>, session: Option<Arc<str>>) -> Arc<Self> {
        let trace = &self.trace;
        let mut state = std::mem::take(&mut *lock(&self.state));
        // What still holds the one before changes nothing that is sent.
        lock(&self.state).end = Some(self.start);
        let mut call = Observe::new(self.name.as_str());
        call.metadata = std::mem::take(&mut state.metadata);
        if self.is_root {
            call.metadata = lock(&trace.state).metadata.clone();
        }
        let around = match &self.above {
            Some(above) => Arc::downgrade(&above.told),
            None => trace.around.clone(),
        };
        let client = trace.client.clone();
        let own = TraceData::new(client, &mut call, Some(person), session, around);
        tell_origin(&own, trace, self.above.as_deref());
        let span = Arc::new(Self {
            id: ids::make_span_id(),
            order: ids::next_order(),
            trace: own,
            above: None,
            is_root: true,
            name: self.name.clone(),
            kind: self.kind.clone(),
            start: self.start,
            clock: self.clock,
            captures_output: self.captures_output,
            told: self.told.clone(),
            state: Mutex::new(state),
        });
        if self.is_root {
            // It waited for this span, which will not come.
            trace.close();
        }
        span
    }
}
