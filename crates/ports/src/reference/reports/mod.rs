//! The reading port of the reference store: every answer is counted anew.
mod charts;
mod costs;
mod inventory;
mod traces;

use super::ReferenceStore;
use super::count::Counted;
use super::state::{Fate, ProjectRecord, TraceRecord};
use super::tally::sum_traces;
use crate::reports::TimePage;
use crate::{Reports, StoreError};
use async_trait::async_trait;
use cognobserve_model::id::{ProjectId, SessionId, UserId};
use cognobserve_model::measures::Measures;
use cognobserve_model::query::{
    CostQuery, DayRange, Page, PageRequest, Period, SessionFilter, TimePosition, TraceFilter,
    UserKey, UserPosition, UserQuery,
};
use cognobserve_model::report::{
    CostReport, DayStats, Inventory, SessionStats, Summary, Suppressions, TopUser, TraceDetail,
    TraceSummary, UnpricedModel, UserChart, UserCounts, UserDetail, UserName, UserStats,
    Verification,
};
use cognobserve_model::span::Pricing;
use cognobserve_model::time::Micros;
use std::collections::BTreeMap;

/// The first `limit` of what is left after a position, with the position of the last if
/// more follow.
fn cut_page<T, P>(mut items: Vec<(T, P)>, limit: usize) -> Page<T, P> {
    let more = items.len() > limit;
    items.truncate(limit);
    let (items, mut positions): (Vec<T>, Vec<P>) = items.into_iter().unzip();
    Page {
        items,
        next: if more { positions.pop() } else { None },
    }
}

/// The time down to which a page looks that looks through `scan_limit` things of these times,
/// the newest first; `None`: all of them.
fn find_floor(
    scan_limit: Option<usize>,
    mut times: impl Iterator<Item = Micros>,
) -> Option<Micros> {
    let floor = times.nth(scan_limit?.checked_sub(1)?)?;
    times.any(|time| time < floor).then_some(floor)
}

#[async_trait]
impl Reports for ReferenceStore {
    async fn list_users(
        &self,
        project: &ProjectId,
        query: UserQuery,
    ) -> Result<Page<UserStats, UserPosition>, StoreError> {
        self.read(project, |record| {
            let mut users = record.list_users(&record.count_traces(), &query);
            if let Some(after) = &query.page.after {
                users.retain(|(_, position)| super::users::is_after(position, after, query.order));
            }
            cut_page(users, query.page.limit)
        })
    }

    async fn find_user(
        &self,
        project: &ProjectId,
        key: &UserKey,
        stats: Period,
    ) -> Result<Option<UserDetail>, StoreError> {
        self.read(project, |record| {
            let at = record.find_by_key(key)?;
            let counted = record.count_traces();
            let filter = SessionFilter {
                user: Some(record.users[at].id.clone()),
                ..SessionFilter::default()
            };
            let mut sessions = record.list_sessions(&counted, &filter)?;
            sessions.truncate(10);
            Some(UserDetail {
                stats: record.describe_stats(&counted, at, stats),
                sessions,
            })
        })
    }

    async fn name_users(
        &self,
        project: &ProjectId,
        users: &[UserId],
    ) -> Result<Vec<Option<UserName>>, StoreError> {
        self.read(project, |record| {
            let name = |user| {
                let user = &record.users[record.find_living(user)?];
                Some(UserName {
                    external_id: user.external_id.clone(),
                    name: user.profile.name(),
                    email: user.profile.email(),
                })
            };
            users.iter().map(name).collect()
        })
    }

    async fn list_traces(
        &self,
        project: &ProjectId,
        filter: TraceFilter,
        page: PageRequest<TimePosition>,
    ) -> Result<Option<TimePage<TraceSummary>>, StoreError> {
        self.read(project, |record| {
            let counted = record.count_traces();
            let is_left = |trace: &TraceSummary| {
                page.after.as_ref().is_none_or(|after| {
                    trace.time < after.time || trace.time == after.time && trace.id > after.id
                })
            };
            let mut walked = record.list_traces(&counted, &filter.unsieved())?;
            walked.retain(is_left);
            let floor = find_floor(filter.scan_limit, walked.iter().map(|trace| trace.time));
            let mut found = record.list_traces(&counted, &filter)?;
            found.retain(|trace| is_left(trace) && floor.is_none_or(|floor| trace.time >= floor));
            let place = |trace: TraceSummary| {
                let position = TimePosition {
                    time: trace.time,
                    id: trace.id.clone(),
                };
                (trace, position)
            };
            let mut cut = cut_page(found.into_iter().map(place).collect(), page.limit);
            cut.next = cut.next.or(floor.map(TimePosition::before));
            Some(cut)
        })
    }

    async fn find_trace(
        &self,
        project: &ProjectId,
        trace_id: &str,
    ) -> Result<Option<TraceDetail>, StoreError> {
        self.read(project, |record| {
            // An erased trace is found by what the lists call it, and by the id that it had.
            let is_asked = |trace: &&TraceRecord| {
                trace.id == trace_id || traces::hide(&trace.id, trace.erased) == trace_id
            };
            let trace = record.traces.iter().find(is_asked)?;
            Some(record.detail_trace(&record.count_trace(trace)))
        })
    }

