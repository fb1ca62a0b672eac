//! Step three: whose trace it is, and what its parts are called.
//!
//! Ids that were not sent are derived, so that the same again gets the same; nothing here looks at what a span did.
pub mod own_id;
pub mod person;
pub mod repeats;
pub mod session;
pub mod span_id;
pub mod trace_id;
pub mod user_id;
