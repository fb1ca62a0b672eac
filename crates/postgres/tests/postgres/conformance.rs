//! The PostgreSQL store meets the suite that every store meets.
use cognobserve_ports::conformance::Made;
use cognobserve_ports::conformance::people::Rolls;
use cognobserve_postgres::{PostgresStore, Settings};
use cognobserve_registry::{EventLog, Registry};
use std::any::Any;
use std::sync::Arc;

/// A store with all its ports.
pub fn wrap(store: PostgresStore, guard: impl Any + Send) -> Made {
    let events = Arc::new(EventLog::new(store.clone()));
    Made::new(Arc::new(store), events, guard)
}

/// A store in a schema of its own, which goes when the store goes.
pub async fn make_store() -> Made {
    let schema = cognobserve_servers::postgres().make_schema();
    let settings = Settings::new(schema.url());
    let store = PostgresStore::open(&settings).await;
    wrap(store.expect("the store opens"), schema)
}

async fn make_rolls() -> Rolls {
    let schema = cognobserve_servers::postgres().make_schema();
    let settings = Settings::new(schema.url());
    let store = PostgresStore::open(&settings).await;
    let store = store.expect("the store opens");
    Rolls::new(Registry::new(store.clone()), Arc::new(store), schema)
}

mod people {
    cognobserve_ports::people_tests!(postgres, crate::conformance::make_rolls);
}
cognobserve_ports::conformance_tests!(postgres, crate::conformance::make_store);
