//! From a keyed hash of an external id to candidate numbers.
//!
//! Hashes are random keys; partitioned by era (`no >> ERA_BITS`) a write touches only the
//! newest era's pages. A Bloom filter per era keeps reads from asking eras in vain. A hit
//! is a candidate: the caller compares the stored id.
use crate::error::sql;
use crate::held::Held;
use cognobserve_model::bloom::Bloom;
use cognobserve_ports::StoreError;
use rusqlite::Connection;

/// 2^14 numbers an era: about 50 pages of lookup rows, so that a group of some hundred
/// random keys writes each page once instead of a page a key.
pub(crate) const ERA_BITS: i64 = 14;

pub(crate) fn era_of(no: i64) -> i64 {
    no >> ERA_BITS
}

/// The statements of one lookup table.
#[derive(Clone, Copy)]
pub(crate) struct Table {
    pub find: &'static str,
    insert: &'static str,
    delete: &'static str,
    scan: &'static str,
    pub newest_era: &'static str,
}

pub(crate) const TRACES: Table = Table {
    find: "SELECT no FROM trace_lookup WHERE era = ?1 AND hash = ?2",
    insert: "INSERT INTO trace_lookup (era, hash, no) VALUES (?1, ?2, ?3)",
    delete: "DELETE FROM trace_lookup WHERE era = ?1 AND hash = ?2 AND no = ?3",
    scan: "SELECT era, hash FROM trace_lookup",
    newest_era: "SELECT ifnull(max(era), 0) FROM trace_lookup",
};

pub(crate) const SESSIONS: Table = Table {
    find: "SELECT no FROM session_lookup WHERE era = ?1 AND hash = ?2",
    insert: "INSERT INTO session_lookup (era, hash, no) VALUES (?1, ?2, ?3)",
    delete: "DELETE FROM session_lookup WHERE era = ?1 AND hash = ?2 AND no = ?3",
    scan: "SELECT era, hash FROM session_lookup",
    newest_era: "SELECT ifnull(max(era), 0) FROM session_lookup",
};

/// The writer's view: the table with its filters.
pub(crate) struct Lookup {
    table: Table,
    eras: Vec<Bloom>,
}

impl Lookup {
    /// Rebuilds the filters from the table.
    pub fn load(conn: &Connection, table: Table) -> Result<Lookup, StoreError> {
        let mut lookup = Lookup {
            table,
            eras: Vec::new(),
        };
        let mut statement = conn.prepare(table.scan).map_err(sql)?;
        let mut rows = statement.query([]).map_err(sql)?;
        while let Some(row) = rows.next().map_err(sql)? {
            let (era, hash): (i64, i64) = (row.get(0).map_err(sql)?, row.get(1).map_err(sql)?);
            lookup.note(era, hash);
        }
        Ok(lookup)
    }

    fn note(&mut self, era: i64, hash: i64) {
        let era = usize::try_from(era).unwrap_or(0);
        while self.eras.len() <= era {
            self.eras.push(Bloom::with_capacity(1 << ERA_BITS));
        }
        self.eras[era].insert(hash as u64);
    }

    /// Candidate numbers, newest era first.
    pub fn find(&self, conn: &Connection, hash: i64) -> Result<Vec<i64>, StoreError> {
        let mut found = Vec::new();
        for (era, bloom) in self.eras.iter().enumerate().rev() {
            if bloom.may_contain(hash as u64) {
                collect(conn, self.table, era as i64, hash, &mut found)?;
            }
        }
        Ok(found)
    }

    pub fn insert(&mut self, conn: &Held, hash: i64, no: i64) -> Result<(), StoreError> {
        self.note(era_of(no), hash);
        conn.run(self.table.insert, [era_of(no), hash, no])
    }

    /// Removes a row; the filter keeps its bits, which only costs a look.
    pub fn delete(&self, conn: &Connection, hash: i64, no: i64) -> Result<(), StoreError> {
        let mut statement = conn.prepare_cached(self.table.delete).map_err(sql)?;
        statement
            .execute([era_of(no), hash, no])
            .map(drop)
            .map_err(sql)
    }
}

/// A reader's way: asks every era of the table, without filters.
pub(crate) fn find_all(conn: &Connection, table: Table, hash: i64) -> Result<Vec<i64>, StoreError> {
    let newest: i64 = conn
        .prepare_cached(table.newest_era)
        .and_then(|mut statement| statement.query_row([], |row| row.get(0)))
        .map_err(sql)?;
    let mut found = Vec::new();
    for era in (0..=newest).rev() {
        collect(conn, table, era, hash, &mut found)?;
    }
    Ok(found)
}

fn collect(
    conn: &Connection,
    table: Table,
    era: i64,
    hash: i64,
    found: &mut Vec<i64>,
) -> Result<(), StoreError> {
    let mut statement = conn.prepare_cached(table.find).map_err(sql)?;
    let rows = statement
        .query_map([era, hash], |row| row.get(0))
        .map_err(sql)?;
    for no in rows {
        found.push(no.map_err(sql)?);
    }
    Ok(())
}
