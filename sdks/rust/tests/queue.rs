//! What waits is bounded, leaves in time, and holds up nobody.

mod support;

use std::time::{Duration, Instant};

use cognobserve_sdk::{Config, Observe, Stats, flush_async, observe, observe_sync, start_trace};
use serde_json::Value;
use support::receiver::Reply;
use support::{Stage, start};

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

#[test]
fn over_the_limit_the_oldest_are_dropped_counted_and_warned_about_once() {
    let stage = start(|config| {
        config
            .max_queue_size(10)
            .flush_interval(Duration::from_secs(60))
    });
    // Half a queue leaves at once, and is on its way while the other calls are made.
    stage
        .server
        .reply([Reply::Status(503, "retry-after: 1\r\n", "")]);
    (0..5).for_each(|_| call("first"));
    stage.server.wait_for(1);
    for number in 0..25 {
        call(&format!("call {number}"));
    }
    assert_eq!(stats(&stage), (0, 15, 0, 15));
    assert_eq!(
        stage.warnings(),
        ["more than 10 spans wait to be sent: the oldest are dropped"]
    );
    stage.flush();
    let names: Vec<Value> = stage
        .server
        .spans()
        .iter()
        .map(|span| span["name"].clone())
        .collect();
    // The first five were tried twice.
    assert_eq!(
        (&names[5], &names[10]),
        (&"first".into(), &"call 15".into())
    );
    assert_eq!((names.len(), stats(&stage)), (20, (15, 15, 0, 0)));
}

#[test]
fn traces_without_spans_are_bounded_and_warned_about_too() {
    let mut stage = start(|config| {
        config
            .max_queue_size(3)
            .flush_interval(Duration::from_secs(60))
    });
    for number in 0..5 {
        start_trace(Observe::new(number.to_string())).end();
    }
    let warning = "more than 3 traces without spans wait to be sent: the newest are dropped";
    assert_eq!(stage.warnings(), [warning]);
    stage.flush();
    start_trace(Observe::new("later")).end();
    stage.flush();
    let traces = stage.server.traces();
    let names: Vec<&Value> = traces.iter().map(|trace| &trace["name"]).collect();
    assert_eq!(names, ["0", "1", "2", "later"]);
    assert_eq!(stats(&stage), (0, 0, 0, 0));
    let client = stage.client.take().unwrap();
    client.shutdown();
    start_trace(Observe::new("too late")).end();
    let warnings = stage.warnings();
    assert!(
        warnings.len() == 2 && warnings[1].contains("after the shutdown"),
        "{warnings:?}"
    );
}

#[test]
fn a_full_batch_leaves_at_once_and_any_other_after_the_interval() {
    let stage = start(|config| {
        config
            .max_batch_size(3)
            .flush_interval(Duration::from_millis(400))
    });
    let started = Instant::now();
    (0..3).for_each(|_| call("a"));
    stage.server.wait_for(1);
    assert!(started.elapsed() < Duration::from_millis(350));
    assert_eq!(stage.server.spans().len(), 3);
    let started = Instant::now();
    call("b");
    stage.server.wait_for(2);
    assert!(started.elapsed() >= Duration::from_millis(380));
}

#[test]
fn a_small_queue_leaves_when_it_is_half_full() {
    let stage = start(|config| {
        config
            .max_queue_size(10)
            .flush_interval(Duration::from_secs(60))
    });
    for round in 1..=4 {
        (0..5).for_each(|_| call("a"));
        support::wait_until("half a queue", || stats(&stage) == (5 * round, 0, 0, 0));
    }
    // Of a trace that stays open, too.
    let trace = start_trace("open");
    (0..5).for_each(|_| trace.start_span("step").end());
    support::wait_until("half a queue", || stats(&stage) == (25, 0, 0, 0));
    assert_eq!(stage.warnings(), Vec::<String>::new());
}

#[test]
fn a_trace_that_is_larger_than_a_batch_leaves_in_parts() {
    let stage = start(|config| config.max_batch_size(4));
    let trace = start_trace(Observe::new("large").user_id("u"));
    (0..10).for_each(|_| trace.start_span("step").end());
    trace.end();
    stage.flush();
    assert_eq!(stats(&stage), (10, 0, 0, 0));
    let traces = stage.server.traces();
    assert!(
        traces.len() >= 3
            && traces
                .iter()
                .all(|one| one["trace_id"] == traces[0]["trace_id"])
    );
}

#[test]
fn calls_never_wait_for_a_server_that_hangs_and_a_flush_keeps_its_deadline() {
    let stage = start(|config| config.max_batch_size(1));
    stage.server.always(Reply::Hang);
    let started = Instant::now();
    (0..500).for_each(|_| call("a"));
    assert!(
        started.elapsed() < Duration::from_secs(1),
        "{:?}",
        started.elapsed()
    );
    let started = Instant::now();
    assert!(!stage.client().flush(Duration::from_millis(200)));
    assert!((190..1000).contains(&started.elapsed().as_millis()));
}

