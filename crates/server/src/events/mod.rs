//! Product events inside the server: what is settled about telemetry, and the group commit that events go through.
//!
//! Handlers are in `ingest` and `api`; what may leave, and under which id, is the telemetry crate's.
mod awaited;
mod queue;
mod relay_gate;
mod telling;

pub use awaited::link_awaited_sessions;
pub use queue::{EventQueue, MAX_WAITING, Refused};
pub use relay_gate::RelayGate;
pub use telling::Telling;
