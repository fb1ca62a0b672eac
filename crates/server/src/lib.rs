//! HTTP: the door and the API, as a library; only the binary wires it to a back end.
//!
//! A request's way: `router` → `auth` → `ingest` or `api` → a port. Nothing here knows SQL.
#![forbid(unsafe_code)]

pub mod api;
pub mod auth;
pub mod config;
pub mod http;
pub mod ingest;
pub mod metrics;
pub mod router;
pub mod serve;
pub mod state;
pub mod worker;

pub use router::build_router;
pub use serve::serve;
pub use state::{AppState, Limits};
