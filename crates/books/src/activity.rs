//! Who was active in a period: the first and last trace decide for nearly everybody, and who has
//! some before and some after it is looked for, until found.
use crate::user_days::{Entries, band_of};
use cognobserve_ports::StoreError;
use std::collections::{HashMap, HashSet};

/// Users whose traces lie around a period and who may have some within, by band.
#[derive(Default)]
pub struct Undecided(HashMap<i64, HashSet<i64>>);

impl Undecided {
    pub fn add(&mut self, user: i64) {
        self.0.entry(band_of(user)).or_default().insert(user);
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Their bands, in no order.
    pub fn list_bands(&self) -> Vec<i64> {
        self.0.keys().copied().collect()
    }

    pub fn count_bands(&self) -> usize {
        self.0.len()
    }

    /// Takes out who is seen: 1 if it was among them, else 0.
    pub fn take(&mut self, user: i64) -> i64 {
        let band = band_of(user);
        let Some(users) = self.0.get_mut(&band) else {
            return 0;
        };
        let found = users.remove(&user);
        if users.is_empty() {
            self.0.remove(&band);
        }
        i64::from(found)
    }

    /// Takes out who has an entry in a row of user days; answers how many.
    pub fn take_row(&mut self, band: i64, row: &[u8]) -> Result<i64, StoreError> {
        let mut found = 0;
        if self.0.contains_key(&band) {
            for entry in Entries::of(band, row) {
                found += self.take(entry?.0);
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::user_days::push_entry;

    #[test]
    fn each_is_found_once() {
        let mut undecided = Undecided::default();
        [3, 17, 18].into_iter().for_each(|user| undecided.add(user));
        assert_eq!(undecided.count_bands(), 2);
        let mut row = Vec::new();
        for user in [17, 19] {
            push_entry(&mut row, user, &[]).unwrap();
        }
        assert_eq!(undecided.take_row(band_of(17), &row).unwrap(), 1);
        assert_eq!(undecided.take_row(band_of(17), &row).unwrap(), 0);
        assert_eq!([undecided.take(3), undecided.take(3)], [1, 0]);
        assert_eq!(undecided.list_bands(), [band_of(18)]);
        undecided.take(18);
        assert!(undecided.is_empty());
    }
}
