//! `import`: bulk load of files, straight into the store or over a running server.
//! Invariant: exactly once. Ids that a file lacks come from its hash and the record's number, so
//! that importing it again, whole or after a break, changes no total.
mod intake;
mod progress;
mod records;
mod remote;
mod source;

pub use intake::Intake;

use super::client::ClientArgs;
use super::output::{OutputArgs, explain_taken, print_json, print_line, show_plainly};
use super::projects::find_project;
use super::settings::SettingsArgs;
use crate::assemble::{self, Access, Store};
use anyhow::bail;
use cognobserve_model::account::Project;
use cognobserve_model::id::KeyId;
use indicatif::{ProgressBar, ProgressStyle};
use progress::Progress;
use records::Records;
use serde_json::json;
use source::Source;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Faults that are told one by one.
const MAX_TOLD: u64 = 20;
const KEY: &str = "import";

/// Load traces from files
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Files hold one trace a line (NDJSON), an array of traces, or {\"traces\": [...]}. Importing a file\nagain, whole or after a break, changes no total. Exit code 1 if a record was not taken.\n\nExample:\n  cognobserve import march.ndjson --project shop\n  gunzip -c march.ndjson.gz | cognobserve import -"
)]
pub struct ImportArgs {
    /// The files; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// What the files hold
    #[arg(long, default_value = "native", value_parser = ["native"])]
    format: String,
    /// Name or id of the project; may be left out if there is only one
    #[arg(long)]
    project: Option<String>,
    #[command(flatten)]
    client: ClientArgs,
    #[command(flatten)]
    settings: SettingsArgs,
    #[command(flatten)]
    output: OutputArgs,
}

/// What became of all records.
#[derive(Debug, Default)]
pub(in crate::cmd) struct Tally {
    records: u64,
    imported: u64,
    failed: u64,
    /// Done by an earlier run.
    resumed: u64,
    refused_spans: usize,
    bar: Option<ProgressBar>,
}

impl Tally {
    /// Counts and tells a record that was not taken.
    fn note_failure(&mut self, name: &str, number: u64, problem: &str) {
        self.failed += 1;
        if self.failed > MAX_TOLD {
            return;
        }
        let more = if self.failed == MAX_TOLD {
            " (further ones are only counted)"
        } else {
            ""
        };
        let message = format!("{name}: record {number}: {}{more}", show_plainly(problem));
        match &self.bar {
            Some(bar) => bar.suspend(|| eprintln!("{message}")),
            None => eprintln!("{message}"),
        }
    }
}

pub fn run(args: ImportArgs) -> anyhow::Result<ExitCode> {
    let mut tally = Tally::default();
    if args.client.url.is_some() {
        if args.project.is_some() {
            bail!("the key decides the project: leave --project out with --url");
        }
        remote::import_files(&args.files, &args.client, &mut tally)?;
    } else {
        if args.client.key.is_some() {
            bail!("--key needs --url; without it the files go straight into the store");
        }
        let place = args.settings.place()?;
        // Progress is kept in it, wherever the store is.
        assemble::make_private_dir(&place.data_dir)?;
        assemble::run_on_store(&place, Access::Alone, async |store| {
            let project = find_project(&store, args.project.as_deref()).await?;
            for file in &args.files {
                import_file(&store, &project, file, &place.data_dir, &mut tally).await?;
            }
            anyhow::Ok(())
        })
        .map_err(|error| {
            explain_taken(
                error,
                "give --url and --key to load over the running server",
            )
        })?;
    }
    report(&tally, args.output.json)?;
    Ok(if tally.failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

async fn import_file(
    store: &Store,
    project: &Project,
    file: &Path,
    data_dir: &Path,
    tally: &mut Tally,
) -> anyhow::Result<()> {
    let source = Source::open(file, data_dir)?;
    let mut progress = Progress::open(data_dir, &source.hash, project)?;
    let done = progress.done();
    let bar = start_bar(&source)?;
    tally.bar = Some(bar.clone());
    let mut intake = Intake::new(store, project.clone(), KeyId::new(KEY), &source.hash).await?;
    let mut records = Records::new(source.reader()?);
    while let Some(record) = records.next_record()? {
        tally.records += 1;
        if record.number <= done {
            tally.resumed += 1;
            continue;
        }
        let taken = match &record.text {
            Ok(text) => intake.take(record.number, text).await?,
            Err(problem) => Err(problem.clone()),
        };
        match taken {
            Ok(()) => tally.imported += 1,
            Err(problem) => tally.note_failure(&source.name, record.number, &problem),
        }
        progress.save(intake.committed_number)?;
        bar.set_position(records.bytes_read());
    }
    intake.flush().await?;
    tally.refused_spans += intake.refused_spans;
    progress.finish()?;
    bar.finish_and_clear();
    tally.bar = None;
    Ok(())
}

fn start_bar(source: &Source) -> anyhow::Result<ProgressBar> {
    let style = ProgressStyle::with_template("{msg} {bar:30} {percent}% {bytes_per_sec} {eta}")?;
    Ok(ProgressBar::new(source.size_bytes)
        .with_style(style)
        .with_message(source.name.clone()))
}

fn report(tally: &Tally, is_json: bool) -> anyhow::Result<()> {
    if is_json {
        return print_json(&json!({
            "records": tally.records,
            "imported": tally.imported,
            "resumed": tally.resumed,
            "failed": tally.failed,
            "refusedSpans": tally.refused_spans,
        }));
    }
    let mut text = format!(
        "{} of {} records are imported",
        tally.imported, tally.records
    );
    if tally.resumed > 0 {
        text += &format!(", {} were before", tally.resumed);
    }
    if tally.failed > 0 {
        text += &format!(", {} are not valid", tally.failed);
    }
    if tally.refused_spans > 0 {
        text += &format!(
            "; {} spans were left out, their traces are full",
            tally.refused_spans
        );
    }
    print_line(&text)
}
