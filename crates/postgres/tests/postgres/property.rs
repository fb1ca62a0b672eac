//! Random worlds on PostgreSQL against the reference store, in chunks that run side by side.

mod postgres {
    use crate::conformance::make_store;

    cognobserve_ports::property_tests!(
        worlds run_property(75, make_store)
        w01 = 1001, w02 = 1002, w03 = 1003, w04 = 1004
    );
    cognobserve_ports::property_tests!(
        logs run_event_property(40, make_store)
        l01 = 1201
    );
    cognobserve_ports::property_tests!(
        orders run_order_property(25, make_store)
        o01 = 1101, o02 = 1102
    );
}
