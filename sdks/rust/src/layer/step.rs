//! What is recorded of one span of `tracing`: a span of ours, and the scope within it.
//!
//! Whose it is may be said late. It then names a trace that nobody was named for; from one that is somebody else's the
//! span parts, so that two people are never mixed.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use serde_json::{Map, Value};
use tracing_core::Metadata;

use super::fields::{Fields, to_content, to_count, to_dollars, to_id, to_name, to_text};
use super::names::{Meaning, is_of_model_call, read_meaning, read_operation};
use crate::call::{Observe, start_span};
use crate::client::Inner;
use crate::config::Content;
use crate::encode::{MAX_BYTES, encode, write};
use crate::say::lock;
use crate::scope::{Scope, complete};
use crate::span_data::SpanData;
use crate::usage::{Cost, Level, Usage};
use crate::user::{Person, User};

pub(super) struct Step {
    keeps_fields: bool,
    state: Mutex<State>,
}

struct State {
    span: Arc<SpanData>,
    inside: Scope,
    named: Named,
    parameters: Map<String, Value>,
}

/// Whom the fields have named so far.
#[derive(Clone, Default)]
struct Named {
    id: Option<(u8, String)>,
    profile: BTreeMap<String, Value>,
    session: Option<(u8, String)>,
}

impl Named {
    /// Whether something was added.
    fn take(&mut self, fields: &Fields) -> bool {
        let mut is_new = false;
        for (name, value) in fields.iter() {
            match read_meaning(name) {
                Meaning::UserId(rank) => is_new |= put(&mut self.id, rank, value),
                Meaning::Session(rank) => is_new |= put(&mut self.session, rank, value),
                Meaning::User(key) => {
                    self.profile.insert(key.to_owned(), value.clone());
                    is_new = true;
                }
                _ => {}
            }
        }
        is_new
    }

    fn to_user(&self) -> Option<User> {
        let (_, id) = self.id.as_ref()?;
        let mut user = User::new(id);
        for (key, value) in &self.profile {
            user = user.attribute(key, value);
        }
        Some(user)
    }

    fn session(&self) -> Option<&str> {
        self.session.as_ref().map(|(_, session)| session.as_str())
    }
}

fn put(place: &mut Option<(u8, String)>, rank: u8, value: &Value) -> bool {
    let is_trusted = place.as_ref().is_none_or(|(before, _)| rank <= *before);
    let id = to_id(value).filter(|_| is_trusted);
    let is_new = id.is_some();
    if let Some(id) = id {
        *place = Some((rank, id));
    }
    is_new
}

impl Step {
    pub(super) fn start(
        client: Arc<Inner>,
        scope: &Scope,
        metadata: &'static Metadata<'static>,
        fields: Fields,
        keeps_fields: bool,
    ) -> Self {
        let mut named = Named::default();
        named.take(&fields);
        let mut call =
            Observe::new(find_name(metadata, &fields)).kind(find_kind(metadata, &fields));
        call.user = named.to_user();
        call.session = named.session().map(str::to_owned);
        let (span, inside) = start_span(client, scope, call, false);
        let step = Self {
            keeps_fields,
            state: Mutex::new(State {
                span,
                inside,
                named,
                parameters: Map::new(),
            }),
        };
        step.fill(&fields);
        step
    }

    /// The scope of what happens within.
    pub(super) fn scope(&self) -> Scope {
        let mut scope = lock(&self.state).inside.clone();
        if scope.person.is_none() {
            // The trace was named in the meantime.
            scope.person = scope.trace.as_ref().and_then(|trace| trace.person());
        }
        scope
    }

    /// Fields that are known now.
    pub(super) fn record(&self, fields: Fields) {
        let named = {
            let state = &mut *lock(&self.state);
            let is_new = state.named.take(&fields);
            is_new.then(|| (state.named.clone(), state.inside.clone()))
        };
        if let Some((named, inside)) = named {
            // Made while nothing is locked: a warning may go to a listener that traces.
            let user = named.to_user();
            let person = complete(Person::read(user.as_ref(), None), &inside);
            lock(&self.state).identify(person);
        }
        self.fill(&fields);
    }

    pub(super) fn end(&self) {
        let span = lock(&self.state).span.clone();
        if std::thread::panicking() {
            span.set_level(Level::Error, Some("panicked"));
        }
        span.end();
        if span.is_root {
            // In immediate mode it leaves now; nobody waits, since this may be an executor's thread.
            span.trace.client.settle_unwaited();
        }
    }

