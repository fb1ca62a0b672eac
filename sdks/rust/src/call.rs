//! An observed call: decides whose it is and which trace it belongs to, and records how it went.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;

use crate::barrier::Barrier;
use crate::client::Inner;
use crate::clients::get_client;
use crate::encode::{self, Written, encode, shorten, write};
use crate::outcome::Teller;
use crate::say::harmless;
use crate::scope::{Scope, choose_person, complete, get_scope, read_session};
use crate::span::Span;
use crate::span_data::SpanData;
use crate::trace::TraceData;
use crate::usage::Level;
use crate::user::{Person, User};

/// What an app says of a call: its name, and if you like whose it is and what it was given.
#[must_use]
pub struct Observe {
    pub(crate) name: String,
    pub(crate) id: Option<String>,
    pub(crate) kind: String,
    pub(crate) user_id: Option<String>,
    pub(crate) user: Option<User>,
    pub(crate) session: Option<String>,
    pub(crate) metadata: BTreeMap<String, Vec<u8>>,
    pub(crate) input: Option<Written>,
    pub(crate) model: Option<String>,
    pub(crate) model_parameters: Option<Vec<u8>>,
    pub(crate) captures_output: bool,
}

impl Observe {
    /// A call of this name; of type `span`.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            id: None,
            kind: "span".to_owned(),
            user_id: None,
            user: None,
            session: None,
            metadata: BTreeMap::new(),
            input: None,
            model: None,
            model_parameters: None,
            captures_output: true,
        }
    }

    /// An id of your own for the trace that this call starts; by default one is made.
    ///
    /// A call that becomes a part of the trace around it has no use for one.
    pub fn id(mut self, id: impl ToString) -> Self {
        self.id = Some(id.to_string());
        self
    }

    /// Whose it is, by id. Wins over all scopes.
    pub fn user_id(mut self, id: impl ToString) -> Self {
        self.user_id = Some(id.to_string());
        self
    }

    /// Whose it is, with a profile. Wins over all scopes.
    pub fn user(mut self, user: User) -> Self {
        self.user = Some(user);
        self
    }

    /// The session that it belongs to.
    pub fn session(mut self, id: impl ToString) -> Self {
        self.session = Some(id.to_string());
        self
    }

    /// A call of a model: its type is `generation`, and of what it answers model and tokens are read.
    pub fn generation(self) -> Self {
        self.kind("generation")
    }

    /// Any other type, such as `tool` or `embedding`.
    pub fn kind(mut self, kind: impl Into<String>) -> Self {
        self.kind = kind.into();
        self
    }

    /// Adds a key: to the trace of a first call, to the span of any other.
    pub fn metadata(mut self, key: impl Into<String>, value: impl Serialize) -> Self {
        self.metadata.insert(key.into(), encode(&value));
        self
    }

    /// What the call is given.
    pub fn input(mut self, input: impl Serialize) -> Self {
        let client = get_client();
        if client.captures_content() {
            self.input = Some(write(&input, client.most_content()));
        }
        self
    }

    /// The model that is asked for; what the answer says wins.
    pub fn model(mut self, model: impl Into<String>) -> Self {
        let model: String = model.into();
        self.model = Some(shorten(&model, 1024).to_owned());
        self
    }

    /// The model's parameters, such as `json!({"temperature": 0.2})`.
    pub fn model_parameters(mut self, parameters: impl Serialize) -> Self {
        self.model_parameters = write(&parameters, encode::MAX_BYTES).into_content();
        self
    }

    /// What the call answers is not sent; of a generation, model and tokens still are.
    pub fn without_output(mut self) -> Self {
        self.captures_output = false;
        self
    }
}

impl From<&str> for Observe {
    fn from(name: &str) -> Self {
        Self::new(name)
    }
}

impl From<String> for Observe {
    fn from(name: String) -> Self {
        Self::new(name)
    }
}

/// A running call. Dropped before it has answered, it ends, as an error if that is because of a panic.
pub(crate) struct Call {
    pub(crate) span: Span,
    pub(crate) inside: Scope,
}

/// Starts the span of a call; `None` if nothing is recorded.
pub(crate) fn begin(call: Observe, is_new_trace: bool) -> Option<Call> {
    let client = get_client();
    if !client.is_recording() {
        return None;
    }
    let (span, inside) = start_span(client, &get_scope(), call, is_new_trace);
    Some(Call {
        span: Span::own(span),
        inside,
    })
}

