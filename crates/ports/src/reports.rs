//! Reading: typed questions in, typed answers out. Every answer comes from one snapshot.
use crate::StoreError;
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

pub type TimePage<T> = Page<T, TimePosition>;

#[async_trait]
pub trait Reports: Send + Sync {
    /// Users in the asked order, ties by external id ascending, nulls last.
    async fn list_users(
        &self,
        project: &ProjectId,
        query: UserQuery,
    ) -> Result<Page<UserStats, UserPosition>, StoreError>;

    /// One user with sums of a period and the 10 latest sessions.
    async fn find_user(
        &self,
        project: &ProjectId,
        key: &UserKey,
        stats: Period,
    ) -> Result<Option<UserDetail>, StoreError>;

    /// What each of these users is called, in this order; `None` for one that does not exist
    /// (any more). One question however many they are; at most 100 users.
    async fn name_users(
        &self,
        project: &ProjectId,
        users: &[UserId],
    ) -> Result<Vec<Option<UserName>>, StoreError>;

    /// Traces, newest first. A user or session of `filter` that does not exist: `None`.
    async fn list_traces(
        &self,
        project: &ProjectId,
        filter: TraceFilter,
        page: PageRequest<TimePosition>,
    ) -> Result<Option<TimePage<TraceSummary>>, StoreError>;

    async fn find_trace(
        &self,
        project: &ProjectId,
        trace_id: &str,
    ) -> Result<Option<TraceDetail>, StoreError>;

    /// Sessions by their last trace, newest first. A user that does not exist: `None`.
    async fn list_sessions(
        &self,
        project: &ProjectId,
        filter: SessionFilter,
        page: PageRequest<TimePosition>,
    ) -> Result<Option<TimePage<SessionStats>>, StoreError>;

    async fn find_session(
        &self,
        project: &ProjectId,
        session: &SessionId,
    ) -> Result<Option<SessionStats>, StoreError>;

    /// Our id of the session that the developer calls exactly so.
    async fn resolve_session(
        &self,
        project: &ProjectId,
        external_id: &str,
    ) -> Result<Option<SessionId>, StoreError>;

    /// A session's traces in the order in which they happened (oldest first), with
    /// everything; at most `limit`, after a position.
    async fn read_timeline(
        &self,
        project: &ProjectId,
        session: &SessionId,
        page: PageRequest<TimePosition>,
    ) -> Result<Option<TimePage<TraceDetail>>, StoreError>;

    /// Exactly `range.days` entries, today last. `None`: no such user.
    async fn analyse_user(
        &self,
        project: &ProjectId,
        user: &UserKey,
        range: DayRange,
    ) -> Result<Option<Vec<DayStats>>, StoreError>;

    /// `active` and `new`: seen, first seen at or after `since`.
    async fn summarise(&self, project: &ProjectId, since: Micros) -> Result<Summary, StoreError>;

    /// Sums of a project over stretches of time: `edges` ascend, and each but the last begins a
    /// stretch, which ends where the next begins. Exact to the µs, cheap where edges lie on
    /// quarters of an hour. At most 400 edges.
    async fn chart_project(
        &self,
        project: &ProjectId,
        edges: &[Micros],
    ) -> Result<Vec<Measures>, StoreError>;

    /// [`Reports::chart_project`] of each of these users, in this order; nothing but zeros for
    /// one that does not exist. At most 100 users.
    async fn chart_users(
        &self,
        project: &ProjectId,
        users: &[UserId],
        edges: &[Micros],
    ) -> Result<Vec<Vec<Measures>>, StoreError>;

    /// How many traces each of these users has between each two edges: the counts of
    /// [`Reports::chart_users`] alone, which take a fraction of its time.
    async fn chart_trace_counts(
        &self,
        project: &ProjectId,
        users: &[UserId],
        edges: &[Micros],
    ) -> Result<Vec<Vec<i64>>, StoreError>;

    /// How many users there are, and how many of them were seen and first seen in a period.
    async fn count_users(
        &self,
        project: &ProjectId,
        period: Period,
    ) -> Result<UserCounts, StoreError>;

    /// How many users were seen, and first seen, between each two edges. At most 400 edges.
    async fn chart_user_counts(
        &self,
        project: &ProjectId,
        edges: &[Micros],
    ) -> Result<UserChart, StoreError>;

    /// What a user's spans did with each model (`None`: spans without one), biggest cost first,
    /// then by name, spans without a model before all names. A trace counts with each model
    /// that it touches. `None`: no such user.
    async fn cost_user_by_model(
        &self,
        project: &ProjectId,
        user: &UserKey,
        period: Period,
    ) -> Result<Option<Vec<(Option<String>, Measures)>>, StoreError>;

    /// Rows + unattributed = total, exactly, in every additive measure (by model: in span measures).
    async fn report_costs(
        &self,
        project: &ProjectId,
        query: CostQuery,
    ) -> Result<CostReport, StoreError>;

    /// Models with tokens and no price, most tokens first.
    async fn list_unpriced(&self, project: &ProjectId) -> Result<Vec<UnpricedModel>, StoreError>;

    /// How many erased external ids are suppressed, and at most `limit` of them, the one that was
    /// erased last first.
    async fn list_suppressions(
        &self,
        project: &ProjectId,
        limit: usize,
    ) -> Result<Suppressions, StoreError>;

    /// How much there is, in every project: for the operator, and the only question about more
    /// than one project. Read from sums and lists, never from traces and spans.
    async fn count_projects(&self) -> Result<Inventory, StoreError>;

    /// Recomputes every rollup of every project from the stored spans and compares.
    async fn verify(&self) -> Result<Verification, StoreError>;

    /// `Ok` if the store answers and can take writes; with a sentence for each of its settings
    /// that lets what was committed be lost.
    async fn check_ready(&self) -> Result<Vec<String>, StoreError>;
}
