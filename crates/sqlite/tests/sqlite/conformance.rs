//! The embedded store meets the suite that every store meets.
use cognobserve_ports::conformance::Made;
use cognobserve_sqlite::{Mode, SqliteStore};
use std::sync::Arc;

/// A store in a directory of its own, which goes when the store goes.
async fn make_store() -> Made {
    let dir = tempfile::tempdir().expect("a directory");
    let store = SqliteStore::open(dir.path(), Mode::Serve).expect("the store opens");
    Made::new(Arc::new(store), dir)
}

cognobserve_ports::conformance_tests!(embedded, crate::conformance::make_store);
