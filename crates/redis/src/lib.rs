//! The queue on a Redis server (7 or later): one stream per partition, one consumer group,
//! workers that share the partitions by leases.
//!
//! Nothing leaves a stream before it is acknowledged or buried, whatever dies in between: a
//! lease says who reads, never what is done. All keys are in one hash slot, so that a script
//! may touch any of them on a cluster, too.
#![forbid(unsafe_code)]

mod dead;
mod entry;
mod error;
mod finish;
mod forget;
mod hands;
mod health;
mod hello;
mod inside;
mod keys;
mod link;
mod pull;
mod push;
mod queue;
mod reclaim;
mod script;
mod settings;
mod survey;
mod tend;
mod value;

pub use queue::RedisQueue;
pub use settings::Settings;
