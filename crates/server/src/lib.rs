//! HTTP: the door, the API and the pages, as a library; only the binary wires it to a back end.
//!
//! A request's way: `router` → `auth` → `ingest`, `api` or `web` → a port. Nothing here knows SQL.
#![forbid(unsafe_code)]

pub mod api;
pub mod auth;
pub mod config;
pub mod events;
pub mod grpc;
pub mod http;
pub mod ingest;
pub mod metrics;
pub mod router;
pub mod serve;
pub mod state;
pub mod trpc;
pub mod web;
pub mod worker;

pub use router::build_router;
pub use serve::serve;
pub use state::{AppState, DEMO_EMAIL, Limits, Ports, Site};
