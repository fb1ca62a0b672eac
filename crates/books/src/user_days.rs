//! Sums per user and UTC day, the users of a band to a row.
//!
//! A list over a month reads every user's days: with sixteen users to a row that is a
//! sixteenth of the rows to step over, and most of the time was stepping. A row holds, by
//! user, the low bits of the number, the length and the bytes of the measures; a user of
//! nothing has no entry, a row of nothing is removed.
use crate::damaged;
use cognobserve_model::measures::Measures;
use cognobserve_ports::StoreError;

const BAND_BITS: i64 = 4;
const HEAD_BYTES: usize = 3;

pub fn band_of(user_no: i64) -> i64 {
    user_no >> BAND_BITS
}

/// The low bits of a user's number: which of the band it is.
fn place_of(user_no: i64) -> u8 {
    (user_no & ((1 << BAND_BITS) - 1)) as u8
}

/// The users of a row with their encoded measures.
pub struct Entries<'a> {
    band: i64,
    rest: &'a [u8],
}

impl<'a> Entries<'a> {
    pub fn of(band: i64, row: &'a [u8]) -> Entries<'a> {
        Entries { band, rest: row }
    }
}

impl<'a> Iterator for Entries<'a> {
    type Item = Result<(i64, &'a [u8]), StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let Some((head, rest)) = self.rest.split_first_chunk::<HEAD_BYTES>() else {
            self.rest = &[];
            return Some(Err(damaged("user day")));
        };
        let length = usize::from(u16::from_le_bytes([head[1], head[2]]));
        let Some((measures, rest)) = rest.split_at_checked(length) else {
            self.rest = &[];
            return Some(Err(damaged("user day")));
        };
        self.rest = rest;
        Some(Ok((self.band << BAND_BITS | i64::from(head[0]), measures)))
    }
}

/// Appends a user's measures; users must come in ascending order.
pub fn push_entry(row: &mut Vec<u8>, user_no: i64, measures: &[u8]) -> Result<(), StoreError> {
    let length = u16::try_from(measures.len()).map_err(|_| damaged("user day"))?;
    row.push(place_of(user_no));
    row.extend(length.to_le_bytes());
    row.extend(measures);
    Ok(())
}

/// Two rows of one band added; entries that come to nothing are left out.
pub fn merge(old: &[u8], new: &[u8]) -> Result<Vec<u8>, StoreError> {
    let mut row = Vec::with_capacity(old.len() + new.len());
    let (mut old, mut new) = (
        Entries::of(0, old).peekable(),
        Entries::of(0, new).peekable(),
    );
    loop {
        let place = |entry: Option<&Result<(i64, &[u8]), StoreError>>| match entry {
            Some(Ok((user, _))) => *user,
            // An error is met when it is taken.
            Some(Err(_)) => i64::MIN,
            None => i64::MAX,
        };
        let (a, b) = (place(old.peek()), place(new.peek()));
        if a == i64::MAX && b == i64::MAX {
            return Ok(row);
        }
        let first = if a <= b { old.next() } else { None };
        let second = if b <= a { new.next() } else { None };
        match (first.transpose()?, second.transpose()?) {
            (Some((user, one)), Some((_, other))) => {
                let mut sum = Measures::decode(one).ok_or_else(|| damaged("user day"))?;
                sum.add_encoded(other).ok_or_else(|| damaged("user day"))?;
                if !sum.is_zero() {
                    push_entry(&mut row, user, &sum.encode())?;
                }
            }
            (Some((user, only)), None) | (None, Some((user, only))) => {
                push_entry(&mut row, user, only)?;
            }
            (None, None) => return Ok(row),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(entries: &[(i64, i64)]) -> Vec<u8> {
        let mut row = Vec::new();
        for (user, traces) in entries {
            push_entry(&mut row, *user, &sums(*traces).encode()).unwrap();
        }
        row
    }

    fn sums(trace_count: i64) -> Measures {
        Measures {
            trace_count,
            ..Measures::default()
        }
    }

    #[test]
    fn rows_add_by_user_and_nothing_leaves_no_entry() {
        let (a, b) = (
            row(&[(1, 5), (3, 7), (15, 1)]),
            row(&[(0, 2), (3, -7), (15, 1)]),
        );
        assert_eq!(merge(&a, &b).unwrap(), row(&[(0, 2), (1, 5), (15, 2)]));
        assert_eq!(merge(&b, &a).unwrap(), merge(&a, &b).unwrap());
        assert_eq!(merge(&[], &a).unwrap(), a);
        assert!(merge(&row(&[(3, 7)]), &row(&[(3, -7)])).unwrap().is_empty());
    }

    #[test]
    fn entries_carry_the_whole_number_and_end_on_damage() {
        let bytes = row(&[(0x123, 5), (0x12F, 7)]);
        let users = Entries::of(0x12, &bytes).map(|entry| entry.unwrap().0);
        assert_eq!(users.collect::<Vec<_>>(), [0x123, 0x12F]);
        let cut = &bytes[..bytes.len() - 1];
        let read: Vec<_> = Entries::of(0x12, cut).map(|entry| entry.is_ok()).collect();
        assert_eq!(read, [true, false]);
        assert!(merge(cut, &[]).is_err());
    }
}
