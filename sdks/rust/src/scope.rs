//! The scope that a call runs in: whose it is, which session, which trace and span are around it.
//!
//! It lies in a thread-local. A future that has a scope puts it there for the time of each poll, so that tasks and
//! threads never see each other's, on whatever executor.

use std::cell::{Cell, RefCell};
use std::sync::{Arc, PoisonError, RwLock, Weak};

use crate::span_data::SpanData;
use crate::told::Told;
use crate::trace::TraceData;
use crate::user::{Person, User, Who};

/// What is known where a call starts. `person` is `None` where no scope says who it is.
#[derive(Clone, Default)]
pub(crate) struct Scope {
    pub(crate) person: Option<Arc<Person>>,
    pub(crate) session: Option<Arc<str>>,
    pub(crate) trace: Option<Arc<TraceData>>,
    pub(crate) span: Option<Arc<SpanData>>,
}

impl Scope {
    /// Where a trace that starts in here tells what its calls have used.
    pub(crate) fn told(&self) -> Weak<Told> {
        match (&self.span, &self.trace) {
            (Some(span), _) => Arc::downgrade(&span.told),
            (None, Some(trace)) => trace.around.clone(),
            (None, None) => Weak::new(),
        }
    }
}

/// A scope and when it was entered, as a count of this thread.
#[derive(Default)]
struct Place {
    scope: Scope,
    at: u64,
}

thread_local! {
    static PLACE: RefCell<Place> = RefCell::default();
    static COUNT: Cell<u64> = const { Cell::new(0) };
}
static GLOBAL: RwLock<Option<Arc<Person>>> = RwLock::new(None);

/// The innermost scope: what was entered last on this thread.
pub(crate) fn get_scope() -> Scope {
    let find = |place: &RefCell<Place>| {
        let place = place.borrow();
        find_step(place.at).unwrap_or_else(|| place.scope.clone())
    };
    PLACE.try_with(find).unwrap_or_default()
}

/// The scope of a span of `tracing` that was entered later than this.
#[cfg(feature = "tracing")]
fn find_step(at: u64) -> Option<Scope> {
    crate::layer::find_scope(at)
}

#[cfg(not(feature = "tracing"))]
fn find_step(_: u64) -> Option<Scope> {
    None
}

/// The next moment at which something is entered on this thread.
pub(crate) fn next_moment() -> u64 {
    let next = |count: &Cell<u64>| {
        count.set(count.get() + 1);
        count.get()
    };
    COUNT.try_with(next).unwrap_or_default()
}

/// Puts a scope in place until it is dropped.
pub(crate) struct Entered(Option<Place>);

pub(crate) fn enter(scope: Scope) -> Entered {
    let place = Place {
        scope,
        at: next_moment(),
    };
    Entered(PLACE.try_with(|current| current.replace(place)).ok())
}

impl Drop for Entered {
    fn drop(&mut self) {
        if let Some(before) = self.0.take() {
            // Dropped outside of the borrow: what ends with a scope may look at the scope.
            drop(PLACE.try_with(|current| current.replace(before)));
        }
    }
}

/// How a scope differs from the one that it is entered from.
#[derive(Clone)]
pub(crate) enum Change {
    Person(Who),
    Session(Option<String>),
    Whole(Scope),
}

impl Change {
    pub(crate) fn apply(&self) -> Scope {
        match self {
            // Who cannot be read is nobody, and not the one around.
            Self::Person(who) => Scope {
                person: Some(read_who(who).unwrap_or_else(Person::nobody)),
                ..get_scope()
            },
            Self::Session(session) => Scope {
                session: read_session(session.as_deref()),
                ..get_scope()
            },
            Self::Whole(scope) => scope.clone(),
        }
    }
}

pub(crate) fn read_session(session: Option<&str>) -> Option<Arc<str>> {
    session.filter(|id| !id.trim().is_empty()).map(Arc::from)
}

/// Names the user of all calls of this process that name none: for programs with one user.
///
/// A server uses [`with_user`](crate::with_user). `set_user(None)` forgets.
pub fn set_user(who: impl Into<Who>) {
    let person = read_who(&who.into());
    *GLOBAL.write().unwrap_or_else(PoisonError::into_inner) = person;
}

/// The user that a call made here would be counted for, as far as scopes and the global user say.
pub fn get_user() -> Option<User> {
    choose_person(None, &get_scope())?.show()
}

fn read_global() -> Option<Arc<Person>> {
    GLOBAL
        .read()
        .unwrap_or_else(PoisonError::into_inner)
        .clone()
}

fn read_who(who: &Who) -> Option<Arc<Person>> {
    complete(Person::read(who.0.as_ref(), None), &get_scope())
}

/// Adds the profile that is already known to somebody who is named by id alone.
pub(crate) fn complete(person: Option<Arc<Person>>, scope: &Scope) -> Option<Arc<Person>> {
    let person = person?;
    if person.profile.is_none() {
        for known in [scope.person.clone(), read_global()].into_iter().flatten() {
            if known.id == person.id && known.profile.is_some() {
                return Some(known);
            }
        }
    }
    Some(person)
}

/// The first of: the call's own user, the scope's, the global one.
pub(crate) fn choose_person(own: Option<Arc<Person>>, scope: &Scope) -> Option<Arc<Person>> {
    own.or_else(|| scope.person.clone()).or_else(read_global)
}
