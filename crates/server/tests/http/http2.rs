//! HTTP/2 by hand: what a connection is told of its bounds, and what happens beyond them.
use crate::sockets::start;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// Kinds of frames.
const HEADERS: u8 = 1;
const RESET: u8 = 3;
const SETTINGS: u8 = 4;
const GOODBYE: u8 = 7;
const CONTINUATION: u8 = 9;
/// The reason why a request is refused before it was looked at.
const REFUSED: [u8; 4] = [0, 0, 0, 7];

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let size = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut bytes = size[1..].to_vec();
    bytes.extend([kind, flags]);
    bytes.extend(stream.to_be_bytes());
    bytes.extend(payload);
    bytes
}

/// A frame's kind and payload; none when the connection is closed.
async fn read_frame(stream: &mut TcpStream) -> Option<(u8, Vec<u8>)> {
    let mut head = [0; 9];
    stream.read_exact(&mut head).await.ok()?;
    let size = u32::from_be_bytes([0, head[0], head[1], head[2]]);
    let mut payload = vec![0; size as usize];
    stream.read_exact(&mut payload).await.ok()?;
    Some((head[3], payload))
}

async fn connect(address: std::net::SocketAddr) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let opening = [PREFACE, &frame(SETTINGS, 0, 0, b"")].concat();
    stream.write_all(&opening).await.unwrap();
    stream
}

#[tokio::test]
async fn a_connection_is_told_its_bounds() {
    let served = start().await;
    let mut stream = connect(served.address).await;
    let (kind, payload) = read_frame(&mut stream).await.unwrap();
    assert_eq!(kind, SETTINGS);
    let told: Vec<(u8, u32)> = payload
        .chunks(6)
        .map(|pair| (pair[1], u32::from_be_bytes(pair[2..].try_into().unwrap())))
        .collect();
    // Requests at once, unread bytes of each, bytes of a head.
    for setting in [(3, 100), (4, 1 << 20), (6, 16 << 10)] {
        assert!(told.contains(&setting), "{told:?}");
    }
}

/// They wait for bodies that never come; one more is sent back and the others stay.
#[tokio::test]
async fn more_requests_than_may_be_open_at_once_are_refused() {
    let served = start().await;
    let mut stream = connect(served.address).await;
    // By HPACK: POST, http, the path, the key.
    let mut head = vec![0x83, 0x86];
    let texts: [(&[u8], &str); 2] = [(&[0x04], "/v1/traces"), (&[0x00], "x-api-key")];
    for (prefix, text) in texts {
        head.extend(prefix);
        head.push(u8::try_from(text.len()).unwrap());
        head.extend(text.as_bytes());
    }
    head.push(u8::try_from(served.app.key.len()).unwrap());
    head.extend(served.app.key.as_bytes());
    let all: Vec<u8> = (0..110)
        .flat_map(|n| frame(HEADERS, 4, 2 * n + 1, &head))
        .collect();
    stream.write_all(&all).await.unwrap();
    let mut refused = 0;
    while let Ok(Some((kind, payload))) =
        timeout(Duration::from_secs(1), read_frame(&mut stream)).await
    {
        assert_ne!(kind, GOODBYE);
        if kind == RESET {
            assert_eq!(payload, REFUSED);
            refused += 1;
        }
    }
    assert_eq!(refused, 10);
}

#[tokio::test]
async fn a_head_without_end_ends_its_connection() {
    let served = start().await;
    let mut stream = connect(served.address).await;
    let fields = b"\x00\x01a\x01b".repeat(3_000);
    let mut sent_bytes = fields.len();
    let first = frame(HEADERS, 0, 1, &fields);
    stream.write_all(&first).await.unwrap();
    let more = frame(CONTINUATION, 0, 1, &fields);
    while sent_bytes < 64 << 20 && stream.write_all(&more).await.is_ok() {
        sent_bytes += fields.len();
    }
    // Some are on their way before the end is seen.
    assert!(sent_bytes < 32 << 20, "{sent_bytes}");
    let next = TcpStream::connect(served.address).await;
    assert!(next.is_ok(), "the others are served");
}
