//! The hall of the embedded profile: accepted batches wait here, in bounded memory, until
//! the ledger has committed them. Nothing in here is durable; the answer waits for the commit.

mod budget;
mod clock;
mod group;
mod queue;

pub use budget::{Budget, Full, Reservation, Share};
pub use clock::ArrivalClock;
pub use queue::{LocalQueue, QueueLimits, Setback, Way};
