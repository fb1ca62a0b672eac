//! Product events: whose they are, what of them is sent, and that they have a queue and counts of their own.

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use cognobserve_sdk::{
    Config, Content, Event, Observe, Stats, User, init, observe_sync, set_user, track,
    with_session_sync, with_user_sync,
};
use serde_json::{Value, json};
use support::receiver::{Receiver, Reply};
use support::{Stage, start};

const LONG: Duration = Duration::from_secs(60);

fn read(stats: Stats) -> [u64; 4] {
    [stats.sent, stats.dropped, stats.refused, stats.waiting]
}

fn counts(stage: &Stage) -> [u64; 4] {
    stage.flush();
    read(stage.client().event_stats())
}

fn names(server: &Receiver) -> Vec<Value> {
    let events = server.events();
    events.iter().map(|event| event["event"].clone()).collect()
}

#[test]
fn an_event_has_an_id_a_time_and_properties() {
    let stage = start(|config| config.flush_interval(LONG));
    track(
        "memory_created",
        json!({"type": "text", "has_metadata": true, "count": 2}),
    );
    track(" upload ", ());
    assert_eq!(counts(&stage), [2, 0, 0, 0]);
    assert_eq!(read(stage.client().stats()), [0, 0, 0, 0]);
    let mut events = stage.server.events();
    for event in &mut events {
        let event = event.as_object_mut().unwrap();
        assert_eq!(
            event.remove("event_id").unwrap().as_str().unwrap().len(),
            32
        );
        assert!(event.remove("timestamp").unwrap().as_str().unwrap() > "2026");
    }
    let properties = json!({"type": "text", "has_metadata": true, "count": 2});
    assert_eq!(
        events[0],
        json!({"event": "memory_created", "properties": properties})
    );
    assert_eq!(events[1], json!({"event": "upload"}));
    let head = stage.server.requests()[0].head.clone();
    assert!(head.starts_with("post /v1/events http/1.1"), "{head}");
    assert!(head.contains("x-cognobserve-client: rust\r\n"), "{head}");
}

#[test]
fn it_is_whose_the_event_the_scope_or_the_trace_says() {
    let stage = start(|config| config.flush_interval(LONG));
    let tell = || track("e", ());
    tell();
    set_user("global");
    tell();
    with_user_sync(User::new("ann").attribute("plan", "pro"), || {
        with_session_sync("s1", || {
            tell();
            track(Event::new("e").user_id(7).session("s2"), ());
            with_user_sync(None, tell);
        });
    });
    observe_sync(Observe::new("t").user_id("bob").session("s3"), || {
        track(Event::new("e").user(User::new("carl").name("Carl")), ());
        tell();
    });
    stage.flush();
    let told: Vec<Value> = stage
        .server
        .events()
        .iter()
        .map(|event| json!([event["user_id"], event["session_id"], event["user"]]))
        .collect();
    let expected = json!([
        [null, null, null],
        ["global", null, null],
        ["ann", "s1", null],
        ["7", "s2", null],
        [null, "s1", null],
        ["carl", "s3", null],
        ["bob", "s3", null]
    ]);
    assert_eq!(Value::from(told), expected);
}

#[test]
fn own_ids_and_times_are_sent() {
    let stage = start(|config| config.flush_interval(LONG));
    let at = UNIX_EPOCH + Duration::from_micros(1_767_323_045_678_901);
    track(Event::new("e").id("order-7").timestamp(at), ());
    track(Event::new("e").id(" ").timestamp(SystemTime::now()), ());
    stage.flush();
    let events = stage.server.events();
    assert_eq!(events[0]["event_id"], "order-7");
    assert_eq!(events[0]["timestamp"], "2026-01-02T03:04:05.678901Z");
    assert_eq!(events[1]["event_id"].as_str().unwrap().len(), 32);
}

