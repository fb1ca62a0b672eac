//! The worker: takes what waits in the queue, books it in groups, acknowledges it.
//!
//! A passing fault is waited out with everything still in hand; a worker that the store does
//! not answer any more hands over to others, who may be luckier. What fails by itself is tried
//! some times, alone, and then becomes a dead letter: one bad entry stops nobody.
use crate::metrics::Metrics;
use cognobserve_ports::{
    Committed, Delivery, ErrorKind, Ledger, Queue, Refusal, Reports, StoreError,
};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;

const GROUP_SPANS: usize = 5_000;
const PULL_WAIT: Duration = Duration::from_millis(500);
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// A store that has not answered this worker for so long may answer another.
const PATIENCE: Duration = Duration::from_secs(20);
/// Failures of one delivery by itself before it is given up.
const TRIES: u32 = 5;
/// Deliveries of an entry, each of which lost its worker, before it is given up.
const MOST_ATTEMPTS: u32 = 12;
/// From so many deliveries on an entry is booked alone: it may be what ends workers.
const SUSPECT_ATTEMPTS: u32 = 3;

/// One worker.
pub struct Consumer {
    pub queue: Arc<dyn Queue>,
    pub ledger: Arc<dyn Ledger>,
    pub reports: Arc<dyn Reports>,
    pub metrics: Arc<Metrics>,
}

impl Consumer {
    /// Works until `stop` says so; what was taken by then is finished first.
    pub async fn run(&self, mut stop: watch::Receiver<bool>) {
        let mut pause = Pause::default();
        while !*stop.borrow() {
            let pulled = tokio::select! {
                pulled = self.queue.pull(GROUP_SPANS, PULL_WAIT) => pulled,
                _ = stop.changed() => continue,
            };
            match pulled {
                Ok(deliveries) => {
                    pause.reset();
                    self.book(deliveries, &stop).await;
                }
                Err(error) => {
                    tracing::warn!(%error, "the queue does not answer");
                    pause.wait(&mut stop).await;
                }
            }
        }
        if let Err(error) = self.queue.leave().await {
            tracing::warn!(%error, "could not leave the queue; others take over after a while");
        }
    }

    async fn book(&self, deliveries: Vec<Delivery>, stop: &watch::Receiver<bool>) {
        let (suspects, group): (Vec<_>, Vec<_>) = deliveries
            .into_iter()
            .partition(|delivery| delivery.attempts >= SUSPECT_ATTEMPTS);
        self.book_group(group, stop).await;
        for suspect in suspects {
            if suspect.attempts > MOST_ATTEMPTS {
                self.bury(&suspect, "its workers did not come back", stop)
                    .await;
            } else {
                self.book_group(vec![suspect], stop).await;
            }
        }
    }

    /// Books a group, or its members one by one if something in it fails.
    async fn book_group(&self, group: Vec<Delivery>, stop: &watch::Receiver<bool>) {
        if group.is_empty() {
            return;
        }
        match self.commit_patiently(&group, stop).await {
            Some(Ok(answers)) => self.close(&group, answers, stop).await,
            Some(Err(error)) if group.len() > 1 => {
                tracing::warn!(%error, count = group.len(), "a group failed; its entries are booked alone");
                for delivery in group {
                    self.book_alone(delivery, stop).await;
                }
            }
            Some(Err(_)) => {
                for delivery in group {
                    self.book_alone(delivery, stop).await;
                }
            }
            // Stopped or stepped back while the store is away: they come again to whoever is there.
            None => {}
        }
    }

    async fn book_alone(&self, delivery: Delivery, stop: &watch::Receiver<bool>) {
        let mut pause = Pause::default();
        for attempt in 1..=TRIES {
            let one = std::slice::from_ref(&delivery);
            match self.commit_patiently(one, stop).await {
                Some(Ok(answers)) => return self.close(one, answers, stop).await,
                Some(Err(error)) if attempt == TRIES => {
                    tracing::error!(%error, entry = %delivery.id, "an entry is given up");
                    return self.bury(&delivery, "the ledger failed on it", stop).await;
                }
                Some(Err(_)) => pause.wait(&mut stop.clone()).await,
                None => return,
            }
        }
    }

