//! What every route shares of HTTP: problems, queries, cursors, headers. No route lives here.

pub mod body;
pub mod cursor;
pub mod headers;
pub mod panic;
pub mod path;
pub mod problem;
pub mod query;
