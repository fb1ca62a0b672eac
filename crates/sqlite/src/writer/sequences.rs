//! The next number of everything that is numbered. Numbers are never reused, also when
//! the newest row was deleted.
use crate::error::sql;
use cognobserve_ports::StoreError;
use rusqlite::Connection;

#[derive(Clone, Debug, Default)]
pub(crate) struct Sequences {
    pub user: i64,
    pub session: i64,
    pub trace: i64,
    pub payload: i64,
    pub model: i64,
}

impl Sequences {
    pub fn load(conn: &Connection) -> Result<Sequences, StoreError> {
        let read = |query: &str| conn.query_row(query, [], |row| row.get(0)).map_err(sql);
        Ok(Sequences {
            user: read(
                "SELECT 1 + max(ifnull((SELECT max(no) FROM users), 0), ifnull((SELECT value FROM meta WHERE key = 'last_user'), 0))",
            )?,
            session: read(
                "SELECT 1 + max(ifnull((SELECT max(no) FROM sessions), 0), ifnull((SELECT value FROM meta WHERE key = 'last_session'), 0))",
            )?,
            trace: read(
                "SELECT 1 + max(ifnull((SELECT max(no) FROM traces), 0), ifnull((SELECT value FROM meta WHERE key = 'last_trace'), 0))",
            )?,
            payload: read(
                "SELECT 1 + max(ifnull((SELECT max(no) FROM payloads), 0), ifnull((SELECT value FROM meta WHERE key = 'last_payload'), 0))",
            )?,
            model: read(
                "SELECT 1 + max(ifnull((SELECT max(no) FROM models), 0), ifnull((SELECT value FROM meta WHERE key = 'last_model'), 0))",
            )?,
        })
    }

    /// Keeps the high-water marks; called by whatever deletes rows.
    pub fn save(&self, conn: &Connection) -> Result<(), StoreError> {
        let marks = [
            ("last_user", self.user),
            ("last_session", self.session),
            ("last_trace", self.trace),
            ("last_payload", self.payload),
            ("last_model", self.model),
        ];
        for (key, next) in marks {
            conn.execute(
                "INSERT OR REPLACE INTO meta (key, value) VALUES (?1, ?2)",
                (key, next - 1),
            )
            .map_err(sql)?;
        }
        Ok(())
    }
}

/// Takes a number.
pub(crate) fn take(next: &mut i64) -> i64 {
    let no = *next;
    *next += 1;
    no
}
