//! `prices`: a project's own prices, what has none, and pricing stored spans anew.
//! Invariant: a changed price changes no stored cost; only `reprice --apply` does.
mod show;
mod table;

use super::output::{OutputArgs, explain_taken, print_json, print_line};
use super::projects::find_project;
use super::settings::SettingsArgs;
use crate::assemble::{self, Access, Store};
use anyhow::{Context, bail};
use cognobserve_model::price::{PriceBook, PriceEntry, Rates, parse_price};
use cognobserve_model::time::Zone;
use cognobserve_ports::Actor;
use serde_json::json;
use std::path::PathBuf;

/// Set prices, list what has none, price stored spans anew
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  cognobserve prices unpriced\n  cognobserve prices set my-model --prompt '0.20 per Mtok' --completion '0.80 per Mtok'\n  cognobserve prices reprice --dry-run"
)]
pub struct PricesArgs {
    #[command(subcommand)]
    command: PricesCommand,
    /// Name or id of the project; may be left out if there is only one
    #[arg(long, global = true)]
    project: Option<String>,
    #[command(flatten)]
    settings: SettingsArgs,
    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Debug, clap::Subcommand)]
enum PricesCommand {
    /// List the project's own prices, or the built-in ones
    #[command(
        after_help = "Example:\n  cognobserve prices list --csv > prices.csv\n  cognobserve prices list --builtin --model gpt-4o"
    )]
    List {
        /// The built-in prices instead of the project's own
        #[arg(long)]
        builtin: bool,
        /// Only models with this in their name
        #[arg(long)]
        model: Option<String>,
        /// Print CSV, as `prices import` reads it
        #[arg(long, conflicts_with = "json")]
        csv: bool,
    },
    /// Set the price of a model for the project
    #[command(
        after_help = "Example:\n  cognobserve prices set my-model --prompt '0.20 per Mtok' --completion '0.80 per Mtok' --from 2026-01-01"
    )]
    Set(SetArgs),
    /// Remove one of the project's own prices; what it priced keeps its cost
    #[command(
        after_help = "Example:\n  cognobserve prices remove my-model\n  cognobserve prices remove my-model --from 2026-01-01"
    )]
    Remove {
        /// The model's name
        model: String,
        /// The price from this time or date (UTC) on; without it the one since ever
        #[arg(long, value_name = "TIME", value_parser = parse_from)]
        from: Option<i64>,
    },
    /// Read prices of the project from a CSV file
    #[command(
        after_help = "The columns: model, effective_from, above_prompt_tokens, prompt, completion, cached, cache_write, reasoning.\n\nExample:\n  cognobserve prices import prices.csv"
    )]
    Import {
        /// The file
        file: PathBuf,
    },
    /// Price stored spans by today's prices; costs that clients sent stay
    #[command(
        after_help = "Example:\n  cognobserve prices reprice --dry-run\n  cognobserve prices reprice --apply"
    )]
    Reprice(RepriceArgs),
    /// List models that have tokens and no price
    #[command(after_help = "Example:\n  cognobserve prices unpriced")]
    Unpriced,
}

#[derive(Debug, clap::Args)]
struct SetArgs {
    /// The model's name
    model: String,
    /// From this time or date (UTC) on; without it since ever
    #[arg(long, value_name = "TIME", value_parser = parse_from)]
    from: Option<i64>,
    /// Prompt tokens, like '2.50 per Mtok', '0.0025 per Ktok' or '2.5e-6 per token'
    #[arg(long, value_name = "PRICE", value_parser = read_price)]
    prompt: Option<i64>,
    /// Completion tokens
    #[arg(long, value_name = "PRICE", value_parser = read_price)]
    completion: Option<i64>,
    /// Prompt tokens read from a cache
    #[arg(long, value_name = "PRICE", value_parser = read_price)]
    cached: Option<i64>,
    /// Prompt tokens written to a cache
    #[arg(long, value_name = "PRICE", value_parser = read_price)]
    cache_write: Option<i64>,
    /// Reasoning tokens
    #[arg(long, value_name = "PRICE", value_parser = read_price)]
    reasoning: Option<i64>,
}

#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false, args = ["dry_run", "apply"])]
struct RepriceArgs {
    /// Show what would change
    #[arg(long)]
    dry_run: bool,
    /// Change it; noted in the audit log
    #[arg(long)]
    apply: bool,
}

fn read_price(text: &str) -> Result<i64, String> {
    parse_price(text).map_err(|error| error.to_string())
}

