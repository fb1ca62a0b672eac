//! A server that takes batches as the real one does, and misbehaves as it is told to.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use flate2::read::GzDecoder;
use serde_json::{Value, json};

use super::wait_until;

/// What one request is answered with; after those that are given everything is taken.
#[derive(Clone)]
pub enum Reply {
    Take,
    Status(u16, &'static str, &'static str),
    Refuse(usize),
    LargerThan(usize),
    BreakOff,
    Hang,
    /// Takes it after so many milliseconds.
    Slow(u64),
    /// Takes it when this is true.
    When(Arc<AtomicBool>),
}

pub struct Request {
    pub head: String,
    pub body: Value,
    pub at: Instant,
}

#[derive(Default)]
struct State {
    requests: Mutex<Vec<Request>>,
    replies: Mutex<VecDeque<Reply>>,
    always: Mutex<Option<Reply>>,
    connections: Mutex<Vec<TcpStream>>,
    is_stopped: AtomicBool,
}

pub struct Receiver {
    pub port: u16,
    state: Arc<State>,
    thread: Option<JoinHandle<()>>,
}

impl Receiver {
    pub fn start(port: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::<State>::default();
        let inner = state.clone();
        let thread = thread::spawn(move || {
            for stream in listener.incoming() {
                if inner.is_stopped.load(Ordering::SeqCst) {
                    return;
                }
                let (stream, state) = (stream.unwrap(), inner.clone());
                state
                    .connections
                    .lock()
                    .unwrap()
                    .push(stream.try_clone().unwrap());
                thread::spawn(move || drop(serve(stream, &state)));
            }
        });
        Self {
            port,
            state,
            thread: Some(thread),
        }
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub fn reply(&self, replies: impl IntoIterator<Item = Reply>) {
        self.state.replies.lock().unwrap().extend(replies);
    }

    pub fn always(&self, reply: Reply) {
        *self.state.always.lock().unwrap() = Some(reply);
    }

    pub fn requests(&self) -> std::sync::MutexGuard<'_, Vec<Request>> {
        self.state.requests.lock().unwrap()
    }

    pub fn bodies(&self) -> Vec<Value> {
        self.requests()
            .iter()
            .map(|request| request.body.clone())
            .collect()
    }

    pub fn traces(&self) -> Vec<Value> {
        let bodies = self.bodies();
        bodies
            .iter()
            .flat_map(|body| list(body, "traces"))
            .collect()
    }

    pub fn events(&self) -> Vec<Value> {
        let bodies = self.bodies();
        bodies
            .iter()
            .flat_map(|body| list(body, "events"))
            .collect()
    }

    pub fn spans(&self) -> Vec<Value> {
        self.traces()
            .iter()
            .flat_map(|trace| trace["spans"].as_array().unwrap().clone())
            .collect()
    }

    pub fn wait_for(&self, count: usize) {
        wait_until("requests", || self.requests().len() >= count);
    }

    pub fn stop(&mut self) {
        let Some(thread) = self.thread.take() else {
            return;
        };
        self.state.is_stopped.store(true, Ordering::SeqCst);
        drop(TcpStream::connect(("127.0.0.1", self.port)));
        thread.join().unwrap();
        for connection in self.state.connections.lock().unwrap().drain(..) {
            drop(connection.shutdown(Shutdown::Both));
        }
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.stop();
    }
}

fn serve(stream: TcpStream, state: &State) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut writer = stream;
    loop {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if reader.read_line(&mut head)? == 0 {
                return Ok(());
            }
        }
        let head = head.to_lowercase();
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
        let mut raw = vec![0; length.unwrap_or(0)];
        reader.read_exact(&mut raw)?;
        if head.contains("content-encoding: gzip") {
            let mut plain = Vec::new();
            GzDecoder::new(raw.as_slice()).read_to_end(&mut plain)?;
            raw = plain;
        }
        let body: Value = serde_json::from_slice(&raw).unwrap();
        state.requests.lock().unwrap().push(Request {
            head,
            body: body.clone(),
            at: Instant::now(),
        });
        let reply = state.replies.lock().unwrap().pop_front();
        let reply = reply
            .or(state.always.lock().unwrap().clone())
            .unwrap_or(Reply::Take);
        let count = list_wholes(&body).len();
        let (status, headers, text) = match reply {
            Reply::Take => (202, "", take(&body, 0)),
            Reply::Slow(millis) => {
                thread::sleep(Duration::from_millis(millis));
                (202, "", take(&body, 0))
            }
            Reply::When(is_time) => {
                wait_until("the time to answer", || is_time.load(Ordering::SeqCst));
                (202, "", take(&body, 0))
            }
            Reply::Refuse(refused) => (202, "", take(&body, refused)),
            Reply::LargerThan(most) if count <= most => (202, "", take(&body, 0)),
            Reply::LargerThan(_) => (413, "", "{}".to_owned()),
            Reply::Status(status, headers, text) => (status, headers, text.to_owned()),
            Reply::BreakOff => {
                writer.write_all(b"HTTP/1.1 202 Accepted\r\ncontent-length: 100\r\n\r\n{\"res")?;
                return writer.shutdown(Shutdown::Both);
            }
            Reply::Hang => {
                while !state.is_stopped.load(Ordering::SeqCst) {
                    thread::sleep(Duration::from_millis(5));
                }
                return Ok(());
            }
        };
        let length = text.len();
        write!(
            writer,
            "HTTP/1.1 {status} X\r\ncontent-length: {length}\r\n{headers}\r\n{text}"
        )?;
        writer.flush()?;
    }
}

fn list(body: &Value, name: &str) -> Vec<Value> {
    body[name].as_array().cloned().unwrap_or_default()
}

/// What an answer has a result for each of.
fn list_wholes(body: &Value) -> Vec<Value> {
    [list(body, "traces"), list(body, "events")].concat()
}

fn take(body: &Value, refused: usize) -> String {
    let results: Vec<Value> = list_wholes(body)
        .iter()
        .enumerate()
        .map(|(at, one)| match at < refused {
            true => json!({"success": false, "error": {"code": "user_id_too_long", "message": "too long"}}),
            false => json!({"trace_id": one["trace_id"], "event_id": one["event_id"], "success": true, "warnings": []}),
        })
        .collect();
    json!({"results": results}).to_string()
}
