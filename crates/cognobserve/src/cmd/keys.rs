//! `keys`: made, listed and revoked in the store itself, also while a server runs.
//! Invariant: a key is shown once, when it is made.
use super::output::{OutputArgs, print_json, print_line, print_table};
use super::projects::find_project;
use super::settings::SettingsArgs;
use crate::assemble::{self, Access, Store};
use anyhow::Context;
use cognobserve_model::account::{ApiKey, Project, Scopes};
use cognobserve_model::id::KeyId;
use cognobserve_model::time::{MICROS_PER_DAY, Micros, Zone};
use cognobserve_ports::{Actor, NewKey};
use cognobserve_server::auth::key::SecretKey;
use serde_json::{Value, json};

/// Longer than anybody plans; keeps a slip of the finger from making a key for ever.
const MOST_DAYS: i64 = 3650;

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
        after_help = "Example:\n  cognobserve keys create --project shop --scopes ingest,read,admin --name backend\n  cognobserve keys create --project shop --expires 90d\n  cognobserve keys create --project shop --expires 2027-01-31"
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
        /// When it stops to work: after so many days, or at a time or date (UTC); without it never
        #[arg(long, value_name = "90d|DATE|TIME", value_parser = parse_expiry)]
        expires: Option<Micros>,
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

/// A time to come: `90d` from now, or as it is written.
fn parse_expiry(text: &str) -> Result<Micros, String> {
    let now = Micros::now();
    let days = text.strip_suffix('d').and_then(|days| days.parse().ok());
    let at = match days {
        Some(days @ 1..=MOST_DAYS) => Micros(now.0 + days * MICROS_PER_DAY),
        Some(_) => return Err(format!("expected 1d to {MOST_DAYS}d")),
        None => Zone::utc()
            .parse_instant(text)
            .map_err(|_| "expected days like 90d, a date like 2027-01-31, or a time")?,
    };
    match at > now {
        true => Ok(at),
        false => Err("this is in the past".into()),
    }
}

pub fn run(args: KeysArgs) -> anyhow::Result<()> {
    let is_json = args.output.json;
    let place = args.settings.place()?;
    assemble::run_on_store(&place, Access::Existing, async |store| match args.command {
        KeysCommand::Create {
            project,
            scopes,
            name,
            expires,
        } => {
            let project = find_project(&store, project.as_deref()).await?;
            let (made, key) = make_key(&store, &project, scopes, &name, expires).await?;
            if !is_json {
                return print_line(key.reveal());
            }
            print_json(&json!({
                "id": made.id.as_str(),
                "key": key.reveal(),
                "project": project.name,
                "scopes": list_scopes(scopes),
                "expiresAt": tell(made.expires),
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
            let at = tell(revoked.revoked);
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
    expires: Option<Micros>,
) -> anyhow::Result<(ApiKey, SecretKey)> {
    let key = SecretKey::generate();
    let new = NewKey {
        expires,
        ..describe_new(&key, scopes, name)
    };
    let made = store.create_key(&project.id, new, &Actor::Operator).await?;
    Ok((made, key))
}

/// What is stored of a key that does not expire.
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
        "createdBy": key.created_by,
        "expiresAt": tell(key.expires),
        "lastUsedAt": tell(key.last_used),
        "revokedAt": tell(key.revoked),
    })
}

fn tell(time: Option<Micros>) -> Option<String> {
    time.map(|at| at.to_string())
}

/// To the minute, which is enough for people.
fn tell_shortly(time: Option<Micros>, none: &str) -> String {
    time.map_or_else(
        || none.to_owned(),
        |at| Zone::utc().write(at, "%Y-%m-%d %H:%M"),
    )
}

/// Whether it opens anything, and until when.
fn tell_end(key: &ApiKey, now: Micros) -> String {
    match (key.revoked, key.expires) {
        (Some(at), _) => format!("revoked {}", tell_shortly(Some(at), "")),
        (None, Some(at)) if at <= now => format!("expired {}", tell_shortly(Some(at), "")),
        (None, expires) => tell_shortly(expires, "never"),
    }
}

fn print_keys(rows: &[(Project, ApiKey)]) -> anyhow::Result<()> {
    let now = Micros::now();
    print_table(
        &[
            "ID",
            "PROJECT",
            "NAME",
            "KEY",
            "SCOPES",
            "CREATED",
            "LAST USED",
            "EXPIRES",
        ],
        &[],
        rows.iter().map(|(project, key)| {
            vec![
                key.id.to_string(),
                project.name.clone(),
                key.name.clone(),
                format!("{}…", key.prefix),
                key.scopes.to_string(),
                tell_shortly(Some(key.created), ""),
                tell_shortly(key.last_used, "never"),
                tell_end(key, now),
            ]
        }),
    )
}
