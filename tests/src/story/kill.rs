//! Pulling the plug under load, again and again: what was acknowledged is there, once.
use crate::harness::books::{Books, write_usd};
use crate::harness::sample::{DAY_MS, now_ms, prose};
use crate::harness::{Client, Server, sized};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// What one client has sent and got acknowledged.
struct Sender {
    client: Client,
    random: StdRng,
    name: usize,
    count: usize,
    books: Books,
    ids: Vec<String>,
}

impl Sender {
    /// A trace that nobody sent before, entered in the books.
    fn make_trace(&mut self) -> Value {
        self.count += 1;
        let id = format!("t-{}-{}", self.name, self.count);
        let user = match self.random.random_range(0..10) {
            0 => String::new(),
            _ => format!("u-{}", self.random.random_range(0..60_u32).pow(2) / 60),
        };
        let at = now_ms() - DAY_MS * self.random.random_range(0..20) - 60_000;
        let (mut tokens, mut cost, mut errors) = (0, 0, 0);
        let spans: Vec<Value> = (0..self.random.random_range(1..6))
            .map(|n| {
                let (prompt, completion) = (self.random.random_range(0..5000), self.random.random_range(0..500));
                let nanos = self.random.random_range(0..50_000_000_i128);
                let failed = self.random.random_range(0..8) == 0;
                tokens += prompt + completion;
                cost += nanos;
                errors += i64::from(failed);
                json!({
                    "span_id": format!("s-{n}"), "name": "step", "type": "generation", "start_time": at + n * 10, "end_time": at + n * 10 + 7,
                    "usage": {"prompt_tokens": prompt, "completion_tokens": completion}, "cost": {"total": write_usd(nanos)},
                    "level": if failed { "ERROR" } else { "DEFAULT" }, "input": prose(self.random.random(), 200),
                })
            })
            .collect();
        self.books
            .enter(&user, spans.len() as i64, tokens, cost, errors);
        self.ids.push(id.clone());
        json!({"trace_id": id, "name": "answer", "timestamp": at, "user_id": user, "session_id": format!("s-{}", self.random.random_range(0..500)), "spans": spans})
    }

    /// Sends until it is acknowledged, as an exporter does.
    fn send(&self, path: &str, body: &Value) {
        let bytes = body.to_string().into_bytes();
        let began = Instant::now();
        loop {
            match self.client.try_send(
                "POST",
                path,
                &[("content-type", "application/json")],
                &bytes,
            ) {
                Ok(answer) if answer.status == 202 => return,
                Ok(answer) if ![429, 503].contains(&answer.status) => {
                    panic!("{}: {}", answer.status, answer.text())
                }
                _ => std::thread::sleep(Duration::from_millis(5)),
            }
            assert!(
                began.elapsed() < Duration::from_secs(120),
                "never acknowledged"
            );
        }
    }

    /// One request's worth: a single trace, a batch, a trace in two halves, or a repeat.
    fn act(&mut self) {
        match self.random.random_range(0..4) {
            0 => {
                let trace = self.make_trace();
                self.send("/v1/traces", &trace);
                if self.random.random_range(0..3) == 0 {
                    self.send("/v1/traces", &trace);
                }
            }
            1 => {
                let whole = self.make_trace();
                let spans = whole["spans"].as_array().expect("spans").clone();
                let (left, right) = spans.split_at(spans.len() / 2);
                let mut halves = [(left, true), (right, false)];
                if self.random.random() {
                    halves.reverse();
                }
                for (spans, names_user) in halves {
                    let mut half = whole.clone();
                    half["spans"] = json!(spans);
                    if !names_user {
                        half["user_id"] = Value::Null;
                    }
                    self.send("/v1/traces", &half);
                }
            }
            _ => {
                let count = self.random.random_range(1..40);
                let traces: Vec<Value> = (0..count).map(|_| self.make_trace()).collect();
                self.send("/v1/traces/batch", &json!({"traces": traces}));
            }
        }
    }
}

#[test]
fn what_was_acknowledged_survives_every_kill_and_is_counted_once() {
    let kills = sized(20, 200);
    let seed: u64 = rand::random();
    eprintln!("seed {seed}");
    let mut server = Server::start();
    let port = server.port();
    let done = AtomicBool::new(false);
    let requests = AtomicU64::new(0);
    let senders: Vec<Sender> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|name| {
                let mut sender = Sender {
                    client: server.client(),
                    random: StdRng::seed_from_u64(seed ^ name as u64),
                    name,
                    count: 0,
                    books: Books::default(),
                    ids: Vec::new(),
                };
                let (done, requests) = (&done, &requests);
                scope.spawn(move || {
                    while !done.load(Ordering::Relaxed) {
                        sender.act();
                        requests.fetch_add(1, Ordering::Relaxed);
                    }
                    sender
                })
            })
            .collect();
        let mut random = StdRng::seed_from_u64(seed ^ 99);
        for _ in 0..kills {
            // The moment is the point: anywhere from start-up work to a busy second.
            std::thread::sleep(Duration::from_millis(random.random_range(20..1200)));
            server.kill();
            server.spawn();
            if random.random_range(0..4) == 0 {
                // Once more before it is ready.
                std::thread::sleep(Duration::from_millis(random.random_range(0..60)));
                server.kill();
                server.spawn();
            }
            server.wait_ready().expect("it starts after a kill");
            assert_eq!(server.port(), port);
        }
        done.store(true, Ordering::Relaxed);
        threads
            .into_iter()
            .map(|thread| thread.join().expect("a sender ends"))
            .collect()
    });
    let mut expected = Books::default();
    for sender in &senders {
        expected.add(&sender.books);
    }
    eprintln!(
        "{} requests, {:?}",
        requests.load(Ordering::Relaxed),
        expected.total()
    );
    let client = server.client();
    expected.expect_equal(&Books::read(&client));
    for sender in &senders {
        for id in sender.ids.iter().rev().step_by(7) {
            client.get(&format!("/v1/traces/{id}")).expect(200);
        }
    }
    let report = server.run(&["verify", "--json"]).expect_success();
    let verified: serde_json::Value = serde_json::from_str(&report.out).unwrap();
    assert_eq!(verified["differenceCount"], 0, "{verified}");
    server.kill();
    server.start_again();
    expected.expect_equal(&Books::read(&server.client()));
}
