//! Deletions: users unlinked or erased, sessions, traces, payloads whose time is over.
use super::payload::strip_payload;
use super::profile::Facts;
use super::state::{Fate, ProjectRecord, TraceRecord};
use crate::DeleteMode;
use cognobserve_model::id::{SessionId, UserId};
use cognobserve_model::report::{Deleted, Suppression};
use cognobserve_model::time::{MICROS_PER_DAY, Micros};

impl ProjectRecord {
    pub fn delete_user(&mut self, id: &UserId, mode: DeleteMode) -> Option<Deleted> {
        let user = self.find_living(id)?;
        let traces: Vec<usize> = (0..self.traces.len())
            .filter(|at| self.count_trace(&self.traces[*at]).user == Some(user))
            .collect();
        let counted = self.count_traces();
        let sessions: Vec<usize> = (0..self.sessions.len())
            .filter(|at| self.find_owner(&counted, *at) == Some(user))
            .collect();
        drop(counted);
        let deleted = Deleted {
            traces: traces.len() as i64,
            sessions: sessions.len() as i64,
        };
        if mode == DeleteMode::Erase {
            for at in traces {
                self.traces[at].erase();
                self.traces[at].tombstones.insert(user);
            }
            for at in sessions {
                self.sessions[at].erased = true;
                self.sessions[at].profile = Facts::default();
            }
            let suppression = Suppression {
                user: self.users[user].id.clone(),
                at: Micros::now(),
            };
            let external_id = self.users[user].external_id.clone();
            self.suppressed.insert(external_id, suppression);
        }
        self.users[user].fate = if mode == DeleteMode::Erase {
            Fate::Erased
        } else {
            Fate::Unlinked
        };
        self.users[user].profile = Facts::default();
        Some(deleted)
    }

    pub fn delete_session(&mut self, id: &SessionId) -> Option<Deleted> {
        let session = self
            .sessions
            .iter()
            .position(|session| !session.removed && session.id == *id)?;
        let traces = self
            .count_traces()
            .iter()
            .filter(|trace| trace.session == Some(session))
            .count();
        self.sessions[session].removed = true;
        for trace in &mut self.traces {
            trace.void_session(session);
        }
        Some(Deleted {
            traces: traces as i64,
            sessions: 1,
        })
    }

    pub fn delete_trace(&mut self, id: &str) -> Option<()> {
        let at = self.traces.iter().position(|trace| trace.id == id)?;
        self.traces.remove(at);
        Some(())
    }

    /// Removes payloads of traces from before the project's retention; answers of how many.
    pub fn remove_expired_payloads(&mut self, now: Micros) -> u64 {
        let Some(days) = self.project.settings.retention_payload_days else {
            return 0;
        };
        let from = Micros(now.0 - i64::from(days) * MICROS_PER_DAY);
        let mut removed = 0;
        for at in 0..self.traces.len() {
            if self.count_trace(&self.traces[at]).time >= from {
                continue;
            }
            let had = self.traces[at]
                .pieces
                .iter_mut()
                .map(strip_payload)
                .filter(|had| *had)
                .count();
            removed += u64::from(had > 0);
        }
        removed
    }
}

impl TraceRecord {
    /// What was said of a removed session names nothing from now on; said again, the same
    /// id means another session.
    fn void_session(&mut self, session: usize) {
        let voided = |id: &str| format!("{id}\u{0}{session}");
        for piece in &mut self.pieces {
            let envelope = piece.session.iter_mut().map(|part| &mut part.external_id);
            let on_spans = piece
                .spans
                .iter_mut()
                .filter_map(|part| part.session.as_mut());
            for id in envelope.chain(on_spans) {
                if self.rooms.get(id) == Some(&session) {
                    *id = voided(id);
                }
            }
        }
        let named: Vec<String> = self
            .rooms
            .iter()
            .filter(|(_, at)| **at == session)
            .map(|(id, _)| id.clone())
            .collect();
        for id in named {
            self.rooms.remove(&id);
            self.rooms.insert(voided(&id), session);
        }
    }
}
