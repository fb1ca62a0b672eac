//! A provider's server on this machine for a story: one answer for all until told otherwise, and waiting for events.
use super::wait::wait_until;
use cognobserve_servers::outlet::{self, Reaction, Received};
use serde_json::Value;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering::Relaxed};
use std::time::Duration;

pub struct Outlet {
    pub url: String,
    server: outlet::Outlet,
    status: Arc<AtomicU16>,
}

impl Outlet {
    pub fn open() -> Outlet {
        Outlet::open_with(|_| Reaction::Answer(200, "{}".to_owned()))
    }

    /// `react` answers where the status is 200.
    pub fn open_with(mut react: impl FnMut(&Received) -> Reaction + Send + 'static) -> Outlet {
        let status = Arc::new(AtomicU16::new(200));
        let told = status.clone();
        let server = outlet::Outlet::open(move |request| match told.load(Relaxed) {
            200 => react(request),
            status => Reaction::Answer(status, "{}".to_owned()),
        });
        Outlet {
            url: server.url.clone(),
            server,
            status,
        }
    }

    /// What it answers from now on.
    pub fn answer(&self, status: u16) {
        self.status.store(status, Relaxed);
    }

    pub fn received(&self) -> Vec<Received> {
        self.server.received()
    }

    /// Waits for so many events; all requests' events in order.
    #[track_caller]
    pub fn wait_for(&self, count: usize) -> Vec<Value> {
        let found = wait_until(Duration::from_secs(20), || {
            let events: Vec<Value> = self.received().iter().flat_map(Received::events).collect();
            (events.len() >= count).then_some(events)
        });
        let bodies = || -> Vec<String> { self.received().into_iter().map(|it| it.body).collect() };
        found.unwrap_or_else(|| panic!("not {count} events: {:?}", bodies()))
    }
}
