//! Stores what was tracked, in batches. Consent is asked before anything is made of a call: without it no id is
//! derived, not even to be thrown away.
use super::{Called, Capture, Tally};
use crate::event::{DeveloperProfile, EndUserId, Event};
use crate::stored::{make_id, store};
use cognobserve_model::event::{Appended, StoredEvent};
use cognobserve_model::time::Micros;
use serde_json::{Map, Value};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::time::sleep;

const BATCH: usize = 500;
/// Between tries to store; doubled each time.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

pub struct Keeper {
    capture: Capture,
    tally: Arc<Tally>,
}

impl Keeper {
    pub fn new(capture: Capture, tally: Arc<Tally>) -> Keeper {
        Keeper { capture, tally }
    }

    /// Until nobody can call any more.
    pub async fn run(
        self,
        mut calls: mpsc::Receiver<Called>,
        mut flushes: mpsc::UnboundedReceiver<oneshot::Sender<()>>,
    ) {
        let mut batch = Vec::with_capacity(BATCH);
        loop {
            tokio::select! {
                biased;
                Some(done) = flushes.recv() => {
                    while let Ok(called) = calls.try_recv() {
                        batch.push(called);
                        if batch.len() == BATCH {
                            self.keep(&mut batch).await;
                        }
                    }
                    self.keep(&mut batch).await;
                    // Whoever asked may be gone.
                    let _ = done.send(());
                }
                count = calls.recv_many(&mut batch, BATCH) => {
                    if count == 0 {
                        return;
                    }
                    self.keep(&mut batch).await;
                }
            }
        }
    }

    async fn keep(&self, batch: &mut Vec<Called>) {
        let count = batch.len() as u64;
        if count == 0 {
            return;
        }
        let stored = self.store(std::mem::take(batch)).await;
        self.tally.leave_queue(count);
        match stored {
            Some(stored) => {
                self.tally.stored.fetch_add(stored, Relaxed);
                self.tally.dropped.fetch_add(count - stored, Relaxed);
                self.capture.bell.ring();
            }
            None => {
                self.tally.withheld.fetch_add(count, Relaxed);
            }
        }
    }

    /// How many are stored; `None`: they may not be.
    async fn store(&self, batch: Vec<Called>) -> Option<u64> {
        let Capture {
            events,
            gate,
            project,
            ..
        } = &self.capture;
        let mut pause = FIRST_PAUSE;
        let mut made = None;
        loop {
            if !gate.is_open() {
                return None;
            }
            let tried = async {
                if events.has_opted_out(project).await? {
                    return Ok(None);
                }
                let made: &mut Vec<StoredEvent> = made.get_or_insert_with(|| self.make(&batch));
                let answers = events.append_events(made.clone()).await?;
                if !answers.contains(&Appended::Forgotten) {
                    return Ok(Some(answers));
                }
                // They were erased since: it is counted, as nobody's. What was stored is known by now.
                for ((event, called), answer) in made.iter_mut().zip(&batch).zip(&answers) {
                    if *answer == Appended::Forgotten {
                        *event = self.make_nobodys(called);
                    }
                }
                events.append_events(made.clone()).await.map(Some)
            };
            match tried.await {
                Ok(answers) => {
                    let is_kept =
                        |answer: &&Appended| matches!(answer, Appended::Stored | Appended::Known);
                    let count =
                        |answers: Vec<Appended>| answers.iter().filter(is_kept).count() as u64;
                    return answers.map(count);
                }
                Err(error) => {
                    if pause == FIRST_PAUSE {
                        tracing::warn!(%error, "telemetry cannot be stored, and waits");
                    }
                    sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            }
        }
    }

    fn make(&self, batch: &[Called]) -> Vec<StoredEvent> {
        let make = |called: &Called| {
            let properties = called.properties.clone();
            self.make_one(called, called.end_user.clone(), properties)
        };
        batch.iter().map(make).collect()
    }

    /// Of somebody who is gone: without them and what was said of them.
    fn make_nobodys(&self, called: &Called) -> StoredEvent {
        self.make_one(called, None, Map::new())
    }

    fn make_one(
        &self,
        called: &Called,
        end_user: Option<EndUserId>,
        properties: Map<String, Value>,
    ) -> StoredEvent {
        let Capture {
            installation,
            project,
            ..
        } = &self.capture;
        let event = Event {
            id: make_id(installation, project, None),
            name: called.name.clone(),
            properties,
            end_user,
            developer: called.developer.clone(),
            profile: DeveloperProfile::default(),
            session: None,
            at: called.at,
        };
        store(&event, project.clone(), Micros::now(), installation)
    }
}
