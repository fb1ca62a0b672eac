//! Product events of the reference store: a list, gone through from its beginning for each question.
use super::ReferenceStore;
use super::event::{developer_of, is_asked, key_of, user_of, whose};
use super::state::State;
use crate::{Actor, Events, StoreError};
use async_trait::async_trait;
use cognobserve_model::event::{
    ActiveQuarter, Appended, AwaitedSession, DeveloperSort, DeveloperStats, DroppedEvent,
    EventCount, EventFilter, EventGroup, Position, StoredEvent,
};
use cognobserve_model::id::{DeveloperId, ProjectId, SessionId, UserId};
use cognobserve_model::time::{MICROS_PER_QUARTER, Micros};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Default)]
pub(super) struct EventRecords {
    log: Vec<(Position, StoredEvent)>,
    last: Position,
    stored: u64,
    sinks: BTreeMap<String, Sink>,
    dropped: Vec<(String, DroppedEvent)>,
    /// Workspaces.
    opted_out: BTreeSet<String>,
    /// Ids and pseudonyms of who is gone.
    forgotten: BTreeSet<(ProjectId, String)>,
}

struct Sink {
    holder: String,
    until: Micros,
    progress: String,
}

impl EventRecords {
    /// Keeps what `keep` says, and what was given up of it; how many go.
    pub fn retain(&mut self, keep: impl Fn(&StoredEvent) -> bool) -> u64 {
        let before = self.log.len();
        self.log.retain(|(_, event)| keep(event));
        let left: BTreeSet<Position> = self.log.iter().map(|(position, _)| *position).collect();
        self.dropped
            .retain(|(_, drop)| left.contains(&drop.position));
        (before - self.log.len()) as u64
    }
}

fn select<'s>(
    state: &'s State,
    filter: &'s EventFilter,
) -> impl Iterator<Item = &'s (Position, StoredEvent)> {
    let log = state.events.log.iter();
    log.filter(|(_, event)| is_asked(event, filter))
}

fn workspace_of(state: &State, project: &ProjectId) -> Option<String> {
    let mut records = state.projects.iter();
    let found = records.find(|record| record.project.id == *project);
    found.map(|record| record.project.workspace.clone())
}

#[async_trait]
impl Events for ReferenceStore {
    async fn append_events(&self, events: Vec<StoredEvent>) -> Result<Vec<Appended>, StoreError> {
        let mut state = self.lock();
        let mut answers = Vec::new();
        for event in events {
            let is_known = |(_, other): &(_, StoredEvent)| {
                other.project == event.project && other.id == event.id
            };
            let is_forgotten = whose(&event).is_some_and(|whose| {
                let gone = (event.project.clone(), whose.to_owned());
                state.events.forgotten.contains(&gone)
            });
            answers.push(if workspace_of(&state, &event.project).is_none() {
                Appended::NoSuchProject
            } else if is_forgotten {
                Appended::Forgotten
            } else if state.events.log.iter().any(is_known) {
                Appended::Known
            } else {
                state.events.last += 1;
                state.events.stored += 1;
                let position = state.events.last;
                state.events.log.push((position, event));
                Appended::Stored
            });
        }
        Ok(answers)
    }

    async fn read_events(
        &self,
        after: Position,
        limit: usize,
    ) -> Result<Vec<(Position, StoredEvent)>, StoreError> {
        let state = self.lock();
        let later = state.events.log.iter().filter(|(at, _)| *at > after);
        Ok(later.take(limit).cloned().collect())
    }

    async fn hold_sink(
        &self,
        sink: &str,
        holder: &str,
        now: Micros,
        until: Micros,
    ) -> Result<Option<String>, StoreError> {
        let mut state = self.lock();
        let free = Sink {
            holder: String::new(),
            until: now,
            progress: String::new(),
        };
        let sink = state.events.sinks.entry(sink.to_owned()).or_insert(free);
        if sink.holder != holder && sink.until > now {
            return Ok(None);
        }
        sink.holder = holder.to_owned();
        sink.until = until;
        Ok(Some(sink.progress.clone()))
    }

