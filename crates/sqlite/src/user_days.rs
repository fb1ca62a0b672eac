//! Sums per user and UTC day, the users of a band to a row.
use crate::error::{StoreResult, sql};
use crate::held::Held;
use crate::rollups::decode;
use cognobserve_books::user_days::{Entries, band_of, merge, push_entry};
use cognobserve_model::measures::Measures;
use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::{Connection, OptionalExtension};

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
    read_with(conn, project_no, day, user_no, decode)
}

/// What `decode` makes of a user's encoded sums of a day, if there are any.
pub(crate) fn read_with<T>(
    conn: &Connection,
    project_no: i64,
    day: i64,
    user_no: i64,
    decode: impl Fn(&[u8]) -> StoreResult<T>,
) -> StoreResult<Option<T>> {
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
