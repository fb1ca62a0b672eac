//! How one looks at a demo: by a link with one click, and by the password of this run from then on.
//! Invariant: both go to a terminal or to files for their owner alone, never into a log.
use crate::assemble::Store;
use crate::cmd::output::is_terminal;
use crate::cmd::serve::first_account::{Entry, LINK_FILE, make_account};
use crate::cmd::serve::first_start::write_private;
use anyhow::Context;
use cognobserve_model::people::LinkKind;
use cognobserve_server::DEMO_EMAIL;
use cognobserve_server::auth::link::make_operators_link;
use cognobserve_server::auth::secret::Issued;
use cognobserve_server::config::{InitAdmin, Secret};
use std::path::Path;

/// Where the password is written if there is no terminal.
const PASSWORD_FILE: &str = "demo-password";
/// To be typed, too.
const PASSWORD_CHARS: usize = 20;

/// The ways in, and what to say of the one that lasts.
pub struct Ways {
    pub link: Entry,
    pub password: Secret,
    pub words: String,
}

/// Makes the account, its password and a link that asks for nothing.
pub async fn open_ways(store: &Store, public_url: &str, data_dir: &Path) -> anyhow::Result<Ways> {
    let random = Issued::generate();
    let password = Secret::new(&random.reveal()[..PASSWORD_CHARS]);
    let admin = InitAdmin {
        email: DEMO_EMAIL.into(),
        password: password.clone(),
    };
    make_account(store, &admin).await?;
    let people = store.people();
    let known = people.find_credentials(DEMO_EMAIL).await?;
    let kind = LinkKind::Reset {
        account: known.context("the demo's account is missing")?.account.id,
        email: DEMO_EMAIL.into(),
    };
    let link = make_operators_link(&*people, public_url, kind).await?;
    let (link, given) = match is_terminal() {
        true => (
            Entry::Shown(link),
            format!("the password {}", password.expose()),
        ),
        false => {
            let path = write_private(data_dir, PASSWORD_FILE, password.expose())?;
            let given = format!(
                "the password that is in {} (for its owner's eyes only)",
                path.display()
            );
            let link = write_private(data_dir, LINK_FILE, &link)?;
            (Entry::Written(link), given)
        }
    };
    Ok(Ways {
        link,
        password,
        words: format!("To log in again: {public_url}/login as {DEMO_EMAIL} with {given}.\n"),
    })
}
