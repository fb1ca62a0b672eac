//! Projects, keys and prices of the reference store.
use super::ReferenceStore;
use super::state::{ProjectRecord, State};
use crate::{Accounts, Actor, ErrorKind, NewKey, StoreError};
use async_trait::async_trait;
use cognobserve_model::account::{ApiKey, Grant, KeyHash, Project, ProjectSettings};
use cognobserve_model::id::{DeveloperId, KeyId, ProjectId};
use cognobserve_model::price::PriceEntry;
use cognobserve_model::time::{MICROS_PER_MINUTE, Micros};
use std::collections::BTreeMap;

#[async_trait]
impl Accounts for ReferenceStore {
    async fn authenticate(&self, hash: &KeyHash) -> Result<Option<Grant>, StoreError> {
        let mut state = self.lock();
        let now = Micros::now();
        let is_good =
            |key: &ApiKey| key.revoked.is_none() && key.expires.is_none_or(|end| now < end);
        let mut keys = state.keys.iter_mut();
        let Some((_, key)) = keys.find(|(known, key)| known == hash && is_good(key)) else {
            return Ok(None);
        };
        key.last_used = Some(Micros(now.0 - now.0.rem_euclid(MICROS_PER_MINUTE)));
        let key = key.clone();
        let record = state
            .projects
            .iter()
            .find(|record| record.project.id == key.project);
        Ok(record.map(|record| Grant {
            key: key.id,
            developer: record.project.developer.clone(),
            scopes: key.scopes,
            expires: key.expires,
            project: record.project.clone(),
        }))
    }

    async fn create_project(
        &self,
        workspace: &str,
        name: &str,
        _by: &Actor,
    ) -> Result<Project, StoreError> {
        let mut state = self.lock();
        let taken = |record: &ProjectRecord| {
            record.project.workspace == workspace && record.project.name == name
        };
        if state.projects.iter().any(taken) {
            return Err(StoreError::new(ErrorKind::Conflict, "the project exists"));
        }
        let (developer, id) = (take_developer(&mut state, workspace), state.take_number());
        let project = Project {
            id: ProjectId::new(format!("prj_{id}")),
            workspace: workspace.to_owned(),
            name: name.to_owned(),
            developer,
            settings: ProjectSettings::default(),
            created: Micros::now(),
        };
        state.projects.push(ProjectRecord {
            project: project.clone(),
            prices: Vec::new(),
            users: Vec::new(),
            sessions: Vec::new(),
            traces: Vec::new(),
            suppressed: BTreeMap::new(),
        });
        Ok(project)
    }

    async fn list_projects(&self) -> Result<Vec<Project>, StoreError> {
        let mut projects: Vec<Project> = self
            .lock()
            .projects
            .iter()
            .map(|record| record.project.clone())
            .collect();
        projects.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(projects)
    }

    async fn find_project(&self, id_or_name: &str) -> Result<Option<Project>, StoreError> {
        let state = self.lock();
        let by_id = state
            .projects
            .iter()
            .find(|record| record.project.id.as_str() == id_or_name);
        let found = by_id.or_else(|| {
            state
                .projects
                .iter()
                .find(|record| record.project.name == id_or_name)
        });
        Ok(found.map(|record| record.project.clone()))
    }

    async fn update_settings(
        &self,
        project: &ProjectId,
        settings: ProjectSettings,
        _by: &Actor,
    ) -> Result<Option<Project>, StoreError> {
        let changed = self.change(project, |record| {
            record.project.settings = settings;
            record.project.clone()
        });
        Ok(changed.ok())
    }

    async fn delete_project(&self, project: &ProjectId, _by: &Actor) -> Result<bool, StoreError> {
        let mut state = self.lock();
        let before = state.projects.len();
        state
            .projects
            .retain(|record| record.project.id != *project);
        state.keys.retain(|(_, key)| key.project != *project);
        state.events.retain(|event| event.project != *project);
        Ok(state.projects.len() < before)
    }

    async fn create_key(
        &self,
        project: &ProjectId,
        key: NewKey,
        by: &Actor,
    ) -> Result<ApiKey, StoreError> {
        self.read(project, |_| ())?;
        let mut state = self.lock();
        if state.keys.iter().any(|(hash, _)| *hash == key.hash) {
            return Err(StoreError::new(
                ErrorKind::Conflict,
                "this key exists already",
            ));
        }
        let made = ApiKey {
            id: KeyId::new(format!("key_{}", state.take_number())),
            project: project.clone(),
            name: key.name,
            prefix: key.prefix,
            scopes: key.scopes,
            created: Micros::now(),
            created_by: Some(by.as_str().to_owned()),
            expires: key.expires,
            last_used: None,
            revoked: None,
        };
        state.keys.push((key.hash, made.clone()));
        Ok(made)
    }

    async fn list_keys(&self, project: &ProjectId) -> Result<Vec<ApiKey>, StoreError> {
        let state = self.lock();
        let keys = state.keys.iter().rev().map(|(_, key)| key);
        Ok(keys
            .filter(|key| key.project == *project)
            .cloned()
            .collect())
    }

    async fn find_key(&self, key: &KeyId) -> Result<Option<ApiKey>, StoreError> {
        let state = self.lock();
        let mut keys = state.keys.iter().map(|(_, known)| known);
        Ok(keys.find(|known| known.id == *key).cloned())
    }

    async fn revoke_key(
        &self,
        project: &ProjectId,
        key: &KeyId,
        _by: &Actor,
    ) -> Result<Option<ApiKey>, StoreError> {
        let mut state = self.lock();
        let mut keys = state.keys.iter_mut().map(|(_, known)| known);
        let is_asked = |known: &&mut ApiKey| known.id == *key && known.project == *project;
        let Some(found) = keys.find(is_asked) else {
            return Ok(None);
        };
        found.revoked.get_or_insert(Micros::now());
        Ok(Some(found.clone()))
    }

    async fn list_prices(&self, project: &ProjectId) -> Result<Vec<PriceEntry>, StoreError> {
        self.read(project, |record| {
            let mut prices = record.prices.clone();
            prices.sort_by(|a, b| (&a.model, a.effective_from).cmp(&(&b.model, b.effective_from)));
            prices
        })
    }

    async fn put_prices(
        &self,
        project: &ProjectId,
        entries: Vec<PriceEntry>,
        _by: &Actor,
    ) -> Result<(), StoreError> {
        self.change(project, |record| {
            for mut entry in entries {
                entry.model = entry.model.to_lowercase();
                record.prices.retain(|old| {
                    (&old.model, old.effective_from) != (&entry.model, entry.effective_from)
                });
                record.prices.push(entry);
            }
        })
    }

    async fn remove_price(
        &self,
        project: &ProjectId,
        model: &str,
        effective_from: Option<i64>,
        _by: &Actor,
    ) -> Result<bool, StoreError> {
        let asked = (model.to_lowercase(), effective_from);
        self.change(project, |record| {
            let before = record.prices.len();
            let is_other =
                |entry: &PriceEntry| (&entry.model, entry.effective_from) != (&asked.0, asked.1);
            record.prices.retain(is_other);
            record.prices.len() < before
        })
    }
}

fn take_developer(state: &mut State, workspace: &str) -> DeveloperId {
    let number = state.take_number();
    let made = || DeveloperId::new(format!("dev_{number}"));
    state
        .workspaces
        .entry(workspace.to_owned())
        .or_insert_with(made)
        .clone()
}
