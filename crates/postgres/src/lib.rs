//! The store on a PostgreSQL server, for several processes at once. Deliveries are merged and
//! booked in one transaction per group; every question reads one snapshot.
//!
//! Tables are found through the connection's `search_path`; nothing here names a schema.
#![forbid(unsafe_code)]

mod accounts;
mod address;
mod audit;
mod connect;
mod error;
mod growth;
mod ledger;
mod migrate;
mod moving;
mod people;
mod reports;
mod search_index;
mod shared;
mod snapshot;
mod statistics;
mod store;
mod tls;
mod writer;

pub use connect::Settings;
pub use migrate::FORMAT;
pub use moving::MoveDestination;
pub use store::PostgresStore;
