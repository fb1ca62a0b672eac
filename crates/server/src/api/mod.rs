//! The gallery's JSON side: one folder or file per noun, each handler a typed question to
//! a port. No handler decides a number; no handler reaches another project.

pub(crate) mod change;
pub mod costs;
pub mod developers;
pub mod docs;
pub mod events;
pub mod health;
pub mod json;
pub mod me;
pub mod measures;
pub mod openapi;
pub mod page;
pub mod sessions;
pub mod telemetry;
pub mod traces;
pub mod users;
