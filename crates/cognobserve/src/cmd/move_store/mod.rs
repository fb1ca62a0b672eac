//! `move`: copies the embedded store into an empty PostgreSQL database and checks every total.
//! Invariant: the database serves nobody before all is there and all is the same; a run that
//! was cut off at any moment is continued by the next.
mod compare;

use super::output::{OutputArgs, explain_taken, print_json, print_line, print_table};
use super::settings::SettingsArgs;
use crate::assemble::{self, Store};
use anyhow::{Context, bail};
use cognobserve_books::moving::{Destination, Origin, Part, Place};
use cognobserve_model::report::Verification;
use cognobserve_server::config::Secret;
use compare::Compared;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};
use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

/// Move the embedded store into a PostgreSQL database
#[derive(Debug, clap::Args)]
#[command(
    after_help = "No server may run on either. The database must be empty, or hold what an unfinished move left:\nrun the same again after a break. The data directory is left as it is. A URL on the command line\nis seen by everybody on the machine: put one with a password into a file.\n\nExample:\n  cognobserve move --to-file /run/secrets/database-url\n  cognobserve move --to postgres://cognobserve@db.internal/cognobserve"
)]
pub struct MoveArgs {
    /// The database: postgres://user@host:port/name
    #[arg(long, value_name = "URL", value_parser = read_secret, required_unless_present = "to_file", conflicts_with = "to_file")]
    to: Option<Secret>,
    /// A file that holds the URL
    #[arg(long, value_name = "FILE")]
    to_file: Option<PathBuf>,
    #[command(flatten)]
    settings: SettingsArgs,
    #[command(flatten)]
    output: OutputArgs,
}

fn read_secret(text: &str) -> Result<Secret, Infallible> {
    Ok(Secret::new(text))
}

impl MoveArgs {
    fn url(&self) -> anyhow::Result<Secret> {
        let Some(file) = &self.to_file else {
            return self.to.clone().context("give --to or --to-file");
        };
        let text = std::fs::read_to_string(file)
            .with_context(|| format!("cannot read {}", file.display()))?;
        Ok(Secret::new(text.trim()))
    }
}

/// What a move came to.
struct Moved {
    rows: u64,
    /// Of them, those that an earlier run had copied.
    rows_before: u64,
    /// Of the copying alone, and of everything.
    copy_seconds: f64,
    seconds: f64,
    verification: Verification,
    traces: u64,
    projects: Vec<Compared>,
}

impl Moved {
    fn is_right(&self) -> bool {
        let has_all = u64::try_from(self.verification.traces) == Ok(self.traces);
        let is_same = self.projects.iter().all(Compared::is_same);
        has_all && is_same && self.verification.difference_count == 0
    }
}

pub fn run(args: MoveArgs) -> anyhow::Result<ExitCode> {
    let url = args.url()?;
    let data_dir = args.settings.load(Vec::new())?.config.data_dir;
    let moved = assemble::run(async || move_store(&data_dir, &url).await)?;
    report(&moved, args.output.json)?;
    let place = assemble::name_database(&url);
    if !moved.is_right() {
        eprintln!(
            "The database at {place} does not hold the same, and serves nobody. Look into {} with\n`cognobserve verify`, and move again into an empty database.",
            data_dir.display()
        );
        return Ok(ExitCode::FAILURE);
    }
    eprintln!(
        "The store is moved to {place}. Start servers with COGNOBSERVE_DATABASE_URL (or …_URL_FILE) set to its URL,\nand keep {} until you are satisfied: it is as it was, and nothing that comes from now on is in it.",
        data_dir.display()
    );
    Ok(ExitCode::SUCCESS)
}