    /// Commits; waits while the store is away. `None`: stopped, or stepped back, meanwhile.
    async fn commit_patiently(
        &self,
        group: &[Delivery],
        stop: &watch::Receiver<bool>,
    ) -> Option<Result<Vec<Result<Committed, Refusal>>, StoreError>> {
        let (mut pause, began) = (Pause::default(), Instant::now());
        loop {
            let started = Instant::now();
            let batches = group.iter().map(|delivery| delivery.batch.clone());
            let (ledger, batches) = (Arc::clone(&self.ledger), batches.collect());
            // A task of its own: a panic is a failure of this group alone.
            let task = tokio::spawn(async move { ledger.commit(batches).await });
            let outcome = task.await.unwrap_or_else(|panic| {
                let error = StoreError::new(ErrorKind::Internal, "the ledger panicked");
                Err(error.with_source(panic))
            });
            self.metrics.commit_seconds.observe(started.elapsed());
            match outcome {
                Err(error) if error.kind() == ErrorKind::Unavailable => {
                    self.metrics.failed_groups.add(1);
                    tracing::warn!(%error, "the store does not take batches");
                    if *stop.borrow() {
                        return None;
                    }
                    pause.wait(&mut stop.clone()).await;
                    if began.elapsed() > PATIENCE && self.reports.check_ready().await.is_err() {
                        self.step_back(stop).await;
                        return None;
                    }
                }
                Err(error) => {
                    self.metrics.failed_groups.add(1);
                    return Some(Err(error));
                }
                Ok(answers) => return Some(Ok(answers)),
            }
        }
    }

    /// Lets others have this worker's share until the store answers again.
    async fn step_back(&self, stop: &watch::Receiver<bool>) {
        tracing::warn!("the store does not answer this worker: others may have its share");
        if let Err(error) = self.queue.leave().await {
            tracing::warn!(%error, "could not leave the queue; others take over after a while");
        }
        let mut pause = Pause::default();
        while !*stop.borrow() && self.reports.check_ready().await.is_err() {
            pause.wait(&mut stop.clone()).await;
        }
    }

    /// Acknowledges what was booked; what was refused is kept for the operator.
    async fn close(
        &self,
        group: &[Delivery],
        answers: Vec<Result<Committed, Refusal>>,
        stop: &watch::Receiver<bool>,
    ) {
        let mut booked = Vec::with_capacity(group.len());
        for (delivery, answer) in group.iter().zip(answers) {
            let reason = match answer {
                Ok(_) => {
                    self.metrics.committed_batches.add(1);
                    let spans = delivery.batch.span_count() as u64;
                    self.metrics.committed_spans.add(spans);
                    booked.push(delivery.id.clone());
                    continue;
                }
                Err(Refusal::TooManyUsers) => "the project has as many users as its settings allow",
                Err(Refusal::NoSuchProject) => "its project does not exist any more",
            };
            let (entry, project) = (&delivery.id, &delivery.batch.project);
            tracing::warn!(%entry, %project, reason, "the ledger refused an entry");
            self.bury(delivery, reason, stop).await;
        }
        let mut pause = Pause::default();
        while let Err(error) = self.queue.acknowledge(&booked).await {
            // What is not acknowledged comes again, and counts once.
            tracing::warn!(%error, "could not acknowledge what was booked");
            if *stop.borrow() {
                return;
            }
            pause.wait(&mut stop.clone()).await;
        }
    }

    /// Makes a dead letter of a delivery; while there is no room for it, it stays in hand.
    async fn bury(&self, delivery: &Delivery, reason: &str, stop: &watch::Receiver<bool>) {
        let mut pause = Pause::default();
        while let Err(error) = self.queue.bury(&delivery.id, reason).await {
            tracing::warn!(%error, entry = %delivery.id, "could not make a dead letter of it");
            if *stop.borrow() {
                return;
            }
            pause.wait(&mut stop.clone()).await;
        }
        self.metrics.dead_letters.add(1);
    }
}

/// Longer each time, up to a limit.
struct Pause(Duration);

impl Default for Pause {
    fn default() -> Pause {
        Pause(FIRST_PAUSE)
    }
}

impl Pause {
    fn reset(&mut self) {
        self.0 = FIRST_PAUSE;
    }

    /// Ends early when it is time to stop.
    async fn wait(&mut self, stop: &mut watch::Receiver<bool>) {
        tokio::select! {
            () = tokio::time::sleep(self.0) => {}
            _ = stop.wait_for(|stop| *stop) => {}
        }
        self.0 = (self.0 * 2).min(LONGEST_PAUSE);
    }
}
