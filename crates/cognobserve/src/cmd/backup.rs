//! `backup`: a consistent copy of the store in one file, also while a server runs.
//! Invariant: the file appears under its name only when it is complete.
use super::output::{OutputArgs, print_json, print_line};
use super::settings::SettingsArgs;
use crate::assemble;
use anyhow::{Context, bail};
use cognobserve_model::time::Micros;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use std::path::{Path, PathBuf};

/// Copy the store into one file, also while a server runs
#[derive(Debug, clap::Args)]
#[command(
    after_help = "TARGET is a new file, or a directory in which a file named after the time is made.\n\nExample:\n  cognobserve backup /var/backups/"
)]
pub struct BackupArgs {
    /// A new file, or a directory
    target: PathBuf,
    #[command(flatten)]
    settings: SettingsArgs,
    #[command(flatten)]
    output: OutputArgs,
}

pub fn run(args: BackupArgs) -> anyhow::Result<()> {
    let data_dir = args
        .settings
        .embedded_dir("back it up with its own tools, like pg_dump")?;
    let target = choose_file(&args.target);
    if target.exists() {
        bail!("{} exists already", target.display());
    }
    let parent = target
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    // The copy holds everything that the store holds: nobody else may read it, half or whole.
    let unfinished = tempfile::Builder::new()
        .prefix(".cognobserve-backup-")
        .permissions(private(0o700))
        .tempdir_in(parent);
    let unfinished = unfinished.with_context(|| format!("cannot write in {}", parent.display()))?;
    let copy = unfinished.path().join("ledger.db");
    let bar = ProgressBar::new(0).with_style(ProgressStyle::with_template(
        "backup {bar:40} {percent}% {eta}",
    )?);
    assemble::copy_embedded(&data_dir, &copy, |done, all| {
        bar.set_length(all);
        bar.set_position(done);
    })?;
    bar.finish_and_clear();
    let file = std::fs::File::open(&copy)?;
    file.set_permissions(private(0o600))?;
    file.sync_all()?;
    let bytes = file.metadata()?.len();
    std::fs::hard_link(&copy, &target)
        .or_else(|_| std::fs::rename(&copy, &target))
        .with_context(|| format!("cannot make {}", target.display()))?;
    std::fs::File::open(parent)?.sync_all()?;
    if args.output.json {
        return print_json(&json!({"file": target.display().to_string(), "bytes": bytes}));
    }
    print_line(&target.display().to_string())
}

fn choose_file(target: &Path) -> PathBuf {
    if !target.is_dir() {
        return target.to_owned();
    }
    let second: String = Micros::now()
        .to_string()
        .chars()
        .take(19)
        .filter(|letter| letter.is_ascii_alphanumeric())
        .collect();
    target.join(format!("cognobserve-{second}Z.db"))
}

fn private(mode: u32) -> std::fs::Permissions {
    std::os::unix::fs::PermissionsExt::from_mode(mode)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_gets_a_file_named_after_the_time() {
        let dir = tempfile::tempdir().unwrap();
        let file = choose_file(dir.path());
        let name = file.file_name().unwrap().to_str().unwrap();
        assert!(
            name.starts_with("cognobserve-20") && name.ends_with("Z.db") && name.len() == 31,
            "{name}"
        );
        assert_eq!(choose_file(Path::new("/x/y.db")), PathBuf::from("/x/y.db"));
    }
}
