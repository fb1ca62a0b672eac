//! The queue as its callers see it.
use crate::inside::Inside;
use crate::settings::Settings;
use crate::{dead, finish, forget, health, pull, push, survey, tend};
use async_trait::async_trait;
use cognobserve_model::id::ProjectId;
use cognobserve_model::piece::Batch;
use cognobserve_ports::{
    Dead, DeadId, DeadLetter, Delivery, DeliveryId, Queue, QueueHealth, QueueStats, StoreError,
};
use parking_lot::Mutex;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;

/// A queue on a Redis server. Dropped without [`Queue::leave`] it ends like a worker that was
/// killed: others wait for its leases to run out.
pub struct RedisQueue {
    inside: Arc<Inside>,
    /// Keeps the leases, since the first pull.
    tending: Mutex<Option<JoinHandle<()>>>,
}

impl RedisQueue {
    /// Connects and makes sure that the server will do. An error tells a server that is away
    /// (`Unavailable`) from one that is too old (`Internal`), and from a queue with another
    /// number of partitions (`Conflict`) or a newer layout (`TooNew`). Later losses of the
    /// connection heal by themselves.
    pub async fn open(settings: Settings) -> Result<RedisQueue, StoreError> {
        let queue = RedisQueue::prepare(settings)?;
        queue.inside.control.run(redis::cmd("PING")).await?;
        Ok(queue)
    }

    /// Connects when it is first used.
    ///
    /// # Errors
    /// If the settings cannot be right.
    pub fn prepare(settings: Settings) -> Result<RedisQueue, StoreError> {
        Ok(RedisQueue {
            inside: Arc::new(Inside::new(settings)?),
            tending: Mutex::default(),
        })
    }

    /// The name of this process among the workers.
    pub fn worker(&self) -> &str {
        &self.inside.worker
    }

    fn start_tending(&self) {
        let mut tending = self.tending.lock();
        if tending.as_ref().is_none_or(JoinHandle::is_finished) {
            let inside = Arc::clone(&self.inside);
            *tending = Some(tokio::spawn(tend::tend_for_ever(inside)));
        }
    }

    fn stop_tending(&self) -> Option<JoinHandle<()>> {
        let task = self.tending.lock().take()?;
        task.abort();
        Some(task)
    }
}

impl Drop for RedisQueue {
    fn drop(&mut self) {
        self.stop_tending();
        if let Ok(mut reading) = self.inside.reading.try_lock() {
            reading.abort();
        }
    }
}

#[async_trait]
impl Queue for RedisQueue {
    async fn push(&self, batch: &Batch) -> Result<(), StoreError> {
        push::push(&self.inside, batch).await
    }

    async fn check_ready(&self) -> Result<(), StoreError> {
        health::check_ready(&self.inside).await
    }

    async fn health(&self) -> Result<QueueHealth, StoreError> {
        health::health(&self.inside).await
    }

    async fn pull(&self, limit_spans: usize, wait: Duration) -> Result<Vec<Delivery>, StoreError> {
        self.start_tending();
        pull::pull(&self.inside, limit_spans, wait).await
    }

    async fn acknowledge(&self, deliveries: &[DeliveryId]) -> Result<(), StoreError> {
        finish::acknowledge(&self.inside, deliveries).await
    }

    async fn bury(&self, delivery: &DeliveryId, reason: &str) -> Result<(), StoreError> {
        finish::bury(&self.inside, delivery, reason, false).await
    }

    async fn leave(&self) -> Result<(), StoreError> {
        if let Some(task) = self.stop_tending() {
            // A renewal under way must not come after the end.
            let _ = task.await;
        }
        pull::stop(&self.inside).await;
        tend::leave(&self.inside).await
    }

    async fn list_dead(
        &self,
        after: Option<&DeadId>,
        limit: usize,
    ) -> Result<Vec<DeadLetter>, StoreError> {
        dead::list(&self.inside, after, limit).await
    }

    async fn replay_dead(&self, which: &Dead) -> Result<u64, StoreError> {
        dead::replay(&self.inside, which).await
    }

    async fn drop_dead(&self, which: &Dead) -> Result<u64, StoreError> {
        dead::drop_them(&self.inside, which).await
    }

    async fn forget_user(&self, project: &ProjectId, external_id: &str) -> Result<u64, StoreError> {
        forget::forget_user(&self.inside, project, external_id).await
    }

    async fn stats(&self) -> Result<QueueStats, StoreError> {
        Ok(survey::survey(&self.inside).await?.stats)
    }

    async fn wait_until_empty(&self, timeout: Duration) -> Result<bool, StoreError> {
        survey::wait_until_empty(&self.inside, timeout).await
    }
}
