//! The hall between door and ledger. In one process accepted batches wait in bounded memory
//! until the ledger has committed them, and the answer waits with them; with a queue of its
//! own server the answer waits for that server, and workers commit later.

mod budget;
mod clock;
mod consume;
mod group;
mod hall;
mod queue;
mod shut_door;
mod stream_door;

pub use budget::{Budget, Full, Reservation, Share};
pub use clock::ArrivalClock;
pub use consume::Consumer;
pub use hall::{Hall, Setback, Way};
pub use queue::{LocalQueue, QueueLimits};
pub use shut_door::ShutDoor;
pub use stream_door::{StreamDoor, StreamLimits};
