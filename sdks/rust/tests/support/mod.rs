//! What the tests share: one at a time, a server that misbehaves as told, and the golden requests.
#![allow(dead_code)]

pub mod examples;
pub mod fixtures;
pub mod project;
pub mod real_server;
pub mod receiver;
#[cfg(feature = "tracing")]
pub mod subscribed;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use cognobserve_sdk::{Client, Config, init, set_user};
use receiver::Receiver;

static ALONE: Mutex<()> = Mutex::new(());

/// A client of the process and its server. The SDK's client is global, so one test runs at a time.
pub struct Stage {
    pub client: Option<Client>,
    pub server: Receiver,
    pub warnings: Arc<Mutex<Vec<String>>>,
    _alone: MutexGuard<'static, ()>,
}

pub fn start(change: impl FnOnce(Config) -> Config) -> Stage {
    let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    set_user(None);
    let server = Receiver::start(0);
    let mut stage = Stage {
        client: None,
        server,
        warnings: Arc::default(),
        _alone: alone,
    };
    stage.restart(change);
    stage
}

impl Stage {
    /// Another client, for the same server.
    pub fn restart(&mut self, change: impl FnOnce(Config) -> Config) {
        self.client = None;
        let warnings = self.warnings.clone();
        let config = Config::new()
            .api_key("k")
            .endpoint(self.server.url())
            .on_warning(move |warning| warnings.lock().unwrap().push(warning.to_owned()));
        self.client = Some(init(change(config)));
    }

    pub fn client(&self) -> &Client {
        self.client.as_ref().unwrap()
    }

    pub fn flush(&self) {
        assert!(self.client().flush(Duration::from_secs(20)));
    }

    pub fn warnings(&self) -> Vec<String> {
        self.warnings.lock().unwrap().clone()
    }
}

pub fn wait_until(what: &str, mut is_there: impl FnMut() -> bool) {
    let started = Instant::now();
    while !is_there() {
        assert!(
            started.elapsed() < Duration::from_secs(30),
            "in vain waited for: {what}"
        );
        std::thread::sleep(Duration::from_millis(5));
    }
}
