//! A second `init`: the client before it takes and sends what belongs to it, until the shutdown; and what that waits for.

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use cognobserve_sdk::{
    Client, Config, Observe, flush, flush_async, init, observe_sync, shutdown, start_trace, stats,
};
use serde_json::Value;
use support::receiver::{Receiver, Reply};
use support::{Stage, start};

const LONG: Duration = Duration::from_secs(60);

fn call(name: &str) {
    observe_sync(Observe::new(name).user_id("u"), || ());
}

fn begin_second(stage: &Stage, server: &Receiver) -> Client {
    let warnings = stage.warnings.clone();
    let config = Config::new()
        .api_key("second")
        .endpoint(server.url())
        .flush_interval(LONG)
        .on_warning(move |warning| warnings.lock().unwrap().push(warning.to_owned()));
    init(config)
}

fn names(server: &Receiver) -> Vec<Value> {
    let spans = server.spans();
    spans.iter().map(|span| span["name"].clone()).collect()
}

#[test]
fn open_calls_are_sent_by_the_client_that_they_began_with() {
    let mut stage = start(|config| config.flush_interval(LONG));
    let other = Receiver::start(0);
    let before = stats();
    let first = stage.client.take();
    observe_sync(Observe::new("outer").user_id("u"), || {
        observe_sync(Observe::new("inner"), || {
            stage.client = Some(begin_second(&stage, &other));
            // It is not the current one any more: this closes nothing.
            drop(first);
        });
    });
    call("new");
    assert!(flush(Duration::from_secs(20)));
    let mut sent = names(&stage.server);
    sent.sort_by_key(Value::to_string);
    assert_eq!(
        (sent, names(&other)),
        (vec!["inner".into(), "outer".into()], vec!["new".into()])
    );
    let keys: Vec<bool> = stage
        .server
        .requests()
        .iter()
        .map(|request| request.head.contains("x-api-key: k\r\n"))
        .collect();
    assert!(keys.iter().all(|is_first| *is_first));
    let after = stats();
    assert_eq!(
        (
            after.sent - before.sent,
            after.dropped - before.dropped,
            after.waiting
        ),
        (3, 0, 0)
    );
    assert_eq!(stage.warnings(), Vec::<String>::new());
}

#[tokio::test]
async fn an_asynchronous_flush_waits_for_all_clients() {
    let mut stage = start(|config| config.flush_interval(LONG));
    let other = Receiver::start(0);
    let trace = start_trace("open");
    let first = stage.client.take();
    stage.client = Some(begin_second(&stage, &other));
    trace.start_span("late").end();
    call("new");
    flush_async().await;
    assert_eq!(
        (names(&stage.server), names(&other)),
        (vec!["late".into()], vec!["new".into()])
    );
    drop(first);
}

#[test]
fn a_shutdown_closes_all_and_what_ends_later_is_counted_and_said_once() {
    let mut stage = start(|config| config.flush_interval(LONG));
    let other = Receiver::start(0);
    let before = stats();
    let trace = start_trace("open");
    let late = trace.start_span("late");
    let first = stage.client.take().unwrap();
    stage.client = Some(begin_second(&stage, &other));
    trace.start_span("in time").end();
    call("new");
    shutdown();
    assert_eq!(
        (names(&stage.server), names(&other)),
        (vec!["in time".into()], vec!["new".into()])
    );
    late.end();
    call("too late");
    let after = stats();
    assert_eq!(
        (after.sent - before.sent, after.dropped - before.dropped),
        (2, 2)
    );
    assert_eq!(
        (first.stats().dropped, stage.client().stats().dropped),
        (1, 1)
    );
    let warnings = stage.warnings();
    assert!(
        warnings.len() == 1 && warnings[0].contains("after the shutdown"),
        "{warnings:?}"
    );
}

#[test]
fn what_another_thread_ends_during_the_shutdown_is_sent_with_the_rest() {
    let stage = start(|config| config.flush_interval(LONG));
    let is_time = Arc::<AtomicBool>::default();
    stage.server.reply([Reply::When(is_time.clone())]);
    call("before");
    let server = &stage.server;
    thread::scope(|scope| {
        scope.spawn(move || {
            server.wait_for(1);
            call("meanwhile");
            is_time.store(true, Ordering::SeqCst);
        });
        stage.client().shutdown();
    });
    assert_eq!(names(server), ["before", "meanwhile"]);
    let stats = stage.client().stats();
    assert_eq!((stats.sent, stats.dropped, stats.waiting), (2, 0, 0));
    assert_eq!(stage.warnings(), Vec::<String>::new());
}

#[test]
fn a_client_before_that_cannot_send_takes_no_time_from_the_others() {
    let mut stage = start(|config| config.flush_interval(LONG));
    stage.server.always(Reply::Hang);
    let other = Receiver::start(0);
    let trace = start_trace("open");
    let first = stage.client.take();
    let warnings = stage.warnings.clone();
    stage.client = Some(init(
        Config::new()
            .api_key("second")
            .endpoint(other.url())
            .flush_interval(LONG)
            .shutdown_timeout(Duration::from_secs(1))
            .on_warning(move |warning| warnings.lock().unwrap().push(warning.to_owned())),
    ));
    trace.start_span("lost").end();
    call("new");
    shutdown();
    assert_eq!(names(&other), ["new"]);
    let warning = "1 spans could not be sent before the end of the program";
    assert_eq!(stage.warnings(), [warning]);
    drop(first);
}

/// Those that send and have something to wait for.
#[cfg(target_os = "linux")]
fn count_threads() -> usize {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    tasks
        .filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("comm")).ok())
        .filter(|name| name.trim() == "cognobserve")
        .count()
}

#[cfg(target_os = "linux")]
#[test]
fn a_client_before_leaves_no_thread_behind_and_starts_one_again() {
    let mut stage = start(|config| config.flush_interval(LONG));
    let other = Receiver::start(0);
    let trace = start_trace("open");
    std::mem::forget(stage.client.take());
    for _ in 0..10 {
        call("some");
        std::mem::forget(begin_second(&stage, &other));
    }
    support::wait_until("threads that have nothing to do", || count_threads() == 0);
    trace.start_span("late").end();
    trace.end();
    assert!(flush(Duration::from_secs(20)));
    assert_eq!(names(&stage.server), ["some", "late"]);
    assert_eq!(names(&other).len(), 9);
    shutdown();
}
