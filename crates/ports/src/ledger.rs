//! Writing: pieces in, books kept. One transaction per call.
use crate::{Actor, StoreError};
use async_trait::async_trait;
use cognobserve_model::id::{ProjectId, SessionId, UserId};
use cognobserve_model::piece::Batch;
use cognobserve_model::profile::ProfilePart;
use cognobserve_model::report::{Deleted, Repriced};
use cognobserve_model::stamp::Arrival;
use cognobserve_model::time::Micros;

/// What became of one committed batch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Committed {
    /// Spans left out because their trace already has the most it may hold, by trace id.
    pub refused_spans: Vec<(String, usize)>,
}

/// A batch that was refused as a whole; nothing of it was booked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It would make more users than the project's settings allow.
    TooManyUsers,
    /// The project does not exist (any more).
    NoSuchProject,
}

/// What happens to a deleted user's data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeleteMode {
    /// The user goes; traces and sessions stay, their spend becomes unattributed.
    Unlink,
    /// Everything readable goes; the spend stays under a tombstone, later data of the
    /// same external id is suppressed.
    Erase,
}

/// Changes to a session; `Some(None)` clears.
#[derive(Clone, Debug, Default)]
pub struct SessionPatch {
    pub name: Option<Option<String>>,
    /// JSON text per key; `None` deletes the key.
    pub metadata: Vec<(String, Option<String>)>,
}

/// The books. `Ok` means committed and durable, and (on the embedded store) visible to
/// every read that starts afterwards; `Err` means that nothing of the call was booked.
#[async_trait]
pub trait Ledger: Send + Sync {
    /// Prepares a batch for `commit` on the caller's thread: takes the payloads out of the
    /// pieces and packs them as this store keeps them. Optional; `commit` takes both.
    fn pack(&self, _batch: &mut Batch) {}

    /// Books all batches in one transaction, in order; answers in the same order.
    /// Pieces may repeat, contradict or complete what is stored: the totals are those of
    /// the merged traces, whatever the order and however often.
    async fn commit(
        &self,
        group: Vec<Batch>,
    ) -> Result<Vec<Result<Committed, Refusal>>, StoreError>;

    /// The latest arrival of any delivery that was committed: stamps to come must lie after
    /// it, also when the clock was set back since. [`Arrival`] 0 on an empty store.
    async fn last_arrival(&self) -> Result<Arrival, StoreError>;

    /// Merges into a profile. `part.user` is ignored; `part.at` is raised to the latest
    /// fact already stored. `None`: no such user.
    async fn patch_user(
        &self,
        project: &ProjectId,
        user: &UserId,
        part: ProfilePart,
        by: &Actor,
    ) -> Result<Option<()>, StoreError>;

    /// Deletes a user. `None`: no such user (any more).
    async fn delete_user(
        &self,
        project: &ProjectId,
        user: &UserId,
        mode: DeleteMode,
        by: &Actor,
    ) -> Result<Option<Deleted>, StoreError>;

    /// Our ids of external ids (already normalised), in order; with `create`, missing
    /// users are made, race-free. Suppressed ids are `None` and are not made.
    async fn resolve_users(
        &self,
        project: &ProjectId,
        external_ids: Vec<String>,
        create: bool,
    ) -> Result<Result<Vec<Option<UserId>>, Refusal>, StoreError>;

    /// Lets an erased external id be counted as a person again. `false`: was not suppressed.
    async fn lift_suppression(
        &self,
        project: &ProjectId,
        external_id: &str,
        by: &Actor,
    ) -> Result<bool, StoreError>;

    async fn patch_session(
        &self,
        project: &ProjectId,
        session: &SessionId,
        patch: SessionPatch,
        by: &Actor,
    ) -> Result<Option<()>, StoreError>;

    /// Unlinks a session from its traces and removes it.
    async fn delete_session(
        &self,
        project: &ProjectId,
        session: &SessionId,
        by: &Actor,
    ) -> Result<Option<Deleted>, StoreError>;

    /// Removes a trace, its payload and what it counted.
    async fn delete_trace(
        &self,
        project: &ProjectId,
        trace_id: &str,
        by: &Actor,
    ) -> Result<Option<()>, StoreError>;

    /// Removes payloads that are older than their project's retention; answers how many
    /// traces lost theirs. Bounded work per call; 0 when nothing is left to do.
    async fn remove_expired_payloads(&self, now: Micros) -> Result<u64, StoreError>;

    /// Prices every span of a project anew by today's book (client costs stay); per user,
    /// biggest change first. Without `apply` nothing is written; with it, an audit entry is.
    async fn reprice(&self, project: &ProjectId, apply: bool) -> Result<Vec<Repriced>, StoreError>;
}
