//! What one observed call adds to its host: p50 and p99 with a server that is healthy, killed in between, absent, that
//! hangs, or answers 429 or 503.
//!
//! `cargo run --release --all-features --example overhead [calls]`

use std::hint::black_box;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use cognobserve_sdk::{
    Client, Config, Observe, TracingLayer, User, init, observe_sync, with_user_sync,
};
use flate2::read::GzDecoder;
use serde_json::{Value, json};
use tracing::info_span;
use tracing_subscriber::prelude::*;

struct Chat {
    messages: Value,
    answer: Value,
}

impl Chat {
    fn new() -> Self {
        let messages = json!([
            {"role": "system", "content": "You are a helpful assistant. ".repeat(20)},
            {"role": "user", "content": "How do I pay my invoice? ".repeat(10)},
        ]);
        let message = json!({"role": "assistant", "content": "Like this. ".repeat(40)});
        let answer = json!({
            "id": "chatcmpl-1", "object": "chat.completion", "model": "gpt-4o",
            "choices": [{"index": 0, "message": message}],
            "usage": {"prompt_tokens": 12, "completion_tokens": 3, "total_tokens": 15},
        });
        Self { messages, answer }
    }

    fn ask(&self) -> &Value {
        black_box(&self.messages);
        black_box(&self.answer)
    }

    fn ask_observed(&self) {
        let user = User::new("user-123")
            .name("John Doe")
            .attribute("plan", "pro");
        with_user_sync(user, || {
            let call = Observe::new("answer").generation().input(&self.messages);
            observe_sync(call, || self.ask());
        });
    }

    fn ask_traced(&self) {
        let request = info_span!("request", user.id = "user-123", user.plan = "pro");
        request.in_scope(|| {
            let chat = info_span!(
                "chat",
                gen_ai.operation.name = "chat",
                gen_ai.request.model = "gpt-4o",
                gen_ai.input.messages = %self.messages,
                gen_ai.output.messages = %self.answer["choices"],
                gen_ai.usage.input_tokens = 12,
                gen_ai.usage.output_tokens = 3,
            );
            chat.in_scope(|| self.ask());
        });
    }
}

/// Microseconds of each call, in order, at the pace of a busy server: a pause after every tenth. After half of them
/// `victim` is killed.
fn measure(calls: usize, mut victim: Option<Server>, mut run: impl FnMut()) -> Vec<f64> {
    let mut times: Vec<f64> = (0..calls)
        .map(|number| {
            if number == calls / 2 {
                victim = None;
            }
            let started = Instant::now();
            run();
            let time = started.elapsed().as_secs_f64() * 1e6;
            if number % 10 == 9 {
                thread::sleep(Duration::from_millis(1));
            }
            time
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times
}

fn find(times: &[f64], percent: usize) -> f64 {
    times[times.len() * percent / 100]
}

/// `begin` says for each way what to record to, and what to kill in the midst of it.
fn run(
    name: &str,
    calls: usize,
    begin: impl Fn() -> std::io::Result<(Config, Option<Server>)>,
) -> std::io::Result<()> {
    let chat = Chat::new();
    let base = measure(calls, None, || {
        chat.ask();
    });
    let ways: [(&str, &dyn Fn()); 2] = [
        ("observe", &|| chat.ask_observed()),
        ("tracing", &|| chat.ask_traced()),
    ];
    for (way, ask) in ways {
        let (config, victim) = begin()?;
        let config = config
            .api_key("co_sk_bench")
            .flush_interval(Duration::from_millis(100))
            .shutdown_timeout(Duration::ZERO)
            .on_warning(|_| ());
        let client: Client = init(config);
        measure(200, None, ask);
        let times = measure(calls, victim, ask);
        let [half, most] = [50, 99].map(|percent| find(&times, percent) - find(&base, percent));
        let longest = times.last().copied().unwrap_or_default();
        println!("{name:<9} {way:<8} p50 {half:7.1} p99 {most:7.1} longest {longest:8.1} µs");
        println!("{:<9} {:?}", "", client.stats());
    }
    Ok(())
}

/// Answers what comes with a status, in a process of its own, so that its work is not taken for ours.
fn serve(status: &str) -> std::io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    println!("http://{}", listener.local_addr()?);
    for stream in listener.incoming() {
        let (stream, status) = (stream?, status.to_owned());
        thread::spawn(move || drop(answer(stream, &status)));
    }
    Ok(())
}

fn answer(mut stream: TcpStream, status: &str) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    loop {
        let (mut line, mut length) = (String::new(), 0);
        while line != "\r\n" {
            line.clear();
            if reader.read_line(&mut line)? == 0 {
                return Ok(());
            }
            let header = line.to_lowercase();
            if let Some(value) = header.strip_prefix("content-length: ") {
                length = value.trim().parse().unwrap_or(0);
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        let mut plain = Vec::new();
        if GzDecoder::new(body.as_slice())
            .read_to_end(&mut plain)
            .is_err()
        {
            plain = body;
        }
        let asked: Value = serde_json::from_slice(&plain)?;
        let count = asked["traces"].as_array().map_or(0, Vec::len);
        let text = json!({"results": vec![json!({"success": true}); count]}).to_string();
        let length = text.len();
        write!(
            stream,
            "HTTP/1.1 {status} -\r\ncontent-length: {length}\r\n\r\n{text}"
        )?;
    }
}

struct Server(Child, String);

impl Server {
    fn start(status: &str) -> std::io::Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        let mut child = command
            .args(["serve", status])
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        if let Some(out) = child.stdout.take() {
            BufReader::new(out).read_line(&mut line)?;
        }
        Ok(Self(child, line.trim().to_owned()))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn main() -> std::io::Result<()> {
    let argument = std::env::args().nth(1);
    if argument.as_deref() == Some("serve") {
        return serve(&std::env::args().nth(2).unwrap_or_default());
    }
    let calls = argument
        .and_then(|calls| calls.parse().ok())
        .unwrap_or(10_000);
    tracing_subscriber::registry()
        .with(TracingLayer::new())
        .init();
    run("disabled", calls, || {
        Ok((Config::new().disabled(true), None))
    })?;
    for (name, status) in [("healthy", "202"), ("429", "429"), ("503", "503")] {
        let server = Server::start(status)?;
        run(name, calls, || {
            Ok((Config::new().endpoint(&server.1), None))
        })?;
    }
    run("killed", calls, || {
        let server = Server::start("202")?;
        Ok((Config::new().endpoint(&server.1), Some(server)))
    })?;
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let url = format!("http://{}", listener.local_addr()?);
    // Takes connections and says nothing.
    run("hanging", calls, || {
        Ok((Config::new().endpoint(&url), None))
    })?;
    drop(listener);
    run("absent", calls, || Ok((Config::new().endpoint(&url), None)))
}
