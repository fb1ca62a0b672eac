//! `doctor`: looks at everything that a server needs and says what to do about what is wrong.
//! Invariant: makes and changes nothing. Exit 1 if a server could not work.
use super::output::{OutputArgs, print_json, print_table};
use super::settings::SettingsArgs;
use crate::assemble::{self, Access, Place, STORE_FILE};
use cognobserve_model::time::{MICROS_PER_SECOND, Micros};
use cognobserve_server::config::{Config, load};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const GIB: u64 = 1 << 30;
/// Below this the store cannot be trusted to take writes for long.
const LEAST_FREE_BYTES: u64 = 256 << 20;
/// A clock that is further behind the store's last write than this has been set back.
const CLOCK_TOLERANCE: Duration = Duration::from_secs(120);
/// 2025-01-01: no machine with this program has an earlier clock.
const EARLIEST_CLOCK: Micros = Micros(1_735_689_600 * MICROS_PER_SECOND);

/// Check data directory, settings, disk and clock
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit code 1 if something keeps a server from working.\n\nExample:\n  cognobserve doctor --data-dir /var/lib/cognobserve"
)]
pub struct DoctorArgs {
    #[command(flatten)]
    settings: SettingsArgs,
    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Status {
    Fine,
    Warning,
    Wrong,
}

impl Status {
    fn as_str(self) -> &'static str {
        match self {
            Status::Fine => "ok",
            Status::Warning => "warning",
            Status::Wrong => "wrong",
        }
    }
}

/// One finding; `remedy` is empty if there is nothing to do.
#[derive(Debug)]
struct Finding {
    check: &'static str,
    status: Status,
    detail: String,
    remedy: String,
}

fn find(
    check: &'static str,
    status: Status,
    detail: impl Into<String>,
    remedy: impl Into<String>,
) -> Finding {
    Finding {
        check,
        status,
        detail: detail.into(),
        remedy: remedy.into(),
    }
}

