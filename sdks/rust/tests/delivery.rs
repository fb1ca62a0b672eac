//! What is sent arrives once, whatever the server does; what is lost is counted; nobody is held up.

mod support;

use std::collections::HashSet;
use std::time::{Duration, Instant};

use cognobserve_sdk::{Observe, Stats, observe_sync};
use serde_json::Value;
use support::receiver::{Receiver, Reply};
use support::{Stage, start, wait_until};

fn call(name: &str) {
    observe_sync(Observe::new(name).user_id("u"), || ());
}

fn stats(stage: &Stage) -> (u64, u64, u64, u64) {
    let Stats {
        sent,
        dropped,
        refused,
        waiting,
        ..
    } = stage.client().stats();
    (sent, dropped, refused, waiting)
}

fn read_ids(bodies: &[Value]) -> Vec<String> {
    let ids = |body: &Value| {
        format!(
            "{} {}",
            body["traces"][0]["trace_id"], body["traces"][0]["spans"][0]["span_id"]
        )
    };
    bodies.iter().map(ids).collect()
}

/// Served by `replies` and then taken: all tries are of the same ids, and it counts once.
fn expect_retried(replies: Vec<Reply>) -> Stage {
    // Short only where a time-out is meant: on a busy machine an answer may take its time.
    let hangs = replies.iter().any(|reply| matches!(reply, Reply::Hang));
    let timeout = Duration::from_secs(if hangs { 2 } else { 10 });
    let stage = start(|config| config.request_timeout(timeout));
    let tries = replies.len() + 1;
    stage.server.reply(replies);
    call("a");
    stage.flush();
    let ids = read_ids(&stage.server.bodies());
    assert_eq!(ids.len(), tries);
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    assert_eq!(stats(&stage), (1, 0, 0, 0));
    stage
}

#[test]
fn a_request_names_the_key_and_the_sdk_and_is_compressed_if_it_is_long() {
    let stage = start(|config| config);
    call("short");
    stage.flush();
    observe_sync(Observe::new("long").input("a".repeat(5000)), || ());
    stage.flush();
    let requests = stage.server.requests();
    assert!(
        requests[0]
            .head
            .starts_with("post /v1/traces/batch http/1.1")
    );
    assert!(
        requests[0].head.contains("x-api-key: k\r\n")
            && requests[0].head.contains("user-agent: cognobserve-rust/")
    );
    assert!(!requests[0].head.contains("content-encoding"));
    assert!(requests[1].head.contains("content-encoding: gzip"));
    assert_eq!(
        requests[1].body["traces"][0]["spans"][0]["input"],
        "a".repeat(5000)
    );
}

#[test]
fn what_may_pass_is_tried_again_with_the_same_ids() {
    for status in [500, 501, 502, 503, 504, 520, 599] {
        expect_retried(vec![Reply::Status(status, "", "")]);
    }
    expect_retried(vec![Reply::BreakOff]);
    expect_retried(vec![Reply::Hang]);
}

#[test]
fn pauses_become_longer() {
    let stage = expect_retried(vec![Reply::Status(503, "", ""), Reply::Status(503, "", "")]);
    let at: Vec<Instant> = stage
        .server
        .requests()
        .iter()
        .map(|request| request.at)
        .collect();
    assert!(
        at[1] - at[0] >= Duration::from_millis(240) && at[2] - at[1] >= Duration::from_millis(490)
    );
}

#[test]
fn retry_after_is_the_least() {
    for status in [429, 503] {
        let stage = expect_retried(vec![Reply::Status(status, "retry-after: 1.5\r\n", "")]);
        let at: Vec<Instant> = stage
            .server
            .requests()
            .iter()
            .map(|request| request.at)
            .collect();
        assert!(at[1] - at[0] >= Duration::from_millis(1450));
    }
}

#[test]
fn a_slow_server_slows_no_call_and_gets_everything_once() {
    let stage = start(|config| config.flush_interval(Duration::from_millis(1)));
    stage.server.always(Reply::Slow(100));
    let started = Instant::now();
    for _ in 0..1000 {
        call("a");
    }
    // One after the other, they would have taken 100 s.
    assert!(started.elapsed() < Duration::from_secs(5));
    stage.flush();
    let ids: HashSet<String> = stage
        .server
        .spans()
        .iter()
        .map(|span| span["span_id"].to_string())
        .collect();
    assert_eq!((ids.len(), stage.server.spans().len()), (1000, 1000));
    assert_eq!(stats(&stage), (1000, 0, 0, 0));
}

#[test]
fn a_server_that_is_killed_and_comes_back_gets_everything_once() {
    let mut stage = start(|config| config.flush_interval(Duration::from_millis(20)));
    call("before");
    stage.flush();
    let port = stage.server.port;
    stage.server.stop();
    for _ in 0..20 {
        call("while it is away");
    }
    wait_until("a try", || stage.client().stats().waiting == 20);
    std::thread::sleep(Duration::from_millis(200));
    let again = Receiver::start(port);
    stage.flush();
    assert_eq!(again.spans().len(), 20);
    assert_eq!(stats(&stage), (21, 0, 0, 0));
}

