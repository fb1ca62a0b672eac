//! How a test's batches reach the books: handed to the store, or through whatever stands
//! before it.
use super::Store;
use crate::{Committed, Refusal, StoreError};
use async_trait::async_trait;
use cognobserve_model::piece::Batch;
use std::sync::Arc;

/// One for each batch, in their order.
pub type Answers = Vec<Result<Committed, Refusal>>;

#[async_trait]
pub trait Intake: Send + Sync {
    /// Returns when all batches are booked or refused, and visible to every read.
    async fn book(&self, group: Vec<Batch>) -> Result<Answers, StoreError>;

    /// Whether a group is booked as it is: its batches in order, each as a whole.
    fn keeps_groups(&self) -> bool {
        true
    }
}

pub(super) struct Direct(pub(super) Arc<dyn Store>);

#[async_trait]
impl Intake for Direct {
    async fn book(&self, group: Vec<Batch>) -> Result<Answers, StoreError> {
        self.0.commit(group).await
    }
}
