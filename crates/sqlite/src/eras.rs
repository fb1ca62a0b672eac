//! Which eras of traces reach into a stretch of time.
//!
//! A user's list of traces is kept by era ([`era_of`](crate::lookup::era_of)), so reading
//! it asks era by era; the bounds kept here leave out those that cannot have an answer.
//! Bounds are of all projects and only ever widen.
use crate::error::{StoreResult, sql};
use crate::held::Held;
use rusqlite::Connection;

/// Earliest and latest time of an era's traces, µs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Bounds {
    pub earliest: i64,
    pub latest: i64,
}

impl Bounds {
    pub fn at(time: i64) -> Bounds {
        Bounds {
            earliest: time,
            latest: time,
        }
    }

    pub fn widen(&mut self, time: i64) {
        self.earliest = self.earliest.min(time);
        self.latest = self.latest.max(time);
    }
}

pub(crate) fn widen(conn: &Held, era: i64, bounds: Bounds) -> StoreResult<()> {
    conn.run(
        "INSERT INTO trace_eras (era, earliest, latest) VALUES (?1, ?2, ?3)
         ON CONFLICT DO UPDATE SET earliest = min(earliest, excluded.earliest), latest = max(latest, excluded.latest)",
        [era, bounds.earliest, bounds.latest],
    )
}

/// An era with the bounds of its traces' times.
pub(crate) struct Era {
    pub no: i64,
    pub bounds: Bounds,
}

impl Era {
    /// Whether it may have traces in `[from, to)`.
    pub fn reaches(&self, from: i64, to: i64) -> bool {
        self.bounds.earliest < to && from <= self.bounds.latest
    }
}

/// The eras that may have traces in `[from, to)`, latest first.
pub(crate) fn find_between(conn: &Connection, from: i64, to: i64) -> StoreResult<Vec<Era>> {
    let query = "SELECT era, earliest, latest FROM trace_eras WHERE latest >= ?1 AND earliest < ?2 ORDER BY latest DESC";
    let mut statement = conn.prepare_cached(query).map_err(sql)?;
    let rows = statement
        .query_map([from, to], |row| {
            Ok(Era {
                no: row.get(0)?,
                bounds: Bounds {
                    earliest: row.get(1)?,
                    latest: row.get(2)?,
                },
            })
        })
        .map_err(sql)?;
    rows.collect::<Result<_, _>>().map_err(sql)
}
