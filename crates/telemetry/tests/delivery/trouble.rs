//! Servers that are gone, hang, hold back, refuse or redirect: nothing is lost without a reason, nobody else waits.
use crate::rig::{PATIENCE, Rig, check_all_came, wait};
use cognobserve_ports::Events;
use cognobserve_servers::outlet::{Outlet, Reaction, Received, taken};
use cognobserve_telemetry::capture::QUEUE_EVENTS;
use cognobserve_telemetry::edition::{Edition, Provider};
use serde_json::json;
use std::net::TcpListener;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

#[tokio::test]
async fn a_dead_and_a_hanging_sink_slow_nobody() {
    let rig = Rig::new(Edition::Cloud);
    // A port that was free a moment ago.
    let dead = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let hanging = Outlet::open(|_| Reaction::Hang);
    let well = Outlet::open(|_| taken());
    let sinks = [
        (Provider::Amplitude, &*format!("http://{dead}")),
        (Provider::Proxy, &hanging.url),
        (Provider::Posthog, &well.url),
    ];
    let running = rig.serve("a", &sinks);
    let began = Instant::now();
    rig.store(3_000).await;
    rig.settled(Provider::Posthog, 3_000).await;
    assert!(
        began.elapsed() < Duration::from_secs(5),
        "{:?}",
        began.elapsed()
    );
    assert_eq!(rig.progress(Provider::Amplitude).await.settled(), 0);
    wait("the dead one waits", async || {
        (rig.counts.of(Provider::Amplitude).waiting() == 3_000).then_some(())
    })
    .await;
    // A sink that hangs holds up no end either.
    let began = Instant::now();
    running.shutdown(Duration::from_secs(3)).await;
    assert!(
        began.elapsed() < Duration::from_secs(4),
        "{:?}",
        began.elapsed()
    );
}

#[tokio::test]
async fn the_first_retry_is_soon_and_a_stated_wait_is_kept() {
    let rig = Rig::new(Edition::Cloud);
    let mut answers = vec![
        taken(),
        Reaction::With(429, "Retry-After: 2\r\n".to_owned(), String::new()),
        Reaction::Cut,
    ];
    let outlet = Outlet::open(move |_| answers.pop().unwrap_or_else(taken));
    let running = rig.serve("a", &[(Provider::Posthog, &outlet.url)]);
    rig.store(10).await;
    let progress = rig.settled(Provider::Posthog, 10).await;
    assert_eq!((progress.sent, progress.retried), (10, 20));
    let at: Vec<Instant> = outlet.received().iter().map(|request| request.at).collect();
    assert!(
        at[1] - at[0] < Duration::from_secs(1),
        "{:?}",
        at[1] - at[0]
    );
    assert!(
        at[2] - at[1] >= Duration::from_secs(2),
        "{:?}",
        at[2] - at[1]
    );
    let counts = rig.counts.of(Provider::Posthog);
    assert_eq!((counts.sent(), counts.retried()), (10, 20));
    running.shutdown(PATIENCE).await;
}

#[tokio::test]
async fn what_is_refused_is_dropped_with_its_reason_and_the_rest_arrives() {
    let rig = Rig::new(Edition::Cloud);
    let is_wrong = |event: &serde_json::Value| {
        event["event_properties"]["count"]
            .as_u64()
            .is_some_and(|n| n % 10 == 3)
    };
    let is_large = |request: &Received| {
        request
            .events()
            .iter()
            .any(|event| event["event_properties"]["count"] == 77)
    };
    let outlet = Outlet::open(move |request| {
        let events = request.events();
        let wrong: Vec<usize> = (0..events.len())
            .filter(|at| is_wrong(&events[*at]))
            .collect();
        if is_large(request) {
            return Reaction::Answer(413, String::new());
        }
        match wrong.is_empty() {
            true => taken(),
            false => Reaction::Answer(
                400,
                json!({"code": 400, "events_with_invalid_fields": {"time": wrong}}).to_string(),
            ),
        }
    });
    let running = rig.serve("a", &[(Provider::Amplitude, &outlet.url)]);
    rig.store(100).await;
    let progress = rig.settled(Provider::Amplitude, 100).await;
    let dropped: Vec<(&str, u64)> = progress
        .dropped
        .iter()
        .map(|(why, n)| (why.as_str(), *n))
        .collect();
    assert_eq!(
        (progress.sent, dropped),
        (89, vec![("invalid", 10), ("too_large", 1)])
    );
    let listed = rig.memory.list_dropped("amplitude", 100).await.unwrap();
    assert_eq!(listed.len(), 11);
    let stored = rig.memory.events();
    assert!(
        listed
            .iter()
            .all(|one| stored.iter().any(|event| event.id == one.event))
    );
    let is_taken =
        move |request: &Received| !is_large(request) && !request.events().iter().any(is_wrong);
    check_all_came(&outlet, is_taken, 89);
    running.shutdown(PATIENCE).await;
}

