//! `keys`: made, listed and revoked in the store itself, also while a server runs.
//! Invariant: a key is shown once, when it is made.
use super::output::{OutputArgs, print_json, print_line, print_table};
use super::projects::find_project;
use super::settings::SettingsArgs;
use crate::assemble::{self, Access, Store};
use anyhow::Context;
use cognobserve_model::account::{ApiKey, Project, Scopes};
use cognobserve_model::id::KeyId;
use cognobserve_ports::{Actor, NewKey};
use cognobserve_server::auth::key::SecretKey;
use serde_json::{Value, json};

/// Make, list and revoke API keys
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  cognobserve keys create --project shop --scopes ingest,read")]
pub struct KeysArgs {
    #[command(subcommand)]
    command: KeysCommand,
    #[command(flatten)]
    settings: SettingsArgs,
    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Debug, clap::Subcommand)]
enum KeysCommand {
    /// Make a key and show it, this once
    #[command(
        after_help = "Example:\n  cognobserve keys create --project shop --scopes ingest,read,admin --name backend"
    )]
    Create {
        /// Name or id of the project; may be left out if there is only one
        #[arg(long)]
        project: Option<String>,
        /// What the key may do, out of ingest, read, admin
        #[arg(long, default_value = "ingest,read", value_parser = parse_scopes)]
        scopes: Scopes,
        /// A name to tell it from others
        #[arg(long, default_value = "")]
        name: String,
    },
    /// List keys, never the keys themselves
    #[command(after_help = "Example:\n  cognobserve keys list --project shop")]
    List {
        /// Name or id of a project; all projects without it
        #[arg(long)]
        project: Option<String>,
    },
    /// Revoke a key
    #[command(after_help = "Example:\n  cognobserve keys revoke key_0123456789abcdef01234567")]
    Revoke {
        /// The key's id, as `keys list` shows it
        id: String,
    },
}

fn parse_scopes(text: &str) -> Result<Scopes, String> {
    Scopes::parse(text).ok_or_else(|| "expected a list out of ingest,read,admin".into())
}

pub fn run(args: KeysArgs) -> anyhow::Result<()> {
    let is_json = args.output.json;
    let place = args.settings.place()?;
    assemble::run_on_store(&place, Access::Existing, async |store| match args.command {
        KeysCommand::Create {
            project,
            scopes,
            name,
        } => {
            let project = find_project(&store, project.as_deref()).await?;
            let (made, key) = make_key(&store, &project, scopes, &name).await?;
            if !is_json {
                return print_line(key.reveal());
            }
            print_json(&json!({
                "id": made.id.as_str(),
                "key": key.reveal(),
                "project": project.name,
                "scopes": list_scopes(scopes),
            }))
        }
        KeysCommand::List { project } => {
            let rows = list_keys(&store, project.as_deref()).await?;
            if is_json {
                print_json(
                    &rows
                        .iter()
                        .map(|(project, key)| describe(project, key))
                        .collect(),
                )
            } else {
                print_keys(&rows)
            }
        }
        KeysCommand::Revoke { id } => {
            let revoked = revoke_key(&store, &KeyId::new(id.as_str())).await?;
            let revoked = revoked.with_context(|| format!("there is no key {id:?}"))?;
            let at = revoked.revoked.map(|at| at.to_string());
            if is_json {
                print_json(&json!({"id": id, "revokedAt": at}))
            } else {
                print_line(&format!("key {id} is revoked"))
            }
        }
    })
}

/// Makes a random key.
pub async fn make_key(
    store: &Store,
    project: &Project,
    scopes: Scopes,
    name: &str,
) -> anyhow::Result<(ApiKey, SecretKey)> {
    let key = SecretKey::generate();
    let made = store
        .create_key(
            &project.id,
            describe_new(&key, scopes, name),
            &Actor::Operator,
        )
        .await?;
    Ok((made, key))
}

/// What is stored of a key.
pub fn describe_new(key: &SecretKey, scopes: Scopes, name: &str) -> NewKey {
    NewKey {
        hash: key.hash(),
        prefix: key.shown_prefix().to_owned(),
        name: name.to_owned(),
        scopes,
        expires: None,
    }
}

async fn revoke_key(store: &Store, id: &KeyId) -> anyhow::Result<Option<ApiKey>> {
    let Some(key) = store.find_key(id).await? else {
        return Ok(None);
    };
    let by = Actor::Operator;
    Ok(store.revoke_key(&key.project, id, &by).await?)
}

async fn list_keys(store: &Store, project: Option<&str>) -> anyhow::Result<Vec<(Project, ApiKey)>> {
    let projects = match project {
        Some(name) => vec![find_project(store, Some(name)).await?],
        None => store.list_projects().await?,
    };
    let mut rows = Vec::new();
    for project in projects {
        let keys = store.list_keys(&project.id).await?;
        rows.extend(keys.into_iter().map(|key| (project.clone(), key)));
    }
    Ok(rows)
}

fn list_scopes(scopes: Scopes) -> Vec<&'static str> {
    scopes.iter().map(|scope| scope.as_str()).collect()
}

fn describe(project: &Project, key: &ApiKey) -> Value {
    json!({
        "id": key.id.as_str(),
        "project": project.name,
        "name": key.name,
        "prefix": key.prefix,
        "scopes": list_scopes(key.scopes),
        "createdAt": key.created.to_string(),
        "revokedAt": key.revoked.map(|at| at.to_string()),
    })
}

fn print_keys(rows: &[(Project, ApiKey)]) -> anyhow::Result<()> {
    print_table(
        &[
            "ID", "PROJECT", "NAME", "KEY", "SCOPES", "CREATED", "REVOKED",
        ],
        &[],
        rows.iter().map(|(project, key)| {
            vec![
                key.id.to_string(),
                project.name.clone(),
                key.name.clone(),
                format!("{}…", key.prefix),
                key.scopes.to_string(),
                key.created.to_string(),
                key.revoked.map_or(String::new(), |at| at.to_string()),
            ]
        }),
    )
}
