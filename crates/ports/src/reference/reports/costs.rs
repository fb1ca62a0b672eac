//! Costs by group: rows, what belongs to no group, and the whole, each summed by itself.
use crate::reference::count::Counted;
use crate::reference::state::{Fate, ProjectRecord};
use crate::reference::tally::{sum_model, sum_traces};
use crate::reference::users::read_plain;
use cognobserve_model::measures::Measures;
use cognobserve_model::query::{CostGroup, CostPosition, CostQuery, Period};
use cognobserve_model::report::{CostKey, CostReport, CostRow};
use std::collections::{BTreeMap, BTreeSet};

type Share = (Measures, i64);

impl ProjectRecord {
    pub fn report_costs(&self, all: &[Counted], query: &CostQuery) -> CostReport {
        let within: Vec<&Counted> = all
            .iter()
            .filter(|trace| query.period.contains(trace.time))
            .collect();
        let (rows, unattributed) = match &query.group {
            CostGroup::User => self.split_by_user(all, &within, query.period),
            CostGroup::Model => split_by_model(&within),
            CostGroup::Day => self.split_by_day(all, &within, query),
            CostGroup::Session => self.split_by_session(&within),
            CostGroup::Metadata(key) => self.split_by_metadata(all, &within, query.period, key),
        };
        let counted = |count: i64| match query.sessions || query.group == CostGroup::Session {
            true => count,
            false => 0,
        };
        let (unattributed, without) = unattributed;
        let is_something =
            |row: &CostRow| row.measures != Measures::default() || row.session_count != 0;
        let mut rows: Vec<(CostRow, CostPosition)> = rows
            .into_iter()
            .map(|(key, (measures, session_count))| CostRow {
                key,
                measures,
                session_count: counted(session_count),
            })
            .filter(is_something)
            .map(|row| {
                let position = CostPosition {
                    cost_nanos: row.measures.cost_nanos,
                    key: row.key.order_key(),
                };
                (row, position)
            })
            .collect();
        rows.sort_by(|(_, a), (_, b)| {
            b.cost_nanos
                .cmp(&a.cost_nanos)
                .then_with(|| a.key.cmp(&b.key))
        });
        if let Some(after) = &query.page.after {
            rows.retain(|(_, at)| {
                at.cost_nanos < after.cost_nanos
                    || at.cost_nanos == after.cost_nanos && at.key > after.key
            });
        }
        let page = super::cut_page(rows, query.page.limit);
        let sessions = match query.sessions {
            true => self.count_sessions(all, query.period, |_| true),
            false => 0,
        };
        let total = (sum_traces(within), sessions);
        CostReport {
            rows: page.items,
            next: page.next,
            unattributed: (unattributed, counted(without)),
            total,
        }
    }

    /// Sums and sessions of those users (and of nobody, if `nobody`).
    fn share_of(
        &self,
        all: &[Counted],
        within: &[&Counted],
        period: Period,
        is_in: impl Fn(Option<usize>) -> bool,
    ) -> Share {
        let own = within.iter().filter(|trace| is_in(trace.user)).copied();
        let sessions = self.count_sessions(all, period, |at| is_in(self.find_owner(all, at)));
        (sum_traces(own), sessions)
    }

    fn split_by_user(
        &self,
        all: &[Counted],
        within: &[&Counted],
        period: Period,
    ) -> (Vec<(CostKey, Share)>, Share) {
        let mut rows = Vec::new();
        for (at, user) in self.users.iter().enumerate() {
            let key = match user.fate {
                Fate::Erased => CostKey::Tombstone {
                    id: user.id.clone(),
                },
                _ => CostKey::User {
                    id: user.id.clone(),
                    external_id: user.external_id.clone(),
                    name: user.profile.name(),
                },
            };
            rows.push((
                key,
                self.share_of(all, within, period, |user| user == Some(at)),
            ));
        }
        (
            rows,
            self.share_of(all, within, period, |user| user.is_none()),
        )
    }

    fn split_by_metadata(
        &self,
        all: &[Counted],
        within: &[&Counted],
        period: Period,
        key: &str,
    ) -> (Vec<(CostKey, Share)>, Share) {
        let value_of = |user: Option<usize>| {
            let metadata = self.users[user?].profile.metadata();
            metadata
                .iter()
                .find(|(known, _)| known == key)
                .map(|(_, json)| read_plain(json))
        };
        let values: BTreeSet<String> = (0..self.users.len())
            .filter_map(|at| value_of(Some(at)))
            .collect();
        let share = |value: &Option<String>| {
            self.share_of(all, within, period, |user| value_of(user) == *value)
        };
        let rows = values.into_iter().map(|value| {
            let share = share(&Some(value.clone()));
            (CostKey::Value(value), share)
        });
        (rows.collect(), share(&None))
    }

    fn split_by_session(&self, within: &[&Counted]) -> (Vec<(CostKey, Share)>, Share) {
        let mut rows = Vec::new();
        for (at, session) in self.sessions.iter().enumerate() {
            let own: Vec<&Counted> = within
                .iter()
                .filter(|trace| trace.session == Some(at))
                .copied()
                .collect();
            let key = CostKey::Session {
                id: session.id.clone(),
                external_id: self.name_session(at),
            };
            rows.push((
                key,
                (sum_traces(own.iter().copied()), i64::from(!own.is_empty())),
            ));
        }
        let none = within
            .iter()
            .filter(|trace| trace.session.is_none())
            .copied();
        (rows, (sum_traces(none), 0))
    }

    fn split_by_day(
        &self,
        all: &[Counted],
        within: &[&Counted],
        query: &CostQuery,
    ) -> (Vec<(CostKey, Share)>, Share) {
        let mut days: BTreeMap<_, Vec<&Counted>> = BTreeMap::new();
        for trace in within {
            days.entry(query.zone.day_of(trace.time))
                .or_default()
                .push(trace);
        }
        let rows = days.into_iter().map(|(day, traces)| {
            let has_trace = |at: usize| traces.iter().any(|trace| trace.session == Some(at));
            let sessions = self.count_sessions(all, Period::ALL, has_trace);
            (
                CostKey::Day(day),
                (sum_traces(traces.iter().copied()), sessions),
            )
        });
        (rows.collect(), Share::default())
    }
}

fn split_by_model(within: &[&Counted]) -> (Vec<(CostKey, Share)>, Share) {
    let (mut rows, mut none) = (Vec::new(), Measures::default());
    for (model, measures) in list_models(within) {
        match model {
            Some(model) => rows.push((CostKey::Model(model), (measures, 0))),
            None => none = measures,
        }
    }
    (rows, (none, 0))
}

/// Sums of each model that these traces touch, biggest cost first, then by name.
pub(super) fn list_models(within: &[&Counted]) -> Vec<(Option<String>, Measures)> {
    let spans = within.iter().flat_map(|trace| &trace.spans);
    let models: BTreeSet<Option<&str>> = spans.map(|span| span.span.model.as_deref()).collect();
    let mut rows: Vec<(Option<String>, Measures)> = Vec::new();
    for model in models {
        let sum = sum_model(within.iter().copied(), model);
        rows.push((model.map(str::to_owned), sum));
    }
    // Stable: names are in order.
    rows.sort_by_key(|(_, sum)| std::cmp::Reverse(sum.cost_nanos));
    rows
}
