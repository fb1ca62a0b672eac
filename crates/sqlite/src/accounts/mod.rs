//! The accounts' port on the embedded store: projects, keys and prices, on a connection of
//! their own: the command line uses the same code beside a running server.
mod keys;
mod prices;
mod projects;
mod purge;

pub(crate) use prices::read_book;
pub(crate) use projects::project_no;
pub(crate) use purge::finish_purges;

use crate::error::{StoreResult, sql};
use crate::store::SqliteStore;
use async_trait::async_trait;
use cognobserve_model::account::{ApiKey, Grant, KeyHash, Project, ProjectSettings};
use cognobserve_model::id::{KeyId, ProjectId};
use cognobserve_model::price::PriceEntry;
use cognobserve_model::time::Micros;
use cognobserve_ports::{Accounts, Actor, ErrorKind, NewKey, StoreError};
use rusqlite::{Connection, Transaction, TransactionBehavior};

#[async_trait]
impl Accounts for SqliteStore {
    async fn authenticate(&self, hash: &KeyHash) -> Result<Option<Grant>, StoreError> {
        let (hash, now) = (*hash, Micros::now());
        let found = self
            .with_reader(move |conn, _| keys::authenticate(conn, &hash, now))
            .await?;
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
        let (workspace, name, by) = (workspace.to_owned(), name.to_owned(), by.clone());
        self.with_accounts(move |conn| projects::create_project(conn, &workspace, &name, &by))
            .await
    }

    async fn list_projects(&self) -> Result<Vec<Project>, StoreError> {
        self.with_reader(|conn, _| projects::list_projects(conn))
            .await
    }

    async fn find_project(&self, id_or_name: &str) -> Result<Option<Project>, StoreError> {
        let wanted = id_or_name.to_owned();
        self.with_reader(move |conn, _| projects::find_project(conn, &wanted))
            .await
    }

    async fn update_settings(
        &self,
        project: &ProjectId,
        settings: ProjectSettings,
        by: &Actor,
    ) -> Result<Option<Project>, StoreError> {
        let (project, by) = (project.clone(), by.clone());
        self.with_accounts(move |conn| {
            projects::update_settings(conn, project.as_str(), &settings, &by)
        })
        .await
    }

    async fn delete_project(&self, project: &ProjectId, by: &Actor) -> Result<bool, StoreError> {
        let (project, by) = (project.clone(), by.clone());
        self.with_accounts(move |conn| projects::delete_project(conn, project.as_str(), &by))
            .await
    }

    async fn create_key(
        &self,
        project: &ProjectId,
        key: NewKey,
        by: &Actor,
    ) -> Result<ApiKey, StoreError> {
        let (project, by) = (project.clone(), by.clone());
        self.with_accounts(move |conn| keys::create(conn, project.as_str(), &key, &by))
            .await
    }

    async fn find_key(&self, key: &KeyId) -> Result<Option<ApiKey>, StoreError> {
        let key = key.clone();
        self.with_reader(move |conn, _| keys::find(conn, key.as_str()))
            .await
    }

    async fn list_keys(&self, project: &ProjectId) -> Result<Vec<ApiKey>, StoreError> {
        let project = project.clone();
        self.with_reader(move |conn, _| keys::list(conn, project.as_str()))
            .await
    }

    async fn revoke_key(
        &self,
        project: &ProjectId,
        key: &KeyId,
        by: &Actor,
    ) -> Result<Option<ApiKey>, StoreError> {
        let (project, key, by) = (project.clone(), key.clone(), by.clone());
        self.with_accounts(move |conn| keys::revoke(conn, project.as_str(), key.as_str(), &by))
            .await
    }

    async fn list_prices(&self, project: &ProjectId) -> Result<Vec<PriceEntry>, StoreError> {
        self.with_snapshot(project, |snapshot| {
            prices::list(snapshot.conn, snapshot.project_no)
        })
        .await
    }

    async fn put_prices(
        &self,
        project: &ProjectId,
        entries: Vec<PriceEntry>,
        by: &Actor,
    ) -> Result<(), StoreError> {
        let (project, by) = (project.clone(), by.clone());
        self.with_accounts(move |conn| prices::put(conn, project.as_str(), &entries, &by))
            .await
    }

    async fn remove_price(
        &self,
        project: &ProjectId,
        model: &str,
        effective_from: Option<i64>,
        by: &Actor,
    ) -> Result<bool, StoreError> {
        let (project, model, by) = (project.clone(), model.to_owned(), by.clone());
        self.with_accounts(move |conn| {
            prices::remove(conn, project.as_str(), &model, effective_from, &by)
        })
        .await
    }
}

impl SqliteStore {
    /// Has the use of a key noted by and by: whoever uses it does not wait for that, and need not
    /// know that it failed.
    fn note_use(&self, key: &KeyId, noted: Option<Micros>, now: Micros) {
        if !self.key_uses().note(key, noted, now) {
            return;
        }
        let uses = std::sync::Arc::clone(self.key_uses());
        let accounts = self.accounts();
        tokio::task::spawn_blocking(move || {
            while let Some(batch) = uses.take() {
                if let Err(error) = keys::note_uses(&mut accounts.lock(), &batch) {
                    tracing::debug!(error = %error, "the use of keys was not noted");
                }
            }
        });
    }
}

fn random_hex() -> String {
    let bytes: [u8; 12] = rand::random();
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn missing_project() -> StoreError {
    StoreError::new(ErrorKind::NotFound, "no such project")
}

fn begin(conn: &mut Connection) -> StoreResult<Transaction<'_>> {
    conn.transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(sql)
}
