//! The queue of spans. Bounded: over the limit the oldest spans go, and are counted.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::barrier::Barrier;
use crate::buffer::Limits;
use crate::kind::{Kind, Piece, TRACES};
use crate::row::{Marks, Row};
use crate::say::lock;
use crate::span_data::SpanData;
use crate::trace::TraceData;
use crate::wire::write_trace;

/// Contents over this are left out, so that a queue that is bounded in spans is so in memory.
pub(crate) const MAX_CONTENT_BYTES: usize = 64 * 1024 * 1024;
const MAX_BATCH_BYTES: usize = 16 * 1024 * 1024;
const LEFT_OUT: &[u8] = b"\"[left out: too much waits to be sent]\"";

/// Spans of one trace that leave together.
pub(crate) struct Entry {
    pub(crate) trace: Arc<TraceData>,
    pub(crate) spans: VecDeque<Arc<SpanData>>,
    pub(crate) size: usize,
    since: Instant,
}

impl Entry {
    pub(crate) fn new(trace: &Arc<TraceData>) -> Self {
        Self {
            trace: trace.clone(),
            spans: VecDeque::new(),
            size: 0,
            since: Instant::now(),
        }
    }
}

/// `ready` leaves as soon as it is due, in the order of the traces' ends; `open` waits for its trace's end.
///
/// Entries and barriers share one row of places; `late` tells at which place a trace's late spans gather.
#[derive(Default)]
pub(crate) struct Queue {
    pub(crate) ready: BTreeMap<u64, Entry>,
    barriers: BTreeMap<u64, Barrier>,
    next: u64,
    pub(crate) open: BTreeMap<u64, Entry>,
    late: HashMap<u64, u64>,
    pub(crate) ready_count: usize,
    pub(crate) open_count: usize,
    /// Traces without spans.
    pub(crate) empty_count: usize,
    pub(crate) bytes: usize,
    pub(crate) marks: Marks,
}

impl Piece for Entry {
    fn count(&self) -> u64 {
        self.spans.len() as u64
    }

    fn write(&self) -> Vec<u8> {
        write_trace(&self.trace, self.spans.iter())
    }
}

impl Queue {
    fn next_place(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    pub(crate) fn find_entry(&mut self, trace: &Arc<TraceData>, is_ended: bool) -> &mut Entry {
        if !is_ended {
            return self
                .open
                .entry(trace.order)
                .or_insert_with(|| Entry::new(trace));
        }
        let place = match self.late.get(&trace.order) {
            Some(place) => *place,
            None => self.next_place(),
        };
        self.late.insert(trace.order, place);
        lock(&trace.state).was_released = true;
        self.ready.entry(place).or_insert_with(|| Entry::new(trace))
    }

    pub(crate) fn release(&mut self, mut entry: Entry) {
        entry.since = Instant::now();
        lock(&entry.trace.state).was_released = true;
        self.open_count -= entry.spans.len();
        self.ready_count += entry.spans.len();
        let place = self.next_place();
        self.ready.insert(place, entry);
    }

    pub(crate) fn drop_oldest(&mut self) {
        let place = self
            .ready
            .iter()
            .find(|(_, entry)| !entry.spans.is_empty())
            .map(|(place, _)| *place);
        let (row, count, key) = match place {
            Some(place) => (&mut self.ready, &mut self.ready_count, place),
            None => match self.open.first_key_value() {
                Some((order, _)) => {
                    let order = *order;
                    (&mut self.open, &mut self.open_count, order)
                }
                None => return,
            },
        };
        let Some(entry) = row.get_mut(&key) else {
            return;
        };
        let size = entry.spans.pop_front().map_or(0, |span| measure(&span));
        entry.size -= size;
        self.bytes -= size;
        *count -= 1;
        self.marks.dropped += 1;
        if entry.spans.is_empty() {
            let order = entry.trace.order;
            row.remove(&key);
            if place.is_some() {
                self.late.remove(&order);
            }
        }
    }
}

impl Row for Queue {
    type Piece = Entry;
    const KIND: Kind = TRACES;

