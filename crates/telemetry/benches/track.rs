//! How long a call of `track` takes with a store that works and a dead sink, and with a store that hangs and a full
//! queue; how many events a second are stored with a dead sink and without any. The log is in memory: the rest is ours.
//! Fails if one call in a hundred takes 50 µs or more, or if the dead sink costs more than 5 % of the events.
#[path = "../tests/delivery/memory.rs"]
mod memory;

use async_trait::async_trait;
use cognobserve_model::id::{DeveloperId, ProjectId};
use cognobserve_ports::StoreError;
use cognobserve_telemetry::anonymise::AllowList;
use cognobserve_telemetry::capture::{Capture, Telemetry};
use cognobserve_telemetry::delivery::transport::Http;
use cognobserve_telemetry::delivery::{Delivery, Developers, Running};
use cognobserve_telemetry::edition::{Edition, Provider};
use cognobserve_telemetry::event::EndUserId;
use cognobserve_telemetry::gate::{Bell, Gate};
use cognobserve_telemetry::pseudonym::Pseudonyms;
use cognobserve_telemetry::request::Sink;
use cognobserve_telemetry::route::Installation;
use memory::Memory;
use serde_json::{Map, Value, json};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};
use uuid::Uuid;

const CALLS: usize = 50_000;
const MOST: Duration = Duration::from_micros(50);
const ROUNDS: usize = 9;
/// Long enough that a sink's first moments are a small part.
const EVENTS_PER_ROUND: usize = 250_000;
const BURST: usize = 5_000;
const LEAST_RATIO: f64 = 0.95;

struct Nobody;

#[async_trait]
impl Developers for Nobody {
    async fn find_email(&self, _: &DeveloperId) -> Result<Option<String>, StoreError> {
        Ok(None)
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    println!("### Product events, tracked in process\n");
    println!("| telemetry | track p50 / p99 µs | events/s captured | ratio to no sink |");
    println!("|---|---|---|---|");
    let mut is_fast = true;
    for (name, hangs) in [("sink dead", false), ("store hangs", true)] {
        let mut took = measure_calls(hangs).await;
        took.sort();
        let at = |share: usize| took[(took.len() - 1) * share / 100];
        let (p50, p99) = (at(50), at(99));
        is_fast &= p99 < MOST;
        let (p50, p99) = (p50.as_secs_f64() * 1e6, p99.as_secs_f64() * 1e6);
        if hangs {
            println!("| {name} | {p50:.2} / {p99:.2} | – | – |");
            continue;
        }
        let (rate, ratio) = compare_rates().await;
        is_fast &= ratio >= LEAST_RATIO;
        println!("| {name} | {p50:.2} / {p99:.2} | {rate:.0} | {ratio:.3} |");
    }
    println!();
    if is_fast {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Events a second with a dead sink, and that by those without a sink: medians of rounds. Who is first in a round
/// changes, and each round is compared in itself, so that a machine that is busy for a while is so for both.
async fn compare_rates() -> (f64, f64) {
    let (mut rates, mut ratios) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let mut measured = [0.0; 2];
        for turn in [round % 2, (round + 1) % 2] {
            let sinks: &[Sink] = if turn == 1 { &[make_sink()] } else { &[] };
            measured[turn] = measure_rate(sinks).await;
        }
        rates.push(measured[1]);
        ratios.push(measured[1] / measured[0]);
    }
    let median = |mut values: Vec<f64>| {
        values.sort_by(f64::total_cmp);
        values[ROUNDS / 2]
    };
    (median(rates), median(ratios))
}

fn make_sink() -> Sink {
    Sink {
        provider: Provider::Posthog,
        // Nobody listens at this port.
        base_url: "http://127.0.0.1:9".to_owned(),
        key: "k".to_owned(),
    }
}

fn start(memory: Arc<Memory>, sinks: &[Sink]) -> (Telemetry, Running) {
    let (gate, bell) = (Gate::new(true), Bell::default());
    let installation = Arc::new(Installation {
        edition: Edition::OpenSource,
        version: "1.0.0".to_owned(),
        os: "linux".to_owned(),
        allowed: AllowList::default(),
        pseudonyms: Pseudonyms::new(&[1; 32], Uuid::from_u128(9)),
    });
    let delivery = Delivery {
        events: memory.clone(),
        installation: installation.clone(),
        transport: Arc::new(Http::new(Duration::from_secs(1), false)),
        developers: Arc::new(Nobody),
        gate: gate.clone(),
        bell: bell.clone(),
        counts: Arc::default(),
        holder: "bench".to_owned(),
    };
    let running = delivery.start(sinks.to_vec());
    let telemetry = Telemetry::start(Capture {
        events: memory,
        installation,
        project: ProjectId::new("prj_1"),
        gate,
        bell,
    });
    (telemetry, running)
}

/// What is tracked each time.
fn make_properties() -> Map<String, Value> {
    let properties =
        json!({"type": "text", "has_metadata": true, "total_tokens": 1500, "feature": "search"});
    properties.as_object().cloned().unwrap_or_default()
}

/// Events a second, from the first call until all are stored.
async fn measure_rate(sinks: &[Sink]) -> f64 {
    let (telemetry, running) = start(Arc::default(), sinks);
    let properties = make_properties();
    let (user, developer) = (EndUserId::new("usr_1"), DeveloperId::new("dev_1"));
    let began = Instant::now();
    for _ in 0..EVENTS_PER_ROUND / BURST {
        for _ in 0..BURST {
            let (user, developer) = (Some(user.clone()), Some(developer.clone()));
            telemetry.track("memory_created", &properties, user, developer);
        }
        telemetry.flush(Duration::from_secs(60)).await;
    }
    let took = began.elapsed();
    let stored = telemetry.status().stored;
    assert_eq!(stored, EVENTS_PER_ROUND as u64, "an event was dropped");
    telemetry.shutdown(Duration::from_secs(2)).await;
    running.shutdown(Duration::from_secs(1)).await;
    stored as f64 / took.as_secs_f64()
}

async fn measure_calls(hangs: bool) -> Vec<Duration> {
    let memory = Arc::new(Memory::default());
    memory.hangs.store(hangs, Relaxed);
    let (telemetry, running) = start(memory, &[make_sink()]);
    let properties = make_properties();
    let (user, developer) = (EndUserId::new("usr_1"), DeveloperId::new("dev_1"));
    let mut took = Vec::with_capacity(CALLS);
    for at in 0..CALLS {
        let (user, developer) = (Some(user.clone()), Some(developer.clone()));
        let began = Instant::now();
        telemetry.track("memory_created", &properties, user, developer);
        took.push(began.elapsed());
        // As requests do, now and then let others run.
        if at % 100 == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
    telemetry.shutdown(Duration::from_secs(2)).await;
    running.shutdown(Duration::from_secs(1)).await;
    took
}
