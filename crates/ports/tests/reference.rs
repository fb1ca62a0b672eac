//! The reference store meets its own suite: the cases and the store check each other.
use cognobserve_ports::conformance::Made;
use cognobserve_ports::reference::ReferenceStore;
use std::sync::Arc;

cognobserve_ports::conformance_tests!("reference", async || Made::new(
    Arc::new(ReferenceStore::new()),
    ()
));
