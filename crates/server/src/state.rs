//! What handlers reach: the ports, the queue, and the state that requests share.
use crate::auth::GrantCache;
use crate::auth::password::Passwords;
use crate::auth::throttle::Throttle;
use crate::config::{Secret, TrustedProxies};
use crate::events::{EventQueue, RelayGate, Telling};
use crate::metrics::Metrics;
use crate::worker::{ArrivalClock, Hall};
use cognobserve_ports::{Accounts, Events, Ledger, People, Reports};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

/// Bounds of single requests. The queue has its own, see [`crate::worker::QueueLimits`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Of a body, before and after decompression.
    pub max_body_bytes: usize,
    /// Bodies larger than this (compressed: an eighth) are decoded off the runtime's threads.
    pub offload_bytes: usize,
    /// How long a client may pause inside a body.
    pub body_patience: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            max_body_bytes: 64 << 20,
            offload_bytes: 256 << 10,
            body_patience: Duration::from_secs(30),
        }
    }
}

/// Who looks at a demo.
pub const DEMO_EMAIL: &str = "demo@example.com";

/// Where the server is, as browsers see it.
#[derive(Clone, Debug)]
pub struct Site {
    /// Without a trailing slash.
    pub public_url: String,
    pub trusted_proxies: TrustedProxies,
    /// All data is made up; the password of its account [`DEMO_EMAIL`], which its link does not ask for.
    pub demo_password: Option<Secret>,
}

impl Default for Site {
    fn default() -> Self {
        Site {
            public_url: "http://127.0.0.1:4100".into(),
            trusted_proxies: TrustedProxies::default(),
            demo_password: None,
        }
    }
}

impl Site {
    /// The password, if the account of a demo is meant.
    pub fn find_demo_password(&self, email: &str) -> Option<&str> {
        let password = self.demo_password.as_ref().map(Secret::expose);
        password.filter(|_| email == DEMO_EMAIL)
    }

    /// Whether browsers come by https, whatever arrives here.
    pub fn is_https(&self) -> bool {
        self.public_url.starts_with("https://")
    }
}

/// What stands behind the server.
#[derive(Clone)]
pub struct Ports {
    pub accounts: Arc<dyn Accounts>,
    pub people: Arc<dyn People>,
    pub reports: Arc<dyn Reports>,
    pub ledger: Arc<dyn Ledger>,
    pub events: Arc<dyn Events>,
}

/// Everything a handler may use.
pub struct AppState {
    pub accounts: Arc<dyn Accounts>,
    pub people: Arc<dyn People>,
    pub reports: Arc<dyn Reports>,
    pub ledger: Arc<dyn Ledger>,
    pub events: Arc<dyn Events>,
    pub queue: Arc<dyn Hall>,
    pub limits: Limits,
    pub metrics: Arc<Metrics>,
    pub site: Site,
    pub telling: Telling,
    pub(crate) event_queue: EventQueue,
    pub(crate) relay_gate: RelayGate,
    pub(crate) passwords: Passwords,
    pub(crate) throttle: Throttle,
    pub(crate) grants: GrantCache,
    pub(crate) clock: ArrivalClock,
    /// Large bodies are decoded by as many threads as there are processors, no more.
    pub(crate) decoders: Semaphore,
}

impl AppState {
    /// `metrics` are those that the queue was started with; `clock` gives stamps after all
    /// that the ledger has. Must be called within a tokio runtime.
    pub fn new(
        ports: Ports,
        queue: Arc<dyn Hall>,
        limits: Limits,
        metrics: Arc<Metrics>,
        clock: ArrivalClock,
        site: Site,
        telling: Telling,
    ) -> Arc<AppState> {
        let event_queue = EventQueue::start(ports.events.clone(), telling.bell.clone());
        let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Arc::new(AppState {
            grants: GrantCache::new(ports.accounts.clone()),
            accounts: ports.accounts,
            people: ports.people,
            reports: ports.reports,
            ledger: ports.ledger,
            events: ports.events,
            queue,
            limits,
            metrics,
            site,
            event_queue,
            relay_gate: RelayGate::default(),
            telling,
            passwords: Passwords::default(),
            throttle: Throttle::default(),
            clock,
            decoders: Semaphore::new(processors),
        })
    }
}
