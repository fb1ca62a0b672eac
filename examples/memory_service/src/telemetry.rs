//! Captures events and sends them aside: a call puts one into a bounded queue and is done. It neither waits nor fails,
//! and knows nothing of editions and providers; what cannot be taken is dropped and counted.
use crate::client::{Client, Credential};
use serde_json::{Value, json};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::JoinHandle;
use tokio::time::sleep;
use uuid::Uuid;

const QUEUE_EVENTS: usize = 10_000;
const BATCH: usize = 500;
/// Before further tries. A repeat stores nothing twice: events have ids.
const PAUSES_MS: [u64; 4] = [250, 1_000, 4_000, 16_000];

#[derive(Clone)]
pub struct Telemetry(Sender<Captured>);

struct Captured {
    credential: Credential,
    event: Value,
}

impl Telemetry {
    /// The task ends when all of this are gone, after what waits.
    pub fn start(client: Client) -> (Telemetry, JoinHandle<()>) {
        let (captured, queue) = channel(QUEUE_EVENTS);
        (Telemetry(captured), tokio::spawn(run(client, queue)))
    }

    /// Something happened. Whose credential it is tells the developer; `end_user` is the developer's own id.
    pub fn track(
        &self,
        event: &str,
        properties: Value,
        end_user: Option<&str>,
        credential: &Credential,
    ) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let event = json!({
            "event": event, "properties": properties, "user_id": end_user, "event_id": Uuid::new_v4(),
            "timestamp": now.unwrap_or_default().as_millis() as u64,
        });
        let credential = credential.clone();
        if self.0.try_send(Captured { credential, event }).is_err() {
            eprintln!("an event was dropped: too many wait");
        }
    }
}

async fn run(client: Client, mut queue: Receiver<Captured>) {
    let mut batch = Vec::new();
    while queue.recv_many(&mut batch, BATCH).await > 0 {
        while let Some(first) = batch.first() {
            let credential = first.credential.clone();
            let (own, others) = batch.drain(..).partition(|it| it.credential == credential);
            batch = others;
            send(&client, &credential, own).await;
        }
    }
}

async fn send(client: &Client, credential: &Credential, batch: Vec<Captured>) {
    let count = batch.len();
    let events: Vec<Value> = batch.into_iter().map(|captured| captured.event).collect();
    let body = json!({"events": events});
    let mut pauses = PAUSES_MS.into_iter();
    loop {
        let (status, answer) = client
            .call(credential, "/v1/events", Some(body.clone()))
            .await;
        match (status, pauses.next()) {
            (200..=299, _) => {
                let refused = answer["error_count"].as_u64().unwrap_or(0);
                if refused > 0 {
                    eprintln!("{refused} events were refused");
                }
                return;
            }
            (0 | 429 | 500.., Some(pause)) => sleep(Duration::from_millis(pause)).await,
            _ => {
                eprintln!("{count} events were dropped: status {status}");
                return;
            }
        }
    }
}
