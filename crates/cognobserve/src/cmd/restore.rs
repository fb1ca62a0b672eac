//! `restore`: a data directory from a backup. Never over a store that is there.
//! Invariant: the store appears only when it is complete and was opened once.
use super::output::{OutputArgs, print_json, print_line};
use super::settings::SettingsArgs;
use crate::assemble::{self, Access, Place, STORE_FILE};
use anyhow::{Context, bail};
use serde_json::json;
use std::path::{Path, PathBuf};

/// Make a data directory from a backup
#[derive(Debug, clap::Args)]
#[command(
    after_help = "The data directory must not hold a store.\n\nExample:\n  cognobserve restore cognobserve-20260301T120000Z.db --data-dir /var/lib/cognobserve"
)]
pub struct RestoreArgs {
    /// A file that `cognobserve backup` made
    file: PathBuf,
    #[command(flatten)]
    settings: SettingsArgs,
    #[command(flatten)]
    output: OutputArgs,
}

pub fn run(args: RestoreArgs) -> anyhow::Result<()> {
    let data_dir = args
        .settings
        .embedded_dir("restore it with its own tools, like pg_restore")?;
    let target = data_dir.join(STORE_FILE);
    if target.exists() {
        bail!(
            "{} holds a store already: move it away first, or give another --data-dir",
            data_dir.display()
        );
    }
    check_is_store(&args.file)?;
    assemble::make_private_dir(&data_dir)?;
    let unfinished = tempfile::Builder::new()
        .prefix(".restore-")
        .tempdir_in(&data_dir)?;
    let copy = unfinished.path().join(STORE_FILE);
    std::fs::copy(&args.file, &copy)
        .with_context(|| format!("cannot copy {}", args.file.display()))?;
    // Opening reads all of the accounts and users: a damaged or newer file fails here.
    let place = Place::embedded(unfinished.path());
    let projects = assemble::run_on_store(&place, Access::Existing, async |store| {
        anyhow::Ok(store.list_projects().await?.len())
    })
    .with_context(|| format!("{} is not a whole backup", args.file.display()))?;
    if unfinished
        .path()
        .join(format!("{STORE_FILE}-wal"))
        .metadata()
        .is_ok_and(|log| log.len() > 0)
    {
        bail!("the restored store could not be closed: try again");
    }
    std::fs::File::open(&copy)?.sync_all()?;
    std::fs::rename(&copy, &target)?;
    std::fs::File::open(&data_dir)?.sync_all()?;
    if args.output.json {
        return print_json(
            &json!({"dataDir": data_dir.display().to_string(), "projects": projects}),
        );
    }
    print_line(&format!(
        "{} is restored with {projects} projects",
        data_dir.display()
    ))
}

/// Every store begins like this; opening any other file would make a new store of it.
fn check_is_store(file: &Path) -> anyhow::Result<()> {
    let mut start = [0_u8; 16];
    let opened =
        std::fs::File::open(file).with_context(|| format!("cannot read {}", file.display()))?;
    let read = std::io::Read::read_exact(&mut { opened }, &mut start);
    if read.is_err() || &start != b"SQLite format 3\0" {
        bail!("{} is not a backup of CognObserve", file.display());
    }
    Ok(())
}
