//! Pulling the plug while events come in: what was acknowledged is in the log, once.
use super::list_all;
use crate::harness::{Client, Server, sized};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(120);

/// A client that sends each request until it is acknowledged.
struct Teller {
    client: Client,
    random: StdRng,
    name: usize,
    /// Of its events so far, all acknowledged.
    count: usize,
    repeats: usize,
}

impl Teller {
    fn act(&mut self) {
        let first = self.count;
        self.count += self.random.random_range(1..20);
        let make = |n| {
            let id = format!("e-{}-{n}", self.name);
            json!({"event": "step", "event_id": id, "user_id": format!("u-{}", n % 9), "properties": {"id": id}})
        };
        let events: Vec<Value> = (first..self.count).map(make).collect();
        let body = json!({"events": events}).to_string().into_bytes();
        let head = [("content-type", "application/json")];
        let began = Instant::now();
        loop {
            match self.client.try_send("POST", "/v1/events", &head, &body) {
                Ok(answer) if answer.status == 202 => {
                    let answer = answer.json();
                    let results = answer["results"].as_array().expect("results");
                    assert_eq!(results.len(), events.len());
                    assert!(results.iter().all(|it| it["stored"] == true), "{answer}");
                    return;
                }
                Ok(answer) => assert_eq!(answer.status, 503, "{}", answer.text()),
                Err(_) => {}
            }
            assert!(began.elapsed() < PATIENCE, "nobody takes events any more");
            self.repeats += 1;
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

#[test]
fn acknowledged_events_survive_every_kill_once() {
    let seed: u64 = rand::random();
    eprintln!("seed {seed}");
    let mut server = Server::start_cloud();
    let done = AtomicBool::new(false);
    let tellers: Vec<Teller> = std::thread::scope(|scope| {
        let start = |name| {
            let mut teller = Teller {
                client: server.client(),
                random: StdRng::seed_from_u64(seed ^ name as u64),
                name,
                count: 0,
                repeats: 0,
            };
            let done = &done;
            scope.spawn(move || {
                while !done.load(Ordering::Relaxed) {
                    teller.act();
                    // Few enough to be listed one by one in the end.
                    std::thread::sleep(Duration::from_millis(10));
                }
                teller
            })
        };
        let threads: Vec<_> = (0..3).map(start).collect();
        let mut random = StdRng::seed_from_u64(seed ^ 99);
        for _ in 0..sized(5, 50) {
            std::thread::sleep(Duration::from_millis(random.random_range(20..600)));
            server.kill();
            server.spawn();
            server.wait_ready().expect("it starts after a kill");
        }
        done.store(true, Ordering::Relaxed);
        let ended = threads.into_iter().map(|thread| thread.join());
        ended.map(|teller| teller.expect("a client ends")).collect()
    });
    let of_teller = |it: &Teller| {
        let name = it.name;
        (0..it.count)
            .map(move |n| format!("e-{name}-{n}"))
            .collect()
    };
    let sent: Vec<Vec<String>> = tellers.iter().map(of_teller).collect();
    let sent: BTreeSet<String> = sent.into_iter().flatten().collect();
    let repeats: usize = tellers.iter().map(|it| it.repeats).sum();
    eprintln!("{} events, {repeats} repeats", sent.len());
    assert!(repeats > 0, "no client met a kill");
    let id = |event: &Value| event["properties"]["id"].as_str().expect("ours").to_owned();
    let client = server.client();
    let stored: Vec<String> = list_all(&client).iter().map(id).collect();
    assert_eq!(stored.len(), sent.len(), "each once");
    assert_eq!(stored.into_iter().collect::<BTreeSet<_>>(), sent);
    assert_eq!(client.read("/v1/events/count")["total"], sent.len());
    let status = server.run(&["telemetry", "status", "--json"]);
    assert_eq!(status.expect_success().json()["stored"], sent.len());
}
