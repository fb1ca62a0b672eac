//! A service of a developer's whose end users keep memories: who calls is known by CognObserve, what they do is captured
//! there, and no answer waits for that. `COGNOBSERVE_ENDPOINT` says where CognObserve is, `MEMORY_LISTEN` where this is.
#![forbid(unsafe_code)]

mod client;
mod delivery;
mod memories;
mod telemetry;
#[cfg(test)]
mod tests;

use client::Client;
use memories::Service;
use std::env::var;
use std::error::Error;
use std::time::Duration;
use telemetry::Telemetry;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::timeout;

/// For what was captured and is not sent yet, at the end.
const LAST_WORDS: Duration = Duration::from_secs(5);

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let endpoint = var("COGNOBSERVE_ENDPOINT").unwrap_or("http://127.0.0.1:4100".to_owned());
    let listen = var("MEMORY_LISTEN").unwrap_or("127.0.0.1:4200".to_owned());
    let client = Client::new(&endpoint);
    let (telemetry, sender) = Telemetry::start(client.clone());
    let listener = TcpListener::bind(&listen).await?;
    println!("memories are kept at http://{}", listener.local_addr()?);
    let (mut stop, mut interrupt) = (
        signal(SignalKind::terminate())?,
        signal(SignalKind::interrupt())?,
    );
    axum::serve(listener, Service::new(client, telemetry).into_router())
        .with_graceful_shutdown(async move {
            tokio::select! { _ = stop.recv() => {}, _ = interrupt.recv() => {} }
        })
        .await?;
    // With the router the last caller is gone: the sender ends after what waits.
    if timeout(LAST_WORDS, sender).await.is_err() {
        eprintln!("not all that was captured could be sent");
    }
    Ok(())
}
