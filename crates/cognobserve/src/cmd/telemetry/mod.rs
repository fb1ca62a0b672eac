//! `telemetry`: what leaves this installation, how far each provider is, and whether a developer takes part. Sends
//! nothing.
mod explain;
mod given;
mod status;

use super::output::{OutputArgs, print_json, print_line};
use super::settings::SettingsArgs;
use crate::assemble::{self, Access, Place, Store};
use cognobserve_ports::Actor;
use serde_json::json;
use std::path::PathBuf;

/// See what product telemetry sends, and how far it is
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  cognobserve telemetry status\n  cognobserve telemetry explain event.json"
)]
pub struct TelemetryArgs {
    #[command(subcommand)]
    command: TelemetryCommand,
    #[command(flatten)]
    settings: SettingsArgs,
    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Debug, clap::Subcommand)]
enum TelemetryCommand {
    /// Print exactly what each provider would be sent of an event, and what stays here; nothing is sent
    #[command(
        after_help = "The file holds {\"event\", \"properties\"?, \"user_id\"?, \"session_id\"?, \"timestamp\"?, \"event_id\"?}.\n\nExample:\n  cognobserve telemetry explain event.json --project shop"
    )]
    Explain {
        /// An event as clients send it
        #[arg(value_name = "EVENT.json")]
        file: PathBuf,
        /// Whose event it is, by id or name; not needed if there is one project
        #[arg(long)]
        project: Option<String>,
    },
    /// Show the edition, and for each provider what was sent, dropped and waits
    #[command(after_help = "Example:\n  cognobserve telemetry status --json")]
    Status,
    /// Let the events of a developer be captured again
    #[command(
        after_help = "The choice holds for all projects of the workspace. It does not overrule the settings of the installation.\n\nExample:\n  cognobserve telemetry enable --project shop"
    )]
    Enable(ChoiceArgs),
    /// Capture no events of a developer, and send none that wait
    #[command(
        after_help = "The choice holds for all projects of the workspace, and is seen within 5 seconds.\n\nExample:\n  cognobserve telemetry disable --project shop"
    )]
    Disable(ChoiceArgs),
}

#[derive(Debug, clap::Args)]
struct ChoiceArgs {
    /// A project of theirs, by id or name; not needed if there is one project
    #[arg(long)]
    project: Option<String>,
}

pub fn run(args: TelemetryArgs) -> anyhow::Result<()> {
    let loaded = args.settings.load(Vec::new())?;
    for warning in &loaded.warnings {
        eprintln!("warning: {warning}");
    }
    let config = loaded.config;
    let is_json = args.output.json;
    assemble::run_on_store(
        &Place::of(&config),
        Access::Existing,
        async |store| match args.command {
            TelemetryCommand::Explain { file, project } => {
                let project = super::projects::find_project(&store, project.as_deref()).await?;
                let event = given::read_event(&file)?;
                explain::explain(&store, &config.telemetry, &project, event, is_json).await
            }
            TelemetryCommand::Status => status::show(&store, &config.telemetry, is_json).await,
            TelemetryCommand::Enable(choice) => choose(&store, choice, false, is_json).await,
            TelemetryCommand::Disable(choice) => choose(&store, choice, true, is_json).await,
        },
    )
}

async fn choose(store: &Store, choice: ChoiceArgs, out: bool, is_json: bool) -> anyhow::Result<()> {
    let project = super::projects::find_project(store, choice.project.as_deref()).await?;
    let events = store.events();
    if !events.opt_out(&project.id, out, &Actor::Operator).await? {
        anyhow::bail!("the project does not exist any more");
    }
    let workspace = &project.workspace;
    if is_json {
        return print_json(&json!({"workspace": workspace, "enabled": !out}));
    }
    print_line(&match out {
        true => format!("no events of the workspace {workspace} are captured or sent"),
        false => format!("events of the workspace {workspace} are captured"),
    })
}
