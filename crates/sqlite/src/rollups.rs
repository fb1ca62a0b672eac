//! The measures tables: one statement set a table, one way to read and to add.
//!
//! Adding is one upsert: the row's blob and the delta are added by an SQL function of ours,
//! so that the writer need not read a row first. Only what takes traces away reads, since
//! a row of nothing is removed.
use crate::error::{damaged, sql};
use crate::held::Held;
use cognobserve_model::measures::Measures;
use cognobserve_ports::StoreError;
use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::{Connection, OptionalExtension, params_from_iter};

/// A table whose key is (project, bucket[, number]) and whose value is a measures blob.
pub(crate) struct Rollup {
    select: &'static str,
    upsert: &'static str,
    delete: &'static str,
}

pub(crate) const MODEL_QUARTERS: Rollup = Rollup {
    select: "SELECT measures FROM model_quarters WHERE project_no = ?1 AND quarter = ?2 AND model_no = ?3",
    upsert: "INSERT INTO model_quarters (project_no, quarter, model_no, measures) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT DO UPDATE SET measures = add_measures(measures, excluded.measures)",
    delete: "DELETE FROM model_quarters WHERE project_no = ?1 AND quarter = ?2 AND model_no = ?3",
};
pub(crate) const PROJECT_QUARTERS: Rollup = Rollup {
    select: "SELECT measures FROM project_quarters WHERE project_no = ?1 AND quarter = ?2",
    upsert: "INSERT INTO project_quarters (project_no, quarter, measures) VALUES (?1, ?2, ?3)
             ON CONFLICT DO UPDATE SET measures = add_measures(measures, excluded.measures)",
    delete: "DELETE FROM project_quarters WHERE project_no = ?1 AND quarter = ?2",
};

/// Makes `add_measures(blob, blob)` known to the writing connection.
pub(crate) fn register_functions(conn: &Connection) -> Result<(), StoreError> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    conn.create_scalar_function("add_measures", 2, flags, |call: &Context<'_>| {
        let blob = |at: usize| call.get_raw(at).as_blob().ok();
        let sum = blob(0).zip(blob(1)).and_then(|(old, new)| {
            let mut sum = Measures::decode(old)?;
            sum.add_encoded(new)?;
            Some(sum.encode())
        });
        sum.ok_or_else(|| rusqlite::Error::UserFunctionError("measures do not read back".into()))
    })
    .map_err(sql)
}

impl Rollup {
    pub fn read<const N: usize>(
        &self,
        conn: &Connection,
        key: [i64; N],
    ) -> Result<Option<Measures>, StoreError> {
        let mut statement = conn.prepare_cached(self.select).map_err(sql)?;
        let mut rows = statement.query(params_from_iter(key)).map_err(sql)?;
        match rows.next().map_err(sql)? {
            Some(row) => decode(
                row.get_ref(0)
                    .map_err(sql)?
                    .as_blob()
                    .map_err(|_| damaged("rollup"))?,
            )
            .map(Some),
            None => Ok(None),
        }
    }

    /// Adds to a row; a row of nothing is removed.
    pub fn add<const N: usize>(
        &self,
        conn: &Held,
        key: [i64; N],
        delta: &Measures,
    ) -> Result<(), StoreError> {
        if delta.is_zero() {
            return Ok(());
        }
        if delta.trace_count < 0 {
            // Every row has traces: only one that loses some can come to nothing.
            let mut sum = self.read(conn, key)?.unwrap_or_default();
            sum.add(delta, 1);
            if sum.is_zero() {
                return conn.run(self.delete, params_from_iter(key));
            }
        }
        let measures = delta.encode();
        conn.with(self.upsert, |statement| {
            for (at, part) in key.iter().enumerate() {
                statement.raw_bind_parameter(at + 1, part)?;
            }
            statement.raw_bind_parameter(N + 1, measures)?;
            statement.raw_execute().map(drop)
        })
    }
}

pub(crate) fn add_encoded(sum: &mut Measures, bytes: &[u8]) -> Result<(), StoreError> {
    sum.add_encoded(bytes).ok_or_else(|| damaged("rollup"))
}

pub(crate) fn decode(bytes: &[u8]) -> Result<Measures, StoreError> {
    Measures::decode(bytes).ok_or_else(|| damaged("rollup"))
}

/// A user's all-time row; user 0 books what is unattributed.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Totals {
    pub first: Option<i64>,
    pub last: Option<i64>,
    pub sessions: i64,
    pub measures: Measures,
}

pub(crate) fn read_totals(
    conn: &Connection,
    project_no: i64,
    user_no: i64,
) -> Result<Totals, StoreError> {
    let mut statement = conn
        .prepare_cached("SELECT first, last, sessions, measures FROM user_totals WHERE project_no = ?1 AND user_no = ?2")
        .map_err(sql)?;
    let row = statement.query_row([project_no, user_no], |row| {
        Ok((
            row.get(0)?,
            row.get(1)?,
            row.get(2)?,
            row.get::<_, Vec<u8>>(3)?,
        ))
    });
    match row.optional().map_err(sql)? {
        Some((first, last, sessions, measures)) => Ok(Totals {
            first,
            last,
            sessions,
            measures: decode(&measures)?,
        }),
        None => Ok(Totals::default()),
    }
}

pub(crate) fn write_totals(
    conn: &Held,
    project_no: i64,
    user_no: i64,
    totals: &Totals,
) -> Result<(), StoreError> {
    let measures = totals.measures.encode();
    conn.run(
        "INSERT OR REPLACE INTO user_totals (project_no, user_no, first, last, sessions, measures) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        (project_no, user_no, totals.first, totals.last, totals.sessions, measures),
    )
}

/// Adds what came to a user's row. Bounds only widen.
pub(crate) fn add_totals(
    conn: &Held,
    project_no: i64,
    user_no: i64,
    delta: &Totals,
) -> Result<(), StoreError> {
    let query = "INSERT INTO user_totals (project_no, user_no, first, last, sessions, measures) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT DO UPDATE SET first = min(ifnull(first, excluded.first), ifnull(excluded.first, first)),
             last = max(ifnull(last, excluded.last), ifnull(excluded.last, last)),
             sessions = sessions + excluded.sessions, measures = add_measures(measures, excluded.measures)";
    let row = (
        project_no,
        user_no,
        delta.first,
        delta.last,
        delta.sessions,
        delta.measures.encode(),
    );
    conn.run(query, row)
}
