//! From texts to typed settings; every problem is collected, none stops the reading.
use super::layers::{Effective, Layers, SECRETS, Sources};
use super::{
    Config, Database, Init, InitAdmin, Limits, Log, LogFormat, Queue, Role, Roles, Secret,
    TrustedProxies,
};
use crate::auth::key::SecretKey;
use crate::auth::password::check_password;
use cognobserve_model::people::read_email;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;
use thiserror::Error;

const MIB: usize = 1024 * 1024;
/// One request of the largest size that is accepted must fit.
const SMALLEST_IN_FLIGHT_MIB: usize = 64;
const MAX_NAME_CHARS: usize = 100;

/// Valid settings, what they are made of, and what was passed over.
#[derive(Clone, Debug)]
pub struct Loaded {
    pub config: Config,
    /// By key; secrets redacted.
    pub effective: Vec<Effective>,
    pub warnings: Vec<String>,
}

/// Everything that is wrong with the settings, one sentence each.
#[derive(Clone, Debug, Error)]
#[error("the settings are not valid:\n  {}", .0.join("\n  "))]
pub struct Problems(pub Vec<String>);

/// Reads all layers.
///
/// # Errors
/// All problems at once: unreadable files, unknown keys, values out of range.
pub fn load(sources: &Sources) -> Result<Loaded, Problems> {
    let mut reader = Reader(Layers::gather(sources));
    let config = reader.read_config();
    let Layers {
        values,
        problems,
        warnings,
    } = reader.0;
    if !problems.is_empty() {
        return Err(Problems(problems));
    }
    let effective = values.into_iter().map(|(key, (value, origin))| {
        let is_hidden = SECRETS.contains(&key.as_str()) && !value.is_empty();
        let value = if is_hidden { "***".to_owned() } else { value };
        Effective { key, value, origin }
    });
    Ok(Loaded {
        config,
        effective: effective.collect(),
        warnings,
    })
}

pub(super) struct Reader(Layers);

impl Reader {
    fn read_config(&mut self) -> Config {
        let config = Config {
            roles: self.read("roles", Roles::parse).unwrap_or_else(Roles::all),
            listen: self
                .read("listen", read_address)
                .unwrap_or(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))),
            data_dir: self.read("data_dir", read_path).unwrap_or_default(),
            public_url: self.read_optional("public_url", read_url),
            trusted_proxies: self
                .read("trusted_proxies", TrustedProxies::parse)
                .unwrap_or_default(),
            database: Database {
                url: self.read_optional("database.url", read_database_url),
                max_connections: self
                    .read("database.max_connections", read_connections)
                    .unwrap_or_default(),
                statement_timeout: self
                    .read("database.statement_timeout_s", read_seconds)
                    .unwrap_or_default(),
            },
            queue: Queue {
                url: self.read_optional("queue.url", read_queue_url),
                ca_file: self.read_optional("queue.ca_file", read_path),
                prefix: self.read("queue.prefix", read_prefix).unwrap_or_default(),
                partitions: self
                    .read("queue.partitions", read_partitions)
                    .unwrap_or_default(),
                max_age: self
                    .read("queue.max_age_s", read_seconds)
                    .unwrap_or_default(),
                replicas: self
                    .read("queue.replicas", read_replicas)
                    .unwrap_or_default(),
            },
            limits: Limits {
                in_flight_bytes: self
                    .read("limits.in_flight_mib", read_mib)
                    .unwrap_or_default(),
            },
            log: Log {
                filter: self.read("log.filter", read_text).unwrap_or_default(),
                format: self
                    .read("log.format", read_format)
                    .unwrap_or(LogFormat::Text),
            },
            init: Init {
                workspace: self.read_optional("init.workspace", read_name),
                project: self.read_optional("init.project", read_name),
                api_key: self.read_optional("init.api_key", read_key),
                admin: self.read_admin(),
            },
            telemetry: self.read_telemetry(),
        };
        self.check_roles(&config);
        config
    }

    /// The value, or `None` after noting why it is none.
    pub(super) fn read<T>(&mut self, key: &str, parse: fn(&str) -> Result<T, String>) -> Option<T> {
        let Some((value, origin)) = self.0.values.get(key) else {
            self.0.problems.push(format!("{key}: missing"));
            return None;
        };
        match parse(value.trim()) {
            Ok(value) => Some(value),
            Err(problem) => {
                self.0.problems.push(format!("{key} ({origin}): {problem}"));
                None
            }
        }
    }

    pub(super) fn read_optional<T>(
        &mut self,
        key: &str,
        parse: fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        if self.is_set(key) {
            self.read(key, parse)
        } else {
            None
        }
    }

    pub(super) fn is_set(&self, key: &str) -> bool {
        let value = self.0.values.get(key);
        value.is_some_and(|(value, _)| !value.trim().is_empty())
    }

    pub(super) fn refuse(&mut self, problem: String) {
        self.0.problems.push(problem);
    }

    pub(super) fn warn(&mut self, warning: String) {
        self.0.warnings.push(warning);
    }

    /// Both or none.
    fn read_admin(&mut self) -> Option<InitAdmin> {
        let names = ["init.admin_email", "init.admin_password"];
        let given = names.map(|name| self.is_set(name));
        let email = self.read_optional(names[0], read_admin_email);
        let password = self.read_optional(names[1], read_admin_password);
        if given[0] != given[1] {
            let (one, other) = if given[0] { (0, 1) } else { (1, 0) };
            self.0
                .problems
                .push(format!("{}: needs {} too", names[one], names[other]));
        }
        Some(InitAdmin {
            email: email?,
            password: password?,
        })
    }

    /// Roles that cannot work together as they are set.
    fn check_roles(&mut self, config: &Config) {
        let roles = &config.roles;
        let has_database = config.database.url.is_some();
        let apart = roles.contains(Role::Ingest) != roles.contains(Role::Worker);
        let problems = &mut self.0.problems;
        if !roles.are_all() && !has_database {
            problems.push(format!(
                "roles: {roles} alone need a database that others reach too: set database.url, or leave roles out"
            ));
        }
        if apart && config.queue.url.is_none() {
            problems.push(format!(
                "roles: {roles} without the other of ingest and worker need a queue between them: set queue.url"
            ));
        }
        if config.queue.url.is_some() && !has_database {
            problems.push(
                "queue.url: the embedded store has its own queue: set database.url too, or unset it"
                    .into(),
            );
        }
    }
}

