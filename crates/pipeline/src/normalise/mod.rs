//! Step two: every leaf becomes what the ledger takes, or is left out with a reason.
//!
//! One file per kind of leaf; each reads a [`crate::given::Given`] and answers the value, nothing, or a reason.
//! Nothing here decides whose a trace is.
pub mod content;
pub mod cost;
pub mod profile;
pub mod span;
pub mod text;
pub mod time;
pub mod usage;
