//! A sink against servers that take, refuse, hold back and are gone, by a clock of the test's own.
use super::*;
use crate::anonymise::AllowList;
use crate::edition::{Edition, Provider};
use crate::event::{DeveloperProfile, EndUserId, Event};
use crate::pseudonym::Pseudonyms;
use crate::route::route;
use cognobserve_model::id::DeveloperId;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::LazyLock;
use uuid::Uuid;

const START: Micros = Micros(1_767_225_600_000_000);
const HOUR: i64 = 3_600 * MICROS_PER_SECOND;

/// Made once: it holds all names of models.
static INSTALLATION: LazyLock<Installation> = LazyLock::new(|| Installation {
    edition: Edition::Cloud,
    version: "1.0.0".to_owned(),
    os: "linux".to_owned(),
    allowed: AllowList::default(),
    pseudonyms: Pseudonyms::new(&[1; 32], Uuid::from_u128(9)),
});

fn installation() -> &'static Installation {
    &INSTALLATION
}

fn sink(provider: Provider) -> Sink {
    Sink {
        provider,
        base_url: "http://127.0.0.1:9".to_owned(),
        key: "k".to_owned(),
    }
}

fn event(n: u64) -> Event {
    Event {
        id: Uuid::from_u128(n.into()),
        name: "memory_created".to_owned(),
        properties: json!({"count": n}).as_object().cloned().unwrap_or_default(),
        end_user: Some(EndUserId::new(format!("usr_{n}"))),
        developer: Some(DeveloperId::new(format!("dev_{}", n % 3))),
        profile: DeveloperProfile::default(),
        session: None,
        at: START,
    }
}

/// Positions with gaps, as logs of many projects have them.
struct Log(BTreeMap<Position, Event>);

impl Log {
    fn of(count: u64) -> Log {
        Log((0..count).map(|n| (10 + n * 3, event(n))).collect())
    }
}

impl Log {
    /// Lets the sink read what it wants.
    fn feed(&self, courier: &mut Courier, now: Micros) {
        while let Some((after, limit)) = courier.wants(now) {
            let rest: Vec<_> = self.0.range(after + 1..).take(limit).collect();
            if rest.is_empty() {
                return;
            }
            for (position, event) in rest {
                let event = route(event, courier.sink.provider, installation());
                courier.hold(*position, event, now);
            }
        }
    }
}

/// How a server answers: status and body.
type Reply = Option<(u16, String)>;

/// Counts each event once by its id, as providers do.
#[derive(Default)]
struct Server {
    taken: HashMap<String, usize>,
    requests: usize,
    largest: usize,
}

impl Server {
    fn ids(body: &[u8]) -> Vec<String> {
        let body: Value = serde_json::from_slice(body).unwrap();
        let (events, key) = match body.get("batch") {
            Some(batch) => (batch, "uuid"),
            None => (&body["events"], "insert_id"),
        };
        events
            .as_array()
            .unwrap()
            .iter()
            .map(|event| event[key].as_str().unwrap().to_owned())
            .collect()
    }

    fn take(&mut self, body: &[u8]) {
        for id in Server::ids(body) {
            *self.taken.entry(id).or_default() += 1;
        }
    }
}

/// Runs a sink until it idles or the time is up. `reply` is asked for each request; 200 takes it.
fn run(
    courier: &mut Courier,
    log: &Log,
    server: &mut Server,
    now: &mut Micros,
    until: Micros,
    mut reply: impl FnMut(Micros, &[u8]) -> Reply,
) {
    let installation = installation();
    loop {
        assert!(server.requests < 100_000, "it goes on for ever");
        log.feed(courier, *now);
        match courier.next(installation, *now) {
            Next::Idle => return,
            Next::Wait(moment) => {
                assert!(moment > *now);
                if moment > until {
                    *now = until;
                    return;
                }
                *now = moment;
            }
            Next::Send { url, body } => {
                assert!(url.starts_with("http://127.0.0.1:9/"), "{url}");
                server.requests += 1;
                let told = reply(*now, &body);
                if matches!(told, Some((200, _))) {
                    server.take(&body);
                    server.largest = server.largest.max(Server::ids(&body).len());
                }
                let answer = told.as_ref().map(|(status, body)| Answer {
                    status: *status,
                    retry_after_s: None,
                    body: body.as_bytes(),
                });
                courier.answered(answer, *now, 0.5);
            }
        }
    }
}

fn taken() -> Reply {
    Some((
        200,
        r#"{"code":200,"status":"Ok","success":true}"#.to_owned(),
    ))
}

const FOREVER: Micros = Micros(i64::MAX);