#[tokio::test]
async fn a_redirect_is_not_followed_and_loses_nothing() {
    let rig = Rig::new(Edition::Cloud);
    let elsewhere = Outlet::open(|_| taken());
    let head = format!("Location: {}/batch\r\n", elsewhere.url);
    let outlet = Outlet::open(move |_| Reaction::With(307, head.clone(), String::new()));
    let running = rig.serve("a", &[(Provider::Amplitude, &outlet.url)]);
    rig.store(5).await;
    let why = wait("it stops", async || {
        rig.progress(Provider::Amplitude).await.stopped
    })
    .await;
    assert!(why.contains("redirects"), "{why}");
    assert!(elsewhere.received().is_empty());
    assert_eq!(rig.progress(Provider::Amplitude).await.settled(), 0);
    running.shutdown(PATIENCE).await;
    // Mended, it goes on.
    let running = rig.serve("a", &[(Provider::Amplitude, &elsewhere.url)]);
    let progress = rig.settled(Provider::Amplitude, 5).await;
    assert_eq!((progress.sent, progress.stopped), (5, None));
    running.shutdown(PATIENCE).await;
}

/// A store that hangs, and nobody to make room: what does not fit is dropped at once, and counted.
#[tokio::test]
async fn a_full_queue_drops_and_counts_and_nobody_waits() {
    let rig = Rig::new(Edition::Cloud);
    rig.memory.hangs.store(true, Relaxed);
    let telemetry = rig.track_in();
    let calls = 3 * QUEUE_EVENTS as u64;
    let (told, done) = std::sync::mpsc::channel();
    let caller = telemetry.clone();
    std::thread::spawn(move || {
        for _ in 0..calls {
            caller.track_error("timeout", None, None);
        }
        told.send(())
    });
    let waited = tokio::task::spawn_blocking(move || done.recv_timeout(PATIENCE));
    waited.await.unwrap().expect("no call waits");
    let status = telemetry.status();
    assert_eq!(status.queued + status.dropped, calls);
    // Beside the queue there is what the keeper has taken out of it.
    let room = QUEUE_EVENTS as u64..=QUEUE_EVENTS as u64 + 500;
    assert!(room.contains(&status.queued), "{status:?}");
    assert!(!telemetry.shutdown(Duration::from_millis(50)).await);
    let status = telemetry.status();
    assert_eq!((status.queued, status.dropped), (0, calls));
}

#[tokio::test]
async fn a_store_that_fails_delays_and_loses_nothing() {
    let rig = Rig::new(Edition::OpenSource);
    let outlet = Outlet::open(|_| taken());
    let running = rig.serve("a", &[(Provider::Posthog, &outlet.url)]);
    rig.store(50).await;
    rig.memory.fails.store(true, Relaxed);
    let telemetry = rig.track_in();
    telemetry.track_performance("search", Duration::from_millis(70), None, None);
    telemetry.track_error("timeout", None, None);
    assert!(!telemetry.flush(Duration::from_millis(300)).await);
    assert_eq!(telemetry.status().queued, 2);
    rig.memory.fails.store(false, Relaxed);
    assert!(telemetry.flush(PATIENCE).await);
    rig.settled(Provider::Posthog, 52).await;
    check_all_came(&outlet, |_| true, 52);
    let received = outlet.received();
    let last = received
        .iter()
        .flat_map(Received::events)
        .find(|event| event["event"] == "performance");
    assert_eq!(last.unwrap()["properties"]["duration_bucket"], "<100ms");
    running.shutdown(PATIENCE).await;
}
