//! Which uses of API keys are still to be noted: each key once a minute at most, however many
//! callers use it, and many keys in one write.
use cognobserve_model::id::KeyId;
use cognobserve_model::time::{MICROS_PER_MINUTE, Micros};
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A key, and the minute in which it was used.
pub type Use = (KeyId, Micros);

/// What one process has seen of its keys.
#[derive(Default)]
pub struct KeyUses(Mutex<Seen>);

#[derive(Default)]
struct Seen {
    /// The last minute of each key, noted or tried.
    last: HashMap<KeyId, Micros>,
    waiting: Vec<Use>,
    /// Somebody takes what is waiting.
    is_taken: bool,
}

impl KeyUses {
    /// Remembers a use; `noted` is the last one that the store has. `true`: the caller must see
    /// to it that [`KeyUses::take`] is called until it answers `None`.
    pub fn note(&self, key: &KeyId, noted: Option<Micros>, now: Micros) -> bool {
        let minute = Micros(now.0 - now.0.rem_euclid(MICROS_PER_MINUTE));
        if noted.is_some_and(|noted| noted >= minute) {
            return false;
        }
        let mut seen = self.lock();
        if seen.last.get(key).is_some_and(|last| *last >= minute) {
            return false;
        }
        seen.last.insert(key.clone(), minute);
        seen.waiting.push((key.clone(), minute));
        !std::mem::replace(&mut seen.is_taken, true)
    }

    /// What is to be noted now; `None`: nothing more, and whoever notes the next use begins anew.
    pub fn take(&self) -> Option<Vec<Use>> {
        let mut seen = self.lock();
        let taken = std::mem::take(&mut seen.waiting);
        seen.is_taken = !taken.is_empty();
        seen.is_taken.then_some(taken)
    }

    fn lock(&self) -> MutexGuard<'_, Seen> {
        // Every change of it is whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_noted_once_a_minute_and_with_others() {
        let (uses, one, two) = (KeyUses::default(), KeyId::new("1"), KeyId::new("2"));
        let at = |seconds: i64| Micros(seconds * 1_000_000);
        assert!(uses.note(&one, None, at(65)), "the first starts");
        assert!(!uses.note(&two, Some(at(0)), at(70)), "joins");
        assert!(!uses.note(&one, None, at(119)), "the same minute");
        assert!(
            !uses.note(&KeyId::new("3"), Some(at(60)), at(119)),
            "is noted"
        );
        assert_eq!(
            uses.take(),
            Some(vec![(one.clone(), at(60)), (two, at(60))])
        );
        assert!(
            !uses.note(&one, Some(at(60)), at(120)),
            "is still being taken"
        );
        assert_eq!(uses.take(), Some(vec![(one.clone(), at(120))]));
        assert_eq!(uses.take(), None);
        assert!(uses.note(&one, None, at(180)), "starts anew");
    }
}
