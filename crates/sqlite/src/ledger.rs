//! The books' port on the embedded store: every change is a job of the writer.
use crate::error::StoreResult;
use crate::store::SqliteStore;
use crate::writer::{preview, read_last_arrival};
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

#[async_trait]
impl Ledger for SqliteStore {
    fn pack(&self, batch: &mut Batch) {
        batch.pieces.iter_mut().for_each(pack_piece);
    }

    async fn commit(
        &self,
        group: Vec<Batch>,
    ) -> Result<Vec<Result<Committed, Refusal>>, StoreError> {
        self.writer()?.run(move |writer| writer.commit(group)).await
    }

    async fn last_arrival(&self) -> Result<Arrival, StoreError> {
        self.with_reader(|conn, _| read_last_arrival(conn)).await
    }

    async fn patch_user(
        &self,
        project: &ProjectId,
        user: &UserId,
        part: ProfilePart,
        by: &Actor,
    ) -> Result<Option<()>, StoreError> {
        let (project, user_no, by) = (project.clone(), self.user_no(user), by.clone());
        self.writer()?
            .run(move |writer| writer.patch_user(project.as_str(), user_no, part, &by))
            .await
    }

    async fn delete_user(
        &self,
        project: &ProjectId,
        user: &UserId,
        mode: DeleteMode,
        by: &Actor,
    ) -> Result<Option<Deleted>, StoreError> {
        let (project, user_no, by) = (project.clone(), self.user_no(user), by.clone());
        self.writer()?
            .run(move |writer| writer.delete_user(project.as_str(), user_no, mode, &by))
            .await
    }

    async fn resolve_users(
        &self,
        project: &ProjectId,
        external_ids: Vec<String>,
        create: bool,
    ) -> Result<Result<Vec<Option<UserId>>, Refusal>, StoreError> {
        let project = project.clone();
        let numbers = self
            .writer()?
            .run(move |writer| writer.resolve_users(project.as_str(), &external_ids, create))
            .await?;
        let keys = self.keys();
        let id_of = |no: Option<i64>| no.map(|no| UserId::new(keys.obscure("usr_", no)));
        Ok(numbers.map(|numbers| numbers.into_iter().map(id_of).collect()))
    }

    async fn lift_suppression(
        &self,
        project: &ProjectId,
        external_id: &str,
        by: &Actor,
    ) -> Result<bool, StoreError> {
        let (project, external_id, by) = (project.clone(), external_id.to_owned(), by.clone());
        self.writer()?
            .run(move |writer| writer.lift_suppression(project.as_str(), &external_id, &by))
            .await
    }

    async fn patch_session(
        &self,
        project: &ProjectId,
        session: &SessionId,
        patch: SessionPatch,
        by: &Actor,
    ) -> Result<Option<()>, StoreError> {
        let (project, no, by) = (project.clone(), self.session_no(session), by.clone());
        self.writer()?
            .run(move |writer| writer.patch_session(project.as_str(), no, patch, &by))
            .await
    }

    async fn delete_session(
        &self,
        project: &ProjectId,
        session: &SessionId,
        by: &Actor,
    ) -> Result<Option<Deleted>, StoreError> {
        let (project, no, by) = (project.clone(), self.session_no(session), by.clone());
        self.writer()?
            .run(move |writer| writer.delete_session(project.as_str(), no, &by))
            .await
    }

    async fn delete_trace(
        &self,
        project: &ProjectId,
        trace_id: &str,
        by: &Actor,
    ) -> Result<Option<()>, StoreError> {
        let (project, id, by) = (project.clone(), trace_id.to_owned(), by.clone());
        self.writer()?
            .run(move |writer| writer.delete_trace(project.as_str(), &id, &by))
            .await
    }

    async fn remove_expired_payloads(&self, now: Micros) -> Result<u64, StoreError> {
        self.writer()?
            .run(move |writer| writer.remove_expired_payloads(now))
            .await
    }

    async fn reprice(&self, project: &ProjectId, apply: bool) -> Result<Vec<Repriced>, StoreError> {
        let shift = match apply {
            false => {
                self.with_snapshot(project, |snapshot| {
                    preview(snapshot.conn, snapshot.project_no)
                })
                .await?
            }
            true => self.apply_reprice(project).await?,
        };
        self.with_snapshot(project, move |snapshot| {
            let mut report = Vec::new();
            for (no, (spans, before_nanos, after_nanos)) in shift {
                let user: Option<UserRef> = snapshot.user_ref(no);
                report.push(Repriced {
                    user,
                    spans,
                    before_nanos,
                    after_nanos,
                });
            }
            report.sort_by_key(|row| std::cmp::Reverse((row.after_nanos - row.before_nanos).abs()));
            Ok(report)
        })
        .await
    }
}

impl SqliteStore {
    async fn apply_reprice(&self, project: &ProjectId) -> StoreResult<Shift> {
        let writer = self.writer()?;
        let (mut shift, mut after) = (Shift::new(), 0);
        loop {
            let (id, so_far) = (project.clone(), std::mem::take(&mut shift));
            let (last, so_far) = writer
                .run(move |writer| writer.reprice_step(id.as_str(), after, so_far))
                .await?;
            shift = so_far;
            match last {
                Some(last) => after = last,
                None => break,
            }
        }
        let (id, spans): (_, i64) = (
            project.clone(),
            shift.values().map(|(spans, _, _)| spans).sum(),
        );
        writer
            .run(move |writer| writer.note_reprice(id.as_str(), &format!("{spans} spans")))
            .await?;
        Ok(shift)
    }
}
