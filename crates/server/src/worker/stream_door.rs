//! The hall of the scaled profile as the door sees it: a batch is acknowledged once the
//! queue's server has it. Refused while workers are too far behind or memory runs out, so
//! that nothing accepted is ever evicted.
use super::budget::{Budget, Reservation};
use super::hall::{Hall, Setback, Way};
use crate::metrics::Metrics;
use async_trait::async_trait;
use cognobserve_model::id::ProjectId;
use cognobserve_model::piece::Batch;
use cognobserve_ports::{Committed, ErrorKind, Queue, QueueHealth, StoreError};
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::task::JoinHandle;

/// Between two looks at the queue.
const LOOK: Duration = Duration::from_secs(1);
/// Of the server's memory limit; above it nothing is taken.
const MOST_MEMORY_PERCENT: u64 = 85;

/// What the door tolerates.
#[derive(Clone, Copy, Debug)]
pub struct StreamLimits {
    /// Request bytes in flight over all projects; above: 503.
    pub max_bytes: usize,
    /// Request bytes in flight of one project; above: 429.
    pub project_max_bytes: usize,
    /// Above this age of the oldest entry nothing is taken.
    pub max_age: Duration,
}

/// What the last look at the queue showed.
#[derive(Default)]
struct Seen {
    /// Why nothing more should come in.
    refusal: Option<String>,
    /// Why what came in may not survive.
    warnings: Vec<String>,
}

/// The queue's door; looks at it once a second until it is dropped.
pub struct StreamDoor {
    queue: Arc<dyn Queue>,
    budget: Arc<Budget>,
    seen: Arc<Mutex<Seen>>,
    /// The last push failed: said once, until one is taken again.
    is_failing: AtomicBool,
    is_open: AtomicBool,
    look: JoinHandle<()>,
}

impl StreamDoor {
    /// Must be called inside a tokio runtime.
    pub fn start(
        queue: Arc<dyn Queue>,
        limits: StreamLimits,
        metrics: Arc<Metrics>,
    ) -> Arc<StreamDoor> {
        let seen = Arc::new(Mutex::new(Seen::default()));
        let look = tokio::spawn(look_at(
            Arc::clone(&queue),
            limits.max_age,
            Arc::clone(&seen),
            metrics,
        ));
        Arc::new(StreamDoor {
            queue,
            budget: Arc::new(Budget::new(limits.max_bytes, limits.project_max_bytes)),
            seen,
            is_failing: AtomicBool::new(false),
            is_open: AtomicBool::new(true),
            look,
        })
    }
}

impl Drop for StreamDoor {
    fn drop(&mut self) {
        self.look.abort();
    }
}

async fn look_at(
    queue: Arc<dyn Queue>,
    max_age: Duration,
    seen: Arc<Mutex<Seen>>,
    metrics: Arc<Metrics>,
) {
    loop {
        match queue.health().await {
            Ok(health) => {
                metrics.note_queue(&health);
                let mut seen = seen.lock();
                let is_new = |text: &&String| !seen.warnings.contains(text);
                for warning in health.warnings.iter().filter(is_new) {
                    tracing::warn!(warning, "what is acknowledged may not survive");
                }
                seen.refusal = judge(&health, max_age);
                seen.warnings = health.warnings;
            }
            // A push will meet the same fault, and say so.
            Err(error) => tracing::warn!(%error, "cannot look at the queue"),
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Why nothing more should come in.
fn judge(health: &QueueHealth, max_age: Duration) -> Option<String> {
    if let Some(age) = health.oldest_age.filter(|age| *age > max_age) {
        let workers = health.workers;
        let seconds = age.as_secs();
        return Some(format!(
            "the oldest entry of the queue has waited for {seconds} s, and {workers} workers are there"
        ));
    }
    let limit = health.memory_limit.filter(|limit| *limit > 0)?;
    let percent = health.memory_used.saturating_mul(100) / limit;
    (percent >= MOST_MEMORY_PERCENT)
        .then(|| format!("the queue's server has used {percent} % of its memory"))
}

#[async_trait]
impl Hall for StreamDoor {
    fn budget(&self) -> &Arc<Budget> {
        &self.budget
    }

    async fn submit(
        &self,
        batch: Batch,
        _reservation: Reservation,
        _way: Way,
    ) -> Result<Committed, Setback> {
        if !self.is_open.load(Ordering::Relaxed) || self.seen.lock().refusal.is_some() {
            return Err(Setback::Unavailable);
        }
        match self.queue.push(&batch).await {
            Ok(()) => {
                if self.is_failing.swap(false, Ordering::Relaxed) {
                    tracing::info!("the queue takes batches again");
                }
                Ok(Committed::default())
            }
            Err(error) => {
                if !self.is_failing.swap(true, Ordering::Relaxed) {
                    tracing::warn!(%error, "the queue does not take batches");
                }
                match error.kind() {
                    ErrorKind::Unavailable | ErrorKind::TooNew => Err(Setback::Unavailable),
                    _ => Err(Setback::Failed),
                }
            }
        }
    }

    async fn check_open(&self) -> Result<Vec<String>, String> {
        if !self.is_open.load(Ordering::Relaxed) {
            return Err("The server is going down.".into());
        }
        if let Some(reason) = self.seen.lock().refusal.clone() {
            return Err(format!("Nothing is taken in: {reason}."));
        }
        let ready = self.queue.check_ready().await;
        ready.map_err(|error| format!("The queue does not answer: {error}."))?;
        Ok(self.seen.lock().warnings.clone())
    }

    async fn forget_user(&self, project: &ProjectId, external_id: &str) -> Result<(), StoreError> {
        self.queue.forget_user(project, external_id).await.map(drop)
    }

    async fn drain(&self) {
        self.is_open.store(false, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_door_closes_on_age_and_on_memory() {
        let patience = Duration::from_secs(60);
        let mut health = QueueHealth {
            oldest_age: Some(Duration::from_secs(60)),
            memory_used: 84,
            memory_limit: Some(100),
            ..QueueHealth::default()
        };
        assert_eq!(judge(&health, patience), None);
        health.memory_used = 85;
        assert!(judge(&health, patience).is_some_and(|why| why.contains("85 %")));
        health.memory_limit = None;
        assert_eq!(judge(&health, patience), None);
        health.oldest_age = Some(Duration::from_secs(61));
        assert!(judge(&health, patience).is_some_and(|why| why.contains("61 s")));
    }
}
