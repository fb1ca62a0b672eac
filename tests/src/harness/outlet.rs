//! A provider's server on this machine: answers as it is told to and keeps what it got.
use super::wait::wait_until;
use flate2::read::GzDecoder;
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicU16, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::Duration;

pub struct Outlet {
    pub url: String,
    received: Arc<Mutex<Vec<(String, String)>>>,
    status: Arc<AtomicU16>,
}

impl Outlet {
    pub fn open() -> Outlet {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let received: Arc<Mutex<Vec<(String, String)>>> = Arc::default();
        let status = Arc::new(AtomicU16::new(200));
        let (log, told) = (received.clone(), status.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if let Some(request) = read_request(&stream) {
                    log.lock().expect("no panic").push(request);
                }
                let status = told.load(Relaxed);
                let answer = format!(
                    "HTTP/1.1 {status} X\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{{}}"
                );
                // Whoever goes away reads no answer.
                let _ = (&stream).write_all(answer.as_bytes());
            }
        });
        Outlet {
            url,
            received,
            status,
        }
    }

    /// What it answers from now on.
    pub fn answer(&self, status: u16) {
        self.status.store(status, Relaxed);
    }

    /// Path and unpacked body of each request.
    pub fn received(&self) -> Vec<(String, String)> {
        self.received.lock().expect("no panic").clone()
    }

    /// Waits for so many events; all requests' events in order.
    #[track_caller]
    pub fn wait_for(&self, count: usize) -> Vec<Value> {
        let found = wait_until(Duration::from_secs(20), || {
            let events = self.events();
            (events.len() >= count).then_some(events)
        });
        found.unwrap_or_else(|| panic!("not {count} events: {:?}", self.received()))
    }

    fn events(&self) -> Vec<Value> {
        let bodies = self.received().into_iter();
        let events = bodies.map(|(_, body)| {
            let body: Value = serde_json::from_str(&body).expect("JSON");
            let events = body.get("batch").unwrap_or(&body["events"]);
            events.as_array().expect("events").clone()
        });
        events.flatten().collect()
    }
}

fn read_request(stream: &TcpStream) -> Option<(String, String)> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let path = line.split(' ').nth(1)?.to_owned();
    let (mut length, mut is_packed) = (0, false);
    loop {
        line.clear();
        reader.read_line(&mut line).ok()?;
        let head = line.trim().to_ascii_lowercase();
        if head.is_empty() {
            break;
        }
        if let Some(value) = head.strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
        is_packed |= head == "content-encoding: gzip";
    }
    let mut bytes = vec![0; length];
    reader.read_exact(&mut bytes).ok()?;
    let mut body = String::new();
    match is_packed {
        true => GzDecoder::new(&bytes[..]).read_to_string(&mut body).ok()?,
        false => (&bytes[..]).read_to_string(&mut body).ok()?,
    };
    Some((path, body))
}
