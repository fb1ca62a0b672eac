//! Observed futures and closures: each call is a span, and nothing else about it changes.

use std::future::Future;

use crate::call::{Call, Observe, begin};
use crate::clients::get_client;
use crate::outcome::{Outcome, Teller};
use crate::scope::{Change, enter, get_scope};
use crate::scoped::InScope;
use crate::span::Span;
use crate::trace::Trace;

/// Records a future as a span of the trace around it, or as a trace if there is none.
///
/// ```no_run
/// use cognobserve_sdk::{Observe, observe};
/// # async fn ask(_: &str) -> Result<serde_json::Value, std::io::Error> { Ok(serde_json::Value::Null) }
/// # async fn handle() -> Result<(), std::io::Error> {
/// let answer = observe(
///     Observe::new("answer").user_id("user-123").session("session-456").generation(),
///     async { ask("Hi").await },
/// )
/// .await?;
/// # drop(answer); Ok(())
/// # }
/// ```
pub async fn observe<F>(call: Observe, future: F) -> F::Output
where
    F: Future,
    F::Output: Outcome,
{
    follow(begin(call, false), future, Outcome::tell).await
}

/// As [`observe`], but `tell` says what of the answer is recorded: for answers that are no [`Outcome`].
pub async fn observe_with<F: Future>(
    call: Observe,
    future: F,
    tell: impl FnOnce(&F::Output, &mut Teller),
) -> F::Output {
    follow(begin(call, false), future, tell).await
}

/// As [`observe`], but always starts a trace.
pub async fn trace<F>(call: Observe, future: F) -> F::Output
where
    F: Future,
    F::Output: Outcome,
{
    follow(begin(call, true), future, Outcome::tell).await
}

/// As [`observe`], for a closure.
///
/// ```no_run
/// use cognobserve_sdk::{Observe, observe_sync};
/// let found = observe_sync(Observe::new("search").input("invoice"), || vec![1, 2]);
/// ```
pub fn observe_sync<T: Outcome>(call: Observe, run: impl FnOnce() -> T) -> T {
    follow_sync(begin(call, false), run, T::tell)
}

/// As [`observe_with`], for a closure.
pub fn observe_sync_with<T>(
    call: Observe,
    run: impl FnOnce() -> T,
    tell: impl FnOnce(&T, &mut Teller),
) -> T {
    follow_sync(begin(call, false), run, tell)
}

/// As [`trace`], for a closure.
pub fn trace_sync<T: Outcome>(call: Observe, run: impl FnOnce() -> T) -> T {
    follow_sync(begin(call, true), run, T::tell)
}

async fn follow<F: Future>(
    call: Option<Call>,
    future: F,
    tell: impl FnOnce(&F::Output, &mut Teller),
) -> F::Output {
    let Some(call) = call else {
        return future.await;
    };
    let client = call.span.data.trace.client.clone();
    let answer = InScope::new(future, Change::Whole(call.inside.clone())).await;
    if let Some(barrier) = call.finish(|teller| tell(&answer, teller)) {
        client.limit(&barrier);
        barrier.await;
    }
    answer
}

fn follow_sync<T>(
    call: Option<Call>,
    run: impl FnOnce() -> T,
    tell: impl FnOnce(&T, &mut Teller),
) -> T {
    let Some(call) = call else {
        return run();
    };
    let entered = enter(call.inside.clone());
    let answer = run();
    drop(entered);
    let client = call.span.data.trace.client.clone();
    client.settle_sync(call.finish(|teller| tell(&answer, teller)));
    answer
}

/// The span around this place.
pub fn current_span() -> Option<Span> {
    get_scope().span.map(Span::borrow)
}

/// The trace around this place.
pub fn current_trace() -> Option<Trace> {
    let client = get_client();
    get_scope()
        .trace
        .filter(|trace| std::sync::Arc::ptr_eq(&trace.client, &client))
        .map(Trace::borrow)
}
