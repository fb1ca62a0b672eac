//! The queue of events, each as its JSON. Bounded in events and in bytes: over it the oldest go, and are counted.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use crate::barrier::Barrier;
use crate::buffer::Limits;
use crate::kind::{EVENTS, Kind, Piece};
use crate::row::{Marks, Row};

const MAX_BYTES: usize = 16 * 1024 * 1024;
const MAX_BATCH_BYTES: usize = 4 * 1024 * 1024;

struct Waiting {
    place: u64,
    since: Instant,
    event: Vec<u8>,
}

/// Events and barriers share one row of places; all events are ready at once.
#[derive(Default)]
pub(crate) struct EventQueue {
    ready: VecDeque<Waiting>,
    barriers: BTreeMap<u64, Barrier>,
    next: u64,
    bytes: usize,
    marks: Marks,
}

impl Piece for Vec<u8> {
    fn count(&self) -> u64 {
        1
    }

    fn write(&self) -> Vec<u8> {
        self.clone()
    }
}

impl EventQueue {
    fn next_place(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    /// Whether there was no room for all.
    pub(crate) fn add(&mut self, event: Vec<u8>, most: usize) -> bool {
        let place = self.next_place();
        self.bytes += event.len();
        self.ready.push_back(Waiting {
            place,
            since: Instant::now(),
            event,
        });
        let before = self.marks.dropped;
        while self.ready.len() > most || self.bytes > MAX_BYTES {
            let Some(oldest) = self.ready.pop_front() else {
                break;
            };
            self.bytes -= oldest.event.len();
            self.marks.dropped += 1;
        }
        self.marks.dropped > before
    }
}

impl Row for EventQueue {
    type Piece = Vec<u8>;
    const KIND: Kind = EVENTS;

    fn marks(&mut self) -> &mut Marks {
        &mut self.marks
    }

    fn count(&self) -> u64 {
        self.ready.len() as u64
    }

    fn is_empty(&self) -> bool {
        self.ready.is_empty()
    }

    fn release_all(&mut self) {}

    fn add_barrier(&mut self, barrier: Barrier) {
        let place = self.next_place();
        self.barriers.insert(place, barrier);
    }

    fn barriers(&self) -> &BTreeMap<u64, Barrier> {
        &self.barriers
    }

    fn pass_barriers(&mut self) {
        let first = self.ready.front().map_or(u64::MAX, |first| first.place);
        while let Some(barrier) = self.barriers.first_entry().filter(|one| *one.key() < first) {
            barrier.remove().pass();
        }
    }

    fn find_pause(&mut self, limits: &Limits) -> Option<Duration> {
        let Some(first) = self.ready.front() else {
            self.marks.is_urgent = false;
            return None;
        };
        let is_due = self.marks.is_closed || self.marks.is_urgent || !self.barriers.is_empty();
        if is_due || self.ready.len() >= limits.due {
            return Some(Duration::ZERO);
        }
        Some(limits.interval.saturating_sub(first.since.elapsed()))
    }

    fn cut_batch(&mut self, most: usize) -> Vec<Self::Piece> {
        let (mut batch, mut space) = (Vec::new(), MAX_BATCH_BYTES);
        while let Some(first) = self.ready.front() {
            let len = first.event.len();
            if batch.len() >= most || len > space && !batch.is_empty() {
                break;
            }
            space = space.saturating_sub(len);
            self.bytes -= len;
            batch.extend(self.ready.pop_front().map(|first| first.event));
        }
        self.marks.taken += batch.len() as u64;
        batch
    }
}
