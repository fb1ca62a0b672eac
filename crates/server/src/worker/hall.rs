//! The hall between door and ledger, whichever stands there: batches in, acknowledgements out.
use super::budget::{Budget, Reservation};
use async_trait::async_trait;
use cognobserve_model::id::ProjectId;
use cognobserve_model::piece::Batch;
use cognobserve_ports::{Committed, Refusal, StoreError};
use std::sync::Arc;

/// Why a batch was not acknowledged.
#[derive(Debug)]
pub enum Setback {
    /// The ledger refused it.
    Refused(Refusal),
    /// Its group failed, maybe by another batch: submit the same again, [`Way::Alone`].
    Sunk(Reservation),
    /// It failed alone: a defect, or a store that contradicts itself.
    Failed,
    /// Nothing is taken now: try again later.
    Unavailable,
}

/// Whether a batch may share a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    Grouped,
    Alone,
}

/// Where the door hands batches in.
#[async_trait]
pub trait Hall: Send + Sync {
    /// The bytes in flight; every request takes its own from here.
    fn budget(&self) -> &Arc<Budget>;

    /// Waits until the batch is durable. If the caller goes away, a batch that was taken is
    /// booked all the same.
    async fn submit(
        &self,
        batch: Batch,
        reservation: Reservation,
        way: Way,
    ) -> Result<Committed, Setback>;

    /// Whether batches are taken, with a sentence for each reason why they may be lost all the
    /// same; else why not. For people.
    async fn check_open(&self) -> Result<Vec<String>, String>;

    /// Takes a user out of what is kept outside the ledger for longer than a moment.
    async fn forget_user(&self, project: &ProjectId, external_id: &str) -> Result<(), StoreError>;

    /// Takes nothing more and returns when all that was taken is in good hands.
    async fn drain(&self);
}
