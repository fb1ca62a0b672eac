//! `accounts`: who may log in. Works on the store itself, also while a server runs.
//! Invariant: no password is taken or shown; people set their own, behind links that work once.
mod invitations;

use super::output::{OutputArgs, print_json, print_line, print_table};
use super::serve::find_public_url;
use super::settings::SettingsArgs;
use crate::assemble::{self, Access, Place, Store};
use anyhow::{Context, bail};
use cognobserve_model::people::{Account, LinkKind, Member, Role, read_email};
use cognobserve_ports::{Actor, ErrorKind, MemberRefusal};
use cognobserve_server::auth::enter::end_after;
use cognobserve_server::auth::link::{LINK_LASTS, make_link};
use cognobserve_server::config::Config;
use serde_json::{Value, json};
use std::collections::BTreeSet;

const WORKSPACE: &str = "default";

/// Invite people, reset passwords, change roles
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  cognobserve accounts invite ann@acme.example --workspace default --role ADMIN"
)]
pub struct AccountsArgs {
    #[command(subcommand)]
    command: AccountsCommand,
    #[command(flatten)]
    settings: SettingsArgs,
    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Debug, clap::Subcommand)]
enum AccountsCommand {
    /// Print a link with which somebody joins a workspace
    #[command(
        after_help = "The link works once, for 30 minutes, and begins with public_url, else with http:// and the setting listen.\n\nExample:\n  cognobserve accounts invite ann@acme.example --workspace default --role MEMBER"
    )]
    Invite {
        #[arg(value_parser = parse_email)]
        email: String,
        #[arg(long, default_value = WORKSPACE)]
        workspace: String,
        /// VIEWER, MEMBER, ADMIN or OWNER
        #[arg(long, default_value = "MEMBER", value_parser = parse_role)]
        role: Role,
    },
    /// List invitations that nobody has followed yet
    #[command(
        after_help = "Example:\n  cognobserve accounts invitations --workspace default --json"
    )]
    Invitations {
        #[arg(long, default_value = WORKSPACE)]
        workspace: String,
    },
    /// Take an invitation back
    #[command(
        after_help = "Its link opens nothing from then on.\n\nExample:\n  cognobserve accounts uninvite ann@acme.example --workspace default"
    )]
    Uninvite {
        #[arg(value_parser = parse_email)]
        email: String,
        #[arg(long, default_value = WORKSPACE)]
        workspace: String,
    },
    /// Print a link with which somebody sets a new password
    #[command(
        after_help = "The link works once, for 30 minutes. Using it ends the account's log-ins and tokens.\n\nExample:\n  cognobserve accounts reset ann@acme.example"
    )]
    Reset {
        #[arg(value_parser = parse_email)]
        email: String,
    },
    /// Change what a member may do
    #[command(
        after_help = "A lower role ends the account's log-ins, tokens and links at once.\n\nExample:\n  cognobserve accounts role ann@acme.example --workspace default VIEWER"
    )]
    Role {
        #[arg(value_parser = parse_email)]
        email: String,
        /// VIEWER, MEMBER, ADMIN or OWNER
        #[arg(value_parser = parse_role)]
        role: Role,
        #[arg(long, default_value = WORKSPACE)]
        workspace: String,
    },
    /// List accounts and their workspaces
    #[command(after_help = "Example:\n  cognobserve accounts list --json")]
    List,
}

fn parse_email(text: &str) -> Result<String, String> {
    read_email(text).ok_or_else(|| "expected an e-mail address".into())
}

fn parse_role(text: &str) -> Result<Role, String> {
    let role = Role::parse(&text.to_uppercase());
    role.ok_or_else(|| "expected VIEWER, MEMBER, ADMIN or OWNER".into())
}

pub fn run(args: AccountsArgs) -> anyhow::Result<()> {
    let is_json = args.output.json;
    let config = args.settings.load(Vec::new())?.config;
    assemble::run_on_store(
        &Place::of(&config),
        Access::Existing,
        async |store| match args.command {
            AccountsCommand::Invite {
                email,
                workspace,
                role,
            } => {
                let about = json!({"email": email, "workspace": workspace, "role": role.as_str()});
                let kind = LinkKind::Invite {
                    workspace: workspace.clone(),
                    email,
                    role,
                };
                let missing = format!("there is no workspace {workspace:?}");
                let link = print_link(&store, &config, kind, about, is_json).await;
                explain_missing(link, &missing)
            }
            AccountsCommand::Invitations { workspace } => {
                invitations::list(&store, &workspace, is_json).await
            }
            AccountsCommand::Uninvite { email, workspace } => {
                invitations::revoke(&store, &email, &workspace, is_json).await
            }
            AccountsCommand::Reset { email } => {
                let missing = format!("there is no account {email:?}");
                let found = store.people().find_credentials(&email).await?;
                let account = found.with_context(|| missing.clone())?.account.id;
                let about = json!({"email": email});
                let kind = LinkKind::Reset { account, email };
                let link = print_link(&store, &config, kind, about, is_json).await;
                explain_missing(link, &missing)
            }
            AccountsCommand::Role {
                email,
                role,
                workspace,
            } => change_role(&store, &email, &workspace, role, is_json).await,
            AccountsCommand::List => list_accounts(&store, is_json).await,
        },
    )
}

