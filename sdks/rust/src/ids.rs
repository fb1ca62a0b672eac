//! Ids of traces and spans, as in W3C trace context.
//!
//! A keyed hash of a counter and the time: no system call for each, and a process that was copied goes its own way.

use std::hash::{BuildHasher, RandomState};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

static KEYS: LazyLock<(RandomState, RandomState)> =
    LazyLock::new(|| (RandomState::new(), RandomState::new()));
static COUNT: AtomicU64 = AtomicU64::new(0);

/// The next number of this process: traces and spans are put in order by it.
pub(crate) fn next_order() -> u64 {
    COUNT.fetch_add(1, Ordering::Relaxed)
}

pub(crate) fn make_trace_id() -> String {
    let seed = make_seed();
    format!(
        "{:016x}{:016x}",
        KEYS.0.hash_one(seed).max(1),
        KEYS.1.hash_one(seed)
    )
}

pub(crate) fn make_span_id() -> String {
    format!("{:016x}", KEYS.0.hash_one(make_seed()).max(1))
}

fn make_seed() -> (u64, u128, u32) {
    let time = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_nanos());
    (next_order(), time, std::process::id())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn ids_have_their_length_and_do_not_repeat() {
        let ids: HashSet<String> = (0..10_000).map(|_| make_span_id()).collect();
        assert_eq!(ids.len(), 10_000);
        assert!(
            ids.iter()
                .all(|id| id.len() == 16 && id.bytes().all(|one| one.is_ascii_hexdigit()))
        );
        assert_eq!(make_trace_id().len(), 32);
        assert_ne!(make_trace_id(), make_trace_id());
    }
}
