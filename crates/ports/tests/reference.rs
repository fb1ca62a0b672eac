//! The reference store meets its own suite: the cases and the store check each other.
use cognobserve_ports::conformance::{Made, property};
use cognobserve_ports::reference::ReferenceStore;
use std::sync::Arc;

async fn make_store() -> Made {
    let store = Arc::new(ReferenceStore::new());
    Made::new(store.clone(), store, ())
}

cognobserve_ports::conformance_tests!(reference, crate::make_store);

/// Against itself: what the picture of a world shows does not depend on the store's ids.
#[test]
fn random_worlds_are_answered_alike_twice() {
    property::run_property(300, 1, make_store);
}

#[test]
fn pieces_in_any_order_give_the_same() {
    property::run_order_property(300, 1, make_store);
}

#[test]
fn random_logs_are_answered_alike_twice() {
    property::run_event_property(100, 1, make_store);
}

/// The fold that real stores share, against counting from scratch.
#[test]
fn the_fold_of_a_trace_counts_what_recounting_counts() {
    property::run_fold_property(5000, 1);
}