#[test]
fn a_mask_is_asked_about_properties_whatever_is_captured() {
    let stage = start(|config| {
        config.capture_content(false).mask(|mut value, what| {
            assert_eq!(what, Content::Properties);
            match value.get("odd").and_then(Value::as_str) {
                Some("panics") => panic!("on purpose"),
                Some("list") => json!([]),
                _ => {
                    value["mail"] = json!("***");
                    value
                }
            }
        })
    });
    for properties in [
        json!({"mail": "a@b.c", "deep": {"x": [1]}}),
        json!({"odd": "panics"}),
        json!({"odd": "list"}),
        json!({}),
    ] {
        track("e", properties);
    }
    stage.flush();
    let events = stage.server.events();
    assert_eq!(
        events[0]["properties"],
        json!({"mail": "***", "deep": {"x": [1]}})
    );
    assert!(
        events[1..]
            .iter()
            .all(|event| event.get("properties").is_none())
    );
    assert_eq!((events.len(), stage.warnings().len()), (4, 2));
}

#[test]
fn what_is_too_large_or_no_object_is_left_out_and_told_once() {
    let stage = start(|config| config.flush_interval(LONG));
    for _ in 0..2 {
        track("big", json!({"text": "é".repeat(32 * 1024)}));
        track("list", ["a"]);
        track("é".repeat(200), ());
        track(" ", ());
    }
    track("fits", json!({"text": "é".repeat(32 * 1024 - 6)}));
    assert_eq!(counts(&stage), [7, 2, 0, 0]);
    let cut = json!("é".repeat(127));
    let once = [json!("big"), json!("list"), cut];
    let expected = [once.as_slice(), &once, &[json!("fits")]].concat();
    assert_eq!(names(&stage.server), expected);
    let events = stage.server.events();
    let (last, others) = events.split_last().unwrap();
    assert!(last.get("properties").is_some());
    assert!(others.iter().all(|event| event.get("properties").is_none()));
    assert_eq!(stage.warnings().len(), 4, "{:?}", stage.warnings());
}

#[test]
fn over_the_limit_the_oldest_go_and_spans_are_not_counted() {
    let stage = start(|config| config.max_queue_size(4).max_batch_size(100));
    let is_time = Arc::<AtomicBool>::default();
    stage.server.always(Reply::When(is_time.clone()));
    track("first", ());
    track("second", ());
    stage.server.wait_for(1);
    for number in 0..6 {
        track(format!("e{number}"), ());
    }
    observe_sync(Observe::new("call"), || ());
    assert_eq!(read(stage.client().event_stats()), [0, 2, 0, 6]);
    is_time.store(true, Ordering::SeqCst);
    assert_eq!(counts(&stage), [6, 2, 0, 0]);
    assert_eq!(read(stage.client().stats()), [1, 0, 0, 0]);
    let left = ["first", "second", "e2", "e3", "e4", "e5"];
    assert_eq!(names(&stage.server), left);
    assert_eq!(stage.warnings().len(), 1);
}

#[test]
fn many_large_events_are_bounded_in_bytes_and_so_is_a_request() {
    let stage = start(|config| config.max_batch_size(2048).flush_interval(LONG));
    for _ in 0..300 {
        track("e", json!({"text": "x".repeat(60_000)}));
    }
    let [_, dropped, _, waiting] = read(stage.client().event_stats());
    assert!(
        (271..280).contains(&waiting) && waiting + dropped == 300,
        "{waiting}"
    );
    assert_eq!(counts(&stage), [waiting, dropped, 0, 0]);
    assert_eq!(stage.server.requests().len(), 5);
}

