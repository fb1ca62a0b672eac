//! An installation for tests: a log, sinks on local servers, and waiting for what is to happen.
use crate::memory::Memory;
use async_trait::async_trait;
use cognobserve_model::id::{DeveloperId, ProjectId};
use cognobserve_ports::{Actor, Events, StoreError};
use cognobserve_servers::outlet::Outlet;
use cognobserve_telemetry::anonymise::AllowList;
use cognobserve_telemetry::capture::{Capture, Telemetry};
use cognobserve_telemetry::courier::Progress;
use cognobserve_telemetry::delivery::transport::Http;
use cognobserve_telemetry::delivery::{Counts, Delivery, Developers, Running};
use cognobserve_telemetry::edition::{Edition, Provider};
use cognobserve_telemetry::event::EndUserId;
use cognobserve_telemetry::gate::{Bell, Gate};
use cognobserve_telemetry::pseudonym::Pseudonyms;
use cognobserve_telemetry::request::Sink;
use cognobserve_telemetry::route::Installation;
use serde_json::{Map, Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};
use uuid::Uuid;

pub const PATIENCE: Duration = Duration::from_secs(20);

/// Knows one developer.
#[derive(Default)]
pub struct Accounts(pub AtomicUsize);

#[async_trait]
impl Developers for Accounts {
    async fn find_email(&self, developer: &DeveloperId) -> Result<Option<String>, StoreError> {
        self.0.fetch_add(1, Relaxed);
        let is_known = developer.as_str() == "dev_abc123";
        Ok(is_known.then(|| "developer@company.com".to_owned()))
    }
}

pub fn installation(edition: Edition) -> Installation {
    Installation {
        edition,
        version: "1.0.0".to_owned(),
        os: "linux".to_owned(),
        allowed: AllowList::default(),
        pseudonyms: Pseudonyms::new(&[1; 32], Uuid::from_u128(9)),
    }
}

pub fn project() -> ProjectId {
    ProjectId::new("prj_1")
}

pub fn map(value: Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

#[derive(Clone)]
pub struct Rig {
    pub memory: Arc<Memory>,
    pub installation: Arc<Installation>,
    pub accounts: Arc<Accounts>,
    pub counts: Arc<Counts>,
    pub gate: Gate,
    pub bell: Bell,
}

impl Rig {
    pub fn new(edition: Edition) -> Rig {
        Rig {
            memory: Arc::default(),
            installation: Arc::new(installation(edition)),
            accounts: Arc::default(),
            counts: Arc::default(),
            gate: Gate::new(true),
            bell: Bell::default(),
        }
    }

    pub fn track_in(&self) -> Telemetry {
        Telemetry::start(Capture {
            events: self.memory.clone(),
            installation: self.installation.clone(),
            project: project(),
            gate: self.gate.clone(),
            bell: self.bell.clone(),
        })
    }

    /// Stores so many events of one person.
    pub async fn store(&self, count: u64) {
        let telemetry = self.track_in();
        for n in 0..count {
            let user = EndUserId::new(format!("usr_{}", n % 7));
            let developer = DeveloperId::new("dev_abc123");
            let properties = map(json!({"type": "text", "count": n}));
            telemetry.track("memory_created", &properties, Some(user), Some(developer));
            if n % 5_000 == 4_999 {
                assert!(telemetry.flush(PATIENCE).await);
            }
        }
        assert!(telemetry.shutdown(PATIENCE).await);
        assert_eq!(telemetry.status().dropped, 0);
    }

    pub fn serve(&self, holder: &str, sinks: &[(Provider, &str)]) -> Running {
        let sink = |(provider, url): &(Provider, &str)| Sink {
            provider: *provider,
            base_url: (*url).to_owned(),
            key: "key-7".to_owned(),
        };
        let delivery = Delivery {
            events: self.memory.clone(),
            installation: self.installation.clone(),
            transport: Arc::new(Http::new(Duration::from_secs(3), false)),
            developers: self.accounts.clone(),
            gate: self.gate.clone(),
            bell: self.bell.clone(),
            counts: self.counts.clone(),
            holder: holder.to_owned(),
        };
        delivery.start(sinks.iter().map(sink).collect())
    }

    pub async fn opt_out(&self, out: bool) {
        let project = project();
        let told = self.memory.opt_out(&project, out, &Actor::Operator);
        assert!(told.await.unwrap());
    }

    pub async fn progress(&self, provider: Provider) -> Progress {
        let all = self.memory.list_progress().await.unwrap();
        let own = all.iter().find(|(name, _)| name == provider.as_str());
        let text = own
            .map(|(_, text)| text.as_str())
            .filter(|text| !text.is_empty());
        text.map(|text| serde_json::from_str(text).unwrap())
            .unwrap_or_default()
    }

    /// Waits until so many events are settled.
    #[track_caller]
    pub fn settled(&self, provider: Provider, count: u64) -> impl Future<Output = Progress> {
        let rig = self.clone();
        let what = format!("{count} settled by {}", provider.as_str());
        async move {
            wait(&what, async || {
                let progress = rig.progress(provider).await;
                (progress.settled() == count).then_some(progress)
            })
            .await
        }
    }
}

/// Asks until there is an answer.
pub async fn wait<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = ask().await {
            return found;
        }
        assert!(Instant::now() < end, "{what}: not within {PATIENCE:?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Each event came, and what came twice came under one id.
pub fn check_all_came(
    outlet: &Outlet,
    is_taken: impl Fn(&cognobserve_servers::outlet::Received) -> bool,
    expected: usize,
) {
    let taken = outlet.received().into_iter().filter(is_taken);
    let mut ids: Vec<String> = taken.flat_map(|request| request.ids()).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), expected);
}
