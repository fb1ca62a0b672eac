//! PostgreSQL: a fresh cluster in a temporary directory. It keeps nothing safe, and trusts
//! whoever reaches its loopback port.
use crate::process::{self, OWN, Own, Start};
use crate::schema::Schema;
use std::path::{Path, PathBuf};

const OLDEST: u32 = 15;
const ADVICE: &str = "these tests need PostgreSQL 15 or newer: install it (Debian and Ubuntu: \
     apt-get install postgresql; macOS: brew install postgresql@17), or name a running server's \
     superuser URL in COGNOBSERVE_TEST_POSTGRES";

/// Nothing of a test cluster has to survive anything.
const SETTINGS: [&str; 8] = [
    "listen_addresses=127.0.0.1",
    "fsync=off",
    "full_page_writes=off",
    "synchronous_commit=off",
    "max_connections=200",
    "lc_messages=C",
    "wal_level=minimal",
    "max_wal_senders=0",
];

pub struct PostgresServer {
    url: String,
    /// `None`: somebody else's.
    own: Option<Own>,
}

impl PostgresServer {
    pub(crate) fn given(url: String) -> PostgresServer {
        PostgresServer { url, own: None }
    }

    /// Starts a server of the caller's own, with settings (`name=value`) and files (name,
    /// text) in its data directory besides the usual ones.
    ///
    /// # Panics
    /// If none can be started.
    pub fn start(settings: &[&str], files: &[(&str, &str)]) -> PostgresServer {
        match try_start(settings, files) {
            Ok(server) => server,
            Err(error) => panic!("{error}\n\n{ADVICE}"),
        }
    }

    /// As a superuser, in the database `postgres`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Ends the server at once, as when the power fails, and waits until it is gone.
    ///
    /// # Panics
    /// If the server is somebody else's, or gone.
    pub fn kill(&self) {
        self.own.as_ref().expect(OWN).kill();
    }

    /// Starts it again where it was, with what it kept.
    ///
    /// # Panics
    /// If the server is somebody else's, or does not start.
    pub fn restart(&mut self) {
        self.own.as_mut().expect(OWN).restart();
    }

    /// A fresh schema, dropped with the guard.
    ///
    /// # Panics
    /// If the server cannot be reached.
    pub fn make_schema(&self) -> Schema {
        Schema::make(&self.url)
    }
}

fn try_start(settings: &[&str], files: &[(&str, &str)]) -> Result<PostgresServer, String> {
    let bin = find_programs()?;
    let owner = Owner::find()?;
    let dir = process::make_dir().map_err(|error| error.to_string())?;
    let started = start_in(&dir, &bin, &owner, settings, files);
    if started.is_err() {
        // Whatever the watcher has not removed already.
        let _ = std::fs::remove_dir_all(&dir);
    }
    started
}

fn start_in(
    dir: &Path,
    bin: &Path,
    owner: &Owner,
    settings: &[&str],
    files: &[(&str, &str)],
) -> Result<PostgresServer, String> {
    let data = dir.join("data");
    owner.give(dir)?;
    init(bin, owner, &data)?;
    for (name, text) in files {
        let path = data.join(name);
        std::fs::write(&path, text).map_err(|error| error.to_string())?;
        process::run(&words(&["chmod", "600", &text_of(&path)]))?;
        owner.give(&path)?;
    }
    let port = process::find_port().map_err(|error| error.to_string())?;
    let sockets = format!("unix_socket_directories={}", dir.display());
    let mut command = words(&[&text_of(&bin.join("postgres"))]);
    command.extend(words(&["-D", &text_of(&data), "-p", &port.to_string()]));
    for setting in SETTINGS.iter().copied().chain([sockets.as_str()]) {
        command.extend(words(&["-c", setting]));
    }
    for setting in settings {
        command.extend(words(&["-c", setting]));
    }
    let own = Own::start(Start {
        command,
        as_user: owner.prefix(),
        dir: dir.to_owned(),
        port,
        // At once, without waiting for clients.
        signal: "QUIT",
        ready: "database system is ready to accept connections",
        // Others may ask too early for a connection.
        is_failure: |line| line.contains("FATAL") && !line.contains("the database system is"),
        pid_file: "data/postmaster.pid",
    })?;
    Ok(PostgresServer {
        url: format!("postgres://postgres@127.0.0.1:{port}/postgres"),
        own: Some(own),
    })
}

/// Sorts text as people do, where the build can: what relies on the order of bytes must say so.
fn init(bin: &Path, owner: &Owner, data: &Path) -> Result<(), String> {
    let data = text_of(data);
    let mut plain = owner.prefix();
    plain.push(text_of(&bin.join("initdb")));
    plain.extend(words(&[
        "-D", &data, "-U", "postgres", "-A", "trust", "-N", "-E", "UTF8",
    ]));
    plain.push("--locale=C".into());
    let mut icu = plain.clone();
    icu.extend(words(&["--locale-provider=icu", "--icu-locale=en-US"]));
    process::run(&icu)
        .or_else(|_| process::run(&plain))
        .map(drop)
}

/// The user that the server runs as: it refuses root.
struct Owner {
    is_root: bool,
}

impl Owner {
    fn find() -> Result<Owner, String> {
        let id = process::run(&words(&["id", "-u"]))?;
        Ok(Owner {
            is_root: id.trim() == "0",
        })
    }

    /// What to put before a command that it is to run.
    fn prefix(&self) -> Vec<String> {
        if self.is_root {
            return words(&["runuser", "-u", "postgres", "--"]);
        }
        Vec::new()
    }

    fn give(&self, path: &Path) -> Result<(), String> {
        if !self.is_root {
            return Ok(());
        }
        process::run(&words(&["chown", "postgres", &text_of(path)])).map(drop)
    }
}

/// The directory of `initdb` and `postgres`: on the path, or the newest where Debian keeps them.
fn find_programs() -> Result<PathBuf, String> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut places: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let mut kept: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path().join("bin"))
        .collect();
    kept.sort_by_cached_key(|place| std::cmp::Reverse(read_version(place)));
    places.append(&mut kept);
    places
        .into_iter()
        .find(|place| place.join("postgres").exists() && read_version(place) >= OLDEST)
        .ok_or_else(|| format!("no initdb of PostgreSQL {OLDEST} or newer was found"))
}

/// The major version; 0 if there is no server here. `initdb (PostgreSQL) 15.18 (Debian …)`.
fn read_version(bin: &Path) -> u32 {
    let initdb = bin.join("initdb");
    if !initdb.exists() {
        return 0;
    }
    let said = process::run(&words(&[&text_of(&initdb), "--version"])).unwrap_or_default();
    let number = said.split_whitespace().nth(2).unwrap_or_default();
    let major: String = number.chars().take_while(char::is_ascii_digit).collect();
    major.parse().unwrap_or(0)
}

fn words(list: &[&str]) -> Vec<String> {
    list.iter().map(|word| (*word).to_owned()).collect()
}

fn text_of(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