    fn marks(&mut self) -> &mut Marks {
        &mut self.marks
    }

    fn count(&self) -> u64 {
        (self.ready_count + self.open_count) as u64
    }

    fn is_empty(&self) -> bool {
        self.ready.is_empty() && self.open.is_empty()
    }

    fn barriers(&self) -> &BTreeMap<u64, Barrier> {
        &self.barriers
    }

    fn add_barrier(&mut self, barrier: Barrier) {
        let place = self.next_place();
        self.barriers.insert(place, barrier);
    }

    fn release_all(&mut self) {
        for entry in std::mem::take(&mut self.open).into_values() {
            self.release(entry);
        }
    }

    fn pass_barriers(&mut self) {
        let first = self
            .ready
            .first_key_value()
            .map_or(u64::MAX, |(place, _)| *place);
        while let Some(barrier) = self
            .barriers
            .first_entry()
            .filter(|barrier| *barrier.key() < first)
        {
            barrier.remove().pass();
        }
    }

    fn find_pause(&mut self, limits: &Limits) -> Option<Duration> {
        if self.open_count >= limits.due {
            // Of traces that never end, too, something arrives.
            self.release_all();
        }
        let Some((_, first)) = self.ready.first_key_value() else {
            self.marks.is_urgent = false;
            return None;
        };
        let is_due = self.marks.is_closed || self.marks.is_urgent || !self.barriers.is_empty();
        if is_due || self.ready_count >= limits.due {
            return Some(Duration::ZERO);
        }
        Some(limits.interval.saturating_sub(first.since.elapsed()))
    }

    fn cut_batch(&mut self, most: usize) -> Vec<Self::Piece> {
        let (mut batch, mut room, mut space) = (Vec::new(), most, MAX_BATCH_BYTES);
        let barrier = self
            .barriers
            .first_key_value()
            .map_or(u64::MAX, |(place, _)| *place);
        while let Some(mut first) = self
            .ready
            .first_entry()
            .filter(|first| room > 0 && *first.key() < barrier)
        {
            let entry = first.get_mut();
            let cut = if entry.spans.len() <= room && entry.size <= space
                || entry.spans.len() <= 1 && batch.is_empty()
            {
                self.late.remove(&entry.trace.order);
                first.remove()
            } else if batch.is_empty() {
                split(entry, room)
            } else {
                break;
            };
            // A trace without spans takes room, too.
            room = room.saturating_sub(cut.spans.len().max(1));
            space = space.saturating_sub(cut.size);
            self.ready_count -= cut.spans.len();
            self.marks.taken += cut.spans.len() as u64;
            self.empty_count -= usize::from(cut.spans.is_empty());
            self.bytes -= cut.size;
            batch.push(cut);
        }
        batch
    }
}

fn split(entry: &mut Entry, room: usize) -> Entry {
    let mut part = Entry {
        since: entry.since,
        ..Entry::new(&entry.trace)
    };
    while entry.spans.len() > 1 && part.spans.len() < room {
        let size = entry.spans.front().map_or(0, measure);
        if !part.spans.is_empty() && part.size + size > MAX_BATCH_BYTES {
            break;
        }
        part.spans.extend(entry.spans.pop_front());
        part.size += size;
        entry.size -= size;
    }
    part
}

pub(crate) fn measure(span: &Arc<SpanData>) -> usize {
    let state = lock(&span.state);
    let len = |content: &Option<Vec<u8>>| content.as_ref().map_or(0, Vec::len);
    len(&state.input) + len(&state.output)
}

pub(crate) fn leave_content_out(span: &Arc<SpanData>) -> usize {
    {
        let state = &mut *lock(&span.state);
        for content in [&mut state.input, &mut state.output].into_iter().flatten() {
            *content = LEFT_OUT.to_vec();
        }
    }
    measure(span)
}
