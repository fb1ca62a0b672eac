//! Where values come from: four layers of texts by dotted key, each value with its origin.
//! Invariant: a later layer replaces an earlier one key by key; an empty text is "not set".
//! Values are not understood here, only found; unknown keys are.
use super::DEFAULT_TOML;
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

const PREFIX: &str = "COGNOBSERVE_";
/// Settings whose value may stand in a file that `…_FILE` names.
const FROM_FILE: [&str; 9] = [
    "init.workspace",
    "init.project",
    "init.api_key",
    "init.admin_email",
    "init.admin_password",
    "database.url",
    "queue.url",
    "amplitude.api_key",
    "posthog.api_key",
];
pub(super) const SECRETS: [&str; 6] = [
    "init.api_key",
    "init.admin_password",
    "database.url",
    "queue.url",
    "amplitude.api_key",
    "posthog.api_key",
];
/// Read by the commands that talk to a server; see `client`.
const OF_CLIENTS: [&str; 2] = ["COGNOBSERVE_ENDPOINT", "COGNOBSERVE_API_KEY"];
/// Asked for by people who expect another store: going on without it would put data where
/// they do not look for it.
const OTHER_STORES: [&str; 1] = ["COGNOBSERVE_CLICKHOUSE_URL"];

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    Default,
    File(PathBuf),
    /// The variable's name.
    Environment(String),
    /// The flag, like `--listen`.
    Flag(&'static str),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Default => f.write_str("default"),
            Origin::File(path) => write!(f, "file {}", path.display()),
            Origin::Environment(name) => write!(f, "environment {name}"),
            Origin::Flag(flag) => write!(f, "flag {flag}"),
        }
    }
}

/// A setting given on the command line.
#[derive(Clone, Debug)]
pub struct Flag {
    /// The dotted key.
    pub key: &'static str,
    /// As the user writes it, like `--listen`.
    pub flag: &'static str,
    pub value: String,
}

/// The layers above the defaults.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    pub file: Option<PathBuf>,
    pub environment: Vec<(String, String)>,
    pub flags: Vec<Flag>,
}

impl Sources {
    /// The process's own environment, with a file and flags.
    pub fn of_process(file: Option<PathBuf>, flags: Vec<Flag>) -> Sources {
        let text = |value: std::ffi::OsString| value.to_string_lossy().into_owned();
        let environment = std::env::vars_os()
            .map(|(name, value)| (text(name), text(value)))
            .collect();
        Sources {
            file,
            environment,
            flags,
        }
    }
}

/// A setting's value as it holds, secrets redacted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effective {
    pub key: String,
    pub value: String,
    pub origin: Origin,
}

/// All settings as texts, and what was wrong on the way.
#[derive(Debug, Default)]
pub(super) struct Layers {
    pub values: BTreeMap<String, (String, Origin)>,
    pub problems: Vec<String>,
    pub warnings: Vec<String>,
}

impl Layers {
    pub fn gather(sources: &Sources) -> Layers {
        let mut layers = Layers::default();
        layers.add_toml(DEFAULT_TOML, &Origin::Default);
        if let Some(path) = &sources.file {
            match std::fs::read_to_string(path) {
                Ok(text) => layers.add_toml(&text, &Origin::File(path.clone())),
                Err(error) => layers.problems.push(format!("{}: {error}", path.display())),
            }
        }
        layers.add_aliases(&sources.environment);
        layers.add_environment(&sources.environment);
        for flag in &sources.flags {
            layers.put(flag.key, flag.value.clone(), Origin::Flag(flag.flag));
        }
        layers.add_refusals(&sources.environment);
        layers
    }

    pub(super) fn put(&mut self, key: &str, value: String, origin: Origin) {
        self.values.insert(key.to_owned(), (value, origin));
    }