#[test]
fn an_outage_of_an_hour_delays_and_loses_nothing() {
    for provider in [Provider::Amplitude, Provider::Posthog] {
        let (mut courier, log, mut server, mut now) = (
            Courier::new(sink(provider), Progress::default()),
            Log::of(5_000),
            Server::default(),
            START,
        );
        let back = START.0 + HOUR;
        let outage = |at: Micros, _: &[u8]| match at.0 < back {
            true if at.0 % 2 == 0 => None,
            true => Some((503, String::new())),
            false => taken(),
        };
        run(&mut courier, &log, &mut server, &mut now, FOREVER, outage);
        let progress = courier.progress();
        assert_eq!(
            (progress.sent, progress.cursor),
            (5_000, 10 + 4_999 * 3),
            "{provider:?}"
        );
        assert!(progress.dropped.is_empty() && progress.beyond.is_empty() && progress.retried > 0);
        assert!(server.taken.values().all(|count| *count == 1) && server.taken.len() == 5_000);
        // A minute at most between tries, and within a minute after it is back.
        assert!(
            (60..140).contains(&server.requests),
            "{} requests",
            server.requests
        );
        assert!(now.0 < back + 61 * MICROS_PER_SECOND);
    }
}

#[test]
fn the_first_retry_is_soon_and_the_waits_grow_to_a_minute() {
    let (mut courier, log, mut server, mut now) = (
        Courier::new(sink(Provider::Amplitude), Progress::default()),
        Log::of(1),
        Server::default(),
        START,
    );
    let mut asked = Vec::new();
    run(
        &mut courier,
        &log,
        &mut server,
        &mut now,
        Micros(START.0 + HOUR),
        |at, _| {
            asked.push(at.0);
            None
        },
    );
    let waits: Vec<f64> = asked
        .windows(2)
        .map(|pair| (pair[1] - pair[0]) as f64 / MICROS_PER_SECOND as f64)
        .collect();
    assert_eq!(waits[..4], [0.375, 0.75, 1.5, 3.0]);
    assert!(waits[10..].iter().all(|wait| *wait == 45.0), "{waits:?}");
}

#[test]
fn a_400_drops_the_events_that_it_names_and_sends_the_others_again() {
    let (mut courier, log, mut server, mut now) = (
        Courier::new(sink(Provider::Amplitude), Progress::default()),
        Log::of(100),
        Server::default(),
        START,
    );
    let bad: Vec<String> = [3, 50, 99].map(|n| Uuid::from_u128(n).to_string()).into();
    run(
        &mut courier,
        &log,
        &mut server,
        &mut now,
        FOREVER,
        |_, body| {
            let wrong: Vec<usize> = Server::ids(body)
                .iter()
                .enumerate()
                .filter(|(_, id)| bad.contains(id))
                .map(|(at, _)| at)
                .collect();
            match wrong.is_empty() {
                true => taken(),
                false => Some((
                    400,
                    json!({"code": 400, "events_with_invalid_fields": {"time": wrong}}).to_string(),
                )),
            }
        },
    );
    let progress = courier.progress();
    assert_eq!(
        (
            progress.sent,
            progress.dropped.get("invalid"),
            server.requests
        ),
        (97, Some(&3), 2)
    );
    assert!(bad.iter().all(|id| !server.taken.contains_key(id)));
}

#[test]
fn a_413_halves_until_what_is_too_large_is_alone() {
    let (mut courier, log, mut server, mut now) = (
        Courier::new(sink(Provider::Posthog), Progress::default()),
        Log::of(64),
        Server::default(),
        START,
    );
    let large = Uuid::from_u128(13).to_string();
    run(
        &mut courier,
        &log,
        &mut server,
        &mut now,
        FOREVER,
        |_, body| match Server::ids(body).contains(&large) {
            true => Some((413, String::new())),
            false => taken(),
        },
    );
    let progress = courier.progress();
    assert_eq!(
        (progress.sent, progress.dropped.get("too_large")),
        (63, Some(&1))
    );
    assert!(server.requests < 24, "{}", server.requests);
}

