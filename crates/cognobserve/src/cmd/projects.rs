//! `projects`: made, listed, set and deleted in the store itself, also while a server runs.
mod counts;

use super::ask::confirm;
use super::output::{OutputArgs, print_json, print_line, print_table};
use super::settings::SettingsArgs;
use crate::assemble::{self, Access, Store};
use crate::telemetry::is_proxy_project;
use anyhow::{Context, bail};
use cognobserve_model::account::{Capture, Project};
use cognobserve_model::time::Zone;
use cognobserve_ports::Actor;
use serde_json::{Value, json};

const WORKSPACE: &str = "default";
const MAX_NAME_CHARS: usize = 100;

/// Make, list, change and delete projects
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  cognobserve projects create shop\n  cognobserve keys create --project shop"
)]
pub struct ProjectsArgs {
    #[command(subcommand)]
    command: ProjectsCommand,
    #[command(flatten)]
    settings: SettingsArgs,
    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Debug, clap::Subcommand)]
enum ProjectsCommand {
    /// Make a project
    #[command(after_help = "Example:\n  cognobserve projects create shop")]
    Create {
        name: String,
        /// The workspace it belongs to; made if it is new
        #[arg(long, default_value = WORKSPACE)]
        workspace: String,
    },
    /// List all projects
    #[command(after_help = "Example:\n  cognobserve projects list --json")]
    List,
    /// Count what all projects hold: users, sessions, traces, spans
    #[command(after_help = "Example:\n  cognobserve projects counts --json")]
    Counts,
    /// Delete a project and everything in it
    #[command(after_help = "Example:\n  cognobserve projects delete shop")]
    Delete {
        /// Name or id
        name: String,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
    /// Change a project's settings
    #[command(
        after_help = "Example:\n  cognobserve projects set shop --retention-payload-days 90 --time-zone Europe/Berlin"
    )]
    Set(SetArgs),
}

#[derive(Debug, clap::Args)]
struct SetArgs {
    /// Name or id
    name: String,
    /// Remove inputs, outputs and metadata of traces older than this; `none` keeps them
    #[arg(long, value_name = "N|none", value_parser = parse_limit::<u32>)]
    retention_payload_days: Option<Limit<u32>>,
    /// Whether inputs, outputs and metadata are stored at all: full or none
    #[arg(long, value_parser = parse_capture)]
    capture: Option<Capture>,
    /// IANA name of the project's time zone
    #[arg(long, value_name = "ZONE", value_parser = parse_zone)]
    time_zone: Option<String>,
    /// More spans a second are answered 429; `none`: no limit
    #[arg(long, value_name = "N|none", value_parser = parse_limit::<u32>)]
    max_spans_per_second: Option<Limit<u32>>,
    /// Data that would make more users is answered 429; `none`: no limit
    #[arg(long, value_name = "N|none", value_parser = parse_limit::<u64>)]
    max_users: Option<Limit<u64>>,
}

/// A number, or none; a type of its own, since clap gives `Option` a meaning.
#[derive(Clone, Copy, Debug)]
struct Limit<T>(Option<T>);

fn parse_limit<T: std::str::FromStr + PartialOrd + From<u8>>(
    text: &str,
) -> Result<Limit<T>, String> {
    if text == "none" {
        return Ok(Limit(None));
    }
    let number = text
        .parse::<T>()
        .ok()
        .filter(|number| *number >= T::from(1));
    number
        .map(|number| Limit(Some(number)))
        .ok_or_else(|| "expected a whole number, 1 or more, or `none`".into())
}

fn parse_capture(text: &str) -> Result<Capture, String> {
    Capture::parse(text).ok_or_else(|| "expected `full` or `none`".into())
}

fn parse_zone(text: &str) -> Result<String, String> {
    Zone::parse(text)
        .map(|_| text.to_owned())
        .map_err(|error| error.to_string())
}

