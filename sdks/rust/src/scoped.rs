//! Futures, streams and closures that run in a scope of their own.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;

use crate::scope::{Change, Scope, enter, get_scope};
use crate::user::Who;

/// A future or stream that runs in a scope. The scope is entered for each poll, and for its drop.
#[must_use = "futures do nothing unless they are awaited"]
pub struct InScope<F> {
    inner: Option<Pin<Box<F>>>,
    change: Change,
    scope: Option<Scope>,
}

impl<F> InScope<F> {
    pub(crate) fn new(inner: F, change: Change) -> Self {
        Self {
            inner: Some(Box::pin(inner)),
            change,
            scope: None,
        }
    }

    /// The scope counts from the first poll on, so that one within another sees what is around it.
    fn scope(&mut self) -> Scope {
        self.scope
            .get_or_insert_with(|| self.change.apply())
            .clone()
    }
}

impl<F: Future> Future for InScope<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let _entered = enter(self.scope());
        match &mut self.inner {
            Some(inner) => inner.as_mut().poll(context),
            None => Poll::Pending,
        }
    }
}

impl<S: Stream> Stream for InScope<S> {
    type Item = S::Item;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<S::Item>> {
        let _entered = enter(self.scope());
        match &mut self.inner {
            Some(inner) => inner.as_mut().poll_next(context),
            None => Poll::Ready(None),
        }
    }
}

impl<F> Drop for InScope<F> {
    fn drop(&mut self) {
        if let Some(inner) = self.inner.take() {
            let _entered = enter(self.scope());
            drop(inner);
        }
    }
}

/// Whose the calls in a future (or stream) are: an id, a [`User`](crate::User), or `None` for nobody.
///
/// ```no_run
/// # async fn answer() {}
/// # async fn handle() {
/// cognobserve_sdk::with_user("user-123", answer()).await;
/// # }
/// ```
pub fn with_user<F>(who: impl Into<Who>, future: F) -> InScope<F> {
    InScope::new(future, Change::Person(who.into()))
}

/// Whose the calls in a closure are: see [`with_user`].
pub fn with_user_sync<T>(who: impl Into<Who>, run: impl FnOnce() -> T) -> T {
    let _entered = enter(Change::Person(who.into()).apply());
    run()
}

/// Which session the calls in a future (or stream) belong to; an empty id means none.
pub fn with_session<F>(session: impl ToString, future: F) -> InScope<F> {
    InScope::new(future, Change::Session(Some(session.to_string())))
}

/// Which session the calls in a closure belong to; an empty id means none.
pub fn with_session_sync<T>(session: impl ToString, run: impl FnOnce() -> T) -> T {
    let _entered = enter(Change::Session(Some(session.to_string())).apply());
    run()
}

/// Hands a scope on to where it does not reach by itself: tasks that are spawned, threads, callbacks.
///
/// ```no_run
/// use cognobserve_sdk::ScopeExt;
/// # async fn work() {}
/// # fn handle() {
/// tokio::spawn(work().in_current_scope());
/// # }
/// ```
pub trait ScopeExt: Sized {
    /// Runs this future or stream in the scope of the place where this is called.
    fn in_current_scope(self) -> InScope<Self> {
        InScope::new(self, Change::Whole(get_scope()))
    }
}

impl<F: Future> ScopeExt for F {}

/// Binds a closure to the scope of this place: `std::thread::spawn(in_current_scope(|| …))`.
pub fn in_current_scope<T>(run: impl FnOnce() -> T) -> impl FnOnce() -> T {
    let scope = get_scope();
    move || {
        let _entered = enter(scope);
        run()
    }
}
