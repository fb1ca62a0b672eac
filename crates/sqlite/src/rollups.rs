//! The measures tables: one statement set a table, one way to read and to add.
use crate::error::{damaged, sql};
use crate::held::Held;
use cognobserve_model::measures::Measures;
use cognobserve_ports::StoreError;
use hashbrown::HashMap;
use hashbrown::hash_map::Entry;
use rusqlite::{Connection, OptionalExtension, params_from_iter};

/// A table whose key is (project, bucket[, number]) and whose value is a measures blob.
pub(crate) struct Rollup {
    select: &'static str,
    insert: &'static str,
    update: &'static str,
    delete: &'static str,
}

pub(crate) const USER_DAYS: Rollup = Rollup {
    select: "SELECT measures FROM user_days WHERE project_no = ?1 AND day = ?2 AND user_no = ?3",
    insert: "INSERT INTO user_days (project_no, day, user_no, measures) VALUES (?1, ?2, ?3, ?4)",
    update: "UPDATE user_days SET measures = ?4 WHERE project_no = ?1 AND day = ?2 AND user_no = ?3",
    delete: "DELETE FROM user_days WHERE project_no = ?1 AND day = ?2 AND user_no = ?3",
};
pub(crate) const USER_QUARTERS: Rollup = Rollup {
    select: "SELECT measures FROM user_quarters WHERE project_no = ?1 AND quarter = ?2 AND user_no = ?3",
    insert: "INSERT INTO user_quarters (project_no, quarter, user_no, measures) VALUES (?1, ?2, ?3, ?4)",
    update: "UPDATE user_quarters SET measures = ?4 WHERE project_no = ?1 AND quarter = ?2 AND user_no = ?3",
    delete: "DELETE FROM user_quarters WHERE project_no = ?1 AND quarter = ?2 AND user_no = ?3",
};
pub(crate) const MODEL_QUARTERS: Rollup = Rollup {
    select: "SELECT measures FROM model_quarters WHERE project_no = ?1 AND quarter = ?2 AND model_no = ?3",
    insert: "INSERT INTO model_quarters (project_no, quarter, model_no, measures) VALUES (?1, ?2, ?3, ?4)",
    update: "UPDATE model_quarters SET measures = ?4 WHERE project_no = ?1 AND quarter = ?2 AND model_no = ?3",
    delete: "DELETE FROM model_quarters WHERE project_no = ?1 AND quarter = ?2 AND model_no = ?3",
};
pub(crate) const PROJECT_QUARTERS: Rollup = Rollup {
    select: "SELECT measures FROM project_quarters WHERE project_no = ?1 AND quarter = ?2",
    insert: "INSERT INTO project_quarters (project_no, quarter, measures) VALUES (?1, ?2, ?3)",
    update: "UPDATE project_quarters SET measures = ?3 WHERE project_no = ?1 AND quarter = ?2",
    delete: "DELETE FROM project_quarters WHERE project_no = ?1 AND quarter = ?2",
};

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

    /// Adds to a row; a row of nothing is removed. `cache` holds rows as committed or as
    /// written in this transaction.
    pub fn add<const N: usize>(
        &self,
        conn: &Held,
        cache: &mut RowCache<N>,
        key: [i64; N],
        delta: &Measures,
    ) -> Result<(), StoreError> {
        if delta.is_zero() {
            return Ok(());
        }
        let row = match cache.rows.entry(key) {
            Entry::Occupied(row) => row.into_mut(),
            Entry::Vacant(slot) => {
                let found = self.read(conn, key)?;
                slot.insert(CachedRow {
                    exists: found.is_some(),
                    sum: found.unwrap_or_default(),
                })
            }
        };
        row.sum.add(delta, 1);
        let existed = std::mem::replace(&mut row.exists, !row.sum.is_zero());
        let statement = match (existed, row.exists) {
            (true, true) => self.update,
            (false, true) => self.insert,
            (true, false) => return conn.run(self.delete, params_from_iter(key)),
            (false, false) => return Ok(()),
        };
        let measures = row.sum.encode();
        conn.with(statement, |statement| {
            for (at, part) in key.iter().enumerate() {
                statement.raw_bind_parameter(at + 1, part)?;
            }
            statement.raw_bind_parameter(N + 1, measures)?;
            statement.raw_execute().map(drop)
        })
    }
}

struct CachedRow {
    sum: Measures,
    /// Whether the table has the row.
    exists: bool,
}

/// Rows that the writer has just used: live traffic comes back to the same buckets.
pub(crate) struct RowCache<const N: usize> {
    rows: HashMap<[i64; N], CachedRow>,
}

impl<const N: usize> Default for RowCache<N> {
    fn default() -> Self {
        RowCache {
            rows: HashMap::new(),
        }
    }
}

/// About 10 MB.
const CACHED_ROWS: usize = 40_000;

impl<const N: usize> RowCache<N> {
    /// Forgets everything when it has grown too large; called between transactions.
    pub fn trim(&mut self) {
        if self.rows.len() > CACHED_ROWS {
            self.rows.clear();
        }
    }
}

/// One cache per table that the writer adds to.
#[derive(Default)]
pub(crate) struct RollupCaches {
    pub user_days: RowCache<3>,
    pub user_quarters: RowCache<3>,
    pub model_quarters: RowCache<3>,
    pub project_quarters: RowCache<2>,
}

impl RollupCaches {
    pub fn trim(&mut self) {
        self.user_days.trim();
        self.user_quarters.trim();
        self.model_quarters.trim();
        self.project_quarters.trim();
    }
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
