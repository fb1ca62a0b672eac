//! The embedded store: one SQLite file, one writer thread, readers on their own
//! connections. Deliveries are merged, booked and fsynced in one transaction per group.
//!
//! It must never be opened for writing by two processes; the command line's changes to
//! projects, keys and prices go through a connection of their own beside the server.
#![forbid(unsafe_code)]

mod accounts;
mod audit;
mod backup;
mod checkpoint;
mod connect;
mod directory;
mod eras;
mod error;
mod events;
mod held;
mod ledger;
mod load;
mod lookup;
mod moving;
mod payloads;
mod people;
mod reports;
mod rollups;
mod store;
mod user_days;
mod writer;

pub use connect::FORMAT;
pub use moving::MoveOrigin;
pub use store::{Mode, SqliteStore};
