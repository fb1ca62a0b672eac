//! `config`: what holds and why, and the file of defaults.
use super::output::{OutputArgs, print_json, print_line, print_table};
use super::settings::SettingsArgs;
use cognobserve_server::config::DEFAULT_TOML;
use serde_json::{Value, json};

/// Show settings and where they come from
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  cognobserve config show\n  cognobserve config default > cognobserve.toml"
)]
pub struct ConfigArgs {
    #[command(subcommand)]
    command: ConfigCommand,
    #[command(flatten)]
    settings: SettingsArgs,
    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Debug, clap::Subcommand)]
enum ConfigCommand {
    /// Print the values that hold, each with its origin; secrets are hidden
    #[command(after_help = "Example:\n  cognobserve config show --config cognobserve.toml")]
    Show,
    /// Print the defaults as a commented settings file
    #[command(after_help = "Example:\n  cognobserve config default > cognobserve.toml")]
    Default,
}

pub fn run(args: ConfigArgs) -> anyhow::Result<()> {
    match args.command {
        ConfigCommand::Default => print_line(DEFAULT_TOML.trim_end()),
        ConfigCommand::Show => {
            let loaded = args.settings.load(Vec::new())?;
            for warning in &loaded.warnings {
                eprintln!("warning: {warning}");
            }
            if args.output.json {
                let describe = |setting: &cognobserve_server::config::Effective| {
                    let value =
                        json!({"value": setting.value, "origin": setting.origin.to_string()});
                    (setting.key.clone(), value)
                };
                return print_json(&Value::Object(
                    loaded.effective.iter().map(describe).collect(),
                ));
            }
            print_table(
                &["SETTING", "VALUE", "ORIGIN"],
                &[],
                loaded.effective.iter().map(|setting| {
                    vec![
                        setting.key.clone(),
                        setting.value.clone(),
                        setting.origin.to_string(),
                    ]
                }),
            )
        }
    }
}