pub fn run(args: ProjectsArgs) -> anyhow::Result<()> {
    let is_json = args.output.json;
    let place = args.settings.place()?;
    let access = if matches!(args.command, ProjectsCommand::Create { .. }) {
        Access::Make
    } else {
        Access::Existing
    };
    assemble::run_on_store(&place, access, async |store| match args.command {
        ProjectsCommand::Create { name, workspace } => {
            check_name(&name)?;
            check_name(&workspace)?;
            let project = store
                .create_project(&workspace, &name, &Actor::Operator)
                .await?;
            if is_json {
                print_json(&describe(&project))
            } else {
                print_line(&format!(
                    "project {} ({}) is made",
                    project.name, project.id
                ))
            }
        }
        ProjectsCommand::List => {
            let projects = store.list_projects().await?;
            if is_json {
                print_json(&projects.iter().map(describe).collect())
            } else {
                print_projects(&projects)
            }
        }
        ProjectsCommand::Counts => counts::print(&store, is_json).await,
        ProjectsCommand::Delete { name, yes } => {
            let project = find_project(&store, Some(&name)).await?;
            confirm(
                &format!("Delete project {:?} with all of its data?", project.name),
                yes,
            )?;
            if !store.delete_project(&project.id, &Actor::Operator).await? {
                bail!("there is no project {name:?}");
            }
            if is_json {
                print_json(&json!({"success": true, "id": project.id.as_str()}))
            } else {
                print_line(&format!("project {} is deleted", project.name))
            }
        }
        ProjectsCommand::Set(set) => {
            let project = apply_settings(&store, set).await?;
            if is_json {
                print_json(&describe(&project))
            } else {
                print_projects(&[project])
            }
        }
    })
}

async fn apply_settings(store: &Store, set: SetArgs) -> anyhow::Result<Project> {
    let project = find_project(store, Some(&set.name)).await?;
    let old = project.settings.clone();
    let mut settings = project.settings;
    if let Some(Limit(days)) = set.retention_payload_days {
        settings.retention_payload_days = days;
    }
    if let Some(capture) = set.capture {
        settings.capture = capture;
    }
    if let Some(zone) = set.time_zone {
        settings.time_zone = zone;
    }
    if let Some(Limit(rate)) = set.max_spans_per_second {
        settings.max_spans_per_second = rate;
    }
    if let Some(Limit(users)) = set.max_users {
        settings.max_users = users;
    }
    if settings == old {
        bail!("nothing to change: see `cognobserve projects set --help`");
    }
    let changed = store
        .update_settings(&project.id, settings, &Actor::Operator)
        .await?;
    changed.with_context(|| format!("there is no project {:?}", set.name))
}

/// The named project; without a name the only one there is, beside that of other installations' events.
pub async fn find_project(store: &Store, name: Option<&str>) -> anyhow::Result<Project> {
    if let Some(name) = name {
        return store
            .find_project(name)
            .await?
            .with_context(|| format!("there is no project {name:?}"));
    }
    let mut projects = store.list_projects().await?;
    projects.retain(|project| !is_proxy_project(project));
    match (projects.pop(), projects.len()) {
        (Some(only), 0) => Ok(only),
        (None, _) => bail!("there is no project yet: `cognobserve projects create NAME` makes one"),
        _ => bail!("there are several projects: name one with --project"),
    }
}

fn check_name(name: &str) -> anyhow::Result<()> {
    let is_fine = name.trim() == name
        && !name.is_empty()
        && name.chars().count() <= MAX_NAME_CHARS
        && !name.chars().any(char::is_control);
    if !is_fine {
        bail!(
            "{name:?} is no name: 1 to {MAX_NAME_CHARS} characters, no control characters, no blanks around it"
        );
    }
    Ok(())
}

fn describe(project: &Project) -> Value {
    let settings = &project.settings;
    json!({
        "id": project.id.as_str(),
        "name": project.name,
        "workspace": project.workspace,
        "developerId": project.developer.as_str(),
        "createdAt": project.created.to_string(),
        "settings": {
            "retentionPayloadDays": settings.retention_payload_days,
            "capture": settings.capture.as_str(),
            "timeZone": settings.time_zone,
            "maxSpansPerSecond": settings.max_spans_per_second,
            "maxUsers": settings.max_users,
        },
    })
}

fn print_projects(projects: &[Project]) -> anyhow::Result<()> {
    let headers = [
        "NAME",
        "WORKSPACE",
        "ID",
        "PAYLOAD DAYS",
        "CAPTURE",
        "TIME ZONE",
        "SPANS/S",
        "USERS",
    ];
    print_table(
        &headers,
        &[3, 6, 7],
        projects.iter().map(|project| {
            let settings = &project.settings;
            vec![
                project.name.clone(),
                project.workspace.clone(),
                project.id.to_string(),
                settings
                    .retention_payload_days
                    .map_or("all".into(), |days| days.to_string()),
                settings.capture.as_str().into(),
                settings.time_zone.clone(),
                settings
                    .max_spans_per_second
                    .map_or("any".into(), |rate| rate.to_string()),
                settings
                    .max_users
                    .map_or("any".into(), |users| users.to_string()),
            ]
        }),
    )
}
