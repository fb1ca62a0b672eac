//! The accounts' port on the embedded store: projects, keys and prices.
mod rows;

pub(crate) use rows::{finish_purges, project_no, read_book};

use crate::store::SqliteStore;
use async_trait::async_trait;
use cognobserve_model::account::{ApiKey, Grant, KeyHash, Project, ProjectSettings};
use cognobserve_model::id::{KeyId, ProjectId};
use cognobserve_model::price::PriceEntry;
use cognobserve_ports::{Accounts, NewKey, StoreError};

#[async_trait]
impl Accounts for SqliteStore {
    async fn authenticate(&self, hash: &KeyHash) -> Result<Option<Grant>, StoreError> {
        let hash = *hash;
        self.with_reader(move |conn, _| rows::authenticate(conn, &hash))
            .await
    }

    async fn create_project(&self, workspace: &str, name: &str) -> Result<Project, StoreError> {
        let (workspace, name) = (workspace.to_owned(), name.to_owned());
        self.with_accounts(move |conn| rows::create_project(conn, &workspace, &name))
            .await
    }

    async fn list_projects(&self) -> Result<Vec<Project>, StoreError> {
        self.with_reader(|conn, _| rows::list_projects(conn)).await
    }

    async fn find_project(&self, id_or_name: &str) -> Result<Option<Project>, StoreError> {
        let wanted = id_or_name.to_owned();
        self.with_reader(move |conn, _| rows::find_project(conn, &wanted))
            .await
    }

    async fn update_settings(
        &self,
        project: &ProjectId,
        settings: ProjectSettings,
    ) -> Result<Option<Project>, StoreError> {
        let project = project.clone();
        self.with_accounts(move |conn| rows::update_settings(conn, project.as_str(), &settings))
            .await
    }

    async fn delete_project(&self, project: &ProjectId) -> Result<bool, StoreError> {
        let project = project.clone();
        self.with_accounts(move |conn| rows::delete_project(conn, project.as_str()))
            .await
    }

    async fn create_key(&self, project: &ProjectId, key: NewKey) -> Result<ApiKey, StoreError> {
        let project = project.clone();
        self.with_accounts(move |conn| rows::create_key(conn, project.as_str(), &key))
            .await
    }

    async fn list_keys(&self, project: &ProjectId) -> Result<Vec<ApiKey>, StoreError> {
        let project = project.clone();
        self.with_reader(move |conn, _| rows::list_keys(conn, project.as_str()))
            .await
    }

    async fn revoke_key(&self, key: &KeyId) -> Result<Option<ApiKey>, StoreError> {
        let key = key.clone();
        self.with_accounts(move |conn| rows::revoke_key(conn, key.as_str()))
            .await
    }

    async fn list_prices(&self, project: &ProjectId) -> Result<Vec<PriceEntry>, StoreError> {
        self.with_snapshot(project, |snapshot| {
            rows::list_prices(snapshot.conn, snapshot.project_no)
        })
        .await
    }

    async fn put_prices(
        &self,
        project: &ProjectId,
        entries: Vec<PriceEntry>,
    ) -> Result<(), StoreError> {
        let project = project.clone();
        self.with_accounts(move |conn| rows::put_prices(conn, project.as_str(), &entries))
            .await
    }
}
