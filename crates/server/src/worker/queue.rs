//! The bounded queue before the ledger's one writer.
//!
//! Bounded by bytes: every entry brings its reservation, which ends with its commit. The
//! order of entries decides nothing; what wins is decided by their arrival stamps.
use super::budget::{Budget, Reservation};
use super::group::run_groups;
use super::hall::{Hall, Setback, Way};
use crate::metrics::Metrics;
use async_trait::async_trait;
use cognobserve_model::id::ProjectId;
use cognobserve_model::piece::Batch;
use cognobserve_ports::{Committed, Ledger, StoreError};
use parking_lot::Mutex;
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

/// How much the queue holds and how much it commits at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueLimits {
    /// Request bytes in flight over all projects; above: 503.
    pub max_bytes: usize,
    /// Request bytes in flight of one project; above: 429.
    pub project_max_bytes: usize,
    /// A group is closed when it has this many spans.
    pub group_spans: usize,
}

impl Default for QueueLimits {
    fn default() -> Self {
        QueueLimits {
            max_bytes: 256 << 20,
            project_max_bytes: 128 << 20,
            group_spans: 5_000,
        }
    }
}

pub(super) struct Entry {
    pub batch: Batch,
    pub span_count: usize,
    pub way: Way,
    pub reservation: Reservation,
    pub reply: oneshot::Sender<Result<Committed, Setback>>,
}

/// The queue; its task runs until [`LocalQueue::drain`].
pub struct LocalQueue {
    sender: Mutex<Option<mpsc::UnboundedSender<Entry>>>,
    task: Mutex<Option<JoinHandle<()>>>,
    budget: Arc<Budget>,
    metrics: Arc<Metrics>,
}

impl LocalQueue {
    /// Starts the committing task; must be called inside a tokio runtime.
    pub fn start(
        ledger: Arc<dyn Ledger>,
        limits: QueueLimits,
        metrics: Arc<Metrics>,
    ) -> Arc<LocalQueue> {
        let (sender, receiver) = mpsc::unbounded_channel();
        let task = tokio::spawn(run_groups(
            ledger,
            receiver,
            limits.group_spans,
            metrics.clone(),
        ));
        Arc::new(LocalQueue {
            sender: Mutex::new(Some(sender)),
            task: Mutex::new(Some(task)),
            budget: Arc::new(Budget::new(limits.max_bytes, limits.project_max_bytes)),
            metrics,
        })
    }

    /// The bytes in flight; every request takes its own from here.
    pub fn budget(&self) -> &Arc<Budget> {
        &self.budget
    }

    /// Waits until the batch is committed and durable. If the caller goes away, an entry
    /// that was queued is committed all the same.
    pub async fn submit(
        &self,
        batch: Batch,
        reservation: Reservation,
        way: Way,
    ) -> Result<Committed, Setback> {
        let (reply, answer) = oneshot::channel();
        let span_count = batch.span_count();
        let entry = Entry {
            batch,
            span_count,
            way,
            reservation,
            reply,
        };
        self.metrics.queued_batches.add(1);
        let is_open = self
            .sender
            .lock()
            .as_ref()
            .is_some_and(|sender| sender.send(entry).is_ok());
        if !is_open {
            self.metrics.queued_batches.subtract(1);
            return Err(Setback::Unavailable);
        }
        answer.await.unwrap_or(Err(Setback::Unavailable))
    }

    /// Whether batches are taken.
    pub fn is_open(&self) -> bool {
        self.sender
            .lock()
            .as_ref()
            .is_some_and(|sender| !sender.is_closed())
    }

    /// Takes nothing more and returns when everything queued is committed.
    pub async fn drain(&self) {
        self.sender.lock().take();
        let task = self.task.lock().take();
        if let Some(task) = task
            && let Err(error) = task.await
        {
            tracing::error!(%error, "the committing task did not end well");
        }
    }
}

#[async_trait]
impl Hall for LocalQueue {
    fn budget(&self) -> &Arc<Budget> {
        LocalQueue::budget(self)
    }

    async fn submit(
        &self,
        batch: Batch,
        reservation: Reservation,
        way: Way,
    ) -> Result<Committed, Setback> {
        LocalQueue::submit(self, batch, reservation, way).await
    }

    async fn check_open(&self) -> Result<Vec<String>, String> {
        match self.is_open() {
            true => Ok(Vec::new()),
            false => Err("The server is going down.".into()),
        }
    }

    /// What waits here is booked within the moment.
    async fn forget_user(&self, _: &ProjectId, _: &str) -> Result<(), StoreError> {
        Ok(())
    }

    async fn drain(&self) {
        LocalQueue::drain(self).await;
    }
}

#[cfg(test)]
#[path = "queue_tests.rs"]
mod tests;