    fn add_toml(&mut self, text: &str, origin: &Origin) {
        match text.parse::<toml::Table>() {
            Ok(table) => self.add_table("", &table, origin),
            Err(error) => self
                .problems
                .push(format!("{origin}: {}", error.to_string().trim_end())),
        }
    }

    fn add_table(&mut self, prefix: &str, table: &toml::Table, origin: &Origin) {
        for (name, value) in table {
            let key = format!("{prefix}{name}");
            match value {
                toml::Value::Table(inner) => self.add_table(&format!("{key}."), inner, origin),
                _ if *origin != Origin::Default && !self.values.contains_key(&key) => {
                    self.problems
                        .push(format!("{key} ({origin}): there is no such setting"));
                }
                _ => match write_value(value) {
                    Some(value) => self.put(&key, value, origin.clone()),
                    None => self.problems.push(format!(
                        "{key} ({origin}): expected a text, a number or a list of texts"
                    )),
                },
            }
        }
    }

    fn add_environment(&mut self, environment: &[(String, String)]) {
        let names: BTreeMap<String, String> = self
            .values
            .keys()
            .map(|key| (name_of(key), key.clone()))
            .collect();
        let mut from_file = Vec::new();
        for (name, value) in environment {
            let Some(rest) = name.strip_prefix(PREFIX) else {
                continue;
            };
            if value.is_empty() || OF_CLIENTS.contains(&name.as_str()) || is_service_link(rest) {
                continue;
            }
            let file_of = name.strip_suffix("_FILE").and_then(|name| names.get(name));
            if let Some(key) = names.get(name) {
                self.put(key, value.clone(), Origin::Environment(name.clone()));
            } else if let Some(key) = file_of.filter(|key| FROM_FILE.contains(&key.as_str())) {
                from_file.push((key.clone(), name, value));
            } else if OTHER_STORES.contains(&name.as_str()) {
                self.problems.push(format!(
                    "{name}: this version has the embedded store and PostgreSQL only; unset it"
                ));
            } else {
                self.warnings.push(format!(
                    "{name} is not a setting of this version and is ignored"
                ));
            }
        }
        for (key, name, path) in from_file {
            self.read_value_file(&key, name, Path::new(path));
        }
    }

    fn read_value_file(&mut self, key: &str, name: &str, path: &Path) {
        let plain = name_of(key);
        let is_given = self
            .values
            .get(key)
            .is_some_and(|(_, origin)| *origin == Origin::Environment(plain.clone()));
        if is_given {
            self.problems.push(format!(
                "{plain} and {name} are both set: unset one of them"
            ));
            return;
        }
        match std::fs::read_to_string(path) {
            Ok(text) => self.put(
                key,
                text.trim().to_owned(),
                Origin::Environment(name.to_owned()),
            ),
            Err(error) => self
                .problems
                .push(format!("{name}: {}: {error}", path.display())),
        }
    }
}

/// `init.api_key` is COGNOBSERVE_INIT_API_KEY.
fn name_of(key: &str) -> String {
    format!("{PREFIX}{}", key.replace('.', "_").to_ascii_uppercase())
}

/// Variables that Kubernetes sets in every pod beside a service called `cognobserve`.
fn is_service_link(rest: &str) -> bool {
    rest == "PORT"
        || rest.starts_with("PORT_")
        || rest.starts_with("SERVICE_HOST")
        || rest.starts_with("SERVICE_PORT")
}

fn write_value(value: &toml::Value) -> Option<String> {
    match value {
        toml::Value::String(text) => Some(text.clone()),
        toml::Value::Integer(number) => Some(number.to_string()),
        toml::Value::Boolean(truth) => Some(truth.to_string()),
        toml::Value::Array(items) => {
            let texts: Option<Vec<&str>> = items.iter().map(toml::Value::as_str).collect();
            texts.map(|texts| texts.join(","))
        }
        toml::Value::Float(_) | toml::Value::Datetime(_) | toml::Value::Table(_) => None,
    }
}