async fn print_link(
    store: &Store,
    config: &Config,
    kind: LinkKind,
    mut about: Value,
    is_json: bool,
) -> anyhow::Result<()> {
    let public_url = find_public_url(config, config.listen);
    let made = make_link(&*store.people(), &public_url, kind, &Actor::Operator).await?;
    let link = match made {
        Ok(link) => link,
        Err(MemberRefusal::AlreadyMember(role)) => bail!(
            "{} is {} of the workspace {} already: change it with `accounts role`",
            about["email"].as_str().unwrap_or_default(),
            role.as_str(),
            about["workspace"]
        ),
        Err(_) => bail!("the link was refused"),
    };
    // A server started with `--listen` is elsewhere, and nothing here can know that.
    if config.public_url.is_none() {
        eprintln!(
            "public_url is not set: the link begins with {public_url}, by the setting listen. \
             Where the server has another address, put that in its place."
        );
    }
    if !is_json {
        return print_line(&link);
    }
    about["link"] = link.into();
    about["expiresAt"] = end_after(LINK_LASTS).to_string().into();
    print_json(&about)
}

fn explain_missing(done: anyhow::Result<()>, missing: &str) -> anyhow::Result<()> {
    let is_missing = |error: &anyhow::Error| {
        let error = error.downcast_ref::<cognobserve_ports::StoreError>();
        error.is_some_and(|error| error.kind() == ErrorKind::NotFound)
    };
    match done {
        Err(error) if is_missing(&error) => bail!("{missing}"),
        done => done,
    }
}

async fn change_role(
    store: &Store,
    email: &str,
    workspace: &str,
    role: Role,
    is_json: bool,
) -> anyhow::Result<()> {
    let people = store.people();
    let members = people.list_members(workspace).await?;
    let member = members.iter().find(|member| member.account.email == email);
    let missing = || format!("{email} is no member of the workspace {workspace:?}");
    let account = &member.with_context(missing)?.account.id;
    let changed = people.set_role(workspace, account, role, &Actor::Operator);
    match changed.await? {
        Err(MemberRefusal::NoSuchMember) => bail!("{}", missing()),
        Err(MemberRefusal::LastOwner) => {
            bail!("{email} is the last owner of {workspace:?}: make somebody else OWNER first")
        }
        Err(MemberRefusal::NotAllowed | MemberRefusal::AlreadyMember(_)) => {
            bail!("the role of {email} may not be changed")
        }
        Ok(()) if is_json => {
            print_json(&json!({"email": email, "workspace": workspace, "role": role.as_str()}))
        }
        Ok(()) => print_line(&format!("{email} is {} of {workspace}", role.as_str())),
    }
}

/// Accounts with their workspaces, as far as those have projects.
async fn list_accounts(store: &Store, is_json: bool) -> anyhow::Result<()> {
    let people = store.people();
    let projects = store.list_projects().await?;
    let workspaces: BTreeSet<String> = projects.into_iter().map(|one| one.workspace).collect();
    let mut members: Vec<(String, Member)> = Vec::new();
    for workspace in workspaces {
        let found = people.list_members(&workspace).await?;
        members.extend(found.into_iter().map(|member| (workspace.clone(), member)));
    }
    let accounts = people.list_accounts().await?;
    let roles_of = |account: &Account| -> Vec<(String, Role)> {
        let theirs = members
            .iter()
            .filter(|(_, one)| one.account.id == account.id);
        theirs
            .map(|(workspace, one)| (workspace.clone(), one.role))
            .collect()
    };
    if is_json {
        let describe = |account: &Account| {
            let roles = roles_of(account).into_iter();
            let roles = roles
                .map(|(workspace, role)| json!({"workspace": workspace, "role": role.as_str()}));
            json!({
                "id": account.id.as_str(), "email": account.email, "name": account.name, "operator": account.is_operator,
                "createdAt": account.created.to_string(), "workspaces": roles.collect::<Vec<_>>(),
            })
        };
        return print_json(&accounts.iter().map(describe).collect());
    }
    print_table(
        &["E-MAIL", "NAME", "OPERATOR", "WORKSPACES", "CREATED"],
        &[],
        accounts.iter().map(|account| {
            let roles = roles_of(account).into_iter();
            let roles = roles.map(|(workspace, role)| format!("{workspace} {}", role.as_str()));
            vec![
                account.email.clone(),
                account.name.clone().unwrap_or_default(),
                if account.is_operator { "yes" } else { "" }.to_owned(),
                roles.collect::<Vec<_>>().join(", "),
                account.created.to_string(),
            ]
        }),
    )
}
