//! From a decoded request to what the ledger books: decode, normalise, identify.
//!
//! Each step is a folder or file named after it; `native` and `otlp` put them in order. Pure: the clock, the arrival
//! stamps and the randomness come in through [`Door`], so the same request at the same door gives the same pieces.
//! A field that can't be used is left out and becomes a [`Warning`]; only what would attribute wrongly is a [`Fault`].
#![forbid(unsafe_code)]

mod door;
mod event;
mod fault;
mod given;
mod identify;
mod native;
mod normalise;
mod otlp;
mod warning;

pub use door::{Door, IdSeed};
pub use event::{
    AcceptedEvent, AcceptedEvents, MAX_EVENT_NAME_BYTES, MAX_PROPERTIES_BYTES, accept_events,
};
pub use fault::{Fault, FaultKind};
pub use identify::user_id::{IdTooLong, normalise_user_id};
pub use native::{Accepted, MAX_BATCH_SPANS, Refused, accept_batch, accept_trace};
pub use normalise::profile::{ProfileFields, read_profile};
pub use otlp::{AcceptedOtlp, accept_otlp};
pub use warning::{Notes, Place, Reason, Warning};
