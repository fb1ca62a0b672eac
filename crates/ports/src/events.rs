//! Product events: a log that sinks read at their own pace, and the questions that it answers.
//!
//! Whether events may be asked about by person, and by whom, is decided by the caller.
use crate::{Actor, StoreError};
use async_trait::async_trait;
use cognobserve_model::event::{
    ActiveQuarter, Appended, AwaitedSession, DeveloperSort, DeveloperStats, DroppedEvent,
    EventCount, EventFilter, EventGroup, Position, StoredEvent,
};
use cognobserve_model::id::{ProjectId, SessionId, UserId};
use cognobserve_model::time::Micros;

/// Everything is seen by every process at once.
#[async_trait]
pub trait Events: Send + Sync {
    /// Stores events in one transaction, durable when it answers; says of each, in this order, what became of it.
    /// An id is known per project. Positions ascend in the order of commit, also between processes: a reader that
    /// has seen a position never finds a new event before it. Who was forgotten is refused in this very transaction:
    /// whatever was found out of them before, nothing of theirs is stored after [`Events::forget_end_user`].
    async fn append_events(&self, events: Vec<StoredEvent>) -> Result<Vec<Appended>, StoreError>;

    /// The first events of all projects after a position, ascending, at most `limit`. For sinks alone.
    async fn read_events(
        &self,
        after: Position,
        limit: usize,
    ) -> Result<Vec<(Position, StoredEvent)>, StoreError>;

    /// Makes `holder` the one who serves a sink until `until`, if nobody else is; anew, it is prolonged. Answers
    /// what [`Events::save_progress`] wrote last (empty: nothing yet), `None` while another holds it.
    async fn hold_sink(
        &self,
        sink: &str,
        holder: &str,
        now: Micros,
        until: Micros,
    ) -> Result<Option<String>, StoreError>;

    /// Writes down how far a sink is, with what it gave up since the last time, in one transaction. `false`, and
    /// nothing is written: another holds the sink by now.
    async fn save_progress(
        &self,
        sink: &str,
        holder: &str,
        progress: &str,
        dropped: Vec<DroppedEvent>,
    ) -> Result<bool, StoreError>;

    /// What [`Events::save_progress`] wrote, by sink's name.
    async fn list_progress(&self) -> Result<Vec<(String, String)>, StoreError>;

    /// What a sink gave up, latest first.
    async fn list_dropped(&self, sink: &str, limit: usize)
    -> Result<Vec<DroppedEvent>, StoreError>;

    /// The first events after a position that wait for their session, ascending, at most `limit`.
    async fn list_awaited(
        &self,
        after: Position,
        limit: usize,
    ) -> Result<Vec<AwaitedSession>, StoreError>;

    /// Gives those that still wait their session, in one transaction; with `None` they wait no longer and have none.
    async fn link_awaited(
        &self,
        found: Vec<(Position, Option<SessionId>)>,
    ) -> Result<(), StoreError>;

    /// How many events were ever stored, those removed since included.
    async fn count_stored(&self) -> Result<u64, StoreError>;

    /// Latest first, by (time, position); `before`: the last one of the page before. Needs a project.
    async fn list_events(
        &self,
        filter: &EventFilter,
        before: Option<(Micros, Position)>,
        limit: usize,
    ) -> Result<Vec<(Position, StoredEvent)>, StoreError>;

    /// Biggest group first, then by key, `None` last; at most `limit` groups. Without a group: one row, or none.
    async fn count_events(
        &self,
        filter: &EventFilter,
        group: Option<&EventGroup>,
        limit: usize,
    ) -> Result<Vec<EventCount>, StoreError>;

    /// Biggest first, then by id; at most `limit`. Concealed events are nobody's, and so are
    /// those whose developer is empty.
    async fn list_developers(
        &self,
        filter: &EventFilter,
        sort: DeveloperSort,
        limit: usize,
    ) -> Result<Vec<DeveloperStats>, StoreError>;

    /// Each end user with each quarter of an hour in which they did something, once, at most `limit`, in order.
    async fn list_active_quarters(
        &self,
        filter: &EventFilter,
        limit: usize,
    ) -> Result<Vec<ActiveQuarter>, StoreError>;

    /// Removes the events of an end user, known by their id or by a pseudonym; answers how many. From then on for
    /// good none are taken under either in this project. Ours are never given twice: a person who comes again has others.
    async fn forget_end_user(
        &self,
        project: &ProjectId,
        user: &UserId,
        pseudonym: &str,
    ) -> Result<u64, StoreError>;

    /// Removes at most `limit` events that arrived before `before`, with what was given up of them.
    async fn remove_events(&self, before: Micros, limit: usize) -> Result<u64, StoreError>;

    /// Whether this workspace's developer wants no events captured.
    async fn has_opted_out(&self, project: &ProjectId) -> Result<bool, StoreError>;

    /// A line of the workspace's audit log if it changes anything. `false`: no such project.
    async fn opt_out(&self, project: &ProjectId, out: bool, by: &Actor)
    -> Result<bool, StoreError>;
}
