//! The embedded store meets the suite that every store meets.
use cognobserve_ports::conformance::Made;
use cognobserve_ports::conformance::people::Rolls;
use cognobserve_registry::{EventLog, Registry};
use cognobserve_sqlite::{Mode, SqliteStore};
use std::sync::Arc;

/// A store in a directory of its own, which goes when the store goes.
async fn make_store() -> Made {
    let dir = tempfile::tempdir().expect("a directory");
    let store = SqliteStore::open(dir.path(), Mode::Serve).expect("the store opens");
    let events = Arc::new(EventLog::new(store.clone()));
    Made::new(Arc::new(store), events, dir)
}

async fn make_rolls() -> Rolls {
    let dir = tempfile::tempdir().expect("a directory");
    let store = SqliteStore::open(dir.path(), Mode::Serve).expect("the store opens");
    Rolls::new(Registry::new(store.clone()), Arc::new(store), dir)
}

mod people {
    cognobserve_ports::people_tests!(embedded, crate::conformance::make_rolls);
}
cognobserve_ports::conformance_tests!(embedded, crate::conformance::make_store);
