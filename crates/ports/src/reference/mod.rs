//! The obvious store: keeps every delivered piece and recounts everything for each answer.
//!
//! Written from the specification and not from the fold that real stores share: it uses
//! neither `model::trace`, `model::facts` nor `model::counting`, keeps no sums and knows
//! no deltas. Its worth is to disagree where they are wrong. Never for production.
mod accounts;
mod commit;
mod count;
mod event;
mod events;
mod ledger;
mod merge;
mod money;
mod payload;
mod profile;
mod remove;
mod reports;
mod sessions;
mod state;
mod tally;
mod users;

use crate::{ErrorKind, StoreError};
use cognobserve_model::id::ProjectId;
use state::{ProjectRecord, State};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// An in-memory store that recomputes every answer from the delivered pieces.
#[derive(Default)]
pub struct ReferenceStore {
    state: Mutex<State>,
}

impl ReferenceStore {
    /// An empty store.
    pub fn new() -> ReferenceStore {
        ReferenceStore::default()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A test that panicked elsewhere must not hide its message behind a poisoned lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks a question of one project.
    fn read<T>(
        &self,
        project: &ProjectId,
        question: impl FnOnce(&ProjectRecord) -> T,
    ) -> Result<T, StoreError> {
        let state = self.lock();
        let record = state
            .projects
            .iter()
            .find(|record| record.project.id == *project);
        record
            .map(question)
            .ok_or_else(|| StoreError::new(ErrorKind::NotFound, "no such project"))
    }

    /// Changes one project.
    fn change<T>(
        &self,
        project: &ProjectId,
        work: impl FnOnce(&mut ProjectRecord) -> T,
    ) -> Result<T, StoreError> {
        let mut state = self.lock();
        let record = state
            .projects
            .iter_mut()
            .find(|record| record.project.id == *project);
        record
            .map(work)
            .ok_or_else(|| StoreError::new(ErrorKind::NotFound, "no such project"))
    }
}
