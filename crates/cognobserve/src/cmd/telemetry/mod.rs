//! `telemetry`: what leaves this installation, and how far each provider is. Sends nothing.
mod explain;
mod given;
mod status;

use super::output::OutputArgs;
use super::settings::SettingsArgs;
use crate::assemble::{self, Access, Place};
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
        },
    )
}