#[test]
fn what_is_given_up_is_counted_and_warned_about_once() {
    let stage = start(|config| config.max_retries(1));
    stage.server.always(Reply::Status(503, "", ""));
    for _ in 0..2 {
        call("a");
        stage.flush();
    }
    assert_eq!(stage.server.requests().len(), 4);
    assert_eq!(stats(&stage), (0, 2, 0, 0));
    let warnings = stage.warnings();
    assert!(
        warnings.len() == 1 && warnings[0].contains("could not be reached (status 503)"),
        "{warnings:?}"
    );
}

#[test]
fn a_wrong_key_is_final_and_warned_about_once() {
    let stage = start(|config| config);
    stage.server.always(Reply::Status(
        401,
        "",
        r#"{"code": "invalid_key", "detail": "secret"}"#,
    ));
    for _ in 0..2 {
        call("a");
        stage.flush();
    }
    assert_eq!(stage.server.requests().len(), 2);
    assert_eq!(stats(&stage), (0, 2, 0, 0));
    assert_eq!(
        stage.warnings(),
        ["the server refuses spans: status 401 (invalid_key)"]
    );
}

#[test]
fn a_redirect_is_not_followed() {
    let stage = start(|config| config);
    let elsewhere = Receiver::start(0);
    let header: &'static str =
        Box::leak(format!("location: {}/v1/traces/batch\r\n", elsewhere.url()).into_boxed_str());
    for status in [302, 307, 308] {
        stage.server.reply([Reply::Status(status, header, "")]);
        call("a");
        stage.flush();
    }
    assert!(elsewhere.requests().is_empty());
    assert_eq!(
        (stage.server.requests().len(), stats(&stage)),
        (3, (0, 3, 0, 0))
    );
}

#[test]
fn what_is_too_large_is_halved_until_one_is_alone() {
    let stage = start(|config| config);
    stage.server.always(Reply::LargerThan(1));
    for _ in 0..5 {
        call("a");
    }
    stage.flush();
    assert_eq!(stats(&stage), (5, 0, 0, 0));
    stage.server.always(Reply::LargerThan(0));
    call("alone");
    stage.flush();
    assert_eq!(stats(&stage), (5, 1, 0, 0));
    assert_eq!(
        stage.warnings(),
        ["a trace was larger than the server takes and is dropped"]
    );
}

#[test]
fn what_is_refused_is_counted_told_and_not_sent_again() {
    let stage = start(|config| config);
    stage.server.reply([Reply::Refuse(2)]);
    for _ in 0..5 {
        call("a");
    }
    stage.flush();
    assert_eq!(
        (stage.server.requests().len(), stats(&stage)),
        (1, (3, 0, 2, 0))
    );
    assert_eq!(
        stage.warnings(),
        ["2 of 5 traces were refused: user_id_too_long: too long"]
    );
}

#[test]
fn an_odd_answer_is_no_success() {
    let stage = start(|config| config);
    stage.server.reply([
        Reply::Status(200, "", "<html>hello</html>"),
        Reply::Status(200, "", r#"{"results": []}"#),
    ]);
    for _ in 0..2 {
        call("a");
        stage.flush();
    }
    assert_eq!((stats(&stage), stage.warnings().len()), ((0, 2, 0, 0), 1));
}

#[test]
fn what_the_server_asked_for_holds_for_the_next_batch_too() {
    let stage = start(|config| config.max_retries(0));
    let later = |header| Reply::Status(429, header, "");
    stage
        .server
        .reply([later("retry-after: 1.5\r\n"), later("")]);
    for _ in 0..3 {
        call("a");
        stage.flush();
    }
    let at: Vec<Instant> = stage
        .server
        .requests()
        .iter()
        .map(|request| request.at)
        .collect();
    assert!(at[1] - at[0] >= Duration::from_millis(1450));
    // Without a word of the server's, the pause is the SDK's own.
    assert!(at[2] - at[1] >= Duration::from_millis(240));
    assert_eq!(stats(&stage), (1, 2, 0, 0));
}

#[test]
fn the_end_of_the_program_does_not_come_before_the_time_that_the_server_asked_for() {
    let mut stage = start(|config| {
        config
            .max_retries(0)
            .shutdown_timeout(Duration::from_millis(500))
    });
    stage
        .server
        .always(Reply::Status(503, "retry-after: 30\r\n", ""));
    call("a");
    stage.flush();
    call("b");
    let client = stage.client.take().unwrap();
    client.shutdown();
    assert_eq!(
        (stage.server.requests().len(), client.stats().dropped),
        (1, 2)
    );
}