    async fn list_sessions(
        &self,
        project: &ProjectId,
        filter: SessionFilter,
        page: PageRequest<TimePosition>,
    ) -> Result<Option<TimePage<SessionStats>>, StoreError> {
        self.read(project, |record| {
            let counted = record.count_traces();
            let is_left = |session: &SessionStats| {
                let is_after =
                    |it: &TimePosition| super::sessions::is_after(session, it.time, &it.id);
                page.after.as_ref().is_none_or(is_after)
            };
            let mut walked = record.list_sessions(&counted, &filter.unsieved())?;
            walked.retain(is_left);
            let times = walked.iter().map(|session| session.last_seen);
            let floor = find_floor(filter.scan_limit, times);
            let mut found = record.list_sessions(&counted, &filter)?;
            found.retain(|it| is_left(it) && floor.is_none_or(|floor| it.last_seen >= floor));
            let place = |session: SessionStats| {
                let position = TimePosition {
                    time: session.last_seen,
                    id: session.external_id.clone(),
                };
                (session, position)
            };
            let mut cut = cut_page(found.into_iter().map(place).collect(), page.limit);
            cut.next = cut.next.or(floor.map(TimePosition::before));
            Some(cut)
        })
    }

    async fn find_session(
        &self,
        project: &ProjectId,
        session: &SessionId,
    ) -> Result<Option<SessionStats>, StoreError> {
        self.read(project, |record| {
            let at = record
                .sessions
                .iter()
                .position(|known| !known.removed && known.id == *session)?;
            Some(record.describe_session(&record.count_traces(), at))
        })
    }

    async fn resolve_session(
        &self,
        project: &ProjectId,
        external_id: &str,
    ) -> Result<Option<SessionId>, StoreError> {
        self.read(project, |record| {
            let known = (0..record.sessions.len()).filter(|at| !record.sessions[*at].removed);
            let mut called_so = known.filter(|at| record.name_session(*at) == external_id);
            called_so.next().map(|at| record.sessions[at].id.clone())
        })
    }

    async fn read_timeline(
        &self,
        project: &ProjectId,
        session: &SessionId,
        page: PageRequest<TimePosition>,
    ) -> Result<Option<TimePage<TraceDetail>>, StoreError> {
        self.read(project, |record| {
            let at = record
                .sessions
                .iter()
                .position(|known| !known.removed && known.id == *session)?;
            let counted = record.count_traces();
            let own = counted.iter().filter(|trace| trace.session == Some(at));
            let mut found: Vec<(TraceDetail, TimePosition)> = own
                .map(|trace| {
                    let detail = record.detail_trace(trace);
                    let position = TimePosition {
                        time: trace.time,
                        id: detail.summary.id.clone(),
                    };
                    (detail, position)
                })
                .collect();
            found.sort_by(|(_, a), (_, b)| (a.time, &a.id).cmp(&(b.time, &b.id)));
            if let Some(after) = &page.after {
                found.retain(|(_, position)| {
                    (position.time, &position.id) > (after.time, &after.id)
                });
            }
            Some(cut_page(found, page.limit))
        })
    }

    async fn analyse_user(
        &self,
        project: &ProjectId,
        user: &UserKey,
        range: DayRange,
    ) -> Result<Option<Vec<DayStats>>, StoreError> {
        self.read(project, |record| {
            let at = record.find_by_key(user)?;
            let counted = record.count_traces();
            let days =
                (0..i64::from(range.days)).map(|n| range.today.plus(n + 1 - i64::from(range.days)));
            let describe_day = |day| {
                let period = Period {
                    from: Some(range.zone.start_of(day)),
                    to: Some(range.zone.start_of(day.plus(1))),
                };
                let stats = record.describe_stats(&counted, at, period);
                DayStats {
                    day,
                    measures: stats.measures,
                    session_count: stats.session_count,
                }
            };
            Some(days.map(describe_day).collect())
        })
    }

    async fn summarise(&self, project: &ProjectId, since: Micros) -> Result<Summary, StoreError> {
        self.read(project, |record| {
            record.summarise(&record.count_traces(), since)
        })
    }

    async fn chart_project(
        &self,
        project: &ProjectId,
        edges: &[Micros],
    ) -> Result<Vec<Measures>, StoreError> {
        self.read(project, |record| {
            record.chart(&record.count_traces(), edges, |_| true)
        })
    }

    async fn chart_users(
        &self,
        project: &ProjectId,
        users: &[UserId],
        edges: &[Micros],
    ) -> Result<Vec<Vec<Measures>>, StoreError> {
        self.read(project, |record| {
            let counted = record.count_traces();
            let charts = users.iter().map(|user| {
                let at = record.find_living(user);
                record.chart(&counted, edges, |trace| at.is_some() && trace.user == at)
            });
            charts.collect()
        })
    }

