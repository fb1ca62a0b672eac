//! The books' port on PostgreSQL.
use crate::error::StoreResult;
use crate::store::PostgresStore;
use crate::writer;
use async_trait::async_trait;
use cognobserve_books::bodies::pack_piece;
use cognobserve_books::repricing::Shift;
use cognobserve_model::id::{ProjectId, SessionId, UserId};
use cognobserve_model::piece::Batch;
use cognobserve_model::profile::ProfilePart;
use cognobserve_model::report::{Deleted, Repriced, UserRef};
use cognobserve_model::stamp::Arrival;
use cognobserve_model::time::Micros;
use cognobserve_ports::{Actor, Committed, DeleteMode, Ledger, Refusal, SessionPatch, StoreError};
use hashbrown::HashMap;

#[async_trait]
impl Ledger for PostgresStore {
    fn pack(&self, batch: &mut Batch) {
        batch.pieces.iter_mut().for_each(pack_piece);
    }

    async fn commit(
        &self,
        group: Vec<Batch>,
    ) -> Result<Vec<Result<Committed, Refusal>>, StoreError> {
        writer::commit(self, group).await
    }

    async fn last_arrival(&self) -> Result<Arrival, StoreError> {
        self.read_last_arrival().await
    }

    async fn patch_user(
        &self,
        project: &ProjectId,
        user: &UserId,
        part: ProfilePart,
        by: &Actor,
    ) -> Result<Option<()>, StoreError> {
        self.change_profile(project, user, part, by).await
    }

    async fn delete_user(
        &self,
        project: &ProjectId,
        user: &UserId,
        mode: DeleteMode,
        by: &Actor,
    ) -> Result<Option<Deleted>, StoreError> {
        self.bury_user(project, user, mode, by).await
    }

    async fn resolve_users(
        &self,
        project: &ProjectId,
        external_ids: Vec<String>,
        create: bool,
    ) -> Result<Result<Vec<Option<UserId>>, Refusal>, StoreError> {
        let numbers = self.resolve_numbers(project, &external_ids, create).await?;
        let id_of = |no: Option<i64>| no.map(|no| UserId::new(self.keys().obscure("usr_", no)));
        Ok(numbers.map(|numbers| numbers.into_iter().map(id_of).collect()))
    }

    async fn lift_suppression(
        &self,
        project: &ProjectId,
        external_id: &str,
        by: &Actor,
    ) -> Result<bool, StoreError> {
        self.lift(project, external_id, by).await
    }

    async fn patch_session(
        &self,
        project: &ProjectId,
        session: &SessionId,
        patch: SessionPatch,
        by: &Actor,
    ) -> Result<Option<()>, StoreError> {
        self.change_session(project, session, patch, by).await
    }

    async fn delete_session(
        &self,
        project: &ProjectId,
        session: &SessionId,
        by: &Actor,
    ) -> Result<Option<Deleted>, StoreError> {
        self.remove_session(project, session, by).await
    }

    async fn delete_trace(
        &self,
        project: &ProjectId,
        trace_id: &str,
        by: &Actor,
    ) -> Result<Option<()>, StoreError> {
        self.remove_trace(project, trace_id, by).await
    }

    async fn remove_expired_payloads(&self, now: Micros) -> Result<u64, StoreError> {
        self.remove_expired(now).await
    }

    async fn reprice(&self, project: &ProjectId, apply: bool) -> Result<Vec<Repriced>, StoreError> {
        let shift = match apply {
            false => self.preview_reprice(project).await?,
            true => self.apply_reprice(project).await?,
        };
        self.describe_shift(project, shift).await
    }
}

impl PostgresStore {
    async fn read_last_arrival(&self) -> StoreResult<Arrival> {
        let client = self.client().await?;
        let query = include_str!("sql/ledger.last_arrival.sql");
        let row = client.query_one(query, &[]).await;
        Ok(Arrival(row.map_err(crate::error::sql)?.get(0)))
    }

    /// Per user, biggest change first.
    async fn describe_shift(
        &self,
        project: &ProjectId,
        shift: Shift,
    ) -> StoreResult<Vec<Repriced>> {
        let snapshot = self.snapshot(project).await?;
        let users: Vec<i64> = shift.keys().copied().collect();
        let query = "SELECT no, external_id FROM tracked_users WHERE project_no = $1 AND no = ANY ($2) AND state = 0";
        let rows = snapshot
            .query(query, &[&snapshot.project_no, &users])
            .await?;
        let names: HashMap<i64, String> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
        let mut report: Vec<Repriced> = Vec::with_capacity(shift.len());
        for (no, (spans, before_nanos, after_nanos)) in shift {
            let user = (no != 0).then(|| UserRef {
                id: snapshot.user_id(no),
                external_id: names.get(&no).cloned(),
            });
            report.push(Repriced {
                user,
                spans,
                before_nanos,
                after_nanos,
            });
        }
        snapshot.close().await?;
        report.sort_by_key(|row| std::cmp::Reverse((row.after_nanos - row.before_nanos).abs()));
        Ok(report)
    }
}