fn read_address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| {
        format!("{text:?} is not an address with a port, like 127.0.0.1:4100 or [::1]:4100")
    })
}

fn read_path(text: &str) -> Result<PathBuf, String> {
    if text.is_empty() {
        Err("a directory is needed".into())
    } else {
        Ok(PathBuf::from(text))
    }
}

fn read_url(text: &str) -> Result<String, String> {
    let host = text
        .strip_prefix("http://")
        .or_else(|| text.strip_prefix("https://"));
    let is_url = host.is_some_and(|rest| {
        let host = rest.split('/').next().unwrap_or_default();
        !host.is_empty()
            && !rest.contains(['?', '#', '@', ' '])
            && text.parse::<axum::http::Uri>().is_ok()
    });
    match is_url {
        true => Ok(text.trim_end_matches('/').to_owned()),
        false => Err(format!(
            "{text:?} is not a URL like https://observe.example.com"
        )),
    }
}

/// The value holds a password: the message must not repeat it.
fn read_database_url(text: &str) -> Result<Secret, String> {
    match text.starts_with("postgres://") || text.starts_with("postgresql://") {
        true => Ok(Secret::new(text)),
        false => Err("must be like postgres://user:password@host/name".into()),
    }
}

/// The value may hold a password: the message must not repeat it.
fn read_queue_url(text: &str) -> Result<Secret, String> {
    match text.starts_with("redis://") || text.starts_with("rediss://") {
        true => Ok(Secret::new(text)),
        false => Err("must be like redis://:password@host:6379/0".into()),
    }
}

fn read_prefix(text: &str) -> Result<String, String> {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-_.:".contains(letter);
    match !text.is_empty() && text.len() <= 100 && text.chars().all(is_plain) {
        true => Ok(text.to_owned()),
        false => Err(format!(
            "{text:?} is not made of 1 to 100 letters, digits and the signs - _ . :"
        )),
    }
}

fn read_partitions(text: &str) -> Result<u16, String> {
    let number = text.parse().ok();
    number
        .filter(|count| (1..=1024).contains(count))
        .ok_or_else(|| format!("{text:?} is not a number of partitions, 1 to 1024"))
}

fn read_replicas(text: &str) -> Result<u32, String> {
    let number = text.parse().ok();
    number
        .filter(|count| *count <= 16)
        .ok_or_else(|| format!("{text:?} is not a number of replicas, 0 to 16"))
}

fn read_connections(text: &str) -> Result<usize, String> {
    let number = text.parse().ok();
    number
        .filter(|count| (2..=1_000).contains(count))
        .ok_or_else(|| format!("{text:?} is not a number of connections, 2 to 1000"))
}

fn read_seconds(text: &str) -> Result<Duration, String> {
    let number = text.parse().ok();
    number
        .filter(|seconds| (1..=86_400).contains(seconds))
        .map(Duration::from_secs)
        .ok_or_else(|| format!("{text:?} is not a number of seconds, 1 to 86400"))
}

fn read_mib(text: &str) -> Result<usize, String> {
    let number = text
        .parse::<usize>()
        .ok()
        .filter(|mib| (SMALLEST_IN_FLIGHT_MIB..=1 << 20).contains(mib));
    number.map(|mib| mib * MIB).ok_or_else(|| {
        format!("{text:?} is not a whole number of MiB, {SMALLEST_IN_FLIGHT_MIB} or more")
    })
}

fn read_text(text: &str) -> Result<String, String> {
    if text.is_empty() {
        Err("must not be empty".into())
    } else {
        Ok(text.to_owned())
    }
}

fn read_format(text: &str) -> Result<LogFormat, String> {
    match text {
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        _ => Err(format!("{text:?} is neither `text` nor `json`")),
    }
}

fn read_name(text: &str) -> Result<String, String> {
    let is_fine = text.chars().count() <= MAX_NAME_CHARS && !text.chars().any(char::is_control);
    if is_fine {
        Ok(text.to_owned())
    } else {
        Err(format!(
            "a name has 1 to {MAX_NAME_CHARS} characters and no control characters"
        ))
    }
}

/// The value is a secret: the message must not repeat it.
fn read_key(text: &str) -> Result<SecretKey, String> {
    SecretKey::parse(text)
        .ok_or_else(|| "not an API key: `co_sk_` and 43 letters and digits".into())
}

fn read_admin_email(text: &str) -> Result<String, String> {
    read_email(text).ok_or_else(|| format!("{text:?} is not an e-mail address"))
}

/// The value is a secret: the message must not repeat it.
fn read_admin_password(text: &str) -> Result<Secret, String> {
    check_password(text)?;
    Ok(Secret::new(text))
}