    async fn save_progress(
        &self,
        sink: &str,
        holder: &str,
        progress: &str,
        dropped: Vec<DroppedEvent>,
    ) -> Result<bool, StoreError> {
        let mut state = self.lock();
        let records = &mut state.events;
        let Some(held) = records.sinks.get_mut(sink).filter(|it| it.holder == holder) else {
            return Ok(false);
        };
        held.progress = progress.to_owned();
        for drop in dropped {
            let is_it = |(position, event): &(Position, StoredEvent)| {
                *position == drop.position && event.id == drop.event
            };
            if records.log.iter().any(is_it) {
                let is_same =
                    |it: &(String, DroppedEvent)| it.0 == sink && it.1.position == drop.position;
                records.dropped.retain(|it| !is_same(it));
                records.dropped.push((sink.to_owned(), drop));
            }
        }
        Ok(true)
    }

    async fn list_progress(&self) -> Result<Vec<(String, String)>, StoreError> {
        let state = self.lock();
        let sinks = state.events.sinks.iter();
        Ok(sinks
            .map(|(name, sink)| (name.clone(), sink.progress.clone()))
            .collect())
    }

    async fn list_dropped(
        &self,
        sink: &str,
        limit: usize,
    ) -> Result<Vec<DroppedEvent>, StoreError> {
        let state = self.lock();
        let of_sink = state.events.dropped.iter().filter(|(name, _)| name == sink);
        let mut dropped: Vec<_> = of_sink.map(|(_, drop)| drop.clone()).collect();
        dropped.sort_by_key(|drop| Reverse((drop.at, drop.position)));
        dropped.truncate(limit);
        Ok(dropped)
    }

    async fn list_awaited(
        &self,
        after: Position,
        limit: usize,
    ) -> Result<Vec<AwaitedSession>, StoreError> {
        let state = self.lock();
        let later = state.events.log.iter().filter(|(at, _)| *at > after);
        let awaited = later.filter_map(|(position, event)| {
            Some(AwaitedSession {
                position: *position,
                project: event.project.clone(),
                external_id: event.awaited.clone()?,
                arrived: event.arrived,
            })
        });
        Ok(awaited.take(limit).collect())
    }

    async fn link_awaited(
        &self,
        found: Vec<(Position, Option<SessionId>)>,
    ) -> Result<(), StoreError> {
        let mut state = self.lock();
        for (position, session) in found {
            let mut log = state.events.log.iter_mut();
            let waits = log.find(|(at, event)| *at == position && event.awaited.is_some());
            if let Some((_, event)) = waits {
                event.session = session.map(|id| id.to_string());
                event.awaited = None;
            }
        }
        Ok(())
    }

    async fn count_stored(&self) -> Result<u64, StoreError> {
        Ok(self.lock().events.stored)
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
        let state = self.lock();
        let mut found: Vec<_> = select(&state, filter).cloned().collect();
        let place = |(position, event): &(Position, StoredEvent)| (event.at, *position);
        found.retain(|it| before.is_none_or(|before| place(it) < before));
        found.sort_by_key(|it| Reverse(place(it)));
        found.truncate(limit);
        Ok(found)
    }

    async fn count_events(
        &self,
        filter: &EventFilter,
        group: Option<&EventGroup>,
        limit: usize,
    ) -> Result<Vec<EventCount>, StoreError> {
        let state = self.lock();
        let mut counts: BTreeMap<Option<String>, u64> = BTreeMap::new();
        for (_, event) in select(&state, filter) {
            let key = group.and_then(|group| key_of(event, group));
            *counts.entry(key).or_default() += 1;
        }
        let mut rows: Vec<_> = counts
            .into_iter()
            .map(|(key, count)| EventCount { key, count })
            .collect();
        // What is equal stays in the order of keys.
        rows.sort_by_key(|row| (Reverse(row.count), row.key.is_none()));
        rows.truncate(limit);
        Ok(rows)
    }

