//! Sends what was captured, each credential's by itself: one whose deliveries fail holds up nobody else's.
use crate::client::{Client, Credential};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::sync::mpsc::Receiver;
use tokio::task::JoinSet;
use tokio::time::sleep;

pub const QUEUE_EVENTS: usize = 10_000;
/// Of these, what waits of one credential at most.
const QUEUE_EVENTS_EACH: usize = 1_000;
const BATCH: usize = 500;
/// Credentials served at the same time.
const MOST_AT_ONCE: usize = 16;
/// Before further tries. A repeat stores nothing twice: events have ids.
const PAUSES_MS: [u64; 4] = [250, 1_000, 4_000, 16_000];

pub struct Captured {
    pub credential: Credential,
    pub event: Value,
}

/// What waits of one credential; at most one batch of it is under way.
struct Lane {
    credential: Credential,
    waiting: Vec<Value>,
    is_busy: bool,
}

/// Ends when nobody captures any more, after what waits.
pub async fn run(client: Client, mut queue: Receiver<Captured>) {
    let (mut lanes, mut sending) = (Vec::<Lane>::new(), JoinSet::new());
    let mut is_open = true;
    while is_open || !sending.is_empty() {
        tokio::select! {
            captured = queue.recv(), if is_open => match captured {
                Some(captured) => keep(&mut lanes, captured),
                None => is_open = false,
            },
            Some(sent) = sending.join_next() => rest(&mut lanes, sent.ok()),
        }
        for lane in lanes.iter_mut().filter(|lane| !lane.is_busy) {
            if sending.len() == MOST_AT_ONCE {
                break;
            }
            lane.is_busy = true;
            let count = lane.waiting.len().min(BATCH);
            let events: Vec<Value> = lane.waiting.drain(..count).collect();
            let (client, credential) = (client.clone(), lane.credential.clone());
            sending.spawn(async move {
                send(&client, &credential, events).await;
                credential
            });
        }
    }
}

fn keep(lanes: &mut Vec<Lane>, captured: Captured) {
    let Captured { credential, event } = captured;
    let in_all: usize = lanes.iter().map(|lane| lane.waiting.len()).sum();
    let known = lanes.iter_mut().find(|lane| lane.credential == credential);
    let of_theirs = known.as_ref().map_or(0, |lane| lane.waiting.len());
    if in_all >= QUEUE_EVENTS || of_theirs >= QUEUE_EVENTS_EACH {
        eprintln!("an event was dropped: too many wait");
        return;
    }
    match known {
        Some(lane) => lane.waiting.push(event),
        None => lanes.push(Lane {
            credential,
            waiting: vec![event],
            is_busy: false,
        }),
    }
}

/// A batch is dealt with: its lane goes behind the others, or away if nothing waits in it.
fn rest(lanes: &mut Vec<Lane>, of: Option<Credential>) {
    let at = lanes
        .iter()
        .position(|lane| Some(&lane.credential) == of.as_ref());
    let lane = at.map(|at| lanes.remove(at));
    lanes.extend(
        lane.filter(|lane| !lane.waiting.is_empty())
            .map(|lane| Lane {
                is_busy: false,
                ..lane
            }),
    );
}

async fn send(client: &Client, credential: &Credential, events: Vec<Value>) {
    let count = events.len();
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
