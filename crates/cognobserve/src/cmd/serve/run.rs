//! The life of a server process: listen, work, stop in order.
use super::retention::keep_retention;
use crate::assemble::{self, Parts, Store};
use crate::telemetry::start_delivery;
use anyhow::Context;
use cognobserve_server::config::{Config, Role, Secret};
use cognobserve_server::events::link_awaited_sessions;
use cognobserve_server::{Site, build_router, serve};
use cognobserve_telemetry::edition::Edition;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

/// How long the end waits for answers of providers; what was not sent stays in the log.
const TELEMETRY_FAREWELL: Duration = Duration::from_secs(3);

/// Takes the address before anything else is touched.
pub async fn bind(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address)
        .await
        .with_context(|| format!("cannot listen on {address}: give another address with --listen"))
}

/// The URL for links and cookies: as set, else that of the address.
pub fn find_public_url(config: &Config, address: SocketAddr) -> String {
    let set = config.public_url.clone();
    set.unwrap_or_else(|| find_local_url(address))
}

/// The URL on this machine.
pub fn find_local_url(mut address: SocketAddr) -> String {
    // Nobody can connect to "any address".
    if address.ip().is_unspecified() {
        address.set_ip(Ipv4Addr::LOCALHOST.into());
    }
    format!("http://{address}")
}

/// Serves until SIGTERM or SIGINT, then answers and commits what was taken. `demo_password`:
/// all data is made up, and this opens it.
pub async fn serve_until_stopped(
    store: Store,
    config: &Config,
    listener: TcpListener,
    demo_password: Option<Secret>,
) -> anyhow::Result<()> {
    let is_demo = demo_password.is_some();
    let site = Site {
        public_url: find_public_url(config, listener.local_addr()?),
        trusted_proxies: config.trusted_proxies.clone(),
        demo_password,
    };
    let Parts { state, consumer } = assemble::build_parts(&store, config, site).await?;
    let queue = state.queue.clone();
    let mut stop = Stop::listen()?;
    let (stop_worker, stopped) = watch::channel(false);
    let worker = consumer.map(|consumer| tokio::spawn(async move { consumer.run(stopped).await }));
    let is_worker = config.roles.contains(Role::Worker);
    // What is made up is told to nobody.
    let delivery = match is_worker && !is_demo {
        true => start_delivery(&store, config, &state.telling),
        false => None,
    };
    let event_days = config.telemetry.retention_days;
    let retention = is_worker.then(|| {
        let events = store.events();
        tokio::spawn(keep_retention(store.clone(), events, event_days))
    });
    // Where nobody is named, no session is.
    let is_anonymous = config.telemetry.edition == Edition::OpenSource;
    let sessions = (is_worker && !is_anonymous).then(|| {
        let events = store.events();
        tokio::spawn(link_awaited_sessions(events, store))
    });
    let shutdown = async move {
        let name = stop.wait().await;
        tracing::info!(signal = name, "stopping: finishing what was taken");
        // Who goes on booking takes no more than it has.
        let _ = stop_worker.send(true);
        tokio::spawn(async move {
            let name = stop.wait().await;
            tracing::warn!(signal = name, "stopping at once");
            std::process::exit(1);
        });
    };
    let router = build_router(state, &config.roles);
    let served = serve(listener, router, shutdown).await;
    queue.drain().await;
    if let Some(worker) = worker
        && let Err(error) = worker.await
    {
        tracing::error!(%error, "the worker did not end well");
    }
    for background in [retention, sessions].into_iter().flatten() {
        background.abort();
    }
    if let Some(delivery) = delivery {
        delivery.shutdown(TELEMETRY_FAREWELL).await;
    }
    served.context("the server ended")?;
    tracing::info!("stopped");
    Ok(())
}

/// The signals that end a server.
pub struct Stop {
    terminate: Signal,
    interrupt: Signal,
}

impl Stop {
    pub fn listen() -> anyhow::Result<Stop> {
        let catch = |kind| signal(kind).context("cannot listen for signals");
        Ok(Stop {
            terminate: catch(SignalKind::terminate())?,
            interrupt: catch(SignalKind::interrupt())?,
        })
    }

    /// Waits for one and names it.
    pub async fn wait(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}
