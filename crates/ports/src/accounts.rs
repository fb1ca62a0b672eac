//! Projects, keys, prices: what decides who may ask, and how spans are priced.
use crate::{Actor, StoreError};
use async_trait::async_trait;
use cognobserve_model::account::{ApiKey, Grant, KeyHash, Project, ProjectSettings, Scopes};
use cognobserve_model::id::{KeyId, ProjectId};
use cognobserve_model::price::PriceEntry;
use cognobserve_model::time::Micros;

/// A key to be stored: its hash and the few characters by which it is recognised.
#[derive(Clone, Debug)]
pub struct NewKey {
    pub hash: KeyHash,
    pub prefix: String,
    pub name: String,
    pub scopes: Scopes,
    /// From then on it opens nothing; `None`: it does not expire.
    pub expires: Option<Micros>,
}

/// Accounts may be changed by another process (the command line) while a server runs: a
/// new key is seen at once, any other change within 5 s. Every change is a line of the audit
/// log, in the name of `by`.
#[async_trait]
pub trait Accounts: Send + Sync {
    /// What the key with this hash grants; `None` if unknown, revoked or expired. Notes, once a
    /// minute at most, that the key was used; that this cannot be noted refuses nobody.
    async fn authenticate(&self, hash: &KeyHash) -> Result<Option<Grant>, StoreError>;

    /// Makes a project, and its workspace if that is new. `Conflict` if the name is taken there.
    async fn create_project(
        &self,
        workspace: &str,
        name: &str,
        by: &Actor,
    ) -> Result<Project, StoreError>;

    /// All projects, by name.
    async fn list_projects(&self) -> Result<Vec<Project>, StoreError>;

    /// By id or by name.
    async fn find_project(&self, id_or_name: &str) -> Result<Option<Project>, StoreError>;

    async fn update_settings(
        &self,
        project: &ProjectId,
        settings: ProjectSettings,
        by: &Actor,
    ) -> Result<Option<Project>, StoreError>;

    /// Removes the project and everything under it. `false`: no such project.
    async fn delete_project(&self, project: &ProjectId, by: &Actor) -> Result<bool, StoreError>;

    /// `Conflict` if there is such a key already, `NotFound`: no such project.
    async fn create_key(
        &self,
        project: &ProjectId,
        key: NewKey,
        by: &Actor,
    ) -> Result<ApiKey, StoreError>;

    /// Of any project: for somebody with the store at hand.
    async fn find_key(&self, key: &KeyId) -> Result<Option<ApiKey>, StoreError>;

    /// Keys of a project, newest first, revoked ones included.
    async fn list_keys(&self, project: &ProjectId) -> Result<Vec<ApiKey>, StoreError>;

    /// `None`: the project has no such key. Revoking twice keeps the first time.
    async fn revoke_key(
        &self,
        project: &ProjectId,
        key: &KeyId,
        by: &Actor,
    ) -> Result<Option<ApiKey>, StoreError>;

    /// The project's price overrides, by model and date.
    async fn list_prices(&self, project: &ProjectId) -> Result<Vec<PriceEntry>, StoreError>;

    /// Adds overrides; an entry with the same model and date replaces the older one.
    async fn put_prices(
        &self,
        project: &ProjectId,
        entries: Vec<PriceEntry>,
        by: &Actor,
    ) -> Result<(), StoreError>;

    /// Removes the override of this model with this date (`None`: the one without a date); what
    /// was priced by it keeps its price. `false`: the project has none such.
    async fn remove_price(
        &self,
        project: &ProjectId,
        model: &str,
        effective_from: Option<i64>,
        by: &Actor,
    ) -> Result<bool, StoreError>;
}
