//! Servers for tests: a provider's that does as it is told ([`outlet`]), and real databases: those of the environment (`COGNOBSERVE_TEST_POSTGRES`,
//! `COGNOBSERVE_TEST_REDIS`), or else started here, one for the whole process, on loopback.
//!
//! They end with the process, however that ends. A server that cannot be had fails the test.
#![forbid(unsafe_code)]

pub mod outlet;
mod pg;
mod process;
mod redis;
mod schema;

pub use pg::PostgresServer;
pub use redis::RedisServer;
pub use schema::Schema;

use std::sync::OnceLock;

/// The names of the environment under which servers may be given.
pub const POSTGRES_VARIABLE: &str = "COGNOBSERVE_TEST_POSTGRES";
pub const REDIS_VARIABLE: &str = "COGNOBSERVE_TEST_REDIS";

/// The PostgreSQL server of this process.
///
/// # Panics
/// If there is none and none can be started.
pub fn postgres() -> &'static PostgresServer {
    static SERVER: OnceLock<PostgresServer> = OnceLock::new();
    SERVER.get_or_init(|| match std::env::var(POSTGRES_VARIABLE) {
        Ok(url) => PostgresServer::given(url),
        Err(_) => PostgresServer::start(&[], &[]),
    })
}

/// The Redis server of this process.
///
/// # Panics
/// If there is none and none can be started.
pub fn redis() -> &'static RedisServer {
    static SERVER: OnceLock<RedisServer> = OnceLock::new();
    SERVER.get_or_init(|| match std::env::var(REDIS_VARIABLE) {
        Ok(url) => RedisServer::given(url),
        Err(_) => RedisServer::start(),
    })
}
