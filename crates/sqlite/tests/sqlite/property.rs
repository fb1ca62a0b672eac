//! Random worlds on the embedded store against the reference store: 10,000 in chunks, so
//! that they run side by side.
use cognobserve_ports::conformance::Made;
use cognobserve_registry::EventLog;
use cognobserve_sqlite::{Mode, SqliteStore};
use std::sync::Arc;

/// In memory where the machine offers that: these tests are not about the disk.
fn make_dir() -> tempfile::TempDir {
    let memory = std::path::Path::new("/dev/shm");
    let dir = match memory.is_dir() {
        true => tempfile::tempdir_in(memory),
        false => tempfile::tempdir(),
    };
    dir.expect("a directory")
}

async fn make_store() -> Made {
    let dir = make_dir();
    let store = SqliteStore::open(dir.path(), Mode::Serve).expect("the store opens");
    let events = Arc::new(EventLog::new(store.clone()));
    Made::new(Arc::new(store), events, dir)
}

mod embedded {
    use super::make_store;

    cognobserve_ports::property_tests!(
        worlds run_property(400, make_store)
        w01 = 1, w02 = 2, w03 = 3, w04 = 4, w05 = 5, w06 = 6, w07 = 7, w08 = 8, w09 = 9, w10 = 10,
        w11 = 11, w12 = 12, w13 = 13, w14 = 14, w15 = 15, w16 = 16, w17 = 17, w18 = 18, w19 = 19, w20 = 20
    );
    cognobserve_ports::property_tests!(
        logs run_event_property(200, make_store)
        l01 = 201
    );
    cognobserve_ports::property_tests!(
        orders run_order_property(250, make_store)
        o01 = 101, o02 = 102, o03 = 103, o04 = 104, o05 = 105, o06 = 106, o07 = 107, o08 = 108
    );
}
