//! Without functions to observe: a trace and its spans by hand, and a job that fails.
//!
//! `COGNOBSERVE_API_KEY=co_sk_… cargo run --example by_hand`

use std::time::Duration;

use cognobserve_sdk::{Config, Observe, init, start_trace};
use serde_json::json;

fn main() {
    let client = init(Config::new());

    let trace = start_trace(
        Observe::new("nightly")
            .user_id("user-321")
            .metadata("kind", "nightly"),
    );
    let fetch = trace.start_span("fetch");
    fetch
        .set_input(json!({"page": 1}))
        .set_output(json!({"rows": 10}))
        .end();
    trace.start_span("import").set_error("time-out").end();
    trace.end();

    println!(
        "sent: {} {:?}",
        client.flush(Duration::from_secs(5)),
        client.stats()
    );
}
