//! One project as of one moment: a read-only transaction on a connection of its own.
//!
//! A connection goes back to the pool outside of any transaction, or not at all.
use crate::error::{StoreResult, internal, sql};
use crate::store::PostgresStore;
use cognobserve_model::id::{ProjectId, SessionId, UserId};
use cognobserve_ports::{ErrorKind, StoreError};
use deadpool_postgres::Object;
use futures_util::future::join;
use futures_util::{FutureExt, TryStreamExt};
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::time::timeout;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

const BEGIN: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
const BEGIN_LONG: &str =
    "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL statement_timeout = 0";
const FIND: &str = "SELECT no FROM projects WHERE id = $1 AND deleted_at IS NULL";
/// For telling the server to stop.
const PATIENCE: Duration = Duration::from_secs(5);

pub(crate) struct Snapshot {
    pub(crate) store: PostgresStore,
    pub(crate) project: ProjectId,
    /// 0 in a snapshot of all projects.
    pub(crate) project_no: i64,
    /// Taken when the snapshot ends.
    client: Option<Object>,
    /// Statements that were begun and not waited for to their end.
    unfinished: AtomicUsize,
}

impl PostgresStore {
    /// A snapshot of one project; `NotFound` if it is gone.
    pub(crate) async fn snapshot(&self, project: &ProjectId) -> StoreResult<Snapshot> {
        self.snapshot_by(project, BEGIN).await
    }

    /// Like [`PostgresStore::snapshot`], for statements that may take any time.
    pub(crate) async fn long_snapshot(&self, project: &ProjectId) -> StoreResult<Snapshot> {
        self.snapshot_by(project, BEGIN_LONG).await
    }

    /// A snapshot of everything, for statements that may take any time.
    pub(crate) async fn snapshot_of_all(&self) -> StoreResult<Snapshot> {
        let snapshot = self.start_snapshot(ProjectId::new("")).await?;
        let client = snapshot.client()?;
        snapshot.count(client.batch_execute(BEGIN_LONG)).await?;
        Ok(snapshot)
    }

    /// One round trip: the lookup is sent behind the BEGIN without waiting for it.
    async fn snapshot_by(&self, project: &ProjectId, begin: &str) -> StoreResult<Snapshot> {
        let mut snapshot = self.start_snapshot(project.clone()).await?;
        let client = snapshot.client()?;
        let find = snapshot.count(client.prepare_cached(FIND)).await?;
        let id = project.as_str();
        let params: [&(dyn ToSql + Sync); 1] = [&id];
        let (begun, found) = join(
            snapshot.count(client.batch_execute(begin)),
            snapshot.count(client.query_opt(&find, &params)),
        )
        .await;
        begun?;
        let row = found?.ok_or_else(|| StoreError::new(ErrorKind::NotFound, "no such project"))?;
        snapshot.project_no = row.try_get(0).map_err(sql)?;
        Ok(snapshot)
    }

    async fn start_snapshot(&self, project: ProjectId) -> StoreResult<Snapshot> {
        Ok(Snapshot {
            client: Some(self.client().await?),
            store: self.clone(),
            project,
            project_no: 0,
            unfinished: AtomicUsize::new(0),
        })
    }
}

impl Snapshot {
    pub(crate) async fn query(
        &self,
        text: &'static str,
        params: &[&(dyn ToSql + Sync)],
    ) -> StoreResult<Vec<Row>> {
        let client = self.client()?;
        let asked = async {
            let statement = client.prepare_cached(text).await?;
            client.query(&statement, params).await
        };
        self.count(asked).await
    }

    pub(crate) async fn query_opt(
        &self,
        text: &'static str,
        params: &[&(dyn ToSql + Sync)],
    ) -> StoreResult<Option<Row>> {
        let client = self.client()?;
        let asked = async {
            let statement = client.prepare_cached(text).await?;
            client.query_opt(&statement, params).await
        };
        self.count(asked).await
    }

    pub(crate) async fn query_one(
        &self,
        text: &'static str,
        params: &[&(dyn ToSql + Sync)],
    ) -> StoreResult<Row> {
        let client = self.client()?;
        let asked = async {
            let statement = client.prepare_cached(text).await?;
            client.query_one(&statement, params).await
        };
        self.count(asked).await
    }

    /// Takes row after row as they come: for answers of any size.
    pub(crate) async fn scan(
        &self,
        text: &'static str,
        params: &[&(dyn ToSql + Sync)],
        mut take: impl FnMut(&Row) -> StoreResult<()> + Send,
    ) -> StoreResult<()> {
        let client = self.client()?;
        let statement = self.count(client.prepare_cached(text)).await?;
        let params = params.iter().copied();
        let mut rows = pin!(self.count(client.query_raw(&statement, params)).await?);
        // Whoever stops before the last row leaves the statement counted.
        self.unfinished.fetch_add(1, Ordering::Relaxed);
        while let Some(row) = rows.try_next().await.map_err(sql)? {
            take(&row)?;
        }
        self.unfinished.fetch_sub(1, Ordering::Relaxed);
        Ok(())
    }

    pub(crate) fn user_id(&self, no: i64) -> UserId {
        UserId::new(self.store.keys().obscure("usr_", no))
    }

    pub(crate) fn session_id(&self, no: i64) -> SessionId {
        SessionId::new(self.store.keys().obscure("ses_", no))
    }

    /// Ends the snapshot and gives the connection back. Nothing was written, so that there
    /// is no answer to wait for: whatever is asked next on the connection comes behind it.
    pub(crate) async fn close(mut self) -> StoreResult<()> {
        self.end()
    }

    pub(crate) fn client(&self) -> StoreResult<&Object> {
        let client = self.client.as_ref();
        client.ok_or_else(|| internal("the snapshot has ended"))
    }

    /// Waits for an answer; if the caller does not, the statement stays counted.
    async fn count<T>(
        &self,
        answer: impl Future<Output = Result<T, tokio_postgres::Error>>,
    ) -> StoreResult<T> {
        self.unfinished.fetch_add(1, Ordering::Relaxed);
        let answer = answer.await;
        self.unfinished.fetch_sub(1, Ordering::Relaxed);
        answer.map_err(sql)
    }

    /// A connection whose answer nobody wants: the next one would have to wait for it. The
    /// server goes on for itself unless it is told to stop.
    fn abandon(&self, client: Object) {
        let client = Object::take(client);
        let Ok(runtime) = Handle::try_current() else {
            return;
        };
        let (token, tls) = (client.cancel_token(), self.store.0.tls.clone());
        runtime.spawn(async move {
            let told = timeout(PATIENCE, token.cancel_query(tls)).await;
            if !matches!(told, Ok(Ok(()))) {
                tracing::debug!("an abandoned statement could not be cancelled");
            }
            drop(client);
        });
    }

    fn end(&mut self) -> StoreResult<()> {
        let Some(client) = self.client.take() else {
            return Ok(());
        };
        if self.unfinished.load(Ordering::Relaxed) > 0 {
            self.abandon(client);
            return Ok(());
        }
        // The first poll sends it.
        let ended = client.batch_execute("COMMIT").now_or_never();
        match ended {
            Some(Err(error)) => {
                drop(Object::take(client));
                Err(sql(error))
            }
            _ => Ok(()),
        }
    }
}

impl Drop for Snapshot {
    fn drop(&mut self) {
        // A connection that cannot even be told to end is not in the pool any more.
        let _ = self.end();
    }
}

#[cfg(test)]
mod tests;
