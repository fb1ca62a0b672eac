//! Those who log in, and product events, on any SQL store: the rules are here once, a store only
//! runs statements.
//!
//! Statements are of the SQL that SQLite and PostgreSQL share: `$1` for values, `ON CONFLICT`,
//! `RETURNING`; where they must differ, a store has a constant for it.
#![forbid(unsafe_code)]

mod accounts;
mod audit;
mod events;
mod invitations;
mod links;
mod logins;
mod members;
mod registry;
mod rows;
mod tokens;
mod workspaces;

pub use events::EventLog;
pub use registry::Registry;
pub use rows::{BoxFuture, Row, Rows, Transactions, Value};
