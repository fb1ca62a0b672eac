//! Settings: one struct per concern, read from the embedded defaults, a file, the environment
//! and flags, in this order.
//! Invariant: what `load` gives is complete and valid, or every problem is named at once.
//! Nothing else in the workspace reads the environment.
mod client;
mod foreign;
mod layers;
mod proxies;
mod read;
mod roles;
mod telemetry;

#[cfg(test)]
mod tests;

use crate::auth::key::SecretKey;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

pub use client::{ClientSettings, read_client};
pub use layers::{Effective, Flag, Origin, Sources};
pub use proxies::TrustedProxies;
pub use read::{Loaded, Problems, load};
pub use roles::{Role, Roles};
pub use telemetry::{Target, Telemetry};

/// The commented file that is default, reference and example at once.
pub const DEFAULT_TOML: &str = include_str!("default.toml");

/// Everything that a server process needs to know.
#[derive(Clone, Debug)]
pub struct Config {
    pub listen: SocketAddr,
    pub data_dir: PathBuf,
    /// Without a trailing slash; `None`: `http://` and the address that was bound.
    pub public_url: Option<String>,
    /// Whose word about the client's address counts.
    pub trusted_proxies: TrustedProxies,
    pub roles: Roles,
    pub database: Database,
    pub queue: Queue,
    pub limits: Limits,
    pub log: Log,
    pub init: Init,
    pub telemetry: Telemetry,
}

/// The PostgreSQL server behind the store.
#[derive(Clone, Debug)]
pub struct Database {
    /// `None`: the embedded store in the data directory.
    pub url: Option<Secret>,
    pub max_connections: usize,
    pub statement_timeout: Duration,
}

/// The Redis server between door and ledger.
#[derive(Clone, Debug)]
pub struct Queue {
    /// `None`: batches are booked by the process that took them in.
    pub url: Option<Secret>,
    /// A PEM file; `None`: the roots that browsers trust.
    pub ca_file: Option<PathBuf>,
    /// One queue per prefix.
    pub prefix: String,
    pub partitions: u16,
    pub max_age: Duration,
    pub replicas: u32,
}

/// What protects the process from too much at once.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Request bodies in memory at one time.
    pub in_flight_bytes: usize,
}

#[derive(Clone, Debug)]
pub struct Log {
    /// A filter in the syntax of `tracing`'s environment filter.
    pub filter: String,
    pub format: LogFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    Text,
    Json,
}

/// What is made in an empty store.
#[derive(Clone, Debug, Default)]
pub struct Init {
    pub workspace: Option<String>,
    pub project: Option<String>,
    pub api_key: Option<SecretKey>,
    pub admin: Option<InitAdmin>,
}

/// The first account, made without a link.
#[derive(Clone, Debug)]
pub struct InitAdmin {
    /// As accounts keep it.
    pub email: String,
    pub password: Secret,
}

/// A text that must not be shown; printing it with `{:?}` does not.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    pub fn new(text: impl Into<String>) -> Secret {
        Secret(text.into())
    }

    /// The text itself; never for a log or a message.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}
