//! The reading room on the embedded store. Every answer comes from one snapshot of the
//! file; only the order and search of users come from the directory in memory.
mod activity;
mod analytics;
mod charts;
mod costs;
mod inventory;
mod period;
mod places;
#[cfg(test)]
mod question_count;
mod sessions;
mod trace_counts;
mod traces;
mod user_counts;
mod users;
mod verify;

use crate::error::{StoreResult, sql};
use crate::load::decode_profile;
use crate::store::SqliteStore;
use crate::writer::Shared;
use async_trait::async_trait;
use cognobserve_model::id::{ProjectId, SessionId, UserId};
use cognobserve_model::measures::Measures;
use cognobserve_model::profile::Profile;
use cognobserve_model::query::{
    CostQuery, DayRange, Page, PageRequest, Period, SessionFilter, TimePosition, TraceFilter,
    UserKey, UserPosition, UserQuery,
};
use cognobserve_model::report::{
    CostReport, DayStats, Inventory, SessionStats, Summary, Suppressions, TraceDetail,
    TraceSummary, UnpricedModel, UserChart, UserCounts, UserDetail, UserName, UserRef, UserStats,
    Verification,
};
use cognobserve_model::time::Micros;
use cognobserve_ports::{Reports, StoreError};
use rusqlite::{Connection, OptionalExtension};

type TimePage<T> = Page<T, TimePosition>;

/// One project as of one moment.
pub(crate) struct Snapshot<'a> {
    pub conn: &'a Connection,
    pub shared: &'a Shared,
    pub project: &'a ProjectId,
    pub project_no: i64,
}

impl Snapshot<'_> {
    pub fn user_id(&self, no: i64) -> UserId {
        UserId::new(self.shared.keys.obscure("usr_", no))
    }

    pub fn session_id(&self, no: i64) -> SessionId {
        SessionId::new(self.shared.keys.obscure("ses_", no))
    }

    /// A user by number, living or erased; `None` for nobody.
    pub fn user_ref(&self, no: i64) -> Option<UserRef> {
        if no == 0 {
            return None;
        }
        let directory = self.shared.directory.read();
        let person = directory
            .people(self.project_no)
            .and_then(|people| people.find_no(no));
        let external_id = person.map(|person| person.external_id.to_string());
        Some(UserRef {
            id: self.user_id(no),
            external_id,
        })
    }

    /// The number of a living user of this project.
    pub fn find_user_no(&self, key: &UserKey) -> Option<i64> {
        let directory = self.shared.directory.read();
        let people = directory.people(self.project_no)?;
        match key {
            UserKey::Id(id) => {
                let no = self.shared.keys.reveal("usr_", id.as_str())?;
                people.find_no(no).map(|person| person.no)
            }
            UserKey::External(external_id) => {
                people.find_external(external_id).map(|person| person.no)
            }
        }
    }

    /// The number of a session of this project.
    pub fn find_session_no(&self, id: &SessionId) -> StoreResult<Option<i64>> {
        let Some(no) = self.shared.keys.reveal("ses_", id.as_str()) else {
            return Ok(None);
        };
        let mut statement = self
            .conn
            .prepare_cached("SELECT no FROM sessions WHERE no = ?1 AND project_no = ?2")
            .map_err(sql)?;
        statement
            .query_row([no, self.project_no], |row| row.get(0))
            .optional()
            .map_err(sql)
    }

    /// A living user's profile, with when it was made and last changed.
    pub fn read_profile(&self, no: i64) -> StoreResult<(Profile, i64, i64)> {
        let mut statement = self
            .conn
            .prepare_cached("SELECT profile, created, updated FROM users WHERE no = ?1")
            .map_err(sql)?;
        let row = statement.query_row([no], |row| {
            Ok((row.get::<_, Vec<u8>>(0)?, row.get(1)?, row.get(2)?))
        });
        match row.optional().map_err(sql)? {
            Some((profile, created, updated)) => Ok((decode_profile(&profile)?, created, updated)),
            None => Ok((Profile::default(), 0, 0)),
        }
    }

    /// The newest era of a table that is partitioned by era.
    pub fn newest_era(&self, query: &'static str) -> StoreResult<i64> {
        let mut statement = self.conn.prepare_cached(query).map_err(sql)?;
        statement.query_row([], |row| row.get(0)).map_err(sql)
    }
}

#[async_trait]
impl Reports for SqliteStore {
    async fn list_users(
        &self,
        project: &ProjectId,
        query: UserQuery,
    ) -> Result<Page<UserStats, UserPosition>, StoreError> {
        self.with_snapshot(project, move |snapshot| users::list(snapshot, &query))
            .await
    }

    async fn find_user(
        &self,
        project: &ProjectId,
        key: &UserKey,
        stats: Period,
    ) -> Result<Option<UserDetail>, StoreError> {
        let key = key.clone();
        self.with_snapshot(project, move |snapshot| users::find(snapshot, &key, stats))
            .await
    }

    async fn name_users(
        &self,
        project: &ProjectId,
        users: &[UserId],
    ) -> Result<Vec<Option<UserName>>, StoreError> {
        let users = users.to_vec();
        self.with_snapshot(project, move |snapshot| users::name(snapshot, &users))
            .await
    }

    async fn list_traces(
        &self,
        project: &ProjectId,
        filter: TraceFilter,
        page: PageRequest<TimePosition>,
    ) -> Result<Option<TimePage<TraceSummary>>, StoreError> {
        self.with_snapshot(project, move |snapshot| {
            traces::list(snapshot, &filter, &page)
        })
        .await
    }