#[test]
fn what_may_pass_is_tried_again_with_the_same_ids_and_what_is_final_is_counted() {
    let stage = start(|config| config.flush_interval(LONG));
    let status = |status| Reply::Status(status, "", "{\"code\":\"odd\"}");
    stage.server.reply([status(503), status(429), Reply::Take]);
    track("e", ());
    assert_eq!(counts(&stage), [1, 0, 0, 0]);
    let bodies = stage.server.bodies();
    assert_eq!(bodies.len(), 3);
    assert!(bodies.iter().all(|body| *body == bodies[0]));
    stage
        .server
        .reply([Reply::Refuse(1), status(404), status(413), status(413)]);
    track("refused", ());
    track("taken", ());
    assert_eq!(counts(&stage), [2, 0, 1, 0]);
    track("lost", ());
    assert_eq!(counts(&stage), [2, 1, 1, 0]);
    track("half", ());
    track("other", ());
    assert_eq!(counts(&stage), [3, 2, 1, 0]);
    let warnings = [
        "1 of 2 events were refused: user_id_too_long: too long",
        "the server refuses events: status 404 (odd)",
        "an event was larger than the server takes and is dropped",
    ];
    assert_eq!(stage.warnings(), warnings);
}

#[tokio::test]
async fn track_waits_for_no_server_in_immediate_mode_either() {
    let mut stage = start(|config| {
        config
            .immediate()
            .shutdown_timeout(Duration::from_millis(50))
    });
    stage.server.always(Reply::Hang);
    let started = Instant::now();
    for _ in 0..100 {
        track("e", json!({"a": 1}));
    }
    assert!(started.elapsed() < Duration::from_secs(5));
    stage.server.wait_for(1);
    assert!(!stage.client().flush(Duration::from_millis(50)));
    stage.client().shutdown();
    assert_eq!(read(stage.client().event_stats()), [0, 100, 0, 0]);
    track("late", ());
    assert_eq!(read(stage.client().event_stats()), [0, 101, 0, 0]);
    let warnings = stage.warnings();
    assert!(
        warnings.contains(&"100 events could not be sent before the end of the program".into())
    );
    assert!(
        warnings
            .last()
            .unwrap()
            .contains("events were tracked after the shutdown")
    );

    stage.server = Receiver::start(0);
    stage.restart(Config::immediate);
    track("a", ());
    cognobserve_sdk::flush_async().await;
    assert_eq!(names(&stage.server), ["a"]);
}

#[test]
fn the_end_of_the_program_sends_events_and_what_other_threads_track_meanwhile() {
    let mut stage = start(|config| config.flush_interval(LONG));
    let is_time = Arc::<AtomicBool>::default();
    stage.server.always(Reply::When(is_time.clone()));
    track("before", ());
    let server = &stage.server;
    let client = stage.client.take();
    thread::scope(|scope| {
        scope.spawn(move || {
            server.wait_for(1);
            track("meanwhile", ());
            is_time.store(true, Ordering::SeqCst);
        });
        drop(client);
    });
    assert_eq!(names(&stage.server), ["before", "meanwhile"]);
    assert_eq!(stage.warnings(), Vec::<String>::new());
}

#[test]
fn a_second_init_sends_what_waits_with_the_first_key_and_counts_add_up() {
    let mut stage = start(|config| config.flush_interval(LONG));
    let before = cognobserve_sdk::event_stats();
    track("first", ());
    let first = stage.client.take();
    let config = Config::new().api_key("two").endpoint(stage.server.url());
    stage.client = Some(init(config.flush_interval(LONG)));
    track("second", ());
    stage.flush();
    let told = |request: &support::receiver::Request| {
        let is_first = request.head.contains("x-api-key: k\r\n");
        (request.body["events"][0]["event"].clone(), is_first)
    };
    let mut keys: Vec<_> = stage.server.requests().iter().map(told).collect();
    keys.sort_by_key(|(_, is_first)| !is_first);
    assert_eq!(keys, [(json!("first"), true), (json!("second"), false)]);
    assert_eq!(cognobserve_sdk::event_stats().sent - before.sent, 2);
    drop(first);
}

#[test]
fn nothing_is_recorded_when_disabled() {
    let stage = start(|config| config.disabled(true));
    track("e", ());
    track("", ());
    assert_eq!(counts(&stage), [0, 0, 0, 0]);
    assert_eq!(stage.warnings(), Vec::<String>::new());
}
