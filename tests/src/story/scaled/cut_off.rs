//! A worker that alone cannot reach the database any more leaves its share of the queue to the
//! others, and comes back when it can.
use crate::harness::cable::Cable;
use crate::harness::profile::Backing;
use crate::harness::sample::trace;
use crate::harness::server::make_key;
use crate::harness::wait::wait_until;
use crate::harness::{Server, Setup};
use cognobserve_servers::{postgres, redis};
use std::time::Duration;

const TRACES: usize = 200;

fn count_workers(server: &Server) -> usize {
    let stats = server.run(&["queue", "stats", "--json"]).expect_success();
    stats.json()["workers"].as_array().map_or(0, Vec::len)
}

#[test]
fn a_worker_that_is_cut_off_from_the_database_hands_over() {
    let backing = Backing::of_stream(postgres(), redis().url());
    let key = make_key();
    let start = |setup: Setup| setup.start_over(&backing, &key);
    let front = start(Setup::new().setting("COGNOBSERVE_ROLES", "ingest,api"));
    let url = backing.database_url().expect("a database");
    let place = find_place(url);
    let cable = Cable::to(place);
    let behind = url.replace(place, &format!("127.0.0.1:{}", cable.port()));
    let worker = || Setup::new().setting("COGNOBSERVE_ROLES", "worker");
    let cut_off = start(worker().setting("COGNOBSERVE_DATABASE_URL", &behind));
    let _other = start(worker());
    let shared = wait_until(Duration::from_secs(60), || {
        let stats = front.run(&["queue", "stats", "--json"]).expect_success();
        let stats = stats.json();
        let partitions = stats["partitions"].as_array().expect("partitions");
        let mut holders: Vec<_> = partitions
            .iter()
            .map(|one| one["worker"].as_str())
            .collect();
        holders.sort();
        holders.dedup();
        (holders.len() == 2 && !holders.contains(&None)).then_some(())
    });
    assert!(shared.is_some(), "the queue is not shared out");
    cable.cut();
    let client = front.client();
    for n in 0..TRACES {
        client
            .post("/v1/traces", &trace(&format!("t-{n}"), "somebody"))
            .expect(202);
    }
    backing.settle();
    let found = client.read("/v1/users/by-external-id/somebody");
    assert_eq!(found["traceCount"], TRACES);
    assert!(cut_off.read_log().contains("others may have its share"));
    assert_eq!(count_workers(&front), 1);
    cable.mend();
    let back = wait_until(Duration::from_secs(60), || {
        (count_workers(&front) == 2).then_some(())
    });
    assert!(back.is_some(), "it does not come back");
}

/// `host:port` in a URL.
fn find_place(url: &str) -> &str {
    let after = url.split('@').next_back().unwrap_or_default();
    after.split('/').next().unwrap_or_default()
}
