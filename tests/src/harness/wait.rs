//! Waiting for something to become true, bounded, without guessing how long it takes.
use std::time::{Duration, Instant};

/// Asks every few milliseconds until `done` answers something; `None` after `limit`.
pub fn wait_until<T>(limit: Duration, mut done: impl FnMut() -> Option<T>) -> Option<T> {
    let began = Instant::now();
    loop {
        if let Some(value) = done() {
            return Some(value);
        }
        if began.elapsed() > limit {
            return None;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}
