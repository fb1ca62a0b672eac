//! The listening loop: connections in, requests to the router, a graceful end.
//!
//! Bounds what a connection may cost before it has shown a request: time for its head, and
//! nothing else. On shutdown requests that are under way are answered, up to a limit.
use crate::auth::address::Peer;
use axum::{Extension, Router};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use std::future::Future;
use std::io;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};

/// Time for a request's head, and so also the longest rest between two requests.
const HEAD_PATIENCE: Duration = Duration::from_secs(75);
/// How long a shutdown waits for requests that are under way.
const DRAIN_PATIENCE: Duration = Duration::from_secs(30);
/// Pause after an accept that failed for lack of file descriptors or memory.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Serves until `shutdown` is ready, then lets open requests finish. What they submitted is
/// committed before they are answered; drain the queue afterwards for those that went away.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    shutdown: impl Future<Output = ()> + Send,
) -> io::Result<()> {
    let connections = GracefulShutdown::new();
    tokio::pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut shutdown => break,
        };
        match accepted {
            Ok((stream, peer)) => {
                let router = router.clone().layer(Extension(Peer(peer.ip())));
                serve_connection(stream, router, &connections);
            }
            Err(error) if is_of_connection(&error) => {}
            Err(error) => {
                tracing::warn!(%error, "can't accept connections");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(listener);
    if tokio::time::timeout(DRAIN_PATIENCE, connections.shutdown())
        .await
        .is_err()
    {
        tracing::warn!("some requests did not end in time and were dropped");
    }
    Ok(())
}

fn serve_connection(stream: TcpStream, router: Router, connections: &GracefulShutdown) {
    // Answers are small and whole: waiting to fill a packet only adds delay.
    let _ = stream.set_nodelay(true);
    let service = TowerToHyperService::new(router);
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_PATIENCE)
        .serve_connection(TokioIo::new(stream), service);
    let connection = connections.watch(connection);
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            // Clients come and go; this is no fault of the server's.
            tracing::debug!(%error, "a connection ended early");
        }
    });
}

/// Errors of one connection that was gone before it was accepted.
fn is_of_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset
    )
}