#[test]
fn a_400_that_names_nobody_drops_whose_fault_it_is_alone() {
    for provider in [Provider::Amplitude, Provider::Posthog] {
        let (mut courier, log, mut server, mut now) = (
            Courier::new(sink(provider), Progress::default()),
            Log::of(300),
            Server::default(),
            START,
        );
        let bad: Vec<String> = [7, 200].map(|n| Uuid::from_u128(n).to_string()).into();
        let reply = |_, body: &[u8]| match Server::ids(body).iter().any(|id| bad.contains(id)) {
            true => Some((400, r#"{"code":400,"error":"Invalid"}"#.to_owned())),
            false => taken(),
        };
        run(&mut courier, &log, &mut server, &mut now, FOREVER, reply);
        let progress = courier.progress();
        let books = (progress.sent, progress.dropped.get("refused"));
        assert_eq!(books, (298, Some(&2)));
        assert!(server.requests < 60, "{}", server.requests);
    }
}

#[test]
fn who_is_held_back_lets_others_pass() {
    let (mut courier, log, mut server, mut now) = (
        Courier::new(sink(Provider::Amplitude), Progress::default()),
        Log::of(9),
        Server::default(),
        START,
    );
    let slow = START.0 + 100 * MICROS_PER_SECOND;
    run(
        &mut courier,
        &log,
        &mut server,
        &mut now,
        Micros(START.0 + 50 * MICROS_PER_SECOND),
        |at, body| {
            let body: Value = serde_json::from_slice(body).unwrap();
            let events = body["events"].as_array().unwrap().iter().enumerate();
            let throttled: Vec<usize> = events
                .filter(|(_, event)| event["user_id"] == "dev_0")
                .map(|(at, _)| at)
                .collect();
            match throttled.is_empty() || at.0 > slow {
                true => taken(),
                false => Some((429, json!({"throttled_events": throttled}).to_string())),
            }
        },
    );
    assert_eq!(courier.progress().sent, 6);
    // Event 0 waits, so that the cursor stands; what is beyond is known.
    assert_eq!(
        (courier.progress().cursor, courier.progress().beyond.len()),
        (0, 6)
    );
    let mut again = Courier::new(sink(Provider::Amplitude), courier.progress().clone());
    run(&mut again, &log, &mut server, &mut now, FOREVER, |_, _| {
        taken()
    });
    assert_eq!(
        (
            again.progress().sent,
            again.progress().cursor,
            again.progress().beyond.len()
        ),
        (9, 34, 0)
    );
    assert!(server.taken.values().all(|count| *count == 1));
}

#[test]
fn a_refused_key_stops_and_starts_again_when_it_is_mended() {
    let (mut courier, log, mut server, mut now) = (
        Courier::new(sink(Provider::Amplitude), Progress::default()),
        Log::of(5),
        Server::default(),
        START,
    );
    let mended = START.0 + HOUR;
    let reply = |at: Micros, _: &[u8]| {
        if at.0 < mended {
            Some((401, String::new()))
        } else {
            taken()
        }
    };
    run(
        &mut courier,
        &log,
        &mut server,
        &mut now,
        Micros(mended - 1),
        reply,
    );
    assert!(courier.progress().stopped.is_some());
    // Each minute at most, once the waits have grown.
    assert!(server.requests < 130 && courier.progress().dropped.is_empty());
    run(&mut courier, &log, &mut server, &mut now, FOREVER, reply);
    assert_eq!(
        (courier.progress().sent, courier.progress().stopped.clone()),
        (5, None)
    );
}

#[test]
fn what_left_the_log_while_it_waited_is_counted_and_the_rest_is_sent_as_a_retry() {
    let (mut courier, mut log, mut server, mut now) = (
        Courier::new(sink(Provider::Amplitude), Progress::default()),
        Log::of(10),
        Server::default(),
        START,
    );
    log.feed(&mut courier, now);
    courier.reconcile(10);
    assert!(matches!(
        courier.next(installation(), now),
        Next::Send { .. }
    ));
    courier.answered(None, now, 0.0);
    now = plus(now, Duration::from_secs(60));
    assert!(courier.is_ready(now));
    log.0.retain(|position, _| *position >= 22);
    courier.reread();
    log.feed(&mut courier, now);
    courier.reconcile(10);
    courier.reconcile(10);
    let reply = |_: Micros, _: &[u8]| taken();
    run(&mut courier, &log, &mut server, &mut now, FOREVER, reply);
    let progress = courier.progress();
    assert_eq!((progress.sent, progress.retried), (6, 6));
    assert_eq!(progress.dropped.get("expired"), Some(&4));
    assert_eq!(progress.settled(), 10);
    assert!(!server.taken.contains_key(&Uuid::from_u128(3).to_string()));
    assert_eq!(server.taken.len(), 6);
}

#[test]
fn requests_are_no_larger_than_the_provider_takes() {
    let (mut courier, log, mut server, mut now) = (
        Courier::new(sink(Provider::Amplitude), Progress::default()),
        Log::of(7_000),
        Server::default(),
        START,
    );
    run(
        &mut courier,
        &log,
        &mut server,
        &mut now,
        FOREVER,
        |_, body| {
            assert!(body.len() < 1_000_000);
            taken()
        },
    );
    assert_eq!((courier.progress().sent, server.largest), (7_000, 1_999));
}

#[path = "courier_books_tests.rs"]
mod books;
