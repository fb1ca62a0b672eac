//! `prices`: a price for what has none; history changes only when that is asked for.
use crate::harness::Server;
use crate::harness::sample::{generation, trace, with};
use crate::harness::wait::wait_until;
use serde_json::{Value, json};
use std::time::Duration;

fn send(server: &Server, id: &str) {
    let span = with(
        generation(id),
        json!({"model": "house-model", "cost": null, "usage": {"prompt_tokens": 1_000_000, "completion_tokens": 1_000_000}}),
    );
    server
        .client()
        .post(
            "/v1/traces",
            &with(trace(id, "u"), json!({"spans": [span]})),
        )
        .expect(202);
}

fn read_user(server: &Server) -> (Value, Value) {
    let user = server.client().read("/v1/users/by-external-id/u");
    (
        user["totalCostUsd"].clone(),
        user["unpricedSpanCount"].clone(),
    )
}

#[test]
fn a_new_price_holds_from_now_on_and_for_the_past_when_asked() {
    let mut server = Server::start();
    send(&server, "t-1");
    assert_eq!(read_user(&server), (json!("0.000000000"), json!(1)));
    let unpriced = server
        .run(&["prices", "unpriced", "--json"])
        .expect_success();
    assert!(unpriced.out.contains("house-model"), "{}", unpriced.out);
    server
        .run(&[
            "prices",
            "set",
            "house-model",
            "--prompt",
            "0.20 per Mtok",
            "--completion",
            "0.80 per Mtok",
        ])
        .expect_success();
    // The running server sees it within seconds; what is stored stays as it is.
    let mut count = 1;
    let priced = wait_until(Duration::from_secs(10), || {
        count += 1;
        send(&server, &format!("t-{count}"));
        (read_user(&server).1 != json!(count)).then_some(())
    });
    assert!(priced.is_some(), "the price is never seen");
    assert_eq!(read_user(&server), (json!("1.000000000"), json!(count - 1)));

    let planned = server
        .run(&["prices", "reprice", "--dry-run", "--json"])
        .expect_success();
    assert!(planned.out.contains("\"u\""), "{}", planned.out);
    assert_eq!(
        read_user(&server).0,
        json!("1.000000000"),
        "a dry run changes nothing"
    );
    server
        .run(&["prices", "reprice", "--apply"])
        .expect_failure();
    server.stop();
    server
        .run(&["prices", "reprice", "--apply"])
        .expect_success();
    server.start_again();
    assert_eq!(
        read_user(&server),
        (json!(format!("{count}.000000000")), json!(0))
    );
    server.run(&["verify"]).expect_success();

    let csv = server
        .run(&["prices", "list", "--csv"])
        .expect_success()
        .out;
    let file = server.home().join("prices.csv");
    std::fs::write(&file, &csv).unwrap();
    server
        .run(&["prices", "import", file.to_str().unwrap()])
        .expect_success();
    assert_eq!(
        server
            .run(&["prices", "list", "--csv"])
            .expect_success()
            .out,
        csv
    );
    let builtin = server
        .run(&["prices", "list", "--builtin", "--model", "gpt-4o"])
        .expect_success()
        .out;
    assert!(builtin.contains("gpt-4o-mini"), "{builtin}");
    server
        .run(&["prices", "set", "x", "--prompt", "cheap"])
        .expect_failure();
    server
        .run(&["prices", "set", "x", "--prompt", "-1 per Mtok"])
        .expect_failure();
}

#[test]
fn a_price_of_the_project_can_be_removed() {
    let server = Server::start();
    for from in [&[][..], &["--from", "2026-01-01"]] {
        let args = ["prices", "set", "house-model", "--prompt", "0.20 per Mtok"];
        server.run(&[&args[..], from].concat()).expect_success();
    }
    let list = || {
        let listed = server.run(&["prices", "list", "--json"]).expect_success();
        listed.json().as_array().unwrap().len()
    };
    assert_eq!(list(), 2);
    let dated = ["prices", "remove", "House-Model", "--from", "2026-01-01"];
    server.run(&dated).expect_success();
    assert_eq!(list(), 1);
    server.run(&dated).expect_failure();
    server
        .run(&["prices", "remove", "house-model"])
        .expect_success();
    assert_eq!(list(), 0);
}
