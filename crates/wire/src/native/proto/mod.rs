//! The native format as protobuf messages (`proto/cognobserve/v1/ingest.proto`): requests are rewritten as the JSON that
//! says the same, so that one set of rules reads both; answers are built as messages.
//! Invariant: memory is bounded by the JSON's limit, and is asked for before it is taken; only a message that can't be
//! cut apart fails.
//! It must not check values, and it knows field numbers and names only from its tables.

mod answer;
mod number;
mod table;
mod time;
mod value;
mod write;

pub use answer::{BatchAnswer, HealthAnswer, ItemError, TraceAnswer, WarningAnswer};
pub use write::{ProtoError, Room, write_batch, write_trace};

#[cfg(test)]
mod tests;
