//! Events in requests of bounded size.
use std::ops::Range;

/// What a request may hold.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    pub events: usize,
    /// Of the events' JSON texts together, with a comma each.
    pub bytes: usize,
}

/// Cuts a list of encoded events into requests, in order. An event over the limit alone is in none: its position is
/// in the second list.
pub fn cut<'a>(
    sizes: impl IntoIterator<Item = &'a usize>,
    limits: Limits,
) -> (Vec<Range<usize>>, Vec<usize>) {
    let (mut requests, mut too_large) = (Vec::new(), Vec::new());
    let (mut start, mut held) = (0, 0);
    let mut end = 0;
    for (at, size) in sizes.into_iter().enumerate() {
        let size = size.saturating_add(1);
        let is_full = at - start == limits.events || held + size > limits.bytes;
        if is_full && at > start {
            requests.push(start..at);
            (start, held) = (at, 0);
        }
        if size > limits.bytes {
            too_large.push(at);
            (start, held) = (at + 1, 0);
        } else {
            held += size;
        }
        end = at + 1;
    }
    if end > start {
        requests.push(start..end);
    }
    (requests, too_large)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LIMITS: Limits = Limits {
        events: 3,
        bytes: 20,
    };

    #[test]
    fn requests_are_full_but_not_too_full() {
        let cut = |sizes: &[usize]| cut(sizes, LIMITS);
        assert_eq!(cut(&[]), (vec![], vec![]));
        assert_eq!(cut(&[1, 1, 1, 1]), (vec![0..3, 3..4], vec![]));
        assert_eq!(cut(&[9, 9, 1]), (vec![0..2, 2..3], vec![]));
        assert_eq!(cut(&[1, 20, 1]), (vec![0..1, 2..3], vec![1]));
        assert_eq!(cut(&[20, 20]), (vec![], vec![0, 1]));
    }

    proptest! {
        #[test]
        fn every_event_is_in_one_place(sizes in prop::collection::vec(0..30_usize, 0..40)) {
            let (requests, too_large) = cut(&sizes, LIMITS);
            let mut met: Vec<usize> = requests.iter().cloned().flatten().chain(too_large.iter().copied()).collect();
            met.sort_unstable();
            prop_assert_eq!(met, (0..sizes.len()).collect::<Vec<_>>());
            for request in &requests {
                prop_assert!(!request.is_empty() && request.len() <= LIMITS.events);
                prop_assert!(sizes[request.clone()].iter().map(|size| size + 1).sum::<usize>() <= LIMITS.bytes);
            }
            prop_assert!(too_large.iter().all(|at| sizes[*at] + 1 > LIMITS.bytes));
        }
    }
}
