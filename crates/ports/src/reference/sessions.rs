//! Sessions as they are answered: who owns them, when they were seen, and their sums.
use super::count::Counted;
use super::state::ProjectRecord;
use super::tally::sum_traces;
use cognobserve_model::query::{Period, SessionFilter, fold_search};
use cognobserve_model::report::{SessionRef, SessionStats};
use cognobserve_model::time::Micros;

impl ProjectRecord {
    /// The user of the session's latest identified trace; of equal times the larger trace id.
    pub fn find_owner(&self, counted: &[Counted], session: usize) -> Option<usize> {
        if self.sessions[session].removed {
            return None;
        }
        let identified = counted
            .iter()
            .filter(|trace| trace.session == Some(session) && trace.user.is_some());
        identified
            .max_by_key(|trace| (trace.time, &trace.record.id))?
            .user
    }

    /// Sessions of a user that have a trace, anyone's, in a period.
    pub fn list_owned(&self, counted: &[Counted], user: usize, period: Period) -> Vec<usize> {
        let has_trace = |at: &usize| {
            counted
                .iter()
                .any(|trace| trace.session == Some(*at) && period.contains(trace.time))
        };
        let owned =
            (0..self.sessions.len()).filter(|at| self.find_owner(counted, *at) == Some(user));
        owned.filter(has_trace).collect()
    }

    pub fn name_session(&self, at: usize) -> String {
        let session = &self.sessions[at];
        if session.erased {
            format!("erased:{}", session.external_id)
        } else {
            session.external_id.clone()
        }
    }

    pub fn refer_to_session(&self, at: usize) -> SessionRef {
        let session = &self.sessions[at];
        SessionRef {
            id: session.id.clone(),
            external_id: self.name_session(at),
            name: session.profile.name(),
        }
    }

    pub fn describe_session(&self, counted: &[Counted], at: usize) -> SessionStats {
        let session = &self.sessions[at];
        let own = || counted.iter().filter(|trace| trace.session == Some(at));
        let times = || own().map(|trace| trace.time);
        SessionStats {
            id: session.id.clone(),
            project: self.project.id.clone(),
            external_id: self.name_session(at),
            name: session.profile.name(),
            metadata: session.profile.metadata_json(),
            user: self
                .find_owner(counted, at)
                .map(|user| self.refer_to_user(user)),
            first_seen: times().min().unwrap_or(session.created),
            last_seen: times().max().unwrap_or(session.created),
            created: session.created,
            measures: sum_traces(own()),
        }
    }

    /// Sessions that match, by their last trace, newest first, then by external id.
    pub fn list_sessions(
        &self,
        counted: &[Counted],
        filter: &SessionFilter,
    ) -> Option<Vec<SessionStats>> {
        let user = match &filter.user {
            Some(id) => Some(self.find_living(id)?),
            None => None,
        };
        let mut found = Vec::new();
        for at in 0..self.sessions.len() {
            if self.sessions[at].removed || user.is_some() && self.find_owner(counted, at) != user {
                continue;
            }
            let stats = self.describe_session(counted, at);
            let texts = [Some(stats.external_id.clone()), stats.name.clone()];
            let has = |needle: &String| {
                texts
                    .iter()
                    .flatten()
                    .any(|text| fold_search(text).contains(needle))
            };
            if filter.search.as_ref().is_none_or(has) && filter.period.contains(stats.last_seen) {
                found.push(stats);
            }
        }
        found.sort_by(compare);
        Some(found)
    }

    /// How many of some sessions have a trace in a period.
    pub fn count_sessions(
        &self,
        counted: &[Counted],
        period: Period,
        is_wanted: impl Fn(usize) -> bool,
    ) -> i64 {
        let live =
            (0..self.sessions.len()).filter(|at| !self.sessions[*at].removed && is_wanted(*at));
        let has_trace = |at: &usize| {
            counted
                .iter()
                .any(|trace| trace.session == Some(*at) && period.contains(trace.time))
        };
        live.filter(has_trace).count() as i64
    }
}

fn compare(a: &SessionStats, b: &SessionStats) -> std::cmp::Ordering {
    b.last_seen
        .cmp(&a.last_seen)
        .then_with(|| a.external_id.cmp(&b.external_id))
}

/// Whether a session comes after a position in that order.
pub(super) fn is_after(stats: &SessionStats, time: Micros, id: &str) -> bool {
    stats.last_seen < time || stats.last_seen == time && stats.external_id.as_str() > id
}
