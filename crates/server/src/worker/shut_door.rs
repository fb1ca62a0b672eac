//! The hall of a process that neither takes in nor books while others do: all that it does
//! there is to take people out of what was given up.
use super::budget::{Budget, Reservation};
use super::hall::{Hall, Setback, Way};
use async_trait::async_trait;
use cognobserve_model::id::ProjectId;
use cognobserve_model::piece::Batch;
use cognobserve_ports::{Committed, Queue, StoreError};
use std::sync::Arc;

/// Takes nothing.
pub struct ShutDoor {
    queue: Arc<dyn Queue>,
    budget: Arc<Budget>,
}

impl ShutDoor {
    pub fn new(queue: Arc<dyn Queue>) -> ShutDoor {
        ShutDoor {
            queue,
            budget: Arc::new(Budget::new(0, 0)),
        }
    }
}

#[async_trait]
impl Hall for ShutDoor {
    fn budget(&self) -> &Arc<Budget> {
        &self.budget
    }

    async fn submit(
        &self,
        _batch: Batch,
        _reservation: Reservation,
        _way: Way,
    ) -> Result<Committed, Setback> {
        Err(Setback::Unavailable)
    }

    async fn check_open(&self) -> Result<Vec<String>, String> {
        Ok(Vec::new())
    }

    async fn forget_user(&self, project: &ProjectId, external_id: &str) -> Result<(), StoreError> {
        self.queue.forget_user(project, external_id).await.map(drop)
    }

    async fn drain(&self) {}
}
