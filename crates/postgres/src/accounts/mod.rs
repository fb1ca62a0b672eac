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
use cognobserve_books::key_use::Use;
use cognobserve_model::account::{ApiKey, Grant, KeyHash, Project, ProjectSettings};
use cognobserve_model::id::{KeyId, ProjectId};
use cognobserve_model::price::PriceEntry;
use cognobserve_model::time::Micros;
use cognobserve_ports::{Accounts, Actor, ErrorKind, NewKey, StoreError};
use deadpool_postgres::Transaction;

#[async_trait]
impl Accounts for PostgresStore {
    async fn authenticate(&self, hash: &KeyHash) -> Result<Option<Grant>, StoreError> {
        let (client, now) = (self.client().await?, Micros::now());
        let found = keys::authenticate(&client, hash, now).await?;
        Ok(found.map(|(grant, noted)| {
            self.note_use(&grant.key, noted, now);
            grant
        }))
    }

    async fn create_project(
        &self,
        workspace: &str,
        name: &str,
        by: &Actor,
    ) -> Result<Project, StoreError> {
        let mut client = self.client().await?;
        let transaction = client.transaction().await.map_err(sql)?;
        let project = projects::create(&transaction, workspace, name, by).await?;
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
        by: &Actor,
    ) -> Result<Option<Project>, StoreError> {
        let mut client = self.client().await?;
        let transaction = client.transaction().await.map_err(sql)?;
        let project = projects::update_settings(&transaction, project, &settings, by).await?;
        commit(transaction).await?;
        Ok(project)
    }

    async fn delete_project(&self, project: &ProjectId, by: &Actor) -> Result<bool, StoreError> {
        let mut client = self.client().await?;
        let transaction = client.transaction().await.map_err(sql)?;
        let marked = projects::mark_deleted(&transaction, project, by).await?;
        commit(transaction).await?;
        if let Some(no) = marked {
            purge::purge(&mut client, no).await?;
        }
        Ok(marked.is_some())
    }

    async fn create_key(
        &self,
        project: &ProjectId,
        key: NewKey,
        by: &Actor,
    ) -> Result<ApiKey, StoreError> {
        let mut client = self.client().await?;
        let transaction = client.transaction().await.map_err(sql)?;
        let made = keys::create(&transaction, project, &key, by).await?;
        commit(transaction).await?;
        Ok(made)
    }

    async fn list_keys(&self, project: &ProjectId) -> Result<Vec<ApiKey>, StoreError> {
        keys::list(&self.client().await?, project).await
    }

    async fn find_key(&self, key: &KeyId) -> Result<Option<ApiKey>, StoreError> {
        let client = self.client().await?;
        keys::find(&client, key.as_str()).await
    }

    async fn revoke_key(
        &self,
        project: &ProjectId,
        key: &KeyId,
        by: &Actor,
    ) -> Result<Option<ApiKey>, StoreError> {
        let mut client = self.client().await?;
        let transaction = client.transaction().await.map_err(sql)?;
        let revoked = keys::revoke(&transaction, project, key, by).await?;
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
        by: &Actor,
    ) -> Result<(), StoreError> {
        let mut client = self.client().await?;
        let transaction = client.transaction().await.map_err(sql)?;
        prices::put(&transaction, project, &entries, by).await?;
        commit(transaction).await
    }

    async fn remove_price(
        &self,
        project: &ProjectId,
        model: &str,
        effective_from: Option<i64>,
        by: &Actor,
    ) -> Result<bool, StoreError> {
        let mut client = self.client().await?;
        let transaction = client.transaction().await.map_err(sql)?;
        let removed = prices::remove(&transaction, project, model, effective_from, by).await?;
        // Without a change no writer need read its price book anew.
        match removed {
            true => commit(transaction).await?,
            false => transaction.rollback().await.map_err(sql)?,
        }
        Ok(removed)
    }
}

impl PostgresStore {
    /// Has the use of a key noted by and by: whoever uses it does not wait for that, and need not
    /// know that it failed.
    fn note_use(&self, key: &KeyId, noted: Option<Micros>, now: Micros) {
        if !self.0.key_uses.note(key, noted, now) {
            return;
        }
        let store = self.clone();
        tokio::spawn(async move {
            while let Some(uses) = store.0.key_uses.take() {
                if let Err(error) = store.write_uses(&uses).await {
                    tracing::debug!(error = %error, "the use of keys was not noted");
                }
            }
        });
    }

    async fn write_uses(&self, uses: &[Use]) -> StoreResult<()> {
        keys::note_uses(&self.client().await?, uses).await
    }

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