    async fn list_developers(
        &self,
        filter: &EventFilter,
        sort: DeveloperSort,
        limit: usize,
    ) -> Result<Vec<DeveloperStats>, StoreError> {
        let state = self.lock();
        let mut events_of: BTreeMap<&DeveloperId, Vec<&StoredEvent>> = BTreeMap::new();
        for (_, event) in select(&state, filter) {
            if let Some(developer) = developer_of(event).filter(|id| !id.as_str().is_empty()) {
                events_of.entry(developer).or_default().push(event);
            }
        }
        let mut found = Vec::new();
        for (developer, events) in events_of {
            let users: BTreeSet<_> = events.iter().filter_map(|event| user_of(event)).collect();
            let times = || events.iter().map(|event| event.at);
            found.push(DeveloperStats {
                developer: developer.clone(),
                event_count: events.len() as u64,
                unique_end_users: users.len() as u64,
                first_seen: times().min().unwrap_or_default(),
                last_seen: times().max().unwrap_or_default(),
            });
        }
        match sort {
            DeveloperSort::EventCount => found.sort_by_key(|it| Reverse(it.event_count)),
            DeveloperSort::UniqueEndUsers => found.sort_by_key(|it| Reverse(it.unique_end_users)),
            DeveloperSort::LastSeenAt => found.sort_by_key(|it| Reverse(it.last_seen)),
        }
        found.truncate(limit);
        Ok(found)
    }

    async fn list_active_quarters(
        &self,
        filter: &EventFilter,
        limit: usize,
    ) -> Result<Vec<ActiveQuarter>, StoreError> {
        let state = self.lock();
        let quarters = select(&state, filter).filter_map(|(_, event)| {
            Some(ActiveQuarter {
                end_user: user_of(event)?.clone(),
                quarter: event.at.0.div_euclid(MICROS_PER_QUARTER),
            })
        });
        let quarters: BTreeSet<ActiveQuarter> = quarters.collect();
        Ok(quarters.into_iter().take(limit).collect())
    }

    async fn forget_end_user(
        &self,
        project: &ProjectId,
        user: &UserId,
        pseudonym: &str,
    ) -> Result<u64, StoreError> {
        let mut state = self.lock();
        if workspace_of(&state, project).is_none() {
            return Ok(0);
        }
        for gone in [user.as_str(), pseudonym] {
            let gone = (project.clone(), gone.to_owned());
            state.events.forgotten.insert(gone);
        }
        let is_theirs =
            |event: &StoredEvent| [Some(user.as_str()), Some(pseudonym)].contains(&whose(event));
        let removed = state
            .events
            .retain(|event| event.project != *project || !is_theirs(event));
        Ok(removed)
    }

    async fn remove_events(&self, before: Micros, limit: usize) -> Result<u64, StoreError> {
        let mut state = self.lock();
        let mut old: Vec<_> = state.events.log.iter().collect();
        old.retain(|(_, event)| event.arrived < before);
        old.sort_by_key(|(position, event)| (event.arrived, *position));
        let old = old.into_iter().take(limit);
        let old: BTreeSet<_> = old
            .map(|(_, event)| (event.project.clone(), event.id))
            .collect();
        let is_old = |event: &StoredEvent| old.contains(&(event.project.clone(), event.id));
        Ok(state.events.retain(|event| !is_old(event)))
    }

    async fn has_opted_out(&self, project: &ProjectId) -> Result<bool, StoreError> {
        let state = self.lock();
        let workspace = workspace_of(&state, project);
        Ok(workspace.is_some_and(|name| state.events.opted_out.contains(&name)))
    }

    async fn opt_out(&self, project: &ProjectId, out: bool, _: &Actor) -> Result<bool, StoreError> {
        let mut state = self.lock();
        let Some(workspace) = workspace_of(&state, project) else {
            return Ok(false);
        };
        match out {
            true => state.events.opted_out.insert(workspace),
            false => state.events.opted_out.remove(&workspace),
        };
        Ok(true)
    }
}
