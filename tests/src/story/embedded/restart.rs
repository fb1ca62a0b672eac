//! Stopping, starting and pulling the plug leave every answer as it was.
use crate::harness::sample::{DAY_MS, generation, now_ms, trace, with};
use crate::harness::{Client, Server};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// The same for the same tag and time.
fn plant(client: &Client, tag: &str, now_ms: i64) {
    let traces: Vec<Value> = (0..300)
        .map(|n| {
            let at = now_ms - DAY_MS * (n % 5) - 60_000;
            let span = with(generation("s"), json!({"start_time": at, "end_time": at + n, "level": if n % 9 == 0 { "ERROR" } else { "DEFAULT" }}));
            with(
                trace(&format!("{tag}-{n}"), &format!("u-{}", n % 17)),
                json!({"session_id": format!("s-{}", n % 40), "timestamp": at, "spans": [span], "user": {"name": format!("User {}", n % 17)}}),
            )
        })
        .collect();
    client
        .post("/v1/traces/batch", &json!({"traces": traces}))
        .expect(202);
}

/// Everything that lists and reports say.
fn read_answers(client: &Client) -> Vec<String> {
    let mut paths: Vec<String> = ["user", "model", "day", "session"]
        .iter()
        .map(|group| format!("/v1/costs?groupBy={group}"))
        .collect();
    paths.extend(
        [
            "/v1/users?limit=100",
            "/v1/sessions?limit=100",
            "/v1/traces?limit=100",
            "/v1/traces/a-7",
        ]
        .map(str::to_owned),
    );
    let user = client.read("/v1/users/by-external-id/u-3");
    let id = user["id"].as_str().unwrap();
    paths.extend(
        [
            "",
            "/traces",
            "/sessions",
            "/analytics?days=9&tz=Asia/Kathmandu",
        ]
        .map(|tail| format!("/v1/users/{id}{tail}")),
    );
    paths
        .iter()
        .map(|path| client.get(path).expect(200).text())
        .collect()
}

#[test]
fn answers_are_the_same_after_a_stop_and_after_a_kill() {
    let mut server = Server::start();
    let now = now_ms();
    plant(&server.client(), "a", now);
    let before = read_answers(&server.client());
    assert!(server.stop().success(), "SIGTERM ends it properly");
    server.start_again();
    assert_eq!(read_answers(&server.client()), before);
    server.kill();
    server.start_again();
    assert_eq!(read_answers(&server.client()), before);
    plant(&server.client(), "a", now);
    assert_eq!(read_answers(&server.client()), before, "and after a repeat");
    plant(&server.client(), "b", now);
    let total = server.client().read("/v1/costs?groupBy=user")["total"]["traceCount"].clone();
    assert_eq!(total, 600);
    server.run(&["verify"]).expect_success();
}

#[test]
fn a_stop_waits_for_what_is_under_way() {
    let mut server = Server::start();
    let client = server.client();
    let sender = std::thread::spawn(move || {
        let mut acknowledged = 0;
        loop {
            let body = trace(&format!("t-{acknowledged}"), "u");
            match client.try_send(
                "POST",
                "/v1/traces",
                &[("content-type", "application/json")],
                body.to_string().as_bytes(),
            ) {
                Ok(answer) if answer.status == 202 => acknowledged += 1,
                _ => return acknowledged,
            }
        }
    });
    while server.client().get("/v1/users/by-external-id/u").status != 200 {}
    let began = Instant::now();
    server.stop();
    assert!(began.elapsed() < Duration::from_secs(30));
    let acknowledged: i64 = sender.join().unwrap();
    server.start_again();
    let stored = server.client().read("/v1/users/by-external-id/u")["traceCount"]
        .as_i64()
        .unwrap();
    // One more may have been committed whose answer was cut off.
    assert!(
        (acknowledged..=acknowledged + 1).contains(&stored),
        "{stored} stored, {acknowledged} acknowledged"
    );
}
