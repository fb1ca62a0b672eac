//! Sums per user and UTC day, the users of a band to a row.
//!
//! A list over a month reads every user's days: with sixteen users to a row that is a
//! sixteenth of the rows to step over, and most of the time was stepping. A row holds, by
//! user, the low bits of the number, the length and the bytes of the measures; a user of
//! nothing has no entry, a row of nothing is removed.
use crate::error::{StoreResult, damaged, sql};
use crate::held::Held;
use crate::rollups::{add_encoded, decode};
use cognobserve_model::measures::Measures;
use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::{Connection, OptionalExtension};

const BAND_BITS: i64 = 4;
const HEAD_BYTES: usize = 3;

pub(crate) fn band_of(user_no: i64) -> i64 {
    user_no >> BAND_BITS
}

/// The low bits of a user's number: which of the band it is.
fn place_of(user_no: i64) -> u8 {
    (user_no & ((1 << BAND_BITS) - 1)) as u8
}

/// The users of a row with their encoded measures.
pub(crate) struct Entries<'a> {
    band: i64,
    rest: &'a [u8],
}

impl<'a> Entries<'a> {
    pub fn of(band: i64, row: &'a [u8]) -> Entries<'a> {
        Entries { band, rest: row }
    }
}

impl<'a> Iterator for Entries<'a> {
    type Item = StoreResult<(i64, &'a [u8])>;

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

fn push_entry(row: &mut Vec<u8>, user_no: i64, measures: &[u8]) -> StoreResult<()> {
    let length = u16::try_from(measures.len()).map_err(|_| damaged("user day"))?;
    row.push(place_of(user_no));
    row.extend(length.to_le_bytes());
    row.extend(measures);
    Ok(())
}

/// Two rows of one band added; entries that come to nothing are left out.
fn merge(old: &[u8], new: &[u8]) -> StoreResult<Vec<u8>> {
    let mut row = Vec::with_capacity(old.len() + new.len());
    let (mut old, mut new) = (
        Entries::of(0, old).peekable(),
        Entries::of(0, new).peekable(),
    );
    loop {
        let place = |entry: Option<&StoreResult<(i64, &[u8])>>| match entry {
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
                let mut sum = decode(one)?;
                add_encoded(&mut sum, other)?;
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

/// Makes `add_user_days(row, row)` known to the writing connection.
pub(crate) fn register_functions(conn: &Connection) -> StoreResult<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    conn.create_scalar_function("add_user_days", 2, flags, |call: &Context<'_>| {
        let row = |at: usize| call.get_raw(at).as_blob().unwrap_or_default();
        merge(row(0), row(1))
            .map_err(|_| rusqlite::Error::UserFunctionError("user days do not read back".into()))
    })
    .map_err(sql)
}

/// Adds to a day of some users of one band, given by number.
pub(crate) fn add(
    conn: &Held,
    project_no: i64,
    day: i64,
    deltas: &[(i64, &Measures)],
) -> StoreResult<()> {
    let mut delta = Vec::with_capacity(64 * deltas.len());
    let mut takes = false;
    for (user, measures) in deltas.iter().filter(|(_, delta)| !delta.is_zero()) {
        push_entry(&mut delta, *user, &measures.encode())?;
        takes |= measures.trace_count < 0;
    }
    let Some((user, _)) = deltas.first().filter(|_| !delta.is_empty()) else {
        return Ok(());
    };
    let band = band_of(*user);
    if takes {
        // Every entry has traces: only what loses some can come to nothing.
        let stored = read_row(conn, project_no, day, band)?;
        if merge(&stored.unwrap_or_default(), &delta)?.is_empty() {
            return conn.run(
                "DELETE FROM user_days WHERE project_no = ?1 AND day = ?2 AND band = ?3",
                [project_no, day, band],
            );
        }
    }
    conn.run(
        "INSERT INTO user_days (project_no, day, band, sums) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT DO UPDATE SET sums = add_user_days(sums, excluded.sums)",
        (project_no, day, band, delta),
    )
}

fn read_row(
    conn: &Connection,
    project_no: i64,
    day: i64,
    band: i64,
) -> StoreResult<Option<Vec<u8>>> {
    let query = "SELECT sums FROM user_days WHERE project_no = ?1 AND day = ?2 AND band = ?3";
    let mut statement = conn.prepare_cached(query).map_err(sql)?;
    let row = statement.query_row([project_no, day, band], |row| row.get(0));
    row.optional().map_err(sql)
}

/// A user's sums of a day, if there are any.
pub(crate) fn read(
    conn: &Connection,
    project_no: i64,
    day: i64,
    user_no: i64,
) -> StoreResult<Option<Measures>> {
    let band = band_of(user_no);
    let Some(row) = read_row(conn, project_no, day, band)? else {
        return Ok(None);
    };
    for entry in Entries::of(band, &row) {
        let (user, measures) = entry?;
        if user == user_no {
            return decode(measures).map(Some);
        }
    }
    Ok(None)
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
