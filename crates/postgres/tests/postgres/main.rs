//! The store on a real PostgreSQL server.
#![forbid(unsafe_code)]

mod accounts;
mod conformance;
mod links;
mod opening;
mod property;
mod reports;
mod tls;
mod verify;