    async fn chart_trace_counts(
        &self,
        project: &ProjectId,
        users: &[UserId],
        edges: &[Micros],
    ) -> Result<Vec<Vec<i64>>, StoreError> {
        let charts = self.chart_users(project, users, edges).await?;
        let counts = charts.into_iter().map(|chart| {
            let counts = chart.iter().map(|sums| sums.trace_count);
            counts.collect()
        });
        Ok(counts.collect())
    }

    async fn count_users(
        &self,
        project: &ProjectId,
        period: Period,
    ) -> Result<UserCounts, StoreError> {
        self.read(project, |record| {
            record.count_users(&record.count_traces(), period)
        })
    }

    async fn chart_user_counts(
        &self,
        project: &ProjectId,
        edges: &[Micros],
    ) -> Result<UserChart, StoreError> {
        self.read(project, |record| {
            record.chart_user_counts(&record.count_traces(), edges)
        })
    }

    async fn cost_user_by_model(
        &self,
        project: &ProjectId,
        user: &UserKey,
        period: Period,
    ) -> Result<Option<Vec<(Option<String>, Measures)>>, StoreError> {
        self.read(project, |record| {
            let at = record.find_by_key(user)?;
            let counted = record.count_traces();
            let own = counted
                .iter()
                .filter(|trace| trace.user == Some(at) && period.contains(trace.time));
            Some(costs::list_models(&own.collect::<Vec<_>>()))
        })
    }

    async fn report_costs(
        &self,
        project: &ProjectId,
        query: CostQuery,
    ) -> Result<CostReport, StoreError> {
        self.read(project, |record| {
            record.report_costs(&record.count_traces(), &query)
        })
    }

    async fn list_unpriced(&self, project: &ProjectId) -> Result<Vec<UnpricedModel>, StoreError> {
        self.read(project, |record| list_unpriced(&record.count_traces()))
    }

    /// Nothing is kept that could differ from a recomputation.
    async fn list_suppressions(
        &self,
        project: &ProjectId,
        limit: usize,
    ) -> Result<Suppressions, StoreError> {
        self.read(project, |record| {
            inventory::list_suppressions(record, limit)
        })
    }

    async fn count_projects(&self) -> Result<Inventory, StoreError> {
        Ok(inventory::count_projects(&self.lock()))
    }

    async fn verify(&self) -> Result<Verification, StoreError> {
        let state = self.lock();
        let mut found = Verification::default();
        for record in &state.projects {
            found.traces += record.traces.len() as i64;
            found.spans += sum_traces(&record.count_traces()).span_count;
        }
        Ok(found)
    }

    async fn check_ready(&self) -> Result<Vec<String>, StoreError> {
        Ok(Vec::new())
    }
}

impl ProjectRecord {
    fn summarise(&self, counted: &[Counted], since: Micros) -> Summary {
        let living = (0..self.users.len()).filter(|at| self.users[*at].fate == Fate::Living);
        let users: Vec<UserStats> = living
            .map(|at| self.describe_stats(counted, at, Period::ALL))
            .collect();
        let mut top: Vec<&UserStats> = users
            .iter()
            .filter(|stats| stats.measures.cost_nanos != 0)
            .collect();
        top.sort_by(|a, b| {
            let by_cost = b.measures.cost_nanos.cmp(&a.measures.cost_nanos);
            by_cost.then_with(|| a.user.external_id.cmp(&b.user.external_id))
        });
        Summary {
            total_users: users.len() as i64,
            active_users: users
                .iter()
                .filter(|stats| stats.user.last_seen >= since)
                .count() as i64,
            new_users: users
                .iter()
                .filter(|stats| stats.user.first_seen >= since)
                .count() as i64,
            top_by_cost: top.into_iter().take(5).map(describe_top).collect(),
        }
    }
}

fn describe_top(stats: &UserStats) -> TopUser {
    TopUser {
        id: stats.user.id.clone(),
        external_id: stats.user.external_id.clone(),
        name: stats.user.name.clone(),
        cost_nanos: stats.measures.cost_nanos,
    }
}

fn list_unpriced(counted: &[Counted]) -> Vec<UnpricedModel> {
    let mut by_model: BTreeMap<Option<String>, UnpricedModel> = BTreeMap::new();
    let spans = counted.iter().flat_map(|trace| &trace.spans);
    for span in spans.filter(|span| span.counts && span.pricing == Pricing::Unpriced) {
        let model = span.span.model.clone();
        let empty = UnpricedModel {
            model: model.clone(),
            span_count: 0,
            total_tokens: 0,
        };
        let entry = by_model.entry(model).or_insert(empty);
        entry.span_count += 1;
        entry.total_tokens += super::money::count_tokens(&span.usage);
    }
    let mut models: Vec<UnpricedModel> = by_model.into_values().collect();
    models.sort_by_key(|model| -model.total_tokens);
    models
}
