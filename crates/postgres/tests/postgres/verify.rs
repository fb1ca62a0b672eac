//! Whatever the tables repeat is verified: each damage to a column or row is one difference more.
use crate::conformance::wrap;
use cognobserve_ports::DeleteMode;
use cognobserve_ports::conformance::Desk;
use cognobserve_ports::conformance::build::*;
use cognobserve_postgres::{PostgresStore, Settings};

const DAMAGES: [&str; 28] = [
    "UPDATE traces SET levels = levels + 64 WHERE id = 't1'",
    "UPDATE traces SET latency_micros = 7 WHERE id = 't2'",
    "UPDATE traces SET user_no = NULL WHERE id = 't3'",
    "UPDATE traces SET session_no = NULL WHERE id = 't4'",
    "UPDATE traces SET time = time + 1 WHERE id = 't5'",
    "UPDATE traces SET id = 'other' WHERE id = 't6'",
    "UPDATE trace_sessions SET user_no = NULL WHERE external_id = 's1'",
    "UPDATE trace_sessions SET owner_time = 0 WHERE external_id = 's2'",
    "UPDATE trace_sessions SET last_trace_at = last_trace_at + 1 WHERE external_id = 's3'",
    "UPDATE tracked_users SET name = 'x' WHERE external_id = 'u1'",
    "UPDATE tracked_users SET email = 'x' WHERE external_id = 'u2'",
    "UPDATE tracked_users SET metadata = '{}' WHERE external_id = 'u3'",
    "UPDATE tracked_users SET search_text = '' WHERE external_id = 'u4'",
    "UPDATE tracked_user_totals SET trace_count = 99 WHERE external_id = 'u1'",
    "UPDATE tracked_user_totals SET cost_nanos = 99 WHERE external_id = 'u2'",
    "UPDATE tracked_user_totals SET session_count = 99 WHERE external_id = 'u5'",
    "UPDATE tracked_user_totals SET first_trace_at = 99 WHERE external_id = 'u4'",
    "UPDATE tracked_user_totals SET created_at = 99 WHERE external_id = 'u5'",
    "UPDATE tracked_user_totals SET span_latency_micros = 99 WHERE external_id = 'u6'",
    "UPDATE tracked_user_totals SET external_id = NULL WHERE external_id = 'u0'",
    "UPDATE tracked_user_totals SET measures = (SELECT measures FROM tracked_user_totals WHERE external_id = 'u6') WHERE external_id = 'u5'",
    "DELETE FROM tracked_user_totals WHERE user_no = (SELECT no FROM tracked_users WHERE state = 2)",
    "UPDATE user_days SET band = band + 100 WHERE day = (SELECT min(day) FROM user_days)",
    "UPDATE user_days SET day = day + 100 WHERE day = (SELECT max(day) FROM user_days)",
    "DELETE FROM project_quarters WHERE quarter = (SELECT min(quarter) FROM project_quarters)",
    "UPDATE project_quarters SET quarter = quarter + 10000 WHERE quarter = (SELECT max(quarter) FROM project_quarters)",
    "DELETE FROM model_quarters WHERE quarter = (SELECT max(quarter) FROM model_quarters)",
    "UPDATE tracked_users SET external_hash = 'x' WHERE external_id = 'u6'",
];

#[tokio::test(flavor = "multi_thread")]
async fn every_damage_is_a_difference() {
    let schema = cognobserve_servers::postgres().make_schema();
    let store = PostgresStore::open(&Settings::new(schema.url())).await;
    let desk = Desk::open(&wrap(store.unwrap(), ())).await;
    let pieces = (0..60).map(|n| {
        let user = format!("u{}", n % 9);
        let told = person(&user, at(n)).name(Some("Ann")).email(Some("a@x.io"));
        trace(&format!("t{n}"))
            .by(&user)
            .within(&format!("s{}", n % 7))
            .when(at(n * 9_000))
            .telling(told.key("plan", Some("\"pro\"")))
            .with(call("c", "m", 5, 5).cost(n + 1).from(at(n)).to(at(n + 1)))
    });
    desk.book(pieces.collect()).await;
    desk.delete_user("u8", DeleteMode::Erase).await;
    desk.delete_user("u7", DeleteMode::Unlink).await;
    let sound = desk.store.verify().await.unwrap();
    assert_eq!(sound.difference_count, 0, "{:#?}", sound.differences);
    assert_eq!((sound.traces, sound.spans), (60, 60));
    let mut before = 0;
    for damage in DAMAGES {
        schema.execute(damage);
        let found = desk.store.verify().await.unwrap();
        let count = found.difference_count;
        assert!(count > before, "{damage}: {count} after {before}");
        before = count;
    }
}