/// Starts the span of a call that is made in a scope, and says what the scope within it is.
pub(crate) fn start_span(
    client: Arc<Inner>,
    scope: &Scope,
    call: Observe,
    is_new_trace: bool,
) -> (Arc<SpanData>, Scope) {
    let own = complete(
        Person::read(call.user.as_ref(), call.user_id.as_deref()),
        scope,
    );
    let session = read_session(call.session.as_deref()).or_else(|| scope.session.clone());
    let around = find_trace(&client, scope);
    let named = own.clone().or_else(|| scope.person.clone());
    let (span, person) = match around {
        Some(trace) if !is_new_trace && is_same(&trace, named.as_deref()) => {
            (SpanData::start(&trace, scope.span.clone(), call), named)
        }
        around => {
            let person = choose_person(own, scope);
            let span = start_first(client, scope, call, person.clone(), session.clone());
            if let Some(around) = around.filter(|_| !is_new_trace) {
                tell_origin(&span.trace, &around, scope.span.as_deref());
            }
            (span, person)
        }
    };
    let inside = Scope {
        person,
        session,
        trace: Some(span.trace.clone()),
        span: Some(span.clone()),
    };
    (span, inside)
}

/// The first span of a trace of its own, whose metadata is the trace's.
fn start_first(
    client: Arc<Inner>,
    scope: &Scope,
    mut call: Observe,
    person: Option<Arc<Person>>,
    session: Option<Arc<str>>,
) -> Arc<SpanData> {
    let trace = TraceData::new(client, &mut call, person, session, scope.told());
    SpanData::start_root(&trace, call)
}

/// The trace around, unless it belongs to a client before.
pub(crate) fn find_trace(client: &Arc<Inner>, scope: &Scope) -> Option<Arc<TraceData>> {
    scope
        .trace
        .clone()
        .filter(|trace| Arc::ptr_eq(&trace.client, client))
}

/// Whether a call that names somebody, by itself or by a scope, can be a part of the trace.
fn is_same(trace: &TraceData, named: Option<&Person>) -> bool {
    let Some(named) = named else {
        return true;
    };
    let whose = trace.person();
    named.id.as_deref() == whose.as_ref().and_then(|person| person.id.as_deref())
}

pub(crate) fn tell_origin(trace: &TraceData, above: &TraceData, span: Option<&SpanData>) {
    trace.add_metadata("parent_trace_id", encode(&above.id));
    if let Some(span) = span {
        trace.add_metadata("parent_span_id", encode(&span.id));
    }
}

impl Call {
    /// The call has answered. What immediate mode waits for is handed back.
    pub(crate) fn finish(self, tell: impl FnOnce(&mut Teller)) -> Option<Barrier> {
        let data = &self.span.data;
        let mut teller = Teller::new(data.wants_answer().then(|| data.most()));
        harmless("an answer", || {
            tell(&mut teller);
            if let Some(message) = &teller.failure {
                data.set_level(Level::Error, Some(message));
            } else if let Some(answer) = teller.answer.take() {
                data.take_answer(answer);
            }
        });
        self.end()
    }

    /// Nothing more comes of it.
    pub(crate) fn end(self) -> Option<Barrier> {
        self.span.end();
        let data = &self.span.data;
        data.is_root.then(|| data.trace.client.settle()).flatten()
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.span.data.set_level(Level::Error, Some("panicked"));
        }
    }
}

/// Notes a moment in the trace around it, else as a trace of its own, as `observe` does. An object as `data` is its metadata.
///
/// `log("cache missed", json!({"key": "a"}), Level::Warning)`; `()` for no data.
pub fn log(message: &str, data: impl Serialize, level: Level) {
    let client = get_client();
    if !client.is_recording() {
        return;
    }
    let scope = get_scope();
    let call = Observe::new(message).kind("event");
    let (span, _) = start_span(client.clone(), &scope, call, false);
    match write(&data, encode::MAX_BYTES).parse() {
        Some(Value::Object(object)) => {
            for (key, value) in object.iter().filter(|(_, value)| !value.is_null()) {
                span.add_metadata(key, encode(value));
            }
        }
        Some(Value::Null) => {}
        _ => span.add_metadata("data", encode(&data)),
    }
    span.set_level(level, None);
    span.end();
    if span.is_root {
        client.settle_sync(client.settle());
    }
}
