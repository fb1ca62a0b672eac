//! Who asks, and what they may do: a handler's signature says which permission it needs.
//!
//! Order of refusals: 401 (no valid key), 403 (key without the scope), 404 (another project).

mod allowed;
mod cache;
mod credential;
pub mod key;

pub use allowed::{Admin, Allowed, AnyScope, Ingest, Permission, Read};
pub use cache::{Caller, GrantCache};
