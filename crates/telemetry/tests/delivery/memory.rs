//! A log of events in memory, as far as capture and sinks need one. It can be made to fail or to hang.
use async_trait::async_trait;
use cognobserve_model::event::{
    ActiveQuarter, Appended, AwaitedSession, DeveloperSort, DeveloperStats, DroppedEvent,
    EventCount, EventFilter, EventGroup, EventId, Position, StoredEvent, Who,
};
use cognobserve_model::id::{ProjectId, SessionId, UserId};
use cognobserve_model::time::Micros;
use cognobserve_ports::{Actor, ErrorKind, Events, StoreError};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

#[derive(Default)]
struct Sink {
    holder: String,
    until: Micros,
    progress: String,
}

#[derive(Default)]
struct State {
    events: BTreeMap<Position, StoredEvent>,
    ids: HashSet<(ProjectId, EventId)>,
    last: Position,
    sinks: HashMap<String, Sink>,
    dropped: HashMap<String, Vec<DroppedEvent>>,
    opted_out: HashSet<ProjectId>,
    forgotten: HashSet<String>,
}

#[derive(Default)]
pub struct Memory {
    state: Mutex<State>,
    pub hangs: AtomicBool,
    pub fails: AtomicBool,
}

impl Memory {
    /// Fails or hangs if it is to.
    async fn enter(&self) -> Result<std::sync::MutexGuard<'_, State>, StoreError> {
        while self.hangs.load(Relaxed) {
            std::future::pending::<()>().await;
        }
        match self.fails.load(Relaxed) {
            true => Err(StoreError::new(ErrorKind::Unavailable, "out of order")),
            false => Ok(self.state.lock().unwrap()),
        }
    }

    #[allow(dead_code, reason = "not all that use this file ask")]
    pub fn events(&self) -> Vec<StoredEvent> {
        self.state
            .lock()
            .unwrap()
            .events
            .values()
            .cloned()
            .collect()
    }
}

#[async_trait]
impl Events for Memory {
    async fn append_events(&self, events: Vec<StoredEvent>) -> Result<Vec<Appended>, StoreError> {
        let mut state = self.enter().await?;
        let append = |event: StoredEvent| {
            let whose = match &event.who {
                Who::Known { end_user, .. } => end_user.as_ref().map(UserId::as_str),
                Who::Concealed(pseudonym) => Some(pseudonym.as_str()),
            };
            if whose.is_some_and(|whose| state.forgotten.contains(whose)) {
                return Appended::Forgotten;
            }
            if !state.ids.insert((event.project.clone(), event.id)) {
                return Appended::Known;
            }
            // With gaps, as a real log has them.
            state.last += 3;
            let position = state.last;
            state.events.insert(position, event);
            Appended::Stored
        };
        Ok(events.into_iter().map(append).collect())
    }

    async fn read_events(
        &self,
        after: Position,
        limit: usize,
    ) -> Result<Vec<(Position, StoredEvent)>, StoreError> {
        let state = self.enter().await?;
        let rest = state.events.range(after + 1..).take(limit);
        Ok(rest.map(|(at, event)| (*at, event.clone())).collect())
    }

    async fn hold_sink(
        &self,
        sink: &str,
        holder: &str,
        now: Micros,
        until: Micros,
    ) -> Result<Option<String>, StoreError> {
        let mut state = self.enter().await?;
        let sink = state.sinks.entry(sink.to_owned()).or_default();
        if sink.holder != holder && sink.until > now {
            return Ok(None);
        }
        (sink.holder, sink.until) = (holder.to_owned(), until);
        Ok(Some(sink.progress.clone()))
    }

    async fn save_progress(
        &self,
        sink: &str,
        holder: &str,
        progress: &str,
        dropped: Vec<DroppedEvent>,
    ) -> Result<bool, StoreError> {
        let mut state = self.enter().await?;
        let held = state.sinks.entry(sink.to_owned()).or_default();
        if held.holder != holder {
            return Ok(false);
        }
        held.progress = progress.to_owned();
        state
            .dropped
            .entry(sink.to_owned())
            .or_default()
            .extend(dropped);
        Ok(true)
    }

    async fn list_progress(&self) -> Result<Vec<(String, String)>, StoreError> {
        let state = self.enter().await?;
        let all = state.sinks.iter();
        Ok(all
            .map(|(name, sink)| (name.clone(), sink.progress.clone()))
            .collect())
    }

    async fn list_dropped(
        &self,
        sink: &str,
        limit: usize,
    ) -> Result<Vec<DroppedEvent>, StoreError> {
        let state = self.enter().await?;
        let all = state.dropped.get(sink).into_iter().flatten().rev();
        Ok(all.take(limit).cloned().collect())
    }

    async fn list_awaited(&self, _: Position, _: usize) -> Result<Vec<AwaitedSession>, StoreError> {
        Ok(Vec::new())
    }

    async fn link_awaited(&self, _: Vec<(Position, Option<SessionId>)>) -> Result<(), StoreError> {
        Ok(())
    }

    async fn count_stored(&self) -> Result<u64, StoreError> {
        Ok(self.enter().await?.ids.len() as u64)
    }

    async fn list_events(
        &self,
        _: &EventFilter,
        _: Option<(Micros, Position)>,
        _: usize,
    ) -> Result<Vec<(Position, StoredEvent)>, StoreError> {
        Ok(Vec::new())
    }

    async fn count_events(
        &self,
        _: &EventFilter,
        _: Option<&EventGroup>,
        _: usize,
    ) -> Result<Vec<EventCount>, StoreError> {
        Ok(Vec::new())
    }

    async fn list_developers(
        &self,
        _: &EventFilter,
        _: DeveloperSort,
        _: usize,
    ) -> Result<Vec<DeveloperStats>, StoreError> {
        Ok(Vec::new())
    }

    async fn list_active_quarters(
        &self,
        _: &EventFilter,
        _: usize,
    ) -> Result<Vec<ActiveQuarter>, StoreError> {
        Ok(Vec::new())
    }

    async fn forget_end_user(
        &self,
        project: &ProjectId,
        user: &UserId,
        pseudonym: &str,
    ) -> Result<u64, StoreError> {
        let mut state = self.enter().await?;
        let gone = [user.as_str(), pseudonym].map(str::to_owned);
        state.forgotten.extend(gone);
        let before = state.events.len();
        state.events.retain(|_, event| {
            let is_theirs = match &event.who {
                Who::Known { end_user, .. } => end_user.as_ref() == Some(user),
                Who::Concealed(name) => name == pseudonym,
            };
            event.project != *project || !is_theirs
        });
        Ok((before - state.events.len()) as u64)
    }

    async fn remove_events(&self, before: Micros, limit: usize) -> Result<u64, StoreError> {
        let mut state = self.enter().await?;
        let old = state.events.iter().filter(|(_, it)| it.arrived < before);
        let old: Vec<Position> = old.map(|(at, _)| *at).take(limit).collect();
        state.events.retain(|at, _| !old.contains(at));
        Ok(old.len() as u64)
    }

    async fn has_opted_out(&self, project: &ProjectId) -> Result<bool, StoreError> {
        Ok(self.enter().await?.opted_out.contains(project))
    }

    async fn opt_out(&self, project: &ProjectId, out: bool, _: &Actor) -> Result<bool, StoreError> {
        let mut state = self.enter().await?;
        match out {
            true => state.opted_out.insert(project.clone()),
            false => state.opted_out.remove(project),
        };
        Ok(true)
    }
}
