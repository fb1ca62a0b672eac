//! From texts to typed settings; every problem is collected, none stops the reading.
use super::layers::{Effective, Layers, SECRETS, Sources};
use super::{Config, Init, Limits, Log, LogFormat};
use crate::auth::key::SecretKey;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use thiserror::Error;

const ROLES: [&str; 4] = ["api", "ingest", "web", "worker"];
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

struct Reader(Layers);

impl Reader {
    fn read_config(&mut self) -> Config {
        self.check_roles();
        Config {
            listen: self
                .read("listen", read_address)
                .unwrap_or(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))),
            data_dir: self.read("data_dir", read_path).unwrap_or_default(),
            public_url: self.read_optional("public_url", read_url),
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
            },
        }
    }

    /// The value, or `None` after noting why it is none.
    fn read<T>(&mut self, key: &str, parse: fn(&str) -> Result<T, String>) -> Option<T> {
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

    fn read_optional<T>(&mut self, key: &str, parse: fn(&str) -> Result<T, String>) -> Option<T> {
        let is_set = self
            .0
            .values
            .get(key)
            .is_some_and(|(value, _)| !value.trim().is_empty());
        if is_set { self.read(key, parse) } else { None }
    }

    fn check_roles(&mut self) {
        self.read("roles", |list| {
            let mut roles: Vec<&str> = list.split(',').map(str::trim).filter(|role| !role.is_empty()).collect();
            roles.sort_unstable();
            roles.dedup();
            match roles.iter().find(|role| !ROLES.contains(role)) {
                Some(role) => Err(format!("there is no role {role:?}; the roles are ingest, worker, api, web")),
                None if roles == ROLES => Ok(()),
                None => Err("one process does everything in this version: all of ingest,worker,api,web or leave it out".into()),
            }
        });
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
