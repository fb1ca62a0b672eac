//! The PostgreSQL store meets the suite that every store meets.
use cognobserve_ports::conformance::Made;
use cognobserve_postgres::{PostgresStore, Settings};
use std::sync::Arc;

/// A store in a schema of its own, which goes when the store goes.
pub async fn make_store() -> Made {
    let schema = cognobserve_servers::postgres().make_schema();
    let settings = Settings::new(schema.url());
    let store = PostgresStore::open(&settings).await;
    Made::new(Arc::new(store.expect("the store opens")), schema)
}

cognobserve_ports::conformance_tests!(postgres, crate::conformance::make_store);
