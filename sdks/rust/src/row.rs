//! What a queue is, whatever waits in it: it says when something is due, and hands it over in batches.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::barrier::Barrier;
use crate::buffer::Limits;
use crate::kind::{Kind, Piece};

/// What holds for all queues, beside what waits.
#[derive(Clone, Copy, Default)]
pub(crate) struct Marks {
    /// Items that were handed to whoever sends them, so far.
    pub(crate) taken: u64,
    pub(crate) dropped: u64,
    /// What is ready leaves as soon as it can, though nobody waits for it.
    pub(crate) is_urgent: bool,
    /// Nothing more is taken; what waits still leaves.
    pub(crate) is_shut: bool,
    /// It is empty, and stays so.
    pub(crate) is_closed: bool,
    /// Whoever sends does not wait for more.
    pub(crate) is_retired: bool,
}

pub(crate) trait Row: Default + Send + 'static {
    /// What an answer has one result for each of.
    type Piece: Piece;
    const KIND: Kind;

    fn marks(&mut self) -> &mut Marks;

    /// Items that wait.
    fn count(&self) -> u64;

    /// Whether nothing waits, not even what has no items.
    fn is_empty(&self) -> bool;

    /// Makes ready what is not.
    fn release_all(&mut self);

    fn add_barrier(&mut self, barrier: Barrier);

    /// Those that are not passed.
    fn barriers(&self) -> &BTreeMap<u64, Barrier>;

    /// Lets those pass before which nothing waits any more.
    fn pass_barriers(&mut self);

    /// Until something is due; `None` while nothing is in sight.
    fn find_pause(&mut self, limits: &Limits) -> Option<Duration>;

    /// What fits into one request.
    fn cut_batch(&mut self, most: usize) -> Vec<Self::Piece>;
}
