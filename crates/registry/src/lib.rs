//! Those who log in, on any SQL store: the rules are here once, a store only runs statements.
//!
//! Statements are of the SQL that SQLite and PostgreSQL share: `$1` for values, `ON CONFLICT`,
//! `RETURNING`. Rows are few and small; none belongs to a tracked user.
#![forbid(unsafe_code)]

mod accounts;
mod audit;
mod links;
mod logins;
mod members;
mod registry;
mod rows;
mod tokens;
mod workspaces;

pub use registry::Registry;
pub use rows::{BoxFuture, Row, Rows, Transactions, Value};