pub fn run(args: DoctorArgs) -> anyhow::Result<ExitCode> {
    let findings = match load(&args.settings.sources(Vec::new())) {
        Err(problems) => vec![find(
            "settings",
            Status::Wrong,
            problems.0.join("; "),
            "correct them; `cognobserve config default` lists all settings",
        )],
        Ok(loaded) => {
            let mut findings: Vec<Finding> = loaded
                .warnings
                .iter()
                .map(|warning| find("settings", Status::Warning, warning, "unset it"))
                .collect();
            if findings.is_empty() {
                findings.push(find(
                    "settings",
                    Status::Fine,
                    format!("{} settings are valid", loaded.effective.len()),
                    "",
                ));
            }
            examine(&loaded.config, &mut findings);
            findings
        }
    };
    let is_fit = findings
        .iter()
        .all(|finding| finding.status != Status::Wrong);
    if args.output.json {
        print_json(
            &json!({"ok": is_fit, "checks": findings.iter().map(describe).collect::<Vec<Value>>()}),
        )?;
    } else {
        print_table(
            &["CHECK", "RESULT", "FOUND", "WHAT TO DO"],
            &[],
            findings.iter().map(|finding| {
                vec![
                    finding.check.into(),
                    finding.status.as_str().into(),
                    finding.detail.clone(),
                    finding.remedy.clone(),
                ]
            }),
        )?;
    }
    Ok(if is_fit {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn describe(finding: &Finding) -> Value {
    json!({"check": finding.check, "status": finding.status.as_str(), "detail": finding.detail, "remedy": finding.remedy})
}

fn examine(config: &Config, findings: &mut Vec<Finding>) {
    let (dir, place) = (&config.data_dir, Place::of(config));
    if !place.is_embedded() {
        findings.push(check_clock(dir, SystemTime::now()));
        findings.extend(check_store(&place));
        findings.push(check_server(config.listen));
        return;
    }
    findings.push(check_directory(dir));
    if dir.is_dir() {
        findings.push(check_free_space(dir));
    }
    findings.push(check_clock(dir, SystemTime::now()));
    if dir.join(STORE_FILE).exists() {
        findings.extend(check_store(&place));
    } else {
        findings.push(find(
            "store",
            Status::Fine,
            format!("none yet in {}", dir.display()),
            "`cognobserve serve` makes it",
        ));
    }
    findings.push(check_server(config.listen));
}

fn check_directory(dir: &Path) -> Finding {
    let Ok(metadata) = std::fs::metadata(dir) else {
        return find(
            "data directory",
            Status::Fine,
            format!("{} does not exist yet", dir.display()),
            "`cognobserve serve` makes it",
        );
    };
    let shown = dir.display();
    if !metadata.is_dir() {
        return find(
            "data directory",
            Status::Wrong,
            format!("{shown} is not a directory"),
            "give another one with --data-dir",
        );
    }
    // A file that was never there under another name: leaves no trace, even on a crash.
    if let Err(error) = tempfile::tempfile_in(dir) {
        return find(
            "data directory",
            Status::Wrong,
            format!("{shown} cannot be written: {error}"),
            format!("make the user of this process its owner: chown USER {shown}"),
        );
    }
    if !assemble::is_private(dir) {
        let mode = metadata.permissions().mode() & 0o777;
        return find(
            "data directory",
            Status::Warning,
            format!("{shown} has mode {mode:04o}: others can read what users wrote"),
            format!("chmod 700 {shown}"),
        );
    }
    find(
        "data directory",
        Status::Fine,
        format!("{shown} is writable and private"),
        "",
    )
}

fn check_free_space(dir: &Path) -> Finding {
    let remedy = "make room, move the directory to a larger disk, or shorten retention: `cognobserve projects set NAME --retention-payload-days N`";
    match rustix::fs::statvfs(dir) {
        Err(error) => find(
            "disk",
            Status::Warning,
            format!("the free space cannot be read: {error}"),
            "",
        ),
        Ok(disk) => {
            let free = disk.f_bavail.saturating_mul(disk.f_frsize);
            let all = disk.f_blocks.saturating_mul(disk.f_frsize).max(1);
            let detail = format!(
                "{:.1} GiB of {:.1} GiB are free",
                free as f64 / GIB as f64,
                all as f64 / GIB as f64
            );
            match free {
                free if free < LEAST_FREE_BYTES => find("disk", Status::Wrong, detail, remedy),
                free if free < 2 * GIB || free < all / 20 => {
                    find("disk", Status::Warning, detail, remedy)
                }
                _ => find("disk", Status::Fine, detail, ""),
            }
        }
    }
}

fn check_clock(dir: &Path, now: SystemTime) -> Finding {
    let remedy = "set the clock, best by NTP: traces without a time of their own get this one";
    let micros = now.duration_since(UNIX_EPOCH).map_or(0, |since| {
        i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
    });
    let shown = Micros(micros).to_string();
    if micros < EARLIEST_CLOCK.0 {
        return find("clock", Status::Wrong, format!("it shows {shown}"), remedy);
    }
    let last_write = std::fs::metadata(dir.join(STORE_FILE))
        .and_then(|file| file.modified())
        .ok();
    if last_write.is_some_and(|last| last > now + CLOCK_TOLERANCE) {
        return find(
            "clock",
            Status::Warning,
            format!("it shows {shown}, and the store was written later than that"),
            remedy,
        );
    }
    find("clock", Status::Fine, shown, "")
}

fn check_store(place: &Place) -> Vec<Finding> {
    let looked = assemble::run_on_store(place, Access::Existing, async |store| {
        let projects = store.list_projects().await?;
        let mut keys = 0;
        for project in &projects {
            let all = store.list_keys(&project.id).await?;
            keys += all.iter().filter(|key| key.revoked.is_none()).count();
        }
        let dangers = store.check_ready().await?;
        anyhow::Ok((projects.len(), keys, dangers))
    });
    match looked {
        Err(error) => vec![find(
            "store",
            Status::Wrong,
            format!("{error:#}"),
            match place.is_embedded() {
                true => {
                    "use the version that wrote it, or restore a backup: `cognobserve restore FILE`"
                }
                false => {
                    "check COGNOBSERVE_DATABASE_URL, and that the server runs and lets this user in"
                }
            },
        )],
        Ok((0, _, _)) => vec![find(
            "store",
            Status::Warning,
            "it answers, and has no project",
            "`cognobserve projects create NAME`",
        )],
        Ok((_, 0, _)) => vec![find(
            "store",
            Status::Warning,
            "it answers, and has no valid key",
            "`cognobserve keys create --project NAME`",
        )],
        Ok((projects, keys, dangers)) => {
            let format = place.format();
            let fine = format!("{place}, format {format}, {projects} projects, {keys} keys");
            let remedy = "change it, unless what was just acknowledged may be lost";
            std::iter::once(find("store", Status::Fine, fine, ""))
                .chain(
                    dangers
                        .into_iter()
                        .map(|danger| find("store", Status::Warning, danger, remedy)),
                )
                .collect()
        }
    }
}

/// Only tells: a server need not run.
fn check_server(listen: SocketAddr) -> Finding {
    let mut address = listen;
    if address.ip().is_unspecified() {
        address.set_ip(std::net::Ipv4Addr::LOCALHOST.into());
    }
    let config = ureq::Agent::config_builder()
        .timeout_global(Some(Duration::from_secs(3)))
        .http_status_as_error(false);
    let agent: ureq::Agent = config.max_redirects(0).build().into();
    match agent.get(format!("http://{address}/readyz")).call() {
        Err(_) => find(
            "server",
            Status::Fine,
            format!("none answers on {address}"),
            "",
        ),
        Ok(answer) if answer.status().is_success() => find(
            "server",
            Status::Fine,
            format!("one is ready on {address}"),
            "",
        ),
        Ok(answer) => find(
            "server",
            Status::Warning,
            format!("{address} answers {}", answer.status().as_u16()),
            "look at its log",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_open_directory_is_a_warning_with_a_remedy() {
        let dir = tempfile::tempdir().unwrap();
        let open_to = |mode| {
            std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(mode)).unwrap()
        };
        open_to(0o700);
        assert_eq!(check_directory(dir.path()).status, Status::Fine);
        open_to(0o755);
        let finding = check_directory(dir.path());
        assert_eq!(finding.status, Status::Warning);
        assert!(finding.remedy.starts_with("chmod 700"));
        let file = tempfile::NamedTempFile::new().unwrap();
        assert_eq!(check_directory(file.path()).status, Status::Wrong);
    }

    #[test]
    fn a_clock_that_was_set_back_is_told() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join(STORE_FILE), "").unwrap();
        assert_eq!(
            check_clock(dir.path(), SystemTime::now()).status,
            Status::Fine
        );
        let before = SystemTime::now() - Duration::from_secs(3600);
        assert_eq!(check_clock(dir.path(), before).status, Status::Warning);
        assert_eq!(check_clock(dir.path(), UNIX_EPOCH).status, Status::Wrong);
    }
}
