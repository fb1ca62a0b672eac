//! Arrival stamps: the wall clock in µs, made unique and increasing.
use cognobserve_model::stamp::Arrival;
use cognobserve_model::time::Micros;
use std::sync::atomic::{AtomicI64, Ordering};

/// Gives stamps at the door. One per process.
#[derive(Debug, Default)]
pub struct ArrivalClock {
    last: AtomicI64,
}

impl ArrivalClock {
    /// A clock whose stamps all lie after `last`, for a store that was filled by a machine
    /// whose clock was ahead.
    pub fn starting_after(last: Arrival) -> ArrivalClock {
        ArrivalClock {
            last: AtomicI64::new(last.0),
        }
    }

    /// The first of `count` consecutive stamps that nobody else gets.
    pub fn take(&self, count: usize) -> Arrival {
        let now = Micros::now().0;
        let count = i64::try_from(count.max(1)).unwrap_or(i64::MAX);
        let first = |last: i64| now.max(last.saturating_add(1));
        let next = |last: i64| Some(first(last).saturating_add(count - 1));
        // The closure never declines, so both arms carry the former value.
        let last = self
            .last
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, next)
            .unwrap_or_else(|last| last);
        Arrival(first(last))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_are_unique_over_threads_and_counts() {
        let clock = ArrivalClock::default();
        let mut all: Vec<i64> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4)
                .map(|_| {
                    scope.spawn(|| {
                        (1..500)
                            .flat_map(|n| {
                                let first = clock.take(n % 7).0;
                                first..first + (n % 7).max(1) as i64
                            })
                            .collect::<Vec<_>>()
                    })
                })
                .collect();
            threads
                .into_iter()
                .flat_map(|t| t.join().unwrap())
                .collect()
        });
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
    }

    #[test]
    fn stamps_never_go_back() {
        let ahead = Micros::now().0 + 3_600_000_000;
        let clock = ArrivalClock::starting_after(Arrival(ahead));
        assert_eq!(clock.take(1), Arrival(ahead + 1));
        assert_eq!(clock.take(3), Arrival(ahead + 2));
        assert_eq!(clock.take(1), Arrival(ahead + 5));
    }
}
