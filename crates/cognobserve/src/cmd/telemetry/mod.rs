//! `telemetry`: what leaves this installation, how far each provider is, and whether a developer takes part. Sends
//! nothing.
mod choice;
mod developers;
mod explain;
mod given;
mod known;
mod status;

use super::output::OutputArgs;
use super::settings::SettingsArgs;
use crate::assemble::{self, Access, Place};
use cognobserve_model::time::Micros;
use known::Known;
use std::path::PathBuf;

/// See what product telemetry sends, and how far it is
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Settings are read where the command runs: from its own environment and --config, not from a running server.\n\nExample:\n  cognobserve telemetry status\n  cognobserve telemetry explain event.json"
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
        after_help = "The file holds what POST /v1/events takes: {\"event\", \"properties\"?, \"user_id\"?, \"session_id\"?, \"timestamp\"?, \"event_id\"?}. What it refuses is refused, what it warns of is told.\nEdition, providers and keys are those of this command's own environment and --config: to see what a running server would send, give it the server's.\n\nExample:\n  cognobserve telemetry explain event.json --project shop --client-type python"
    )]
    Explain {
        /// An event as clients send it
        #[arg(value_name = "EVENT.json")]
        file: PathBuf,
        /// Whose event it is, by id or name; not needed if there is one project
        #[arg(long)]
        project: Option<String>,
        /// What the call comes from, as X-Cognobserve-Client would say
        #[arg(long, value_name = "WORD", value_parser = given::read_client_type)]
        client_type: Option<String>,
    },
    /// Show the edition, for each provider what was sent, dropped and waits, and who has opted out
    #[command(
        after_help = "Counts and choices come from the store; the edition, the providers and whether telemetry is on from this command's own environment and --config, not from a running server.\n\nExample:\n  cognobserve telemetry status --json"
    )]
    Status,
    /// List the developers of all workspaces, those with the most end users first; not in the open-source edition
    #[command(
        after_help = "Example:\n  cognobserve telemetry developers --sort-by eventCount --from 2026-11-01"
    )]
    Developers(developers::DevelopersArgs),
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
    let place = Place::of(&loaded.config);
    let known = Known::of(loaded);
    let is_json = args.output.json;
    assemble::run_on_store(&place, Access::Existing, async |store| {
        let (choice, out) = match args.command {
            TelemetryCommand::Explain {
                file,
                project,
                client_type,
            } => {
                let project = super::projects::find_project(&store, project.as_deref()).await?;
                let now = Micros::now();
                let event = given::read_event(&file, now)?;
                let asked = explain::Asked {
                    telemetry: &known.telemetry,
                    project: &project,
                    client_type,
                    now,
                };
                return explain::explain(&store, asked, event, is_json).await;
            }
            TelemetryCommand::Status => return status::show(&store, &known, is_json).await,
            TelemetryCommand::Developers(args) => {
                return developers::list(&store, &known.telemetry, args, is_json).await;
            }
            TelemetryCommand::Enable(choice) => (choice, false),
            TelemetryCommand::Disable(choice) => (choice, true),
        };
        let project = super::projects::find_project(&store, choice.project.as_deref()).await?;
        choice::choose(&store, &known, &project, out, is_json).await
    })
}
