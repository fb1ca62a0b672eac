//! How much this process has booked, and when it is time to look at the tables.
use std::sync::atomic::{AtomicU64, Ordering};

/// Pieces booked by this process before the first look, and how much more before each next one.
const FIRST: u64 = 256;
const FACTOR: u64 = 4;

/// What this process has booked, and when to look next.
pub(crate) struct Growth {
    booked: AtomicU64,
    next: AtomicU64,
}

impl Default for Growth {
    fn default() -> Growth {
        Growth {
            booked: AtomicU64::new(0),
            next: AtomicU64::new(FIRST),
        }
    }
}

impl Growth {
    /// How much was booked ever, if it is time to look.
    pub fn note(&self, pieces: usize) -> Option<u64> {
        let pieces = u64::try_from(pieces).unwrap_or(u64::MAX);
        let booked = self.booked.fetch_add(pieces, Ordering::Relaxed) + pieces;
        let due = self.next.load(Ordering::Relaxed);
        if booked < due {
            return None;
        }
        let next = booked.saturating_mul(FACTOR);
        let exchanged = self
            .next
            .compare_exchange(due, next, Ordering::Relaxed, Ordering::Relaxed);
        exchanged.is_ok().then_some(booked)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_become_rarer() {
        let growth = Growth::default();
        let looks: Vec<u64> = (0..2000).filter_map(|_| growth.note(100)).collect();
        assert_eq!(looks, [300, 1200, 4800, 19_200, 76_800]);
    }
}
