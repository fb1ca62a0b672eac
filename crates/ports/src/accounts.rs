//! Projects, keys, prices: what decides who may ask, and how spans are priced.
use crate::StoreError;
use async_trait::async_trait;
use cognobserve_model::account::{ApiKey, Grant, KeyHash, Project, ProjectSettings, Scopes};
use cognobserve_model::id::{KeyId, ProjectId};
use cognobserve_model::price::PriceEntry;

/// A key to be stored: its hash and the few characters by which it is recognised.
#[derive(Clone, Debug)]
pub struct NewKey {
    pub hash: KeyHash,
    pub prefix: String,
    pub name: String,
    pub scopes: Scopes,
}

/// Accounts may be changed by another process (the command line) while a server runs: a
/// new key is seen at once, any other change within 5 s.
#[async_trait]
pub trait Accounts: Send + Sync {
    /// What the key with this hash grants; `None` if unknown or revoked.
    async fn authenticate(&self, hash: &KeyHash) -> Result<Option<Grant>, StoreError>;

    /// Makes a project, and its workspace if that is new. `Conflict` if the name is taken there.
    async fn create_project(&self, workspace: &str, name: &str) -> Result<Project, StoreError>;

    /// All projects, by name.
    async fn list_projects(&self) -> Result<Vec<Project>, StoreError>;

    /// By id or by name.
    async fn find_project(&self, id_or_name: &str) -> Result<Option<Project>, StoreError>;

    async fn update_settings(
        &self,
        project: &ProjectId,
        settings: ProjectSettings,
    ) -> Result<Option<Project>, StoreError>;

    /// Removes the project and everything under it. `false`: no such project.
    async fn delete_project(&self, project: &ProjectId) -> Result<bool, StoreError>;

    async fn create_key(&self, project: &ProjectId, key: NewKey) -> Result<ApiKey, StoreError>;

    /// Keys of a project, newest first, revoked ones included.
    async fn list_keys(&self, project: &ProjectId) -> Result<Vec<ApiKey>, StoreError>;

    /// `None`: no such key. Revoking twice keeps the first time.
    async fn revoke_key(&self, key: &KeyId) -> Result<Option<ApiKey>, StoreError>;

    /// The project's price overrides, by model and date.
    async fn list_prices(&self, project: &ProjectId) -> Result<Vec<PriceEntry>, StoreError>;

    /// Adds overrides; an entry with the same model and date replaces the older one.
    async fn put_prices(
        &self,
        project: &ProjectId,
        entries: Vec<PriceEntry>,
    ) -> Result<(), StoreError>;
}
