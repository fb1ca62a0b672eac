//! Arrival stamps, and which stamp set which field of a merged thing.
//!
//! A delivery is stamped once, at the door, and keeps its stamp through queue and
//! redelivery; a field belongs to the highest stamp that carried it.
use serde::{Deserialize, Serialize};

/// When a piece arrived at the door: µs since 1970, made unique by the door.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
pub struct Arrival(pub i64);

/// For each field of a record (a bit), the arrival that set it. Most records have one
/// layer: everything came at once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamps(Vec<(u32, Arrival)>);

impl Stamps {
    /// The arrival that set the field, if any did.
    pub fn of(&self, field: u32) -> Option<Arrival> {
        self.0
            .iter()
            .find(|(mask, _)| mask & field != 0)
            .map(|(_, at)| *at)
    }

    /// Whether a value from `at` may set the field: the later arrival wins.
    pub fn admits(&self, field: u32, at: Arrival) -> bool {
        self.of(field).is_none_or(|set| set <= at)
    }

    /// Notes that `at` has set the field.
    pub fn set(&mut self, field: u32, at: Arrival) {
        for (mask, _) in &mut self.0 {
            *mask &= !field;
        }
        self.0.retain(|(mask, stamp)| *mask != 0 || *stamp == at);
        match self.0.iter_mut().find(|(_, stamp)| *stamp == at) {
            Some((mask, _)) => *mask |= field,
            None => self.0.push((field, at)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_arrivals_take_fields_over() {
        let mut stamps = Stamps::default();
        stamps.set(1, Arrival(5));
        stamps.set(2, Arrival(5));
        assert!(!stamps.admits(1, Arrival(4)));
        assert!(stamps.admits(1, Arrival(6)));
        stamps.set(1, Arrival(6));
        assert_eq!(stamps.of(1), Some(Arrival(6)));
        assert_eq!(stamps.of(2), Some(Arrival(5)));
        stamps.set(2, Arrival(6));
        assert_eq!(stamps.0.len(), 1);
    }
}