async fn move_store(data_dir: &Path, url: &Secret) -> anyhow::Result<Moved> {
    let began = Instant::now();
    let (source, origin) = assemble::open_origin(data_dir)
        .await
        .map_err(|error| explain_taken(error.into(), "stop it first"))?;
    let (target, destination) = assemble::open_destination(url, origin.survey()).await?;
    let rows_before = copy_rows(&*origin, &*destination).await?;
    let copy_seconds = began.elapsed().as_secs_f64();
    destination.settle(origin.survey()).await?;
    let verification = verify(&target).await?;
    let projects = compare::compare(&source, &target).await?;
    if origin.has_changed().await? {
        bail!(
            "the store in {} was changed meanwhile: move it again, into an empty database",
            data_dir.display()
        );
    }
    let moved = Moved {
        rows: origin.survey().count_rows(),
        rows_before,
        copy_seconds,
        seconds: began.elapsed().as_secs_f64(),
        verification,
        traces: origin.survey().count(Part::Traces),
        projects,
    };
    if moved.is_right() {
        destination.release().await?;
    }
    Ok(moved)
}

/// Copies what is not there yet; how many rows were. The next rows are read while those
/// before are written.
async fn copy_rows(origin: &dyn Origin, destination: &dyn Destination) -> anyhow::Result<u64> {
    let all = origin.survey().count_rows();
    let Some(first) = destination.place() else {
        return Ok(all);
    };
    let rows_before = first.rows;
    let bar = start_bar(all, &first)?;
    let mut batch = origin.read(&first).await?;
    while let Some(next) = batch.next.clone() {
        let (written, read) = tokio::join!(destination.write(batch), origin.read(&next));
        written?;
        batch = read?;
        bar.set_message(next.part.name());
        bar.set_position(next.rows);
    }
    destination.write(batch).await?;
    bar.finish_and_clear();
    Ok(rows_before)
}

fn start_bar(all: u64, first: &Place) -> anyhow::Result<ProgressBar> {
    let style = "{msg:16} {bar:30} {percent}% {human_pos} of {human_len} rows {per_sec} {eta}";
    let bar = ProgressBar::new(all).with_style(ProgressStyle::with_template(style)?);
    let bar = bar.with_position(first.rows);
    bar.reset_eta();
    Ok(bar.with_message(first.part.name()))
}

async fn verify(target: &Store) -> anyhow::Result<Verification> {
    let bar = ProgressBar::new_spinner().with_message("every sum is recomputed and compared");
    bar.enable_steady_tick(std::time::Duration::from_millis(200));
    let found = target.verify().await;
    bar.finish_and_clear();
    Ok(found?)
}

fn report(moved: &Moved, is_json: bool) -> anyhow::Result<()> {
    let found = &moved.verification;
    if is_json {
        let projects: Vec<Value> = moved.projects.iter().map(Compared::describe).collect();
        return print_json(&json!({
            "ok": moved.is_right(),
            "rows": moved.rows,
            "rowsBefore": moved.rows_before,
            "copySeconds": round(moved.copy_seconds),
            "seconds": round(moved.seconds),
            "projects": projects,
            "verification": {
                "traces": found.traces,
                "spans": found.spans,
                "rollupRows": found.rollup_rows,
                "differenceCount": found.difference_count,
            },
        }));
    }
    let rows = moved.projects.iter().flat_map(Compared::list_rows);
    print_table(&compare::HEADERS, &compare::NUMBERS, rows)?;
    let copied = moved.rows - moved.rows_before;
    print_line(&format!(
        "{} rows, {copied} of them copied now in {} s; {} traces, {} spans, {} sums: {} differences",
        moved.rows,
        round(moved.copy_seconds),
        found.traces,
        found.spans,
        found.rollup_rows,
        found.difference_count
    ))
}

/// To milliseconds.
fn round(seconds: f64) -> f64 {
    (seconds * 1000.0).round() / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_may_end_with_a_line() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "postgres://me:word@host/db\n").unwrap();
        let args = MoveArgs {
            to: None,
            to_file: Some(file.path().to_owned()),
            settings: SettingsArgs::default(),
            output: OutputArgs { json: false },
        };
        assert_eq!(args.url().unwrap().expose(), "postgres://me:word@host/db");
        assert!(!format!("{args:?}").contains("word"));
    }
}
