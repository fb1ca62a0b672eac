//! The reading room on PostgreSQL. Every answer comes from one snapshot, in a number of round
//! trips that does not grow with what is stored; rows in any number are taken one by one.
mod activity;
mod analytics;
mod charts;
mod costs;
mod costs_by_user;
mod inventory;
mod listing;
mod matching;
mod period;
#[cfg(test)]
mod plan_tests;
mod ready;
mod refs;
mod rows;
mod sessions;
mod trace_counts;
mod traces;
mod user_counts;
mod users;
mod users_of_period;
mod verify;

use crate::error::internal;
use crate::store::PostgresStore;
use async_trait::async_trait;
use cognobserve_model::id::{ProjectId, SessionId, UserId};
use cognobserve_model::measures::Measures;
use cognobserve_model::query::{
    CostQuery, DayRange, Page, PageRequest, Period, SessionFilter, TimePosition, TraceFilter,
    UserKey, UserPosition, UserQuery,
};
use cognobserve_model::report::{
    CostReport, DayStats, Inventory, SessionStats, Summary, Suppressions, TraceDetail,
    TraceSummary, UnpricedModel, UserChart, UserCounts, UserDetail, UserName, UserStats,
    Verification,
};
use cognobserve_model::time::Micros;
use cognobserve_ports::{Reports, StoreError};
use tokio_postgres::types::ToSql;

type TimePage<T> = Page<T, TimePosition>;
type Param<'a> = &'a (dyn ToSql + Sync);

#[async_trait]
impl Reports for PostgresStore {
    async fn list_users(
        &self,
        project: &ProjectId,
        query: UserQuery,
    ) -> Result<Page<UserStats, UserPosition>, StoreError> {
        let snapshot = self.snapshot(project).await?;
        let found = users::list(&snapshot, &query).await?;
        snapshot.close().await.map(|()| found)
    }

    async fn find_user(
        &self,
        project: &ProjectId,
        key: &UserKey,
        stats: Period,
    ) -> Result<Option<UserDetail>, StoreError> {
        let snapshot = self.snapshot(project).await?;
        let found = users::find(&snapshot, key, stats).await?;
        snapshot.close().await.map(|()| found)
    }

    async fn name_users(
        &self,
        project: &ProjectId,
        users: &[UserId],
    ) -> Result<Vec<Option<UserName>>, StoreError> {
        let snapshot = self.snapshot(project).await?;
        let names = snapshot.name_users(users).await?;
        snapshot.close().await.map(|()| names)
    }

    async fn list_traces(
        &self,
        project: &ProjectId,
        filter: TraceFilter,
        page: PageRequest<TimePosition>,
    ) -> Result<Option<TimePage<TraceSummary>>, StoreError> {
        let snapshot = self.snapshot(project).await?;
        let found = traces::list(&snapshot, &filter, page).await?;
        snapshot.close().await.map(|()| found)
    }

    async fn find_trace(
        &self,
        project: &ProjectId,
        trace_id: &str,
    ) -> Result<Option<TraceDetail>, StoreError> {
        let snapshot = self.snapshot(project).await?;
        let found = traces::find(&snapshot, trace_id).await?;
        snapshot.close().await.map(|()| found)
    }

    async fn list_sessions(
        &self,
        project: &ProjectId,
        filter: SessionFilter,
        page: PageRequest<TimePosition>,
    ) -> Result<Option<TimePage<SessionStats>>, StoreError> {
        let snapshot = self.snapshot(project).await?;
        let found = sessions::list(&snapshot, &filter, page).await?;
        snapshot.close().await.map(|()| found)
    }

    async fn find_session(
        &self,
        project: &ProjectId,
        session: &SessionId,
    ) -> Result<Option<SessionStats>, StoreError> {
        let snapshot = self.snapshot(project).await?;
        let found = sessions::find(&snapshot, session).await?;
        snapshot.close().await.map(|()| found)
    }

    async fn resolve_session(
        &self,
        project: &ProjectId,
        external_id: &str,
    ) -> Result<Option<SessionId>, StoreError> {
        let snapshot = self.snapshot(project).await?;
        let found = sessions::resolve(&snapshot, external_id).await?;
        snapshot.close().await.map(|()| found)
    }

    async fn read_timeline(
        &self,
        project: &ProjectId,
        session: &SessionId,
        page: PageRequest<TimePosition>,
    ) -> Result<Option<TimePage<TraceDetail>>, StoreError> {
        let snapshot = self.snapshot(project).await?;
        let found = traces::read_timeline(&snapshot, session, &page).await?;
        snapshot.close().await.map(|()| found)
    }

