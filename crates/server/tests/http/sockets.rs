//! The listening loop with real connections: keep-alive, refused bodies, a graceful end.
use crate::app::App;
use cognobserve_server::serve;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

pub struct Served {
    pub app: App,
    pub address: SocketAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<std::io::Result<()>>,
}

pub async fn start() -> Served {
    let app = App::start().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let router = app.router.clone();
    let task = tokio::spawn(serve(listener, router, async move { drop(stopped.await) }));
    Served {
        app,
        address,
        stop,
        task,
    }
}

fn head(key: &str, length: usize) -> String {
    format!(
        "POST /v1/traces HTTP/1.1\r\nhost: x\r\nx-api-key: {key}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n"
    )
}

/// Reads one answer: its status and body.
async fn read_answer(stream: &mut TcpStream) -> (u16, String) {
    let mut text = Vec::new();
    loop {
        let mut chunk = [0; 4096];
        let n = stream.read(&mut chunk).await.unwrap();
        assert_ne!(n, 0, "closed: {}", String::from_utf8_lossy(&text));
        text.extend_from_slice(&chunk[..n]);
        let so_far = String::from_utf8_lossy(&text).into_owned();
        let Some((head, body)) = so_far.split_once("\r\n\r\n") else {
            continue;
        };
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "))
            .unwrap();
        if body.len() >= length.parse().unwrap() {
            return (so_far[9..12].parse().unwrap(), body.to_owned());
        }
    }
}

#[tokio::test]
async fn a_request_under_way_is_answered_before_the_end() {
    let served = start().await;
    let mut stream = TcpStream::connect(served.address).await.unwrap();
    let body = r#"{"trace_id":"t","name":"slow"}"#;
    stream
        .write_all(head(&served.app.key, body.len()).as_bytes())
        .await
        .unwrap();
    stream.write_all(&body.as_bytes()[..10]).await.unwrap();
    // Connections are accepted in order: when a later one is answered, this one is in.
    let mut idle = TcpStream::connect(served.address).await.unwrap();
    idle.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n")
        .await
        .unwrap();
    assert_eq!(read_answer(&mut idle).await.0, 200);
    served.stop.send(()).unwrap();
    tokio::task::yield_now().await;
    stream.write_all(&body.as_bytes()[10..]).await.unwrap();
    assert_eq!(read_answer(&mut stream).await.0, 202);
    served.task.await.unwrap().unwrap();
    served.app.queue.drain().await;
    served.app.get("/v1/traces/t").await.expect(200);
    assert!(TcpStream::connect(served.address).await.is_err());
}

#[tokio::test]
async fn a_client_that_sends_too_much_gets_to_read_why() {
    let served = start().await;
    let mut stream = TcpStream::connect(served.address).await.unwrap();
    let length = 70 << 20;
    stream
        .write_all(head(&served.app.key, length).as_bytes())
        .await
        .unwrap();
    let chunk = vec![b'x'; 1 << 20];
    for _ in 0..70 {
        stream.write_all(&chunk).await.unwrap();
    }
    let (status, body) = read_answer(&mut stream).await;
    assert_eq!(status, 413, "{body}");
    stream
        .write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n")
        .await
        .unwrap();
    assert_eq!(
        read_answer(&mut stream).await.0,
        200,
        "the connection is still good"
    );
    drop(stream);
    served.stop.send(()).unwrap();
    served.task.await.unwrap().unwrap();
}

/// Virtual time goes on whenever nobody has anything to do.
#[tokio::test(start_paused = true)]
async fn who_shows_no_request_is_shown_out() {
    let served = start().await;
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    let settings = b"\0\0\0\x04\0\0\0\0\0";
    let whole = [&preface[..], settings].concat();
    // The start of a head that never ends, by its first of two frames.
    let headers = b"\0\0\x01\x01\0\0\0\0\x01\x83";
    let unfinished = [&whole[..], headers].concat();
    for opening in [&b""[..], b"GET / HT", &preface[..10], &whole, &unfinished] {
        let began = tokio::time::Instant::now();
        let mut stream = TcpStream::connect(served.address).await.unwrap();
        stream.write_all(opening).await.unwrap();
        let mut said = Vec::new();
        // It may be cut off rather than closed.
        let _ = stream.read_to_end(&mut said).await;
        let rested = began.elapsed().as_secs();
        assert!((40..200).contains(&rested), "{opening:?}: {rested} s");
    }
    served.stop.send(()).unwrap();
    served.task.await.unwrap().unwrap();
}

/// A peer of HTTP/2 that rests, and does not even say goodbye, does not hold up the end.
#[tokio::test(start_paused = true)]
async fn a_resting_connection_does_not_hold_up_the_end() {
    let served = start().await;
    let mut stream = TcpStream::connect(served.address).await.unwrap();
    let opening = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
    stream.write_all(opening).await.unwrap();
    let mut said = [0; 9];
    stream.read_exact(&mut said).await.unwrap();
    let began = tokio::time::Instant::now();
    served.stop.send(()).unwrap();
    served.task.await.unwrap().unwrap();
    assert!(began.elapsed().as_secs() <= 12, "{:?}", began.elapsed());
}
