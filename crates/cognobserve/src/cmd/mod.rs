//! The commands: one file (or folder) each, and the list of them.
//! Invariant: every command has an example in its help; data goes to standard output, logs to
//! standard error.
mod accounts;
mod ask;
mod backup;
mod client;
mod config;
mod demo;
mod developers;
mod doctor;
mod events;
mod export;
mod import;
mod keys;
mod move_store;
mod openapi;
mod output;
mod pages;
mod prices;
mod projects;
mod queue;
mod restore;
mod serve;
mod settings;
mod telemetry;
mod users;
mod verify;

use std::process::ExitCode;

/// A ledger of end users for AI applications, in one program
#[derive(Debug, clap::Parser)]
#[command(
    name = "cognobserve",
    version,
    about,
    disable_help_subcommand = true,
    after_help = "Without a command: serve.\n\nExample:\n  cognobserve demo        click through made-up data\n  cognobserve serve       serve on http://127.0.0.1:4100"
)]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Serve(serve::ServeArgs),
    Demo(demo::DemoArgs),
    Import(import::ImportArgs),
    Export(export::ExportArgs),
    Users(users::UsersArgs),
    Events(events::EventsArgs),
    Developers(developers::DevelopersArgs),
    Projects(projects::ProjectsArgs),
    Keys(keys::KeysArgs),
    Accounts(accounts::AccountsArgs),
    Prices(prices::PricesArgs),
    Queue(queue::QueueArgs),
    Telemetry(telemetry::TelemetryArgs),
    Verify(verify::VerifyArgs),
    Backup(backup::BackupArgs),
    Restore(restore::RestoreArgs),
    Move(move_store::MoveArgs),
    Doctor(doctor::DoctorArgs),
    Config(config::ConfigArgs),
    Openapi(openapi::OpenapiArgs),
}

/// Runs the command; `serve` if none is given.
pub fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    match cli
        .command
        .unwrap_or_else(|| Command::Serve(serve::ServeArgs::default()))
    {
        Command::Serve(args) => serve::run(args)?,
        Command::Demo(args) => demo::run(args)?,
        Command::Import(args) => return import::run(args),
        Command::Export(args) => export::run(args)?,
        Command::Users(args) => users::run(args)?,
        Command::Events(args) => events::run(args)?,
        Command::Developers(args) => developers::run(args)?,
        Command::Projects(args) => projects::run(args)?,
        Command::Keys(args) => keys::run(args)?,
        Command::Accounts(args) => accounts::run(args)?,
        Command::Prices(args) => prices::run(args)?,
        Command::Queue(args) => return queue::run(args),
        Command::Telemetry(args) => telemetry::run(args)?,
        Command::Verify(args) => return verify::run(args),
        Command::Backup(args) => backup::run(args)?,
        Command::Restore(args) => restore::run(args)?,
        Command::Move(args) => return move_store::run(args),
        Command::Doctor(args) => return doctor::run(args),
        Command::Config(args) => config::run(args)?,
        Command::Openapi(_) => openapi::run()?,
    }
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn every_command_shows_an_example() {
        let mut all = vec![Cli::command()];
        while let Some(mut command) = all.pop() {
            let help = command.render_long_help().to_string();
            assert!(
                help.contains("Example"),
                "{} has no example:\n{help}",
                command.get_name()
            );
            all.extend(command.get_subcommands().cloned());
        }
    }

    #[test]
    fn the_page_names_every_command() {
        let page = include_str!("../../../../docs/cli.md");
        for command in Cli::command().get_subcommands() {
            assert!(
                page.contains(&format!("`{}`", command.get_name())),
                "{}",
                command.get_name()
            );
        }
    }

    #[test]
    fn the_arguments_fit_together() {
        Cli::command().debug_assert();
    }
}
