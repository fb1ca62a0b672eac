//! The scope that a call runs in: whose it is, which session, which trace and span are around it.
//!
//! It lies in a thread-local. A future that has a scope puts it there for the time of each poll, so that tasks and
//! threads never see each other's, on whatever executor.

use std::cell::RefCell;
use std::sync::{Arc, PoisonError, RwLock};

use crate::span_data::SpanData;
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

thread_local! {
    static SCOPE: RefCell<Scope> = RefCell::default();
}
static GLOBAL: RwLock<Option<Arc<Person>>> = RwLock::new(None);

pub(crate) fn get_scope() -> Scope {
    SCOPE
        .try_with(|scope| scope.borrow().clone())
        .unwrap_or_default()
}

/// Puts a scope in place until it is dropped.
pub(crate) struct Entered(Option<Scope>);

pub(crate) fn enter(scope: Scope) -> Entered {
    Entered(SCOPE.try_with(|current| current.replace(scope)).ok())
}

impl Drop for Entered {
    fn drop(&mut self) {
        if let Some(before) = self.0.take() {
            // Dropped outside of the borrow: what ends with a scope may look at the scope.
            drop(SCOPE.try_with(|current| current.replace(before)));
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
    choose_person(None)?.show()
}

fn read_global() -> Option<Arc<Person>> {
    GLOBAL
        .read()
        .unwrap_or_else(PoisonError::into_inner)
        .clone()
}

fn read_who(who: &Who) -> Option<Arc<Person>> {
    complete(Person::read(who.0.as_ref(), None))
}

/// Adds the profile that is already known to somebody who is named by id alone.
pub(crate) fn complete(person: Option<Arc<Person>>) -> Option<Arc<Person>> {
    let person = person?;
    if person.profile.is_none() {
        for known in [get_scope().person, read_global()].into_iter().flatten() {
            if known.id == person.id && known.profile.is_some() {
                return Some(known);
            }
        }
    }
    Some(person)
}

/// The first of: the call's own user, the innermost scope's, the global one.
pub(crate) fn choose_person(own: Option<Arc<Person>>) -> Option<Arc<Person>> {
    own.or_else(|| get_scope().person).or_else(read_global)
}