    async fn find_trace(
        &self,
        project: &ProjectId,
        trace_id: &str,
    ) -> Result<Option<TraceDetail>, StoreError> {
        let id = trace_id.to_owned();
        self.with_snapshot(project, move |snapshot| traces::find(snapshot, &id))
            .await
    }

    async fn list_sessions(
        &self,
        project: &ProjectId,
        filter: SessionFilter,
        page: PageRequest<TimePosition>,
    ) -> Result<Option<TimePage<SessionStats>>, StoreError> {
        self.with_snapshot(project, move |snapshot| {
            sessions::list(snapshot, &filter, &page)
        })
        .await
    }

    async fn find_session(
        &self,
        project: &ProjectId,
        session: &SessionId,
    ) -> Result<Option<SessionStats>, StoreError> {
        let session = session.clone();
        self.with_snapshot(project, move |snapshot| {
            match snapshot.find_session_no(&session)? {
                Some(no) => sessions::read(snapshot, no).map(Some),
                None => Ok(None),
            }
        })
        .await
    }

    async fn resolve_session(
        &self,
        project: &ProjectId,
        external_id: &str,
    ) -> Result<Option<SessionId>, StoreError> {
        let external_id = external_id.to_owned();
        self.with_snapshot(project, move |snapshot| {
            sessions::resolve(snapshot, &external_id)
        })
        .await
    }

    async fn read_timeline(
        &self,
        project: &ProjectId,
        session: &SessionId,
        page: PageRequest<TimePosition>,
    ) -> Result<Option<TimePage<TraceDetail>>, StoreError> {
        let session = session.clone();
        self.with_snapshot(project, move |snapshot| {
            traces::timeline(snapshot, &session, &page)
        })
        .await
    }

    async fn analyse_user(
        &self,
        project: &ProjectId,
        user: &UserKey,
        range: DayRange,
    ) -> Result<Option<Vec<DayStats>>, StoreError> {
        let key = user.clone();
        self.with_snapshot(project, move |snapshot| match snapshot.find_user_no(&key) {
            Some(no) => analytics::analyse(snapshot, no, &range).map(Some),
            None => Ok(None),
        })
        .await
    }

    async fn summarise(&self, project: &ProjectId, since: Micros) -> Result<Summary, StoreError> {
        self.with_snapshot(project, move |snapshot| {
            analytics::summarise(snapshot, since)
        })
        .await
    }

    async fn chart_project(
        &self,
        project: &ProjectId,
        edges: &[Micros],
    ) -> Result<Vec<Measures>, StoreError> {
        let edges = edges.to_vec();
        self.with_snapshot(project, move |snapshot| snapshot.chart_project(&edges))
            .await
    }

    async fn chart_users(
        &self,
        project: &ProjectId,
        users: &[UserId],
        edges: &[Micros],
    ) -> Result<Vec<Vec<Measures>>, StoreError> {
        let (users, edges) = (users.to_vec(), edges.to_vec());
        self.with_snapshot(project, move |snapshot| {
            charts::chart_users(snapshot, &users, &edges)
        })
        .await
    }

    async fn chart_trace_counts(
        &self,
        project: &ProjectId,
        users: &[UserId],
        edges: &[Micros],
    ) -> Result<Vec<Vec<i64>>, StoreError> {
        let (users, edges) = (users.to_vec(), edges.to_vec());
        self.with_snapshot(project, move |snapshot| {
            trace_counts::chart(snapshot, &users, &edges)
        })
        .await
    }

    async fn count_users(
        &self,
        project: &ProjectId,
        period: Period,
    ) -> Result<UserCounts, StoreError> {
        self.with_snapshot(project, move |snapshot| {
            activity::count_users(snapshot, period)
        })
        .await
    }

    async fn chart_user_counts(
        &self,
        project: &ProjectId,
        edges: &[Micros],
    ) -> Result<UserChart, StoreError> {
        let edges = edges.to_vec();
        self.with_snapshot(project, move |snapshot| {
            user_counts::chart(snapshot, &edges)
        })
        .await
    }

    async fn cost_user_by_model(
        &self,
        project: &ProjectId,
        user: &UserKey,
        period: Period,
    ) -> Result<Option<Vec<(Option<String>, Measures)>>, StoreError> {
        let key = user.clone();
        self.with_snapshot(project, move |snapshot| match snapshot.find_user_no(&key) {
            Some(no) => charts::cost_by_model(snapshot, no, period).map(Some),
            None => Ok(None),
        })
        .await
    }

    async fn report_costs(
        &self,
        project: &ProjectId,
        query: CostQuery,
    ) -> Result<CostReport, StoreError> {
        self.with_snapshot(project, move |snapshot| costs::report(snapshot, &query))
            .await
    }

    async fn list_unpriced(&self, project: &ProjectId) -> Result<Vec<UnpricedModel>, StoreError> {
        self.with_snapshot(project, costs::list_unpriced).await
    }

    async fn list_suppressions(
        &self,
        project: &ProjectId,
        limit: usize,
    ) -> Result<Suppressions, StoreError> {
        self.with_snapshot(project, move |snapshot| {
            inventory::list_suppressions(snapshot, limit)
        })
        .await
    }

    async fn count_projects(&self) -> Result<Inventory, StoreError> {
        self.with_reader(inventory::count_projects).await
    }

    async fn verify(&self) -> Result<Verification, StoreError> {
        self.with_reader(|conn, _| verify::verify(conn)).await
    }

    async fn check_ready(&self) -> Result<Vec<String>, StoreError> {
        if self.is_unwritable() {
            self.probe().await?;
        }
        self.with_reader(|conn, _| crate::connect::read_epochs(conn).map(drop))
            .await?;
        Ok(Vec::new())
    }
}