fn parse_from(text: &str) -> Result<i64, String> {
    Zone::utc()
        .parse_instant(text)
        .map(|at| at.0)
        .map_err(|error| error.to_string())
}

pub fn run(args: PricesArgs) -> anyhow::Result<()> {
    if let PricesCommand::List {
        builtin: true,
        model,
        csv,
    } = &args.command
    {
        let book = PriceBook::builtin();
        return print_entries(
            book.list_builtin().into_iter().cloned().collect(),
            model.as_deref(),
            *csv,
            args.output,
        );
    }
    let place = args.settings.place()?;
    let access = match &args.command {
        PricesCommand::Reprice(RepriceArgs { apply: true, .. }) => Access::Alone,
        _ => Access::Existing,
    };
    assemble::run_on_store(&place, access, async |store| answer(&store, args).await)
        .map_err(|error| explain_taken(error, "stop the server to change stored costs"))
}

async fn answer(store: &Store, args: PricesArgs) -> anyhow::Result<()> {
    let project = find_project(store, args.project.as_deref()).await?;
    match args.command {
        PricesCommand::List { model, csv, .. } => {
            let entries = store.list_prices(&project.id).await?;
            print_entries(entries, model.as_deref(), csv, args.output)
        }
        PricesCommand::Set(set) => {
            let entry = set.into_entry()?;
            store
                .put_prices(&project.id, vec![entry.clone()], &Actor::Operator)
                .await?;
            warn_of_gaps(&entry);
            print_entries(vec![entry], None, false, args.output)
        }
        PricesCommand::Remove { model, from } => {
            let by = Actor::Operator;
            if !store.remove_price(&project.id, &model, from, &by).await? {
                bail!("the project has no such price: see `cognobserve prices list`");
            }
            if args.output.json {
                print_json(&json!({"success": true, "model": model.to_lowercase()}))
            } else {
                print_line(&format!("the price of {model} is removed"))
            }
        }
        PricesCommand::Import { file } => {
            let text =
                std::fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
            let entries = table::read_csv(&text).with_context(|| file.display().to_string())?;
            let count = entries.len();
            store
                .put_prices(&project.id, entries, &Actor::Operator)
                .await?;
            if args.output.json {
                print_json(&json!({"imported": count}))
            } else {
                print_line(&format!("{count} prices are set"))
            }
        }
        PricesCommand::Reprice(reprice) => {
            let changes = store.reprice(&project.id, reprice.apply).await?;
            if args.output.json {
                print_json(&show::describe_changes(&changes, reprice.apply))
            } else {
                show::print_changes(&changes, reprice.apply)
            }
        }
        PricesCommand::Unpriced => {
            let models = store.list_unpriced(&project.id).await?;
            if args.output.json {
                print_json(&show::describe_unpriced(&models))
            } else {
                show::print_unpriced(&models)
            }
        }
    }
}

/// An own price hides the built-in one as a whole: what it does not price, nothing does.
fn warn_of_gaps(entry: &PriceEntry) {
    let gaps = [
        ("prompt", entry.rates.prompt),
        ("completion", entry.rates.completion),
    ];
    for (kind, _) in gaps.iter().filter(|(_, price)| price.is_none()) {
        eprintln!(
            "note: {} has no price for {kind} tokens now, spans that have some are unpriced",
            entry.model
        );
    }
}

impl SetArgs {
    fn into_entry(self) -> anyhow::Result<PriceEntry> {
        let rates = Rates {
            prompt: self.prompt,
            completion: self.completion,
            cached: self.cached,
            cache_write: self.cache_write,
            reasoning: self.reasoning,
            tiers: Vec::new(),
        };
        if rates == Rates::default() {
            bail!("no price is given: see `cognobserve prices set --help`");
        }
        table::check_model(&self.model)?;
        Ok(PriceEntry {
            model: self.model.trim().to_lowercase(),
            effective_from: self.from,
            rates,
        })
    }
}

fn print_entries(
    mut entries: Vec<PriceEntry>,
    model: Option<&str>,
    csv: bool,
    output: OutputArgs,
) -> anyhow::Result<()> {
    if let Some(part) = model.map(str::to_lowercase) {
        entries.retain(|entry| entry.model.contains(&part));
    }
    if output.json {
        return print_json(&show::describe_entries(&entries));
    }
    if csv {
        print_line(table::write_csv(&entries)?.trim_end())
    } else {
        show::print_entries(&entries)
    }
}
