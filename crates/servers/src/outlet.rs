//! A provider's server on this machine: keeps the bytes that it gets, and answers as it is told.
use flate2::read::GzDecoder;
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// A request as it came.
#[derive(Clone)]
pub struct Received {
    pub at: Instant,
    pub path: String,
    /// Its first line and headers.
    pub head: String,
    pub is_packed: bool,
    /// Unpacked.
    pub body: String,
}

impl Received {
    /// # Panics
    /// If it is none.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("JSON")
    }

    /// Its events, whichever provider's they are.
    ///
    /// # Panics
    /// If it has none.
    pub fn events(&self) -> Vec<Value> {
        let body = self.json();
        let events = body.get("batch").unwrap_or(&body["events"]);
        events.as_array().expect("events").clone()
    }

    /// What repeats are told by.
    ///
    /// # Panics
    /// If an event has none.
    pub fn ids(&self) -> Vec<String> {
        let id = |event: &Value| {
            let id = event.get("insert_id").unwrap_or(&event["uuid"]);
            id.as_str().expect("an id").to_owned()
        };
        self.events().iter().map(id).collect()
    }
}

/// What the server does with a request.
pub enum Reaction {
    Answer(u16, String),
    /// With more lines in the head.
    With(u16, String, String),
    Hang,
    /// Ends the connection without a word.
    Cut,
}

/// What each provider says when all is well.
pub fn taken() -> Reaction {
    Reaction::Answer(200, r#"{"code":200,"success":true}"#.to_owned())
}

const FREE: &str = "nobody panicked";

type React = dyn FnMut(&Received) -> Reaction + Send;

pub struct Outlet {
    pub url: String,
    received: Arc<Mutex<Vec<Received>>>,
}

impl Outlet {
    /// Serves until the process ends; `react` decides of one request at a time, before it is kept.
    ///
    /// # Panics
    /// Without a free port.
    pub fn open(react: impl FnMut(&Received) -> Reaction + Send + 'static) -> Outlet {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let received = Arc::new(Mutex::new(Vec::new()));
        let react: Arc<Mutex<Box<React>>> = Arc::new(Mutex::new(Box::new(react)));
        let log = received.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (react, log) = (react.clone(), log.clone());
                std::thread::spawn(move || serve(stream, &react, &log));
            }
        });
        Outlet { url, received }
    }

    /// So far, in order.
    ///
    /// # Panics
    /// If a reaction panicked.
    pub fn received(&self) -> Vec<Received> {
        self.received.lock().expect(FREE).clone()
    }
}

fn serve(
    mut stream: TcpStream,
    react: &Mutex<Box<React>>,
    log: &Mutex<Vec<Received>>,
) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let path = line.split(' ').nth(1)?.to_owned();
    let (mut length, mut is_packed, mut head) = (0, false, line.clone());
    loop {
        line.clear();
        reader.read_line(&mut line).ok()?;
        let field = line.trim().to_ascii_lowercase();
        if field.is_empty() {
            break;
        }
        head += &line;
        if let Some(value) = field.strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
        is_packed |= field == "content-encoding: gzip";
    }
    let mut bytes = vec![0; length];
    reader.read_exact(&mut bytes).ok()?;
    let mut body = String::new();
    match is_packed {
        true => GzDecoder::new(&bytes[..]).read_to_string(&mut body).ok()?,
        false => (&bytes[..]).read_to_string(&mut body).ok()?,
    };
    let request = Received {
        at: Instant::now(),
        path,
        head,
        is_packed,
        body,
    };
    let reaction = react.lock().expect(FREE)(&request);
    log.lock().expect(FREE).push(request);
    let (status, head, body) = match reaction {
        Reaction::Answer(status, body) => (status, String::new(), body),
        Reaction::With(status, head, body) => (status, head, body),
        Reaction::Hang => {
            std::thread::sleep(Duration::from_secs(60));
            return None;
        }
        Reaction::Cut => return None,
    };
    let length = body.len();
    let answer = format!(
        "HTTP/1.1 {status} X\r\nConnection: close\r\nContent-Length: {length}\r\n{head}\r\n{body}"
    );
    stream.write_all(answer.as_bytes()).ok()
}
