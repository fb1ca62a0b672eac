//! Group commit of events: what came while the former group was written is written as one transaction, since each
//! costs the store a sync to disk. Bounded: who finds it full is told to come again.
//!
//! Invariant: an answer is given after the commit; a group that fails is tried once more, entry by entry.
use crate::worker::Reservation;
use cognobserve_model::event::{Appended, StoredEvent};
use cognobserve_ports::{ErrorKind, Events, StoreError};
use cognobserve_telemetry::gate::Bell;
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};

/// Requests that wait; their bytes are bounded by the server's budget.
pub const MAX_WAITING: usize = 1_024;
/// Events of one transaction, unless one request has more.
const GROUP_EVENTS: usize = 5_000;

/// Why events were not stored.
#[derive(Debug)]
pub enum Refused {
    /// Too many requests wait.
    Full,
    Failed(StoreError),
}

type Outcome = Result<Vec<Appended>, StoreError>;

struct Entry {
    events: Vec<StoredEvent>,
    reply: oneshot::Sender<Outcome>,
    /// The request's bytes, given back when it is answered, also if nobody waits any more.
    _held: Option<Reservation>,
}

/// Where the door hands events in; clones are the same.
#[derive(Clone)]
pub struct EventQueue(mpsc::Sender<Entry>);

impl EventQueue {
    /// Must be called within a tokio runtime; `bell` is rung after each group that was stored.
    pub fn start(store: Arc<dyn Events>, bell: Bell) -> EventQueue {
        let (sender, entries) = mpsc::channel(MAX_WAITING);
        tokio::spawn(run(store, entries, bell));
        EventQueue(sender)
    }

    /// Waits until the events are durable; says of each, in order, what became of it. They are stored also if the
    /// caller goes away meanwhile.
    ///
    /// # Errors
    /// Nothing of it is stored.
    pub async fn append(
        &self,
        events: Vec<StoredEvent>,
        held: Option<Reservation>,
    ) -> Result<Vec<Appended>, Refused> {
        if events.is_empty() {
            return Ok(Vec::new());
        }
        let (reply, answered) = oneshot::channel();
        let entry = Entry {
            events,
            reply,
            _held: held,
        };
        self.0.try_send(entry).map_err(|_| Refused::Full)?;
        // Nobody answers if the store panicked.
        let lost = || StoreError::new(ErrorKind::Unavailable, "the log of events is gone");
        let outcome = answered.await.unwrap_or_else(|_| Err(lost()));
        outcome.map_err(Refused::Failed)
    }
}

async fn run(store: Arc<dyn Events>, mut entries: mpsc::Receiver<Entry>, bell: Bell) {
    while let Some(first) = entries.recv().await {
        let mut count = first.events.len();
        let mut group = vec![first];
        while count < GROUP_EVENTS
            && let Ok(entry) = entries.try_recv()
        {
            count += entry.events.len();
            group.push(entry);
        }
        append_group(&store, group).await;
        bell.ring();
    }
}

async fn append_group(store: &Arc<dyn Events>, group: Vec<Entry>) {
    let all = group.iter().flat_map(|entry| entry.events.iter().cloned());
    match append(store, all.collect()).await {
        Ok(answers) => {
            let mut answers = answers.into_iter();
            for entry in group {
                let own = answers.by_ref().take(entry.events.len()).collect();
                // Who went away reads no answer.
                let _ = entry.reply.send(Ok(own));
            }
        }
        Err(error) if group.len() == 1 || error.kind() == ErrorKind::Unavailable => {
            tracing::warn!(%error, requests = group.len(), "events are not stored");
            for entry in group {
                let told = StoreError::new(error.kind(), "the events were not stored");
                let _ = entry.reply.send(Err(told));
            }
        }
        Err(_) => {
            for entry in group {
                let _ = entry.reply.send(append(store, entry.events).await);
            }
        }
    }
}

/// A task of its own: a panic is a failure of this group alone.
async fn append(store: &Arc<dyn Events>, events: Vec<StoredEvent>) -> Outcome {
    let store = store.clone();
    let count = events.len();
    let task = tokio::spawn(async move { store.append_events(events).await });
    let answers = task.await.unwrap_or_else(|panic| {
        let error = StoreError::new(ErrorKind::Internal, "the log of events panicked");
        Err(error.with_source(panic))
    })?;
    match answers.len() == count {
        true => Ok(answers),
        false => Err(StoreError::new(
            ErrorKind::Internal,
            "the log answered another number of events",
        )),
    }
}

#[cfg(test)]
#[path = "queue_tests.rs"]
mod tests;
