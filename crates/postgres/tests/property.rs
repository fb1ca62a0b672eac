//! Random worlds on PostgreSQL against the reference store, in chunks that run side by side.
use cognobserve_ports::conformance::{Made, property};
use cognobserve_postgres::{PostgresStore, Settings};
use std::sync::Arc;

const WORLDS: u32 = 75;
const PAIRS: u32 = 25;

async fn make_store() -> Made {
    let schema = cognobserve_servers::postgres().make_schema();
    let settings = Settings::new(schema.url());
    let store = PostgresStore::open(&settings).await;
    Made::new(Arc::new(store.expect("the store opens")), schema)
}

macro_rules! chunks {
    ($run:path, $cases:expr, $($name:ident = $seed:literal),* $(,)?) => {
        $(
            #[test]
            fn $name() {
                $run($cases, $seed, make_store);
            }
        )*
    };
}

mod worlds {
    use super::*;
    chunks!(
        property::run_property,
        WORLDS,
        w01 = 1001,
        w02 = 1002,
        w03 = 1003,
        w04 = 1004,
    );
}

mod orders {
    use super::*;
    chunks!(property::run_order_property, PAIRS, o01 = 1101, o02 = 1102,);
}
