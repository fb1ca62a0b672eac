//! The native format: one trace (`POST /v1/traces`) or many (`POST /v1/traces/batch`), JSON with snake_case keys.
//! Invariant: one pass per trace, borrowed from the body; a field of the wrong type never fails its trace here.
//! What a field means, and whether its value is acceptable, is decided by the pipeline.

#[macro_use]
mod fields;

mod batch;
mod error;
mod event;
pub mod proto;
mod trace;

pub use batch::{MAX_TRACES, split_batch};
pub use error::NativeError;
pub use event::{EventIn, MAX_EVENTS, split_events};
pub use trace::{CostIn, MAX_SPANS, SessionIn, SpanIn, TraceIn, UsageIn, UserIn};
