//! Captures events and sends them aside: a call puts one into a bounded queue and is done. It neither waits nor fails,
//! and knows nothing of editions and providers; what cannot be taken is dropped and counted.
use crate::client::{Client, Credential};
use crate::delivery::{Captured, QUEUE_EVENTS, run};
use serde_json::{Value, json};
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::sync::mpsc::{Sender, channel};
use tokio::task::JoinHandle;
use uuid::Uuid;

#[derive(Clone)]
pub struct Telemetry(Sender<Captured>);

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
