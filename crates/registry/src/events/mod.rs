//! The port of product events on a store's transactions. Invariant: who appends locks the one row of
//! `event_log` before anything else and until the end, so that positions ascend in the order of commit.
//! Rows are deleted in order of (arrived, position), so that no two who delete wait for each other.
mod append;
mod consent;
mod forgotten;
mod question;
mod removal;
mod row;
mod sessions;
mod sinks;

use crate::rows::Transactions;
use async_trait::async_trait;
use cognobserve_model::event::{
    ActiveQuarter, Appended, AwaitedSession, DeveloperSort, DeveloperStats, DroppedEvent,
    EventCount, EventFilter, EventGroup, Position, StoredEvent,
};
use cognobserve_model::id::{ProjectId, SessionId, UserId};
use cognobserve_model::time::Micros;
use cognobserve_ports::{Actor, Events, StoreError};
use question::Question;
use removal::Whose;

/// The product events of a store.
pub struct EventLog<S>(S);

impl<S: Transactions> EventLog<S> {
    pub fn new(store: S) -> EventLog<S> {
        EventLog(store)
    }
}

#[async_trait]
impl<S: Transactions> Events for EventLog<S> {
    async fn append_events(&self, events: Vec<StoredEvent>) -> Result<Vec<Appended>, StoreError> {
        if events.is_empty() {
            return Ok(Vec::new());
        }
        self.0
            .write_apart(move |rows| {
                Box::pin(async move { append::append(rows, S::FOR_UPDATE, events).await })
            })
            .await
    }

    async fn read_events(
        &self,
        after: Position,
        limit: usize,
    ) -> Result<Vec<(Position, StoredEvent)>, StoreError> {
        let question = Question::after(after, limit);
        self.0
            .read_apart(move |rows| Box::pin(async move { question.list(rows).await }))
            .await
    }

    async fn hold_sink(
        &self,
        sink: &str,
        holder: &str,
        now: Micros,
        until: Micros,
    ) -> Result<Option<String>, StoreError> {
        let (sink, holder) = (sink.to_owned(), holder.to_owned());
        self.0
            .write_apart(move |rows| {
                Box::pin(async move { sinks::hold(rows, &sink, &holder, now, until).await })
            })
            .await
    }

    async fn save_progress(
        &self,
        sink: &str,
        holder: &str,
        progress: &str,
        dropped: Vec<DroppedEvent>,
    ) -> Result<bool, StoreError> {
        let (sink, holder) = (sink.to_owned(), holder.to_owned());
        let progress = progress.to_owned();
        self.0
            .write_apart(move |rows| {
                Box::pin(async move {
                    if !sinks::save(rows, &sink, &holder, &progress).await? {
                        return Ok(false);
                    }
                    sinks::drop_events(rows, S::FOR_UPDATE, &sink, &dropped).await?;
                    Ok(true)
                })
            })
            .await
    }

    async fn list_progress(&self) -> Result<Vec<(String, String)>, StoreError> {
        self.0
            .read_apart(move |rows| Box::pin(async move { sinks::list_progress(rows).await }))
            .await
    }

    async fn list_dropped(
        &self,
        sink: &str,
        limit: usize,
    ) -> Result<Vec<DroppedEvent>, StoreError> {
        let sink = sink.to_owned();
        self.0
            .read_apart(move |rows| {
                Box::pin(async move { sinks::list_dropped(rows, &sink, limit).await })
            })
            .await
    }

    async fn list_awaited(
        &self,
        after: Position,
        limit: usize,
    ) -> Result<Vec<AwaitedSession>, StoreError> {
        self.0
            .read_apart(move |rows| {
                Box::pin(async move { sessions::list(rows, after, limit).await })
            })
            .await
    }

    async fn link_awaited(
        &self,
        found: Vec<(Position, Option<SessionId>)>,
    ) -> Result<(), StoreError> {
        self.0
            .write_apart(move |rows| Box::pin(async move { sessions::link(rows, &found).await }))
            .await
    }

    async fn count_stored(&self) -> Result<u64, StoreError> {
        self.0
            .read_apart(move |rows| Box::pin(async move { append::count_stored(rows).await }))
            .await
    }

    async fn list_events(
        &self,
        filter: &EventFilter,
        before: Option<(Micros, Position)>,
        limit: usize,
    ) -> Result<Vec<(Position, StoredEvent)>, StoreError> {
        if filter.project.is_none() {
            return Ok(Vec::new());
        }
        let question = Question::latest(filter, before, limit);
        self.0
            .read_apart(move |rows| Box::pin(async move { question.list(rows).await }))
            .await
    }

    async fn count_events(
        &self,
        filter: &EventFilter,
        group: Option<&EventGroup>,
        limit: usize,
    ) -> Result<Vec<EventCount>, StoreError> {
        let question = Question::groups(filter, group, S::PROPERTY, limit);
        self.0
            .read_apart(move |rows| Box::pin(async move { question.count(rows).await }))
            .await
    }

    async fn list_developers(
        &self,
        filter: &EventFilter,
        sort: DeveloperSort,
        limit: usize,
    ) -> Result<Vec<DeveloperStats>, StoreError> {
        let question = Question::developers(filter, sort, limit);
        self.0
            .read_apart(move |rows| Box::pin(async move { question.list_developers(rows).await }))
            .await
    }

    async fn list_active_quarters(
        &self,
        filter: &EventFilter,
        limit: usize,
    ) -> Result<Vec<ActiveQuarter>, StoreError> {
        let question = Question::quarters(filter, limit);
        self.0
            .read_apart(move |rows| Box::pin(async move { question.list_quarters(rows).await }))
            .await
    }

    async fn forget_end_user(
        &self,
        project: &ProjectId,
        user: &UserId,
        pseudonym: &str,
    ) -> Result<u64, StoreError> {
        let mut all = 0;
        let gone = [user.as_str(), pseudonym].map(str::to_owned);
        let of = project.clone();
        self.0
            .write_apart(move |rows| {
                Box::pin(async move { forgotten::note(rows, S::FOR_UPDATE, &of, gone).await })
            })
            .await?;
        for whose in [
            Whose::User(user.clone()),
            Whose::Pseudonym(pseudonym.to_owned()),
        ] {
            loop {
                let (project, whose) = (project.clone(), whose.clone());
                let removed = self
                    .0
                    .write_apart(move |rows| {
                        Box::pin(async move {
                            removal::forget(rows, S::FOR_UPDATE, &project, &whose).await
                        })
                    })
                    .await?;
                all += removed;
                if removed == 0 {
                    break;
                }
            }
        }
        if all > 0 {
            self.0.scrub().await?;
        }
        Ok(all)
    }

    async fn remove_events(&self, before: Micros, limit: usize) -> Result<u64, StoreError> {
        self.0
            .write_apart(move |rows| {
                Box::pin(async move { removal::remove(rows, S::FOR_UPDATE, before, limit).await })
            })
            .await
    }

    async fn has_opted_out(&self, project: &ProjectId) -> Result<bool, StoreError> {
        let project = project.clone();
        self.0
            .read_apart(move |rows| {
                Box::pin(async move { consent::has_opted_out(rows, &project).await })
            })
            .await
    }

    async fn opt_out(
        &self,
        project: &ProjectId,
        out: bool,
        by: &Actor,
    ) -> Result<bool, StoreError> {
        let (project, by) = (project.clone(), by.clone());
        self.0
            .write_apart(move |rows| {
                Box::pin(async move { consent::opt_out(rows, &project, out, &by).await })
            })
            .await
    }
}
