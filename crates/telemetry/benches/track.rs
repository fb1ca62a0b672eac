//! How long a call of `track` takes with a store that works and a dead sink, and with a store that hangs and a full
//! queue. Fails if one call in a hundred takes 50 µs or more.
#[path = "../tests/delivery/memory.rs"]
mod memory;

use async_trait::async_trait;
use cognobserve_model::id::{DeveloperId, ProjectId};
use cognobserve_ports::StoreError;
use cognobserve_telemetry::anonymise::AllowList;
use cognobserve_telemetry::capture::{Capture, Telemetry};
use cognobserve_telemetry::delivery::transport::Http;
use cognobserve_telemetry::delivery::{Delivery, Developers};
use cognobserve_telemetry::edition::{Edition, Provider};
use cognobserve_telemetry::event::EndUserId;
use cognobserve_telemetry::gate::{Bell, Gate};
use cognobserve_telemetry::pseudonym::Pseudonyms;
use cognobserve_telemetry::request::Sink;
use cognobserve_telemetry::route::Installation;
use memory::Memory;
use serde_json::json;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};
use uuid::Uuid;

const CALLS: usize = 50_000;
const MOST: Duration = Duration::from_micros(50);

struct Nobody;

#[async_trait]
impl Developers for Nobody {
    async fn find_email(&self, _: &DeveloperId) -> Result<Option<String>, StoreError> {
        Ok(None)
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let mut is_fast = true;
    for (name, hangs) in [("dead sink", false), ("hanging store", true)] {
        let mut took = measure(hangs).await;
        took.sort();
        let at = |share: usize| took[(took.len() - 1) * share / 100];
        let (p50, p99) = (at(50), at(99));
        println!("{name:14} p50 {p50:>9.2?}  p99 {p99:>9.2?}  of {CALLS} calls");
        is_fast &= p99 < MOST;
    }
    if is_fast {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

async fn measure(hangs: bool) -> Vec<Duration> {
    let memory = Arc::new(Memory::default());
    memory.hangs.store(hangs, Relaxed);
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
    let running = delivery.start(vec![Sink {
        provider: Provider::Posthog,
        // Nobody listens at this port.
        base_url: "http://127.0.0.1:9".to_owned(),
        key: "k".to_owned(),
    }]);
    let telemetry = Telemetry::start(Capture {
        events: memory,
        installation,
        project: ProjectId::new("prj_1"),
        gate,
        bell,
    });
    let properties =
        json!({"type": "text", "has_metadata": true, "total_tokens": 1500, "feature": "search"});
    let properties = properties.as_object().cloned().unwrap_or_default();
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
