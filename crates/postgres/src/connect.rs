//! Connections to the server: settings, pool, and what every new connection is told.
use crate::address::Address;
use crate::error::{StoreResult, internal};
use cognobserve_ports::{ErrorKind, StoreError};
use deadpool_postgres::{Hook, HookError, Manager, ManagerConfig, Pool, RecyclingMethod, Runtime};
use std::fmt;
use std::time::Duration;
use tokio_postgres_rustls::MakeRustlsConnect;

/// The oldest server that will do: 15, whose foreign keys can clear one column of two.
const OLDEST: i64 = 150_000;

/// Where the server is and how much of it may be used.
#[derive(Clone)]
pub struct Settings {
    /// `postgres://user:password@host:port/database?parameters`, as in libpq; of TLS it knows
    /// `sslmode` (`disable`, `prefer`, `require`) and `sslrootcert`. With `require` (also called
    /// `verify-full`) the server's certificate and name are verified, against the roots that
    /// browsers trust or those in the file `sslrootcert`. `prefer`, the default, verifies nothing.
    pub url: String,
    /// Connections of this process at most.
    pub max_connections: usize,
    /// For one statement; long work (migrations, repricing, verification) is exempt.
    pub statement_timeout: Duration,
    /// For making a connection, unless the URL says `connect_timeout`.
    pub connect_timeout: Duration,
    /// For waiting until a connection is free.
    pub wait_timeout: Duration,
}

impl Settings {
    /// Host, port and name of the database, for people to read; never the password.
    pub fn place(&self) -> String {
        let address = Address::parse(&self.url);
        address.map_or_else(
            |_| "a PostgreSQL database".into(),
            |address| address.place(),
        )
    }

    pub fn new(url: impl Into<String>) -> Settings {
        Settings {
            url: url.into(),
            max_connections: 16,
            statement_timeout: Duration::from_secs(30),
            connect_timeout: Duration::from_secs(5),
            wait_timeout: Duration::from_secs(5),
        }
    }
}

/// The URL holds a password.
impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = Address::parse(&self.url).map(|address| address.place());
        f.debug_struct("Settings")
            .field("server", &place.unwrap_or_else(|_| "?".into()))
            .field("max_connections", &self.max_connections)
            .field("statement_timeout", &self.statement_timeout)
            .field("connect_timeout", &self.connect_timeout)
            .field("wait_timeout", &self.wait_timeout)
            .finish_non_exhaustive()
    }
}

/// After so long without an answer from the other end's network a connection is lost.
const LOST: Duration = Duration::from_secs(30);

/// Makes the pool; connects to nothing yet.
pub(crate) fn make_pool(
    settings: &Settings,
    address: &Address,
    tls: MakeRustlsConnect,
) -> StoreResult<Pool> {
    let mut config = address.config.clone();
    let connect_timeout = match config.get_connect_timeout() {
        Some(said) => *said,
        None => settings.connect_timeout,
    };
    config.connect_timeout(connect_timeout);
    // A server that is gone without a word is noticed within half a minute, not within hours.
    if config.get_tcp_user_timeout().is_none() {
        config.tcp_user_timeout(LOST);
        config.keepalives_idle(LOST / 2);
        config.keepalives_interval(LOST / 6);
        config.keepalives_retries(3);
    }
    if config.get_application_name().is_none() {
        config.application_name("cognobserve");
    }
    let recycling = ManagerConfig {
        recycling_method: RecyclingMethod::Fast,
    };
    let manager = Manager::from_config(config, tls, recycling);
    let greeting = greet(settings.statement_timeout);
    Pool::builder(manager)
        .max_size(settings.max_connections.max(2))
        .runtime(Runtime::Tokio1)
        .create_timeout(Some(connect_timeout))
        .wait_timeout(Some(settings.wait_timeout))
        .post_create(Hook::async_fn(move |client, _| {
            let greeting = greeting.clone();
            Box::pin(async move {
                let greeted = client.batch_execute(&greeting).await;
                greeted.map_err(HookError::Backend)
            })
        }))
        .build()
        .map_err(|error| internal(format!("PostgreSQL: {error}")))
}

/// Said as a statement, not when connecting, since poolers in between refuse options that
/// they do not know. Compiling plans does not pay for the short statements here. A process
/// that hangs within a transaction must not keep the others waiting for ever. A page read out
/// of order costs little more than the next one: heads that move are a thing of the past.
fn greet(statement_timeout: Duration) -> String {
    let millis = statement_timeout.as_millis().min(i32::MAX as u128);
    format!(
        "SET statement_timeout = {millis}; SET jit = off; SET random_page_cost = 1.1;
         SET idle_in_transaction_session_timeout = '5min';
         SET default_transaction_isolation = 'read committed'"
    )
}

/// Refuses servers that lack what the schema needs.
pub(crate) fn check_server(number: i64, name: &str) -> Result<(), StoreError> {
    if number >= OLDEST {
        return Ok(());
    }
    let oldest = OLDEST / 10_000;
    Err(StoreError::new(
        ErrorKind::Unavailable,
        format!("the server is PostgreSQL {name}; PostgreSQL {oldest} or newer is needed"),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_server_is_refused_by_both_versions() {
        assert!(check_server(150_000, "15.0").is_ok());
        assert!(check_server(170_004, "17.4").is_ok());
        let error = check_server(140_011, "14.11").unwrap_err();
        assert_eq!(
            error.to_string(),
            "the server is PostgreSQL 14.11; PostgreSQL 15 or newer is needed"
        );
    }

    #[test]
    fn settings_show_no_password() {
        let settings = Settings::new("postgres://me:s3cret@db.example:5433/cogno?sslmode=require");
        let shown = format!("{settings:?}");
        assert!(!shown.contains("s3cret"), "{shown}");
        assert!(shown.contains("db.example:5433"), "{shown}");
    }
}
