//! The store read as a whole, on its way into another one: one snapshot on a connection of
//! its own, a page of rows at a time. Nothing is written.
mod accounts;
mod events;
mod ledger;
mod people;
mod rows;

use crate::connect;
use crate::error::{StoreResult, internal, sql};
use crate::store::SqliteStore;
use crate::writer::{Sequences, read_last_arrival};
use async_trait::async_trait;
use cognobserve_books::moving::{Batch, Origin, Part, Place, Survey, make_fingerprint};
use cognobserve_ports::StoreError;
use parking_lot::Mutex;
use rusqlite::Connection;
use rusqlite::types::Value;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The store as of the moment in which its move began.
pub struct MoveOrigin {
    path: PathBuf,
    /// Within a transaction that reads.
    conn: Arc<Mutex<Connection>>,
    survey: Survey,
}

impl SqliteStore {
    /// Begins to read everything.
    pub async fn begin_move(&self) -> Result<MoveOrigin, StoreError> {
        let path = self.path();
        run_blocking(move || {
            let conn = open_snapshot(&path)?;
            let survey = survey(&conn)?;
            Ok(MoveOrigin {
                path,
                conn: Arc::new(Mutex::new(conn)),
                survey,
            })
        })
        .await
    }
}

#[async_trait]
impl Origin for MoveOrigin {
    fn survey(&self) -> &Survey {
        &self.survey
    }

    async fn read(&self, place: &Place) -> Result<Batch, StoreError> {
        let (conn, place) = (Arc::clone(&self.conn), place.clone());
        run_blocking(move || read_batch(&conn.lock(), place)).await
    }

    async fn has_changed(&self) -> Result<bool, StoreError> {
        let path = self.path.clone();
        let now = run_blocking(move || read_fingerprint(&open_snapshot(&path)?)).await?;
        Ok(now != self.survey.fingerprint)
    }
}

async fn run_blocking<T: Send + 'static>(
    work: impl FnOnce() -> StoreResult<T> + Send + 'static,
) -> StoreResult<T> {
    let joined = tokio::task::spawn_blocking(work).await;
    joined.unwrap_or_else(|error| Err(internal("a read met a defect").with_source(error)))
}

fn open_snapshot(path: &Path) -> StoreResult<Connection> {
    let conn = connect::open_reader(path)?;
    // The snapshot is taken by the first read.
    conn.execute_batch("BEGIN; SELECT count(*) FROM meta;")
        .map_err(sql)?;
    Ok(conn)
}

/// Rows from a place on; parts without any are passed over.
fn read_batch(conn: &Connection, mut place: Place) -> StoreResult<Batch> {
    loop {
        let (rows, end) = rows::read(conn, place.part, &place.after)?;
        let read = place.rows + rows.count() as u64;
        let next = match end {
            Some(after) => Some((place.part, after)),
            None => place.part.next().map(|part| (part, Vec::new())),
        };
        let next = next.map(|(part, after)| Place {
            part,
            after,
            rows: read,
        });
        match next {
            Some(next) if rows.count() == 0 => place = next,
            next => return Ok(Batch { rows, next }),
        }
    }
}

fn survey(conn: &Connection) -> StoreResult<Survey> {
    let query = "SELECT value FROM meta WHERE key = 'install_secret'";
    let secret: Vec<u8> = conn.query_row(query, [], |row| row.get(0)).map_err(sql)?;
    let lost = |_| internal("the store has lost its install secret");
    let query = "SELECT max(ifnull((SELECT max(no) FROM projects), 0), ifnull((SELECT value FROM meta WHERE key = 'last_project'), 0))";
    let last_project = conn.query_row(query, [], |row| row.get(0)).map_err(sql)?;
    let next = Sequences::load(conn)?;
    let next = [
        next.user,
        next.session,
        next.trace,
        next.payload,
        next.model,
    ];
    let mut counted = Vec::new();
    for part in Part::ALL {
        let rows: i64 = conn
            .query_row(rows::count_query(part), [], |row| row.get(0))
            .map_err(sql)?;
        counted.push((part, rows.unsigned_abs()));
    }
    Ok(Survey {
        secret: secret.try_into().map_err(lost)?,
        fingerprint: read_fingerprint(conn)?,
        last_arrival: read_last_arrival(conn)?.0,
        last_project,
        last_number: next.into_iter().max().unwrap_or(1) - 1,
        rows: counted,
    })
}

/// Every change leaves a trace in one of these: deliveries in `last_arrival`, users made
/// ahead of them in their number, removals of payloads in `retained_N`, all others in the
/// audit log.
fn read_fingerprint(conn: &Connection) -> StoreResult<String> {
    let query = "SELECT key, value FROM meta WHERE key NOT IN ('install_secret', 'probe')
                 UNION ALL SELECT 'audit', max(no) FROM audit
                 UNION ALL SELECT 'users', max(no) FROM users
                 UNION ALL SELECT 'event_log', position FROM event_log
                 UNION ALL SELECT 'events', count(*) FROM events
                 UNION ALL SELECT 'forgotten', count(*) FROM forgotten
                 UNION ALL SELECT 'event_sink ' || name, until FROM event_sinks
                 UNION ALL SELECT 'opted_out', ifnull(sum(no * opted_out), 0) FROM workspaces ORDER BY 1";
    let mut statement = conn.prepare(query).map_err(sql)?;
    let rows = statement.query_map([], |row| {
        let number = match row.get(1)? {
            Value::Integer(number) => number,
            _ => 0,
        };
        Ok((row.get(0)?, number))
    });
    let values: Vec<(String, i64)> = rows.and_then(Iterator::collect).map_err(sql)?;
    let values = values.iter().map(|(name, value)| (name.as_str(), *value));
    Ok(make_fingerprint(values))
}