#[test]
fn the_end_of_the_program_sends_what_waits_and_is_held_up_for_a_limited_time() {
    let mut stage = start(|config| config.flush_interval(Duration::from_secs(60)));
    let open = start_trace("open");
    open.start_span("ended").end();
    call("a");
    stage.client = None;
    assert_eq!(stage.server.spans().len(), 2);

    let limited = |config: Config| config.shutdown_timeout(Duration::from_millis(400));
    for reply in [
        Reply::Hang,
        Reply::Status(503, "", ""),
        Reply::Status(429, "retry-after: 30\r\n", ""),
    ] {
        stage.server.always(reply);
        stage.restart(limited);
        call("b");
        let started = Instant::now();
        stage.client = None;
        assert!(
            started.elapsed() < Duration::from_millis(1500),
            "{:?}",
            started.elapsed()
        );
    }
    call("after the end");
    assert!(
        stage
            .warnings()
            .last()
            .unwrap()
            .contains("after the shutdown")
    );
}

#[test]
fn immediate_mode_waits_for_each_trace() {
    let stage = start(Config::immediate);
    call("a");
    assert_eq!(stage.server.spans().len(), 1);
    start_trace("by hand").end();
    assert_eq!(stage.server.traces().len(), 2);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(async {
        observe(Observe::new("b"), async {
            observe(Observe::new("within"), async {}).await
        })
        .await;
        assert_eq!(stage.server.requests().len(), 3);
        flush_async().await;
    });
    assert_eq!(stage.server.spans().len(), 3);
}

#[test]
fn nothing_is_recorded_without_a_key_or_when_disabled() {
    let mut stage = start(|config| config);
    for change in [
        |config: Config| config.api_key(""),
        |config: Config| config.disabled(true),
        |config: Config| config.endpoint("x"),
    ] {
        stage.restart(change);
        assert_eq!(observe_sync(Observe::new("a").user_id("u"), || 7), 7);
        start_trace("b").start_span("c").set_output(1).end();
        stage.flush();
        assert_eq!(stats(&stage), (0, 0, 0, 0));
    }
    assert!(stage.server.requests().is_empty());
    let warnings = stage.warnings();
    assert!(
        warnings.len() == 2
            && warnings[0].contains("no API key")
            && warnings[1].contains("endpoint"),
        "{warnings:?}"
    );
}

#[test]
fn what_the_client_before_holds_is_still_sent() {
    let mut stage = start(|config| config.flush_interval(Duration::from_secs(60)));
    call("a");
    let before = stage.client.take().unwrap();
    std::mem::forget(before);
    stage.restart(|config| config);
    stage.server.wait_for(1);
    assert_eq!(stage.server.spans()[0]["name"], "a");
}

#[test]
fn over_64_mib_contents_are_left_out_and_the_listener_may_call_the_sdk() {
    let mut stage = start(|config| config);
    stage.restart(|config| {
        config
            .flush_interval(Duration::from_secs(60))
            .on_warning(|_| {
                call("from the listener");
                assert!(cognobserve_sdk::stats().waiting > 0);
            })
    });
    let large = "a".repeat(1_000_000);
    (0..70).for_each(|_| assert_eq!(observe_sync(Observe::new("large").input(&large), || 1), 1));
    stage.flush();
    let inputs: Vec<Value> = stage
        .server
        .spans()
        .iter()
        .map(|span| span["input"].clone())
        .collect();
    assert_eq!(
        inputs
            .iter()
            .filter(|input| **input == large.as_str())
            .count(),
        67
    );
    assert_eq!(
        inputs
            .iter()
            .filter(|input| **input == "[left out: too much waits to be sent]")
            .count(),
        3
    );
    assert!(stage.server.requests().len() >= 5);
    assert_eq!(stats(&stage).0, 71);
}

#[test]
fn absurd_settings_harm_nobody() {
    let mut stage = start(|config| {
        let config = config
            .flush_interval(Duration::MAX)
            .request_timeout(Duration::MAX);
        config
            .shutdown_timeout(Duration::MAX)
            .max_retries(u32::MAX)
            .max_queue_size(usize::MAX)
    });
    call("a");
    assert!(stage.client().flush(Duration::MAX));
    call("b");
    stage.client = None;
    assert_eq!(stage.server.spans().len(), 2);
    stage.restart(|config| {
        config
            .flush_interval(Duration::ZERO)
            .max_queue_size(0)
            .max_batch_size(0)
    });
    call("c");
    stage.flush();
    assert_eq!(stats(&stage), (1, 0, 0, 0));
    stage.restart(|config| {
        config
            .request_timeout(Duration::ZERO)
            .shutdown_timeout(Duration::ZERO)
            .max_retries(0)
    });
    call("d");
    stage.client = None;
}
