//! Immediate mode waits for the server, but not for longer than the end of a program would, and blocks no executor.

mod support;

use std::cell::Cell;
use std::net::TcpListener;
use std::time::Duration;

use cognobserve_sdk::{
    Config, Level, Observe, Stats, log, observe, observe_stream, observe_sync, start_trace,
};
use futures_util::{StreamExt, future, stream};
use support::receiver::Reply;
use support::{Stage, start};

const LONG: Duration = Duration::from_secs(60);

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

/// One whose server hangs, and one whose server is not there.
fn start_dead(timeout: Duration) -> [impl FnOnce() -> Stage; 2] {
    ["hangs", "is absent"].map(|way| {
        move || {
            let absent = TcpListener::bind("127.0.0.1:0").unwrap();
            let url = format!("http://{}", absent.local_addr().unwrap());
            let stage = start(|config| {
                let config = config.immediate().shutdown_timeout(timeout);
                if way == "hangs" {
                    config
                } else {
                    config.endpoint(&url)
                }
            });
            stage.server.always(Reply::Hang);
            stage
        }
    })
}

/// All tries together would take much longer: it has come back before anybody could know.
fn expect_counted_and_said(stage: &Stage) {
    assert_eq!(stats(stage), (0, 0, 0, 1));
    assert!(
        stage
            .warnings()
            .iter()
            .any(|warning| warning.contains("within the shutdown timeout"))
    );
    stage.client().shutdown();
    assert_eq!(stats(stage), (0, 1, 0, 0));
    let warnings = stage.warnings();
    assert!(
        warnings.last().unwrap().contains("could not be"),
        "{warnings:?}"
    );
}

#[test]
fn a_trace_waits_no_longer_than_the_shutdown_timeout() {
    let ways: [fn(); 3] = [
        || {
            let trace = start_trace("by hand");
            trace.start_span("step").end();
            trace.end();
        },
        || observe_sync(Observe::new("call"), || ()),
        || log("event", (), Level::Default),
    ];
    for way in ways {
        for start in start_dead(Duration::from_millis(50)) {
            let stage = start();
            way();
            expect_counted_and_said(&stage);
        }
    }
}

async fn by_hand() {
    let trace = start_trace("by hand");
    trace.start_span("step").end();
    trace.end_async().await;
}

async fn call() {
    observe(Observe::new("call"), async {}).await;
}

async fn pieces() {
    let pieces = observe_stream(Observe::new("pieces"), stream::iter(["a", "b"]));
    assert_eq!(pieces.count().await, 2);
}

/// Another task goes on while `waiting` does, on the same thread.
fn run_beside(waiting: impl Future<Output = ()>) {
    let is_done = Cell::new(false);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(future::join(
        async {
            waiting.await;
            is_done.set(true);
        },
        async { assert!(!is_done.get(), "the executor was blocked") },
    ));
}

#[test]
fn nor_does_a_future_which_lets_others_run_meanwhile() {
    for way in 0..3 {
        for start in start_dead(Duration::from_millis(300)) {
            let stage = start();
            match way {
                0 => run_beside(by_hand()),
                1 => run_beside(call()),
                _ => run_beside(pieces()),
            }
            expect_counted_and_said(&stage);
        }
    }
}

#[test]
fn what_is_awaited_was_sent() {
    let stage = start(|config| config.immediate().shutdown_timeout(LONG));
    stage.server.always(Reply::Slow(50));
    run_beside(async {
        by_hand().await;
        assert_eq!(stats(&stage), (1, 0, 0, 0));
        call().await;
        assert_eq!(stats(&stage), (2, 0, 0, 0));
        pieces().await;
    });
    assert_eq!(stats(&stage), (3, 0, 0, 0));
    assert!(stage.warnings().is_empty());
}

#[test]
fn a_trace_that_is_dropped_leaves_at_once_and_nobody_waits() {
    let change = |config: Config| config.immediate().flush_interval(LONG);
    let mut stage = start(|config| change(config).shutdown_timeout(LONG));
    stage.server.always(Reply::Hang);
    let trace = start_trace("by hand");
    trace.start_span("step").end();
    drop(trace);
    // Had it waited, it would have done so in vain.
    assert!(stage.warnings().is_empty());
    stage.server.wait_for(1);
    assert_eq!(stats(&stage), (0, 0, 0, 1));
    // Its answer never comes.
    std::mem::forget(stage.client.take());
    stage.restart(change);
}
