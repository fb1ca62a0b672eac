//! The traits between the rooms. Their doc comments are the contract of every back end;
//! `conformance` is the same contract as tests.
//!
//! Every call names its project; an id of another project answers as a missing one.
#![forbid(unsafe_code)]

mod accounts;
mod actor;
#[cfg(feature = "conformance")]
pub mod conformance;
mod error;
mod events;
mod ledger;
mod people;
mod queue;
#[cfg(feature = "reference")]
pub mod reference;
mod reports;

pub use accounts::{Accounts, NewKey};
pub use actor::Actor;
pub use error::{ErrorKind, StoreError};
pub use events::Events;
pub use ledger::{Committed, DeleteMode, Ledger, Refusal, SessionPatch};
pub use people::{Acceptance, MemberRefusal, NewLink, NewLogin, NewToken, People};
pub use queue::{
    Counts, Dead, DeadId, DeadLetter, Delivery, DeliveryId, PartitionStats, Queue, QueueHealth,
    QueueStats,
};
pub use reports::Reports;
