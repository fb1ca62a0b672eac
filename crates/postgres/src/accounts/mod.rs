//! The accounts' port on PostgreSQL: projects, keys and prices. Any process may change them;
//! each change is one transaction that locks its project's row first.
mod keys;
mod prices;
mod projects;
mod purge;

pub(crate) use prices::read_book;

use crate::error::{StoreResult, sql};
use crate::store::PostgresStore;
use async_trait::async_trait;
use cognobserve_model::account::{ApiKey, Grant, KeyHash, Project, ProjectSettings};
use cognobserve_model::id::{KeyId, ProjectId};
use cognobserve_model::price::PriceEntry;
use cognobserve_ports::{Accounts, ErrorKind, NewKey, StoreError};
use deadpool_postgres::Transaction;

#[async_trait]
impl Accounts for PostgresStore {
    async fn authenticate(&self, hash: &KeyHash) -> Result<Option<Grant>, StoreError> {
        keys::authenticate(&self.client().await?, hash).await
    }

    async fn create_project(&self, workspace: &str, name: &str) -> Result<Project, StoreError> {
        let mut client = self.client().await?;
        let transaction = client.transaction().await.map_err(sql)?;
        let project = projects::create(&transaction, workspace, name).await?;
        commit(transaction).await?;
        Ok(project)
    }

    async fn list_projects(&self) -> Result<Vec<Project>, StoreError> {
        projects::list(&self.client().await?).await
    }

    async fn find_project(&self, id_or_name: &str) -> Result<Option<Project>, StoreError> {
        projects::find(&self.client().await?, id_or_name).await
    }

    async fn update_settings(
        &self,
        project: &ProjectId,
        settings: ProjectSettings,
    ) -> Result<Option<Project>, StoreError> {
        let mut client = self.client().await?;
        let transaction = client.transaction().await.map_err(sql)?;
        let project = projects::update_settings(&transaction, project, &settings).await?;
        commit(transaction).await?;
        Ok(project)
    }

    async fn delete_project(&self, project: &ProjectId) -> Result<bool, StoreError> {
        let mut client = self.client().await?;
        let transaction = client.transaction().await.map_err(sql)?;
        let marked = projects::mark_deleted(&transaction, project).await?;
        commit(transaction).await?;
        if let Some(no) = marked {
            purge::purge(&mut client, no).await?;
        }
        Ok(marked.is_some())
    }

    async fn create_key(&self, project: &ProjectId, key: NewKey) -> Result<ApiKey, StoreError> {
        let mut client = self.client().await?;
        let transaction = client.transaction().await.map_err(sql)?;
        let made = keys::create(&transaction, project, &key).await?;
        commit(transaction).await?;
        Ok(made)
    }

    async fn list_keys(&self, project: &ProjectId) -> Result<Vec<ApiKey>, StoreError> {
        keys::list(&self.client().await?, project).await
    }

    async fn revoke_key(&self, key: &KeyId) -> Result<Option<ApiKey>, StoreError> {
        let mut client = self.client().await?;
        let transaction = client.transaction().await.map_err(sql)?;
        let revoked = keys::revoke(&transaction, key).await?;
        commit(transaction).await?;
        Ok(revoked)
    }

    async fn list_prices(&self, project: &ProjectId) -> Result<Vec<PriceEntry>, StoreError> {
        let snapshot = self.snapshot(project).await?;
        let entries = prices::list_in(&snapshot).await?;
        snapshot.close().await?;
        Ok(entries)
    }

    async fn put_prices(
        &self,
        project: &ProjectId,
        entries: Vec<PriceEntry>,
    ) -> Result<(), StoreError> {
        let mut client = self.client().await?;
        let transaction = client.transaction().await.map_err(sql)?;
        prices::put(&transaction, project, &entries).await?;
        commit(transaction).await
    }
}

impl PostgresStore {
    /// Removes what is left of deleted projects; goes on where a crash left off.
    pub(crate) async fn finish_purges(&self) -> StoreResult<()> {
        let mut client = self.client().await?;
        for no in purge::list(&client).await? {
            purge::purge(&mut client, no).await?;
        }
        Ok(())
    }
}

async fn commit(transaction: Transaction<'_>) -> StoreResult<()> {
    transaction.commit().await.map_err(sql)
}

fn missing_project() -> StoreError {
    StoreError::new(ErrorKind::NotFound, "no such project")
}

/// `prefix` and twelve random bytes in hex.
fn make_id(prefix: &str) -> String {
    let bytes: [u8; 12] = rand::random();
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{prefix}{hex}")
}

/// What the server cannot hold in a text names nothing.
fn can_be_stored(text: &str) -> bool {
    !text.contains('\0')
}
