//! `accounts invitations`, `accounts uninvite`: who is asked in, and taking that back.
//! Invariant: no link is printed again; the store has none.
use crate::assemble::Store;
use crate::cmd::output::{print_json, print_line, print_table};
use anyhow::bail;
use cognobserve_model::people::Invitation;
use cognobserve_model::time::Micros;
use cognobserve_ports::Actor;
use serde_json::json;

pub async fn list(store: &Store, workspace: &str, is_json: bool) -> anyhow::Result<()> {
    let people = store.people();
    let waiting = people.list_invitations(workspace, Micros::now()).await?;
    if is_json {
        let describe = |one: &Invitation| {
            json!({
                "email": one.email, "role": one.role.as_str(), "createdBy": one.by,
                "createdAt": one.created.to_string(), "expiresAt": one.expires.to_string(),
            })
        };
        return print_json(&waiting.iter().map(describe).collect());
    }
    print_table(
        &["E-MAIL", "ROLE", "BY", "CREATED", "EXPIRES"],
        &[],
        waiting.iter().map(|one| {
            vec![
                one.email.clone(),
                one.role.as_str().to_owned(),
                one.by.clone(),
                one.created.to_string(),
                one.expires.to_string(),
            ]
        }),
    )
}

pub async fn revoke(
    store: &Store,
    email: &str,
    workspace: &str,
    is_json: bool,
) -> anyhow::Result<()> {
    let people = store.people();
    let revoked = people.revoke_invitation(workspace, email, &Actor::Operator);
    match revoked.await? {
        Ok(true) if is_json => {
            print_json(&json!({"email": email, "workspace": workspace, "revoked": true}))
        }
        Ok(true) => print_line(&format!("the invitation of {email} is revoked")),
        Ok(false) => bail!("{email} has no invitation to the workspace {workspace:?}"),
        Err(_) => bail!("the invitation of {email} may not be revoked"),
    }
}
