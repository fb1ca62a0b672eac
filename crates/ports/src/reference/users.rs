//! Users as they are answered: profile, when they were seen, and sums of their traces.
use super::count::Counted;
use super::state::{Fate, ProjectRecord};
use super::tally::sum_traces;
use cognobserve_model::id::UserId;
use cognobserve_model::query::{
    Period, SortOrder, UserKey, UserPosition, UserQuery, UserSort, fold_search,
};
use cognobserve_model::report::{User, UserStats};
use std::cmp::Ordering;

impl ProjectRecord {
    /// The living user with this id, by position.
    pub fn find_living(&self, id: &UserId) -> Option<usize> {
        self.users
            .iter()
            .position(|user| user.fate == Fate::Living && user.id == *id)
    }

    pub fn find_by_key(&self, key: &UserKey) -> Option<usize> {
        match key {
            UserKey::Id(id) => self.find_living(id),
            UserKey::External(id) => self
                .users
                .iter()
                .position(|user| user.fate == Fate::Living && user.external_id == *id),
        }
    }

    pub fn describe_user(&self, counted: &[Counted], at: usize) -> User {
        let record = &self.users[at];
        let times = || {
            counted
                .iter()
                .filter(|trace| trace.user == Some(at))
                .map(|trace| trace.time)
        };
        User {
            id: record.id.clone(),
            project: self.project.id.clone(),
            external_id: record.external_id.clone(),
            name: record.profile.name(),
            email: record.profile.email(),
            metadata: record.profile.metadata(),
            first_seen: times().min().unwrap_or(record.created),
            last_seen: times().max().unwrap_or(record.created),
            created: record.created,
            updated: record.profile.updated,
        }
    }

    /// A user with sums of a period.
    pub fn describe_stats(&self, counted: &[Counted], at: usize, period: Period) -> UserStats {
        let own = counted
            .iter()
            .filter(|trace| trace.user == Some(at) && period.contains(trace.time));
        UserStats {
            user: self.describe_user(counted, at),
            measures: sum_traces(own),
            session_count: self.list_owned(counted, at, period).len() as i64,
        }
    }

    /// All users that match, in the asked order.
    pub fn list_users(
        &self,
        counted: &[Counted],
        query: &UserQuery,
    ) -> Vec<(UserStats, UserPosition)> {
        let mut found = Vec::new();
        for at in 0..self.users.len() {
            if self.users[at].fate != Fate::Living {
                continue;
            }
            let stats = self.describe_stats(counted, at, query.stats);
            let is_active = stats.measures.trace_count > 0;
            if !is_asked(&stats.user, query) || query.active_only && !is_active {
                continue;
            }
            let position = UserPosition {
                value: read_value(&stats, query.sort),
                name: match query.sort {
                    UserSort::Name => stats.user.sort_name(),
                    _ => String::new(),
                },
                external_id: stats.user.external_id.clone(),
            };
            found.push((stats, position));
        }
        found.sort_by(|(_, a), (_, b)| compare(a, b, query.order));
        found
    }
}

fn is_asked(user: &User, query: &UserQuery) -> bool {
    let texts = [
        user.name.as_deref(),
        user.email.as_deref(),
        Some(user.external_id.as_str()),
    ];
    let has = |needle: &str| {
        texts
            .iter()
            .flatten()
            .any(|text| fold_search(text).contains(needle))
    };
    let holds = |(key, wanted): &(String, String)| {
        let value = user.metadata.iter().find(|(known, _)| known == key);
        value.is_some_and(|(_, json)| read_plain(json) == *wanted)
    };
    query.search.as_deref().is_none_or(has)
        && query
            .last_seen_from
            .is_none_or(|from| from <= user.last_seen)
        && query.last_seen_to.is_none_or(|to| user.last_seen <= to)
        && query.metadata.iter().all(holds)
}

/// A JSON string's content, anything else as it is written.
pub(super) fn read_plain(json: &str) -> String {
    serde_json::from_str::<String>(json).unwrap_or_else(|_| json.to_owned())
}

fn read_value(stats: &UserStats, sort: UserSort) -> Option<i128> {
    let sums = &stats.measures;
    match sort {
        UserSort::LastSeenAt => Some(stats.user.last_seen.0.into()),
        UserSort::FirstSeenAt => Some(stats.user.first_seen.0.into()),
        UserSort::TraceCount => Some(sums.trace_count.into()),
        UserSort::TotalCost => Some(sums.cost_nanos),
        UserSort::TotalTokens => Some(sums.total_tokens.into()),
        UserSort::ErrorCount => Some(sums.error_count.into()),
        UserSort::SessionCount => Some(stats.session_count.into()),
        UserSort::ErrorTraceRate => Some((sums.error_trace_rate() * 1e6).round() as i128),
        UserSort::AvgLatencyMs => sums.avg_latency_ms().map(|ms| (ms * 1e3).round() as i128),
        UserSort::Name => None,
    }
}

/// By value or name in the asked direction, nulls last, ties by external id ascending.
fn compare(a: &UserPosition, b: &UserPosition, order: SortOrder) -> Ordering {
    let by_value = match (a.value, b.value) {
        (None, None) => Ordering::Equal,
        (None, Some(_)) => Ordering::Greater,
        (Some(_), None) => Ordering::Less,
        (Some(a), Some(b)) if order == SortOrder::Asc => a.cmp(&b),
        (Some(a), Some(b)) => b.cmp(&a),
    };
    let by_name = match order {
        SortOrder::Asc => a.name.cmp(&b.name),
        SortOrder::Desc => b.name.cmp(&a.name),
    };
    by_value
        .then(by_name)
        .then_with(|| a.external_id.cmp(&b.external_id))
}

/// Whether `a` comes after a position.
pub(super) fn is_after(a: &UserPosition, position: &UserPosition, order: SortOrder) -> bool {
    compare(a, position, order) == Ordering::Greater
}
