//! A trace: one request of one user. It hands its ended spans to the client.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Arc, Mutex, Weak};
use std::time::SystemTime;

use serde::Serialize;

use crate::call::Observe;
use crate::client::Inner;
use crate::clients::get_client;
use crate::encode::{encode, shorten};
use crate::ids;
use crate::say::lock;
use crate::scope::{Change, Scope, choose_person, complete, enter, get_scope, read_session};
use crate::scoped::InScope;
use crate::span::Span;
use crate::span_data::SpanData;
use crate::told::Told;
use crate::user::Person;

#[derive(Default)]
pub(crate) struct TraceState {
    pub(crate) person: Option<Arc<Person>>,
    pub(crate) session: Option<Arc<str>>,
    pub(crate) metadata: BTreeMap<String, Vec<u8>>,
    pub(crate) is_ended: bool,
    pub(crate) was_released: bool,
}

pub(crate) struct TraceData {
    pub(crate) id: String,
    pub(crate) order: u64,
    pub(crate) client: Arc<Inner>,
    pub(crate) name: String,
    pub(crate) start: SystemTime,
    /// The span that it was started in, of another trace.
    pub(crate) around: Weak<Told>,
    pub(crate) state: Mutex<TraceState>,
}

impl TraceData {
    /// A trace of the name and id of its first call, whose metadata it takes over.
    pub(crate) fn new(
        client: Arc<Inner>,
        call: &mut Observe,
        person: Option<Arc<Person>>,
        session: Option<Arc<str>>,
        around: Weak<Told>,
    ) -> Arc<Self> {
        let own_id = call.id.take().filter(|id| !id.trim().is_empty());
        let metadata = std::mem::take(&mut call.metadata);
        Arc::new(Self {
            id: own_id.unwrap_or_else(ids::make_trace_id),
            order: ids::next_order(),
            client,
            name: read_name(&call.name, "trace"),
            start: SystemTime::now(),
            around,
            state: Mutex::new(TraceState {
                person,
                session,
                metadata,
                ..TraceState::default()
            }),
        })
    }

    /// Whose it is; `None` if nobody has said.
    pub(crate) fn person(&self) -> Option<Arc<Person>> {
        lock(&self.state).person.clone()
    }

    pub(crate) fn session(&self) -> Option<Arc<str>> {
        lock(&self.state).session.clone()
    }

    pub(crate) fn add_metadata(&self, key: &str, value: Vec<u8>) {
        lock(&self.state).metadata.insert(key.to_owned(), value);
    }

    /// Lets the trace leave with what has ended; never waits.
    pub(crate) fn close(self: &Arc<Self>) {
        let was_ended = std::mem::replace(&mut lock(&self.state).is_ended, true);
        if !was_ended {
            self.client.take_trace(self);
        }
    }
}

/// A name as short as the server keeps it.
pub(crate) fn read_name(name: &str, default: &str) -> String {
    let name = shorten(name, 1024);
    if name.is_empty() { default } else { name }.to_owned()
}

/// A trace by hand: it leaves with [`end`](Trace::end), or when it is dropped. A clone does not end it.
pub struct Trace {
    data: Arc<TraceData>,
    owns: bool,
}

/// Starts a trace by hand. It belongs to who is named in `call`, else to the scope's or global user.
///
/// ```no_run
/// use cognobserve_sdk::{Observe, Usage, start_trace};
/// let trace = start_trace(Observe::new("nightly").user_id("user-123"));
/// let llm = trace.start_span(Observe::new("llm").generation());
/// llm.set_model("my-model").set_usage(Usage::tokens(100, 50)).set_cost(0.25).end();
/// trace.end();
/// ```
pub fn start_trace(call: impl Into<Observe>) -> Trace {
    let mut call = call.into();
    let scope = get_scope();
    let named = Person::read(call.user.as_ref(), call.user_id.as_deref());
    let person = choose_person(complete(named, &scope), &scope);
    let around = scope.told();
    let session = read_session(call.session.as_deref()).or(scope.session);
    let data = TraceData::new(get_client(), &mut call, person, session, around);
    Trace { data, owns: true }
}

impl Trace {
    pub(crate) fn borrow(data: Arc<TraceData>) -> Self {
        Self { data, owns: false }
    }

    /// Its id: 32 hex digits.
    pub fn id(&self) -> &str {
        &self.data.id
    }

    /// Starts a span of this trace.
    pub fn start_span(&self, call: impl Into<Observe>) -> Span {
        Span::own(SpanData::start(&self.data, None, call.into()))
    }

    /// Adds a key; it is sent with what leaves from now on.
    pub fn set_metadata(&self, key: &str, value: impl Serialize) -> &Self {
        self.data.add_metadata(key, encode(&value));
        self
    }

    /// Calls in the future become spans of this trace.
    pub fn scope<F: Future>(&self, future: F) -> InScope<F> {
        InScope::new(future, Change::Whole(self.make_scope()))
    }

    /// Calls in the closure become spans of this trace.
    pub fn scope_sync<T>(&self, run: impl FnOnce() -> T) -> T {
        let _entered = enter(self.make_scope());
        run()
    }

    fn make_scope(&self) -> Scope {
        let data = &self.data;
        let person = data.person().or_else(|| get_scope().person);
        Scope {
            person,
            session: data.session(),
            trace: Some(data.clone()),
            span: None,
        }
    }

    /// Lets the trace leave with what has ended; spans that end later follow it. In immediate mode this blocks until it was
    /// sent, for the shutdown timeout at the most: see [`end_async`](Trace::end_async).
    pub fn end(&self) {
        self.data.close();
        self.data.client.settle_sync(self.data.client.settle());
    }

    /// As [`end`](Trace::end), without blocking the executor.
    pub async fn end_async(&self) {
        self.data.close();
        if let Some(barrier) = self.data.client.settle() {
            self.data.client.limit(&barrier);
            barrier.await;
        }
    }
}

impl Clone for Trace {
    fn clone(&self) -> Self {
        Self::borrow(self.data.clone())
    }
}

impl Drop for Trace {
    fn drop(&mut self) {
        if self.owns && !lock(&self.data.state).is_ended {
            // Nobody waits here, even in immediate mode: a drop may run on an executor's thread.
            self.data.close();
            self.data.client.settle_unwaited();
        }
    }
}
