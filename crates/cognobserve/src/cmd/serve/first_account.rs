//! The first account: as the settings say, or by a link that makes it.
//! Invariant: a link is made as long as there is no account, and the one before it ends; it goes
//! to a terminal or to a file for its owner alone, never into a log.
use super::first_start::write_private;
use crate::assemble::Store;
use crate::cmd::output::is_terminal;
use anyhow::Context;
use cognobserve_model::people::LinkKind;
use cognobserve_model::time::Micros;
use cognobserve_ports::{Acceptance, Actor, NewLink};
use cognobserve_server::auth::enter::end_after;
use cognobserve_server::auth::link::{LINK_LASTS, make_operators_link};
use cognobserve_server::auth::password::hash_blocking;
use cognobserve_server::auth::secret::Issued;
use cognobserve_server::config::InitAdmin;
use std::path::{Path, PathBuf};

/// Where the link is written if there is no terminal.
pub const LINK_FILE: &str = "first-log-in-link";

/// How the first person gets in.
#[derive(Debug)]
pub enum Entry {
    /// By this link, to be shown on the terminal.
    Shown(String),
    /// By the link in this file.
    Written(PathBuf),
    /// With the e-mail and password that the operator gave.
    Given,
}

/// `None`: there are accounts already.
pub async fn prepare_account(
    store: &Store,
    admin: Option<&InitAdmin>,
    public_url: &str,
    data_dir: &Path,
) -> anyhow::Result<Option<Entry>> {
    let people = store.people();
    if people.count_accounts().await? > 0 {
        // It opens nothing any more.
        let _ = std::fs::remove_file(data_dir.join(LINK_FILE));
        return Ok(None);
    }
    if let Some(admin) = admin {
        make_account(store, admin).await?;
        return Ok(Some(Entry::Given));
    }
    let link = make_operators_link(&*people, public_url, LinkKind::Setup).await?;
    Ok(Some(match is_terminal() {
        true => Entry::Shown(link),
        false => Entry::Written(write_private(data_dir, LINK_FILE, &link)?),
    }))
}

/// The first, by a link that nobody sees. Another process that started at the same time may be first.
pub async fn make_account(store: &Store, admin: &InitAdmin) -> anyhow::Result<()> {
    let people = store.people();
    let secret = Issued::generate();
    let link = NewLink {
        hash: secret.hash(),
        kind: LinkKind::Setup,
        expires: end_after(LINK_LASTS),
    };
    let password = admin.password.clone();
    let hash = tokio::task::spawn_blocking(move || hash_blocking(password.expose())).await?;
    // The operator may: nothing is refused.
    let _ = people.create_link(link, &Actor::Operator).await?;
    let acceptance = Acceptance {
        email: admin.email.clone(),
        name: None,
        password_hash: Some(hash.context("cannot hash init.admin_password")?),
    };
    people
        .accept_link(&secret.hash(), acceptance, Micros::now())
        .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assemble::{Access, Place, run_on_store};
    use cognobserve_server::config::Secret;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_link_is_made_until_there_is_an_account() {
        let dir = tempfile::tempdir().unwrap();
        run_on_store(&Place::embedded(dir.path()), Access::Make, async |store| {
            let by = &Actor::Operator;
            store.create_project("default", "default", by).await?;
            let url = "https://observe.example";
            let mut links = Vec::new();
            for _ in 0..2 {
                let entry = prepare_account(&store, None, url, dir.path()).await?;
                let Some(Entry::Written(path)) = entry else {
                    panic!("{entry:?}")
                };
                assert_eq!(path.metadata()?.permissions().mode() & 0o777, 0o600);
                links.push(std::fs::read_to_string(&path)?);
            }
            assert!(links[1].starts_with("https://observe.example/link/"));
            assert_ne!(links[0], links[1]);
            let admin = InitAdmin {
                email: "ann@acme.example".into(),
                password: Secret::new("0123456789"),
            };
            let entry = prepare_account(&store, Some(&admin), url, dir.path()).await?;
            assert!(matches!(entry, Some(Entry::Given)));
            let members = store.people().list_members("default").await?;
            assert!(members[0].account.is_operator, "{members:?}");
            let entry = prepare_account(&store, Some(&admin), url, dir.path()).await?;
            assert!(entry.is_none() && !dir.path().join(LINK_FILE).exists());
            anyhow::Ok(())
        })
        .unwrap();
    }
}