    fn fill(&self, fields: &Fields) {
        let span = lock(&self.state).span.clone();
        let mut usage = Usage::default();
        for (name, value) in fields.iter() {
            match read_meaning(name) {
                Meaning::Prompt => usage.prompt_tokens = to_count(value),
                Meaning::Completion => usage.completion_tokens = to_count(value),
                Meaning::Total => usage.total_tokens = to_count(value),
                Meaning::Cached => usage.cached_tokens = to_count(value),
                Meaning::CacheWrite => usage.cache_write_tokens = to_count(value),
                Meaning::Reasoning => usage.reasoning_tokens = to_count(value),
                Meaning::Cost => {
                    let cost = to_dollars(value).map(Cost::from);
                    span.change(|state| state.cost = cost.or(state.cost));
                }
                Meaning::RequestModel => {
                    span.change(|state| state.asked_model = Some(to_name(value)));
                }
                Meaning::ResponseModel => {
                    span.change(|state| state.model = Some(to_name(value)));
                }
                Meaning::ResponseId => {
                    span.change(|state| state.response_id = Some(to_name(value)));
                }
                Meaning::Parameter(key) => self.add_parameter(&span, key, value),
                Meaning::Input => span.put_input(write(&to_content(value), MAX_BYTES)),
                Meaning::Output if span.wants_output() => {
                    span.put_output(write(&to_content(value), MAX_BYTES), true);
                }
                Meaning::Status if to_text(value).eq_ignore_ascii_case("error") => {
                    span.set_level(Level::Error, None);
                }
                Meaning::StatusMessage => {
                    let message = to_text(value);
                    span.change(|state| state.status_message = Some(message));
                }
                Meaning::ErrorType => span.set_level(Level::Error, Some(&to_text(value))),
                Meaning::Operation | Meaning::Other => self.add_field(&span, name, value),
                _ => {}
            }
        }
        span.add_usage(&usage);
    }

    fn add_parameter(&self, span: &SpanData, key: &str, value: &Value) {
        let parameters = {
            let state = &mut *lock(&self.state);
            state.parameters.insert(key.to_owned(), value.clone());
            encode(&state.parameters)
        };
        span.change(|state| state.model_parameters = Some(parameters));
    }

    /// As the arguments of a function, fields may be content: they are kept and masked as it is.
    fn add_field(&self, span: &SpanData, name: &str, value: &Value) {
        if !self.keeps_fields {
            return;
        }
        let client = &span.trace.client;
        if let Some(value) = client.make_content(write(value, MAX_BYTES), Content::Field) {
            if span.is_root {
                span.trace.add_metadata(name, value);
            } else {
                span.add_metadata(name, value);
            }
        }
    }
}

impl State {
    /// The fields name a session, or somebody, or say more of them.
    fn identify(&mut self, person: Option<Arc<Person>>) {
        let trace = self.span.trace.clone();
        if let Some(session) = self.named.session().map(Arc::<str>::from) {
            if self.span.is_root && trace.session().is_none() {
                trace.set_session(session.clone());
            }
            self.inside.session = Some(session);
        }
        let Some(person) = person else {
            return;
        };
        match trace.person() {
            None if self.span.is_root => trace.set_person(person.clone()),
            Some(known) if known.id == person.id => {
                if self.span.is_root && person.profile.is_some() {
                    trace.set_person(person.clone());
                }
            }
            _ => {
                self.span = self.span.part(person.clone(), self.inside.session.clone());
                self.inside.trace = Some(self.span.trace.clone());
                self.inside.span = Some(self.span.clone());
            }
        }
        self.inside.person = Some(person);
    }
}

fn find_name(metadata: &'static Metadata<'static>, fields: &Fields) -> String {
    let own = fields
        .iter()
        .find(|(name, _)| read_meaning(name) == Meaning::Name);
    own.map_or_else(|| metadata.name().to_owned(), |(_, value)| to_name(value))
}

fn find_kind(metadata: &'static Metadata<'static>, fields: &Fields) -> &'static str {
    let operation = fields
        .iter()
        .find(|(name, _)| read_meaning(name) == Meaning::Operation);
    if let Some(kind) = operation.and_then(|(_, value)| read_operation(&to_text(value))) {
        return kind;
    }
    let is_model_call = metadata
        .fields()
        .iter()
        .any(|field| is_of_model_call(field.name()));
    if is_model_call { "generation" } else { "span" }
}
