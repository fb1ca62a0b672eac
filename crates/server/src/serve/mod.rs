//! The listening loop: connections in, requests to the router, a graceful end.
//!
//! One port for HTTP/1.1 and HTTP/2 (by prior knowledge, as gRPC speaks it). Bounds what a connection may cost before
//! it has shown a request, and how long it may rest. On shutdown requests that are under way are answered, up to a limit.
mod activity;

use crate::auth::address::Peer;
use activity::{Activity, Busy};
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Uri, header};
use axum::response::Response;
use axum::{Extension, Router};
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tower::ServiceExt;

/// Time for a request's head, and also the longest rest between two requests.
const HEAD_PATIENCE: Duration = Duration::from_secs(75);
/// How long a connection that rests may take to end after it was asked to.
const GOODBYE_PATIENCE: Duration = Duration::from_secs(10);
/// How long a shutdown waits for requests that are under way.
const DRAIN_PATIENCE: Duration = Duration::from_secs(30);
/// Pause after an accept that failed for lack of file descriptors or memory.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// An HTTP/2 peer that is silent for so long is asked whether it is there,
const PING_INTERVAL: Duration = Duration::from_secs(30);
/// and has so long to say yes.
const PING_PATIENCE: Duration = Duration::from_secs(20);
/// Requests at once on one HTTP/2 connection: the fewest that its standard advises.
const MAX_STREAMS: u32 = 100;
/// A request's head over HTTP/2.
const MAX_HEAD_BYTES: u32 = 16 << 10;
/// Bodies that were not read yet, of a connection and of each of its requests; the rest waits with its sender.
const WINDOW_BYTES: u32 = 1 << 20;
/// Of an answer that its reader does not read; the rest waits in its maker.
const MAX_UNSENT_BYTES: usize = 64 << 10;
/// Requests taken back before they were looked at; who takes back more is cut off.
const MAX_TAKEN_BACK: usize = 20;

/// Serves until `shutdown` is ready, then lets open requests finish. What they submitted is
/// committed before they are answered; drain the queue afterwards for those that went away.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    shutdown: impl Future<Output = ()> + Send,
) -> io::Result<()> {
    // Each connection holds a receiver for as long as it lives.
    let (stop, stopped) = watch::channel(false);
    tokio::pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut shutdown => break,
        };
        match accepted {
            Ok((stream, peer)) => {
                let router = router.clone().layer(Extension(Peer(peer.ip())));
                tokio::spawn(serve_connection(stream, router, stopped.clone()));
            }
            Err(error) if is_of_connection(&error) => {}
            Err(error) => {
                tracing::warn!(%error, "can't accept connections");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop((listener, stopped));
    stop.send_replace(true);
    if tokio::time::timeout(DRAIN_PATIENCE, stop.closed())
        .await
        .is_err()
    {
        tracing::warn!("some requests did not end in time and were dropped");
    }
    Ok(())
}

/// What a connection may do and cost. All of it is set here, so that a new version of the library changes nothing.
fn configure() -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_PATIENCE);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(PING_INTERVAL)
        .keep_alive_timeout(PING_PATIENCE)
        .max_concurrent_streams(MAX_STREAMS)
        .max_header_list_size(MAX_HEAD_BYTES)
        .initial_connection_window_size(WINDOW_BYTES)
        .initial_stream_window_size(WINDOW_BYTES)
        .max_send_buf_size(MAX_UNSENT_BYTES)
        .max_pending_accept_reset_streams(MAX_TAKEN_BACK);
    builder
}

async fn serve_connection(stream: TcpStream, router: Router, mut stopped: watch::Receiver<bool>) {
    // Answers are small and whole: waiting to fill a packet only adds delay.
    let _ = stream.set_nodelay(true);
    let activity = Arc::new(Activity::default());
    let service = hyper::service::service_fn({
        let activity = activity.clone();
        move |request| answer(router.clone(), request, activity.begin())
    });
    let builder = configure();
    let connection = builder.serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    let mut ended = tokio::select! {
        ended = connection.as_mut() => Some(ended),
        // It changes once; that the sender is gone means the same.
        _ = stopped.changed() => None,
        () = activity.rest(HEAD_PATIENCE) => None,
    };
    if ended.is_none() {
        connection.as_mut().graceful_shutdown();
        ended = tokio::select! {
            ended = connection => Some(ended),
            // Whoever has a request under way gets its answer first.
            () = activity.rest(GOODBYE_PATIENCE) => None,
        };
    }
    if let Some(Err(error)) = ended {
        // Clients come and go; this is no fault of the server's.
        tracing::debug!(%error, "a connection ended early");
    }
}

async fn answer(
    router: Router,
    mut request: Request<Incoming>,
    busy: Busy,
) -> Result<Response, Infallible> {
    look_alike(&mut request);
    let response = router.oneshot(request.map(Body::new)).await?;
    Ok(response.map(|body| Body::new(busy.until_sent(body))))
}

/// HTTP/2 says the host in the address, and may say cookies one by one; behind this line all is where HTTP/1.1 says it.
fn look_alike<B>(request: &mut Request<B>) {
    join_cookies(request.headers_mut());
    let Some(authority) = request.uri().authority() else {
        return;
    };
    if let Ok(host) = HeaderValue::from_str(authority.as_str()) {
        request.headers_mut().entry(header::HOST).or_insert(host);
    }
    if let Some(path) = request.uri().path_and_query().cloned() {
        *request.uri_mut() = Uri::from(path);
    }
}

fn join_cookies(headers: &mut HeaderMap) {
    let crumbs: Vec<&[u8]> = headers
        .get_all(header::COOKIE)
        .iter()
        .map(HeaderValue::as_bytes)
        .collect();
    if crumbs.len() < 2 {
        return;
    }
    if let Ok(whole) = HeaderValue::from_bytes(&crumbs.join(&b"; "[..])) {
        headers.insert(header::COOKIE, whole);
    }
}

/// Errors of one connection that was gone before it was accepted.
fn is_of_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_versions_look_alike() {
        let request = Request::get("http://observe.example:4100/users?q=a%20b")
            .header("cookie", "a=1")
            .header("cookie", "b=2; c=3");
        let mut request = request.body(()).unwrap();
        look_alike(&mut request);
        assert_eq!(request.uri(), "/users?q=a%20b");
        assert_eq!(request.headers()["host"], "observe.example:4100");
        let cookies: Vec<_> = request.headers().get_all("cookie").iter().collect();
        assert_eq!(cookies, ["a=1; b=2; c=3"]);
        // What HTTP/1.1 says stays.
        let mut request = Request::get("/x").header("host", "h").body(()).unwrap();
        look_alike(&mut request);
        assert_eq!(
            (request.uri().path(), &request.headers()["host"]),
            ("/x", &HeaderValue::from_static("h"))
        );
    }
}
