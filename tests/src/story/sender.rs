//! A client that sends what it makes up until it is acknowledged, and keeps books of it.
use crate::harness::Client;
use crate::harness::books::{Books, write_usd};
use crate::harness::sample::{DAY_MS, now_ms, prose};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// What one client has sent and got acknowledged.
pub struct Sender {
    /// To several doors of one store; whichever answers.
    clients: Vec<Client>,
    random: StdRng,
    name: usize,
    count: usize,
    pub books: Books,
    pub ids: Vec<String>,
}

impl Sender {
    pub fn new(clients: Vec<Client>, seed: u64, name: usize) -> Sender {
        Sender {
            clients,
            random: StdRng::seed_from_u64(seed ^ name as u64),
            name,
            count: 0,
            books: Books::default(),
            ids: Vec::new(),
        }
    }

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
        let (began, first) = (Instant::now(), self.count);
        for attempt in first.. {
            let client = &self.clients[attempt % self.clients.len()];
            match client.try_send(
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
    pub fn act(&mut self) {
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
