//! What `flush` waits for: by a thread or by a future.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use crate::say::lock;

#[derive(Default)]
struct State {
    is_passed: bool,
    wakers: Vec<Waker>,
}

/// Is passed when all that was put into the queue before it has been dealt with.
#[derive(Clone, Default)]
pub(crate) struct Barrier(Arc<(Mutex<State>, Condvar)>);

impl Barrier {
    pub(crate) fn pass(&self) {
        let wakers = {
            let mut state = lock(&self.0.0);
            state.is_passed = true;
            std::mem::take(&mut state.wakers)
        };
        self.0.1.notify_all();
        for waker in wakers {
            waker.wake();
        }
    }

    /// Whether it was passed in time.
    pub(crate) fn wait(&self, timeout: Duration) -> bool {
        let state = lock(&self.0.0);
        let waited = self
            .0
            .1
            .wait_timeout_while(state, timeout, |state| !state.is_passed);
        waited.unwrap_or_else(PoisonError::into_inner).0.is_passed
    }
}

impl Future for Barrier {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut state = lock(&self.0.0);
        if state.is_passed {
            return Poll::Ready(());
        }
        if !state
            .wakers
            .iter()
            .any(|waker| waker.will_wake(context.waker()))
        {
            state.wakers.push(context.waker().clone());
        }
        Poll::Pending
    }
}
