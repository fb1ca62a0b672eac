//! The spans of `tracing` that this thread is in. They need not be left in the order in which they were entered.

use std::cell::RefCell;
use std::sync::Arc;

use super::step::Step;
use crate::scope::{Scope, next_moment};

struct Entered {
    id: u64,
    at: u64,
    step: Arc<Step>,
}

thread_local! {
    static ENTERED: RefCell<Vec<Entered>> = const { RefCell::new(Vec::new()) };
}

pub(super) fn push(id: u64, step: Arc<Step>) {
    let at = next_moment();
    // A thread that ends has no scopes any more.
    let _ = ENTERED.try_with(|entered| entered.borrow_mut().push(Entered { id, at, step }));
}

pub(super) fn pop(id: u64) {
    let remove = |entered: &RefCell<Vec<Entered>>| {
        let mut entered = entered.borrow_mut();
        let place = entered.iter().rposition(|one| one.id == id)?;
        Some(entered.remove(place))
    };
    // Dropped outside of the borrow: what ends with it may trace.
    drop(ENTERED.try_with(remove));
}

/// The scope within the span that was entered last, if that was after `at`.
pub(crate) fn find_scope(at: u64) -> Option<Scope> {
    let find = |entered: &RefCell<Vec<Entered>>| {
        let entered = entered.borrow();
        let last = entered.last().filter(|last| last.at > at)?;
        Some(last.step.clone())
    };
    let step = ENTERED.try_with(find).ok()??;
    Some(step.scope())
}
