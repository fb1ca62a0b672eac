//! The door: authenticate, limit, decode, hand to the queue, answer when it is durable.
//!
//! Every passing fault is a 503 with `Retry-After`; one bad item never sinks its batch.

mod answer;
mod body;
mod decode;
mod delivery;
mod discard;
mod encoding;
mod events;
mod format;
pub mod lane;
mod message;
mod notes;
pub(crate) mod rate;
pub mod refusal;
mod relay;
pub mod schema;
mod take_in;

pub use discard::{discard_logs, discard_metrics};
pub use events::{ingest_events, schema as event_schema};
pub use relay::relay_events;
pub use take_in::{ingest_batch, ingest_traces};
pub(crate) use {
    delivery::{Head, Route},
    discard::{discard_grpc_logs, discard_grpc_metrics},
    format::Format,
    message::unframe,
    take_in::{Permit, take_in},
};

/// For the OpenAPI document.
pub(crate) mod docs {
    pub use super::discard::{__path_discard_logs, __path_discard_metrics};
    pub use super::events::docs::__path_ingest_events;
    pub use super::relay::__path_relay_events;
    pub use super::take_in::{__path_ingest_batch, __path_ingest_traces};
}
