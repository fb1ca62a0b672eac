//! Providers that come back, and a server that is killed while it sends: each event leaves under one id, and what was
//! sent and what was dropped make up what was stored.
use super::{list_all, send};
use crate::harness::outlet::Outlet;
use crate::harness::wait::wait_until;
use crate::harness::{Client, Server, Setup};
use cognobserve_servers::outlet::{Reaction, Received, taken};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::mpsc;
use std::time::Duration;

const EVENTS: usize = 400;

fn make_events(from: usize, to: usize) -> Value {
    let make = |n| json!({"event": "step", "event_id": format!("e-{n}"), "properties": {"n": n}});
    (from..to).map(make).collect()
}

fn is_refused(event: &Value) -> bool {
    let n = event["event_properties"]["n"].as_u64();
    n.is_some_and(|n| n >= EVENTS as u64 / 2 && n % 50 == 7)
}

/// Refuses some of the later ones for good.
fn react(request: &Received) -> Reaction {
    let events = request.events();
    let refused = (0..events.len()).filter(|at| is_refused(&events[*at]));
    let refused: Vec<usize> = refused.collect();
    let why = json!({"code": 400, "events_with_invalid_fields": {"time": refused}});
    match refused.is_empty() {
        true => taken(),
        false => Reaction::Answer(400, why.to_string()),
    }
}

/// What the command says of each provider once nothing waits.
#[track_caller]
fn read_settled(server: &Server) -> (Value, Vec<Value>) {
    let read = || {
        let status = server.run(&["telemetry", "status", "--json"]);
        let status = status.expect_success().json();
        let sinks = status["sinks"].as_array().expect("sinks").clone();
        (status["stored"].clone(), sinks)
    };
    let settled = wait_until(Duration::from_secs(60), || {
        let (stored, sinks) = read();
        let is_done = sinks.len() == 2 && sinks.iter().all(|sink| sink["waiting"] == 0);
        is_done.then_some((stored, sinks))
    });
    settled.unwrap_or_else(|| panic!("{:?}", read()))
}

fn list_ids(client: &Client) -> BTreeSet<String> {
    let id = |event: &Value| event["id"].as_str().expect("an id").to_owned();
    list_all(client).iter().map(id).collect()
}

#[test]
fn what_was_sent_and_dropped_is_what_was_stored_over_a_kill() {
    let (tell_asked, asked) = mpsc::channel();
    let (tell_killed, killed) = mpsc::channel::<()>();
    let mut is_first = true;
    let amplitude = Outlet::open_with(move |request| {
        if std::mem::take(&mut is_first) {
            // Taken, but whoever sent it is gone before they hear of it.
            tell_asked.send(()).expect("the test waits");
            let waited = killed.recv_timeout(Duration::from_secs(60));
            waited.expect("the server is killed");
        }
        react(request)
    });
    let posthog = Outlet::open_with(|_| taken());
    amplitude.answer(503);
    posthog.answer(503);
    let mut server = Setup::new()
        .setting("COGNOBSERVE_EDITION", "cloud")
        .setting("TELEMETRY_PROVIDER", "amplitude,posthog")
        .setting("COGNOBSERVE_AMPLITUDE_API_KEY", "key-7")
        .setting("COGNOBSERVE_AMPLITUDE_URL", &amplitude.url)
        .setting("COGNOBSERVE_POSTHOG_API_KEY", "key-8")
        .setting("COGNOBSERVE_POSTHOG_HOST", &posthog.url)
        .start();
    send(&server.client(), make_events(0, EVENTS / 2));
    let tried = wait_until(Duration::from_secs(30), || {
        let are_tried = !amplitude.received().is_empty() && !posthog.received().is_empty();
        are_tried.then_some(())
    });
    tried.expect("both providers are tried while they are down");
    let refused = [&amplitude, &posthog].map(|outlet| outlet.received().len());
    amplitude.answer(200);
    posthog.answer(200);
    let waited = asked.recv_timeout(Duration::from_secs(90));
    waited.expect("a request after the provider came back");
    server.kill();
    tell_killed.send(()).expect("the provider waits");
    server.start_again();
    send(&server.client(), make_events(EVENTS / 2, EVENTS));
    // Sent again, as a client does that has heard no answer.
    send(&server.client(), make_events(0, EVENTS));

    let (stored, sinks) = read_settled(&server);
    assert_eq!(stored, EVENTS);
    let known = list_ids(&server.client());
    assert_eq!(known.len(), EVENTS);
    for (name, outlet, before) in [
        ("amplitude", &amplitude, refused[0]),
        ("posthog", &posthog, refused[1]),
    ] {
        let sink = sinks.iter().find(|sink| sink["provider"] == name);
        let sink = sink.expect("its books");
        // Those of the down time apart, an answer of 400 is none that anything was taken by.
        let requests = outlet.received().split_off(before);
        let is_taken = |it: &&Received| !it.events().iter().any(is_refused);
        let ids = requests.iter().filter(is_taken).flat_map(Received::ids);
        let all: Vec<String> = ids.collect();
        let ids: BTreeSet<String> = all.iter().cloned().collect();
        let lost = if name == "amplitude" { EVENTS / 100 } else { 0 };
        let is_repeated = all.len() > ids.len();
        assert!(
            is_repeated || name == "posthog",
            "what was under way comes again"
        );
        assert_eq!(ids.len(), EVENTS - lost, "{name}");
        assert!(ids.is_subset(&known), "{name} knows each by its one id");
        let (sent, dropped) = (&sink["sent"], &sink["dropped"]);
        assert_eq!(*sent, EVENTS - lost, "{sink}");
        let invalid = dropped["invalid"].as_u64().unwrap_or(0);
        assert_eq!(invalid, lost as u64, "{sink}");
        let all = dropped.as_object().expect("reasons").values();
        let all: u64 = all.filter_map(Value::as_u64).sum();
        assert_eq!(all, lost as u64, "for no other reason: {sink}");
    }
}
