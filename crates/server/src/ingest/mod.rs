//! The door: authenticate, limit, decode, hand to the queue, answer when it is durable.
//!
//! Every passing fault is a 503 with `Retry-After`; one bad item never sinks its batch.

mod body;
mod encoding;
pub mod identity;
pub mod lane;
mod rate;
pub mod refusal;
