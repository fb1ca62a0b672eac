//! The life of a server process: listen, work, stop in order.
use super::retention::keep_retention;
use crate::assemble::{self, Store};
use anyhow::Context;
use cognobserve_server::config::Limits;
use cognobserve_server::{build_router, serve};
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Takes the address before anything else is touched.
pub async fn bind(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address)
        .await
        .with_context(|| format!("cannot listen on {address}: give another address with --listen"))
}

/// Serves until SIGTERM or SIGINT, then answers and commits what was taken.
pub async fn serve_until_stopped(
    store: Store,
    limits: &Limits,
    listener: TcpListener,
) -> anyhow::Result<()> {
    let state = assemble::build_state(&store, limits).await?;
    let queue = state.queue.clone();
    let mut stop = Stop::listen()?;
    let retention = tokio::spawn(keep_retention(Arc::new(store)));
    let shutdown = async move {
        let name = stop.wait().await;
        tracing::info!(signal = name, "stopping: finishing what was taken");
        tokio::spawn(async move {
            let name = stop.wait().await;
            tracing::warn!(signal = name, "stopping at once");
            std::process::exit(1);
        });
    };
    let served = serve(listener, build_router(state), shutdown).await;
    queue.drain().await;
    retention.abort();
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