    async fn analyse_user(
        &self,
        project: &ProjectId,
        user: &UserKey,
        range: DayRange,
    ) -> Result<Option<Vec<DayStats>>, StoreError> {
        let snapshot = self.snapshot(project).await?;
        let found = match snapshot.find_user_no(user).await? {
            Some(no) => Some(analytics::analyse(&snapshot, no, &range).await?),
            None => None,
        };
        snapshot.close().await.map(|()| found)
    }

    async fn summarise(&self, project: &ProjectId, since: Micros) -> Result<Summary, StoreError> {
        let snapshot = self.snapshot(project).await?;
        let summary = analytics::summarise(&snapshot, since).await?;
        snapshot.close().await.map(|()| summary)
    }

    async fn chart_project(
        &self,
        project: &ProjectId,
        edges: &[Micros],
    ) -> Result<Vec<Measures>, StoreError> {
        let snapshot = self.snapshot(project).await?;
        let sums = charts::chart_project(&snapshot, edges).await?;
        snapshot.close().await.map(|()| sums)
    }

    async fn chart_users(
        &self,
        project: &ProjectId,
        users: &[UserId],
        edges: &[Micros],
    ) -> Result<Vec<Vec<Measures>>, StoreError> {
        let snapshot = self.snapshot(project).await?;
        let charts = charts::chart_users(&snapshot, users, edges).await?;
        snapshot.close().await.map(|()| charts)
    }

    async fn chart_trace_counts(
        &self,
        project: &ProjectId,
        users: &[UserId],
        edges: &[Micros],
    ) -> Result<Vec<Vec<i64>>, StoreError> {
        let snapshot = self.snapshot(project).await?;
        let counts = trace_counts::chart(&snapshot, users, edges).await?;
        snapshot.close().await.map(|()| counts)
    }

    async fn count_users(
        &self,
        project: &ProjectId,
        period: Period,
    ) -> Result<UserCounts, StoreError> {
        let snapshot = self.snapshot(project).await?;
        let counts = activity::count_users(&snapshot, period).await?;
        snapshot.close().await.map(|()| counts)
    }

    async fn chart_user_counts(
        &self,
        project: &ProjectId,
        edges: &[Micros],
    ) -> Result<UserChart, StoreError> {
        let snapshot = self.snapshot(project).await?;
        let chart = user_counts::chart(&snapshot, edges).await?;
        snapshot.close().await.map(|()| chart)
    }

    async fn cost_user_by_model(
        &self,
        project: &ProjectId,
        user: &UserKey,
        period: Period,
    ) -> Result<Option<Vec<(Option<String>, Measures)>>, StoreError> {
        let snapshot = self.snapshot(project).await?;
        let found = match snapshot.find_user_no(user).await? {
            Some(no) => Some(charts::cost_by_model(&snapshot, no, period).await?),
            None => None,
        };
        snapshot.close().await.map(|()| found)
    }

    async fn report_costs(
        &self,
        project: &ProjectId,
        query: CostQuery,
    ) -> Result<CostReport, StoreError> {
        let snapshot = self.snapshot(project).await?;
        let report = costs::report(&snapshot, &query).await?;
        snapshot.close().await.map(|()| report)
    }

    async fn list_unpriced(&self, project: &ProjectId) -> Result<Vec<UnpricedModel>, StoreError> {
        let snapshot = self.snapshot(project).await?;
        let models = costs::list_unpriced(&snapshot).await?;
        snapshot.close().await.map(|()| models)
    }

    async fn list_suppressions(
        &self,
        project: &ProjectId,
        limit: usize,
    ) -> Result<Suppressions, StoreError> {
        let snapshot = self.snapshot(project).await?;
        let found = inventory::list_suppressions(&snapshot, limit).await?;
        snapshot.close().await.map(|()| found)
    }

    async fn count_projects(&self) -> Result<Inventory, StoreError> {
        let snapshot = self.snapshot_of_all().await?;
        let inventory = inventory::count_projects(&snapshot).await?;
        snapshot.close().await.map(|()| inventory)
    }

    async fn verify(&self) -> Result<Verification, StoreError> {
        let snapshot = self.snapshot_of_all().await?;
        let found = verify::verify(&snapshot).await?;
        snapshot.close().await.map(|()| found)
    }

    async fn check_ready(&self) -> Result<Vec<String>, StoreError> {
        ready::check(&*self.client().await?).await
    }
}

/// What must be there since another row of the same snapshot names it.
fn missing(what: &str) -> StoreError {
    internal(format!("the stored {what} is missing"))
}
