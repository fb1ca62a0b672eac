//! Load: as much as the server takes, or a fixed rate whose latency counts from the moment
//! at which a request was due, not from when it could be sent.
//! A refusal (429, 503) is sent again and counted in the time; any other answer ends the run.
use crate::http::{Connection, Request};
use crate::latency::Latencies;
use crate::process::{Server, read_own_cpu};
use crate::table;
use crate::traffic::Traffic;
use anyhow::bail;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, Instant};
use tokio::task::LocalSet;

const PART_SPANS: u64 = 1_000_000;

/// How a run at full load went.
pub struct Outcome {
    pub spans: u64,
    pub took: Duration,
    /// When each further million was acknowledged.
    parts: Vec<Duration>,
    /// Share of one core that the sender used.
    pub sender_cpu: f64,
}

impl Outcome {
    /// Spans per second.
    pub fn rate(&self) -> f64 {
        self.spans as f64 / self.took.as_secs_f64()
    }

    /// Spans per second of the first million, or of all if there were fewer.
    pub fn first_rate(&self) -> f64 {
        match self.parts.first() {
            Some(took) => PART_SPANS as f64 / took.as_secs_f64(),
            None => self.rate(),
        }
    }

    /// The rate of each million, in thousands.
    pub fn write_parts(&self) -> String {
        table::parts(&self.parts)
    }
}

/// What the connections share.
struct Shared {
    traffic: RefCell<Traffic>,
    /// Spans whose request was made.
    sent: Cell<u64>,
    /// Spans that were acknowledged.
    done: Cell<u64>,
    limit: u64,
    began: Instant,
    ends: Option<Instant>,
    parts: RefCell<Vec<Duration>>,
}

impl Shared {
    fn new(traffic: Traffic, limit: u64, lasts: Option<Duration>) -> Rc<Shared> {
        let began = Instant::now();
        Rc::new(Shared {
            traffic: RefCell::new(traffic),
            sent: Cell::new(0),
            done: Cell::new(0),
            limit,
            began,
            ends: lasts.map(|lasts| began + lasts),
            parts: RefCell::new(Vec::new()),
        })
    }

    /// Writes the next request; `None` when enough was sent.
    fn next(&self, request: &mut Request) -> Option<u64> {
        if self.sent.get() >= self.limit || self.ends.is_some_and(|ends| Instant::now() >= ends) {
            return None;
        }
        let mut traffic = self.traffic.borrow_mut();
        traffic.write_body(request.begin());
        self.sent.set(self.sent.get() + traffic.spans_per_request());
        Some(traffic.spans_per_request())
    }

    fn acknowledge(&self, spans: u64) {
        let before = self.done.get() / PART_SPANS;
        self.done.set(self.done.get() + spans);
        if self.done.get() / PART_SPANS > before {
            self.parts.borrow_mut().push(self.began.elapsed());
        }
    }
}

/// Sends one request until it is acknowledged.
async fn deliver(connection: &mut Connection, bytes: &[u8]) -> anyhow::Result<()> {
    loop {
        let reply = connection.send(bytes).await?;
        match reply.status {
            202 => return Ok(()),
            429 | 503 => tokio::time::sleep(Duration::from_millis(20)).await,
            status => bail!("{status}: {}", String::from_utf8_lossy(&reply.body)),
        }
    }
}

/// Keeps all connections busy until `spans` are acknowledged.
pub async fn saturate(
    server: &Server,
    traffic: Traffic,
    spans: u64,
    connections: usize,
) -> anyhow::Result<Outcome> {
    let path = traffic.path();
    let cpu_before = read_own_cpu();
    let shared = Shared::new(traffic, spans, None);
    let local = LocalSet::new();
    let tasks: Vec<_> = (0..connections)
        .map(|_| {
            let (shared, mut request, port) = (
                shared.clone(),
                Request::new("POST", path, server.key()),
                server.port(),
            );
            local.spawn_local(async move {
                let mut connection = Connection::open(port).await?;
                while let Some(spans) = shared.next(&mut request) {
                    deliver(&mut connection, request.finish()).await?;
                    shared.acknowledge(spans);
                }
                anyhow::Ok(())
            })
        })
        .collect();
    local.await;
    for task in tasks {
        task.await??;
    }
    let took = shared.began.elapsed();
    let sender_cpu = (read_own_cpu() - cpu_before).as_secs_f64() / took.as_secs_f64();
    let parts = shared.parts.take();
    Ok(Outcome {
        spans: shared.done.get(),
        took,
        parts,
        sender_cpu,
    })
}

/// Full load for a while; what fails when the server goes away is ignored.
pub async fn load_for(server: &Server, traffic: Traffic, lasts: Duration, connections: usize) {
    let path = traffic.path();
    let shared = Shared::new(traffic, u64::MAX, Some(lasts));
    let local = LocalSet::new();
    for _ in 0..connections {
        let (shared, mut request, port) = (
            shared.clone(),
            Request::new("POST", path, server.key()),
            server.port(),
        );
        local.spawn_local(async move {
            let mut connection = Connection::open(port).await?;
            while shared.next(&mut request).is_some() {
                deliver(&mut connection, request.finish()).await?;
            }
            anyhow::Ok(())
        });
    }
    local.await;
}

/// Requests at a fixed rate (spans/s), due whether or not earlier ones were answered.
pub async fn hold_rate(
    server: &Server,
    traffic: Traffic,
    rate: f64,
    lasts: Duration,
    connections: usize,
) -> anyhow::Result<Latencies> {
    let path = traffic.path();
    let gap = Duration::from_secs_f64(traffic.spans_per_request() as f64 / rate);
    let shared = Shared::new(traffic, u64::MAX, Some(lasts));
    let due = Rc::new(Cell::new(shared.began));
    let local = LocalSet::new();
    let tasks: Vec<_> = (0..connections)
        .map(|_| {
            let (shared, due) = (shared.clone(), due.clone());
            let (mut request, port) = (Request::new("POST", path, server.key()), server.port());
            local.spawn_local(async move {
                let mut connection = Connection::open(port).await?;
                let mut latencies = Latencies::default();
                while shared.next(&mut request).is_some() {
                    let at = due.get();
                    due.set(at + gap);
                    tokio::time::sleep_until(at.into()).await;
                    deliver(&mut connection, request.finish()).await?;
                    latencies.add(at.elapsed());
                }
                anyhow::Ok(latencies)
            })
        })
        .collect();
    local.await;
    let mut all = Latencies::default();
    for task in tasks {
        all.append(task.await??);
    }
    Ok(all)
}
