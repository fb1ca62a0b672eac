//! `export`: traces as native NDJSON, or users as NDJSON or CSV, from the store itself.
//! Invariant: `import` of the traces gives the same totals. Works beside a server.
mod native;
mod people;

use super::projects::find_project;
use super::settings::SettingsArgs;
use crate::assemble::{self, Access, Store};
use anyhow::{Context, bail};
use cognobserve_model::account::Project;
use cognobserve_model::query::{PageRequest, Period, TimePosition, TraceFilter};
use cognobserve_model::time::{Micros, Zone};
use indicatif::{ProgressBar, ProgressStyle};
use std::io::{BufWriter, IsTerminal, Write};
use std::path::PathBuf;

const PAGE: usize = 200;

/// Write traces or users to a file or standard output
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Traces are written as native NDJSON, one a line, newest first; `cognobserve import` reads them\nback to the same totals.\n\nExample:\n  cognobserve export --from 2026-03-01 --output march.ndjson\n  cognobserve export --users --format csv > users.csv"
)]
pub struct ExportArgs {
    /// Name or id of the project; may be left out if there is only one
    #[arg(long)]
    project: Option<String>,
    /// Users with their sums instead of traces
    #[arg(long)]
    users: bool,
    /// ndjson, or csv (users only)
    #[arg(long, default_value = "ndjson", value_parser = ["ndjson", "csv"])]
    format: String,
    /// Traces from this time or date (UTC) on; for users: their sums
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    from: Option<Micros>,
    /// Traces up to, and without, this time or date (UTC); for users: their sums
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    to: Option<Micros>,
    /// The file to write; standard output without it
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    settings: SettingsArgs,
}

fn parse_time(text: &str) -> Result<Micros, String> {
    Zone::utc()
        .parse_instant(text)
        .map_err(|error| error.to_string())
}

pub fn run(args: ExportArgs) -> anyhow::Result<()> {
    if args.format == "csv" && !args.users {
        bail!("only users can be written as CSV: add --users, or leave --format out");
    }
    if let (Some(from), Some(to)) = (args.from, args.to)
        && from > to
    {
        bail!("--from is after --to: nothing lies between");
    }
    let place = args.settings.place()?;
    let period = Period {
        from: args.from,
        to: args.to,
    };
    assemble::run_on_store(&place, Access::Existing, async |store| {
        let project = find_project(&store, args.project.as_deref()).await?;
        let mut out: Box<dyn Write> = match &args.output {
            Some(path) => Box::new(
                std::fs::File::create(path)
                    .with_context(|| format!("cannot write {}", path.display()))?,
            ),
            None => Box::new(std::io::stdout().lock()),
        };
        let mut buffered = BufWriter::new(&mut out);
        // A bar between lines of output on the same terminal would be unreadable.
        let shows_bar = args.output.is_some() || !std::io::stdout().is_terminal();
        let bar = if shows_bar {
            ProgressBar::new_spinner()
        } else {
            ProgressBar::hidden()
        };
        bar.set_style(ProgressStyle::with_template(
            "{spinner} {pos} written, {per_sec}",
        )?);
        match args.users {
            true => {
                people::export_users(
                    &store,
                    &project,
                    period,
                    args.format == "csv",
                    &mut buffered,
                    &bar,
                )
                .await?
            }
            false => export_traces(&store, &project, period, &mut buffered, &bar).await?,
        }
        buffered.flush()?;
        bar.finish_and_clear();
        Ok(())
    })
}

async fn export_traces(
    store: &Store,
    project: &Project,
    period: Period,
    out: &mut impl Write,
    bar: &ProgressBar,
) -> anyhow::Result<()> {
    let mut writer = native::TraceWriter::default();
    let filter = TraceFilter {
        period,
        ..TraceFilter::default()
    };
    let mut after: Option<TimePosition> = None;
    loop {
        let page = PageRequest {
            limit: PAGE,
            after: after.take(),
        };
        let Some(page) = store.list_traces(&project.id, filter.clone(), page).await? else {
            return Ok(());
        };
        for summary in &page.items {
            // Gone since the page was read: deleted beside this command.
            let Some(trace) = store.find_trace(&project.id, &summary.id).await? else {
                continue;
            };
            writeln!(out, "{}", writer.write_trace(store, project, &trace).await?)?;
            bar.inc(1);
        }
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(()),
        }
    }
}
