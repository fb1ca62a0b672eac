//! The writing port of the reference store.
use super::ReferenceStore;
use super::state::{Fate, ProjectRecord};
use crate::{Actor, Committed, DeleteMode, Ledger, Refusal, SessionPatch, StoreError};
use async_trait::async_trait;
use cognobserve_model::id::{ProjectId, SessionId, UserId};
use cognobserve_model::piece::Batch;
use cognobserve_model::profile::ProfilePart;
use cognobserve_model::report::{Deleted, Repriced, UserRef};
use cognobserve_model::span::Pricing;
use cognobserve_model::stamp::Arrival;
use cognobserve_model::time::Micros;
use std::collections::BTreeMap;

#[async_trait]
impl Ledger for ReferenceStore {
    async fn commit(
        &self,
        group: Vec<Batch>,
    ) -> Result<Vec<Result<Committed, Refusal>>, StoreError> {
        let mut state = self.lock();
        let mut answers = Vec::new();
        for batch in group {
            let arrivals = batch.pieces.iter().map(|piece| piece.arrival);
            state.last_arrival = arrivals.fold(state.last_arrival, Arrival::max);
            let mut last = state.last_number;
            let mut number = || {
                last += 1;
                last
            };
            let record = state
                .projects
                .iter_mut()
                .find(|record| record.project.id == batch.project);
            answers.push(match record {
                Some(record) => record.book_batch(batch, &mut number),
                None => Err(Refusal::NoSuchProject),
            });
            state.last_number = last;
        }
        Ok(answers)
    }

    async fn last_arrival(&self) -> Result<Arrival, StoreError> {
        Ok(self.lock().last_arrival)
    }

    async fn patch_user(
        &self,
        project: &ProjectId,
        user: &UserId,
        part: ProfilePart,
        _by: &Actor,
    ) -> Result<Option<()>, StoreError> {
        self.change(project, |record| {
            let at = record.find_living(user)?;
            record.users[at].profile.patch(part);
            Some(())
        })
    }

    async fn delete_user(
        &self,
        project: &ProjectId,
        user: &UserId,
        mode: DeleteMode,
        _by: &Actor,
    ) -> Result<Option<Deleted>, StoreError> {
        self.change(project, |record| record.delete_user(user, mode))
    }

    async fn resolve_users(
        &self,
        project: &ProjectId,
        external_ids: Vec<String>,
        create: bool,
    ) -> Result<Result<Vec<Option<UserId>>, Refusal>, StoreError> {
        let mut state = self.lock();
        let mut last = state.last_number;
        let Some(record) = state
            .projects
            .iter_mut()
            .find(|record| record.project.id == *project)
        else {
            return Ok(Err(Refusal::NoSuchProject));
        };
        let before = record.clone();
        let mut found = Vec::new();
        for id in &external_ids {
            let known = record
                .users
                .iter()
                .position(|user| user.fate == Fate::Living && user.external_id == *id);
            let at = match known {
                None if create && !record.suppressed.contains_key(id) => {
                    let mut number = || {
                        last += 1;
                        last
                    };
                    Some(record.take_user(id, Micros::now(), &mut number))
                }
                known => known,
            };
            found.push(at.map(|at| record.users[at].id.clone()));
        }
        if record.has_too_many_users(&before) {
            *record = before;
            return Ok(Err(Refusal::TooManyUsers));
        }
        state.last_number = last;
        Ok(Ok(found))
    }

    async fn lift_suppression(
        &self,
        project: &ProjectId,
        external_id: &str,
        _by: &Actor,
    ) -> Result<bool, StoreError> {
        self.change(project, |record| {
            record.suppressed.remove(external_id).is_some()
        })
    }

    async fn patch_session(
        &self,
        project: &ProjectId,
        session: &SessionId,
        patch: SessionPatch,
        _by: &Actor,
    ) -> Result<Option<()>, StoreError> {
        self.change(project, |record| {
            let at = record
                .sessions
                .iter()
                .position(|known| !known.removed && known.id == *session)?;
            let part = ProfilePart {
                user: String::new(),
                at: Micros::now(),
                name: patch.name,
                email: None,
                metadata: patch.metadata,
            };
            record.sessions[at].profile.patch(part);
            Some(())
        })
    }

    async fn delete_session(
        &self,
        project: &ProjectId,
        session: &SessionId,
        _by: &Actor,
    ) -> Result<Option<Deleted>, StoreError> {
        self.change(project, |record| record.delete_session(session))
    }

    async fn delete_trace(
        &self,
        project: &ProjectId,
        trace_id: &str,
        _by: &Actor,
    ) -> Result<Option<()>, StoreError> {
        self.change(project, |record| record.delete_trace(trace_id))
    }

    async fn remove_expired_payloads(&self, now: Micros) -> Result<u64, StoreError> {
        let mut state = self.lock();
        Ok(state
            .projects
            .iter_mut()
            .map(|record| record.remove_expired_payloads(now))
            .sum())
    }

    async fn reprice(&self, project: &ProjectId, apply: bool) -> Result<Vec<Repriced>, StoreError> {
        self.change(project, |record| {
            let mut repriced = record.clone();
            for at in 0..repriced.traces.len() {
                repriced.price_trace(at, true);
            }
            let changes = record.compare_prices(&repriced);
            if apply {
                *record = repriced;
            }
            changes
        })
    }
}

impl ProjectRecord {
    /// Per user what other prices would change: the traces in which a span's price differs.
    fn compare_prices(&self, other: &ProjectRecord) -> Vec<Repriced> {
        let mut by_user: BTreeMap<Option<usize>, Repriced> = BTreeMap::new();
        for (before, after) in self.count_traces().iter().zip(&other.count_traces()) {
            let pairs = || before.spans.iter().zip(&after.spans);
            let changed = pairs()
                .filter(|(old, new)| old.pricing != new.pricing)
                .count();
            if changed == 0 {
                continue;
            }
            let entry = by_user.entry(before.user).or_insert_with(|| Repriced {
                user: before.user.map(|at| self.refer_to_user(at)),
                spans: 0,
                before_nanos: 0,
                after_nanos: 0,
            });
            entry.spans += changed as i64;
            for (old, new) in pairs().filter(|(old, _)| old.counts) {
                entry.before_nanos += read_nanos(old.pricing);
                entry.after_nanos += read_nanos(new.pricing);
            }
        }
        let mut changes: Vec<Repriced> = by_user.into_values().collect();
        changes.sort_by_key(|change| -(change.after_nanos - change.before_nanos).abs());
        changes
    }

    pub fn refer_to_user(&self, at: usize) -> UserRef {
        let user = &self.users[at];
        let external_id = (user.fate != Fate::Erased).then(|| user.external_id.clone());
        UserRef {
            id: user.id.clone(),
            external_id,
        }
    }
}

fn read_nanos(pricing: Pricing) -> i128 {
    match pricing {
        Pricing::Client(nanos) | Pricing::Book(nanos) => nanos.into(),
        Pricing::Unpriced | Pricing::Nothing => 0,
    }
}
