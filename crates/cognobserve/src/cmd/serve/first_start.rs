//! The first start: an empty store gets a workspace, a project and one key.
//! Invariant: what was begun and cut short is completed by the next start; a key in clear goes to
//! a terminal or to a file for its owner alone, never into a log.
use crate::assemble::{Store, make_private_dir};
use crate::cmd::keys::describe_new;
use crate::cmd::output::is_terminal;
use crate::telemetry::is_proxy_project;
use anyhow::Context;
use cognobserve_model::account::{Project, Scopes};
use cognobserve_ports::{Actor, ErrorKind};
use cognobserve_server::auth::key::SecretKey;
use cognobserve_server::config::Init;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

const NAME: &str = "default";
/// Where the key is written if there is no terminal.
pub const KEY_FILE: &str = "first-api-key";

/// How the first caller gets the key.
#[derive(Debug)]
pub enum Handover {
    /// Made up: to be shown on the terminal, now and never again.
    Shown(SecretKey),
    /// Made up, and written to this file.
    Written(PathBuf),
    /// The operator gave it and knows it.
    Given,
}

/// Makes what is missing; `None` if the store is in use already.
pub async fn prepare_store(
    store: &Store,
    init: &Init,
    data_dir: &Path,
) -> anyhow::Result<Option<Handover>> {
    let Some(project) = find_or_make_project(store, init).await? else {
        return Ok(None);
    };
    if let Some(key) = &init.api_key {
        let made = store.create_key(
            &project.id,
            describe_new(key, Scopes::ALL, "initial"),
            &Actor::Operator,
        );
        // Another process that started at the same time may have been first.
        match made.await {
            Err(error) if error.kind() != ErrorKind::Conflict => return Err(error.into()),
            _ => return Ok(Some(Handover::Given)),
        }
    }
    let key = SecretKey::generate();
    // Written first: a key that nobody has seen must not be in the store.
    let handover = match is_terminal() {
        true => Handover::Shown(key.clone()),
        false => Handover::Written(write_key(data_dir, &key)?),
    };
    store
        .create_key(
            &project.id,
            describe_new(&key, Scopes::DEFAULT, "initial"),
            &Actor::Operator,
        )
        .await?;
    Ok(Some(handover))
}

/// The project that the first key is for, unless somebody has made projects or keys before.
async fn find_or_make_project(store: &Store, init: &Init) -> anyhow::Result<Option<Project>> {
    let workspace = init.workspace.as_deref().unwrap_or(NAME);
    let name = init.project.as_deref().unwrap_or(NAME);
    let mut projects = store.list_projects().await?;
    projects.retain(|project| !is_proxy_project(project));
    let Some(found) = projects.pop() else {
        return match store
            .create_project(workspace, name, &Actor::Operator)
            .await
        {
            Ok(project) => Ok(Some(project)),
            Err(error) if error.kind() == ErrorKind::Conflict => {
                let first = store.list_projects().await?;
                let ours = first.into_iter().find(|it| it.name == name);
                // A key that was not given is made by whoever made the project.
                Ok(ours.filter(|_| init.api_key.is_some()))
            }
            Err(error) => Err(error.into()),
        };
    };
    let is_ours = projects.is_empty() && found.name == name && found.workspace == workspace;
    let is_begun = is_ours && store.list_keys(&found.id).await?.is_empty();
    Ok(is_begun.then_some(found))
}

pub fn write_key(data_dir: &Path, key: &SecretKey) -> anyhow::Result<PathBuf> {
    write_private(data_dir, KEY_FILE, key.reveal())
}

/// Writes a line into a file for its owner's eyes only.
pub fn write_private(data_dir: &Path, name: &str, line: &str) -> anyhow::Result<PathBuf> {
    make_private_dir(data_dir)?;
    let path = data_dir.join(name);
    let write = || {
        // Made anew, so that its mode is ours whatever lay there.
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = std::fs::File::options()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)?;
        writeln!(file, "{line}")?;
        file.sync_all()
    };
    write().with_context(|| format!("cannot write {}", path.display()))?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assemble::{Access, Place, run_on_store};
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn the_first_start_makes_one_key_and_the_second_none() {
        let dir = tempfile::tempdir().unwrap();
        run_on_store(&Place::embedded(dir.path()), Access::Make, async |store| {
            let init = Init::default();
            // As after a crash between the two.
            store.create_project(NAME, NAME, &Actor::Operator).await?;
            let made = prepare_store(&store, &init, dir.path()).await?;
            let Some(Handover::Written(path)) = made else {
                panic!("{made:?}")
            };
            assert_eq!(path.metadata()?.permissions().mode() & 0o777, 0o600);
            let key = SecretKey::parse(std::fs::read_to_string(&path)?.trim()).unwrap();
            let grant = store.authenticate(&key.hash()).await?.unwrap();
            assert_eq!(
                (grant.scopes, grant.project.name.as_str()),
                (Scopes::DEFAULT, NAME)
            );
            assert!(prepare_store(&store, &init, dir.path()).await?.is_none());
            anyhow::Ok(())
        })
        .unwrap();
    }

    #[test]
    fn a_given_key_has_all_scopes() {
        let dir = tempfile::tempdir().unwrap();
        run_on_store(&Place::embedded(dir.path()), Access::Make, async |store| {
            let key = SecretKey::generate();
            let init = Init {
                workspace: None,
                project: Some("shop".into()),
                api_key: Some(key.clone()),
                admin: None,
            };
            let made = prepare_store(&store, &init, dir.path()).await?;
            assert!(matches!(made, Some(Handover::Given)));
            let grant = store.authenticate(&key.hash()).await?.unwrap();
            assert_eq!(
                (grant.scopes, grant.project.name.as_str()),
                (Scopes::ALL, "shop")
            );
            assert!(!dir.path().join(KEY_FILE).exists());
            anyhow::Ok(())
        })
        .unwrap();
    }
}
