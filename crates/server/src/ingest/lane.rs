//! What all requests of one project share at the door: bytes in flight, the rate of spans,
//! and the latest warnings. Bounded whatever clients send; nothing in here is stored.
use super::rate::Bucket;
use crate::worker::Share;
use cognobserve_model::time::Micros;
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

/// Warnings kept for `GET /v1/me`.
pub const MAX_NOTES: usize = 100;
/// Of one request, so that one noisy batch does not hide the others.
const MAX_NOTES_PER_REQUEST: usize = 10;

/// A warning or refusal that a client of the project was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    pub at: Micros,
    pub trace_id: Option<String>,
    pub code: &'static str,
    pub path: String,
    pub message: String,
}

/// One project's lane.
#[derive(Debug, Default)]
pub struct Lane {
    /// Bytes that the project has in flight.
    pub share: Arc<Share>,
    bucket: Mutex<Bucket>,
    notes: Mutex<VecDeque<Note>>,
}

impl Lane {
    /// Whether more spans may come now; else after how many seconds. `None`: no limit.
    pub fn check_rate(&self, max_spans_per_second: Option<u32>) -> Result<(), u32> {
        let Some(rate) = max_spans_per_second else {
            return Ok(());
        };
        self.bucket.lock().check(rate, Instant::now())
    }

    /// Counts spans against the limit.
    pub fn charge_spans(&self, max_spans_per_second: Option<u32>, spans: usize) {
        if let Some(rate) = max_spans_per_second {
            self.bucket.lock().charge(rate, spans, Instant::now());
        }
    }

    /// Gives back spans that were counted and then not booked.
    pub fn refund_spans(&self, max_spans_per_second: Option<u32>, spans: usize) {
        if let Some(rate) = max_spans_per_second {
            self.bucket.lock().refund(rate, spans, Instant::now());
        }
    }

    /// Keeps the first warnings of a request.
    pub fn note(&self, notes: impl Iterator<Item = Note>) {
        let mut kept = self.notes.lock();
        for note in notes.take(MAX_NOTES_PER_REQUEST) {
            if kept.len() == MAX_NOTES {
                kept.pop_front();
            }
            kept.push_back(note);
        }
    }

    /// Forgets the warnings: they may name what was erased.
    pub fn forget_notes(&self) {
        self.notes.lock().clear();
    }

    /// The latest warnings, newest first.
    pub fn recent_notes(&self) -> Vec<Note> {
        self.notes.lock().iter().rev().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_stay_bounded_and_newest_come_first() {
        let lane = Lane::default();
        let note = |n: i64| Note {
            at: Micros(n),
            trace_id: None,
            code: "x",
            path: String::new(),
            message: String::new(),
        };
        lane.note((0..50).map(note));
        assert_eq!(lane.recent_notes().len(), 10);
        for n in 100..300 {
            lane.note(std::iter::once(note(n)));
        }
        let notes = lane.recent_notes();
        assert_eq!(
            (notes.len(), notes[0].at, notes[99].at),
            (MAX_NOTES, Micros(299), Micros(200))
        );
        lane.forget_notes();
        assert!(lane.recent_notes().is_empty());
    }

    #[test]
    fn without_a_limit_nothing_is_counted() {
        let lane = Lane::default();
        lane.charge_spans(None, 1_000_000);
        assert_eq!(lane.check_rate(None), Ok(()));
        assert_eq!(lane.check_rate(Some(1)), Ok(()));
    }
}
