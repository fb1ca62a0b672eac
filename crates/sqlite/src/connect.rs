//! Opening the database file: pragmas, format, install secret.
use crate::error::{internal, sql};
use cognobserve_books::keys::Keys;
use cognobserve_ports::{ErrorKind, StoreError};
use rusqlite::{Connection, OpenFlags, OptionalExtension};
use std::path::Path;
use std::time::Duration;

/// The format that this build writes; a store of a newer one is refused.
pub const FORMAT: i64 = 7;
pub(crate) const FILE: &str = "ledger.db";

const MIGRATIONS: [&str; FORMAT as usize] = [
    include_str!("sql/0001.sql"),
    include_str!("sql/0002.sql"),
    include_str!("sql/0003.sql"),
    include_str!("sql/0004.sql"),
    include_str!("sql/0005.sql"),
    include_str!("sql/0006.sql"),
    include_str!("sql/0007.sql"),
];

/// Opens for writing; makes the file and brings it to [`FORMAT`].
pub(crate) fn open_writer(path: &Path, cache_kib: i64) -> Result<Connection, StoreError> {
    let fresh = make_private_file(path)?;
    let mut conn = Connection::open(path).map_err(sql)?;
    if fresh {
        conn.execute_batch("PRAGMA page_size = 8192; PRAGMA auto_vacuum = INCREMENTAL;")
            .map_err(sql)?;
    }
    conn.busy_timeout(Duration::from_secs(10)).map_err(sql)?;
    conn.execute_batch(&format!(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON;
         PRAGMA wal_autocheckpoint = 0; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -{cache_kib};"
    ))
    .map_err(sql)?;
    conn.set_prepared_statement_cache_capacity(256);
    crate::rollups::register_functions(&conn)?;
    crate::user_days::register_functions(&conn)?;
    migrate(&mut conn)?;
    Ok(conn)
}

/// Makes the file for its owner alone if it is missing; the log takes after it. Whether
/// nothing was written to it yet.
///
/// It must never open a file that is there: closing it again would take away the locks
/// that this process' other connections hold on it, and another process could then remove
/// the log under them.
fn make_private_file(path: &Path) -> Result<bool, StoreError> {
    use std::os::unix::fs::OpenOptionsExt;
    let fail = |error: std::io::Error| {
        StoreError::new(
            ErrorKind::Unavailable,
            format!("cannot open {}: {error}", path.display()),
        )
    };
    let made = std::fs::File::options()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path);
    match made {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            let found = std::fs::metadata(path).map_err(fail)?;
            Ok(found.len() == 0)
        }
        Err(error) => Err(fail(error)),
    }
}

/// Opens for reading only.
pub(crate) fn open_reader(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(path, flags).map_err(sql)?;
    conn.busy_timeout(Duration::from_secs(10)).map_err(sql)?;
    conn.execute_batch(
        "PRAGMA query_only = ON; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -16384;",
    )
    .map_err(sql)?;
    conn.set_prepared_statement_cache_capacity(128);
    crate::events::register_functions(&conn)?;
    Ok(conn)
}

fn migrate(conn: &mut Connection) -> Result<(), StoreError> {
    let tx = conn
        .transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)
        .map_err(sql)?;
    let found: i64 = tx
        .query_row("PRAGMA user_version", [], |row| row.get(0))
        .map_err(sql)?;
    if found > FORMAT {
        let message = format!(
            "the store has format {found}, this version reads up to {FORMAT}: use the newer version"
        );
        return Err(StoreError::new(ErrorKind::TooNew, message));
    }
    for step in found..FORMAT {
        let script = usize::try_from(step).ok().and_then(|at| MIGRATIONS.get(at));
        tx.execute_batch(script.ok_or_else(|| internal("no such migration"))?)
            .map_err(sql)?;
    }
    tx.pragma_update(None, "user_version", FORMAT)
        .map_err(sql)?;
    let secret: [u8; 32] = rand::random();
    tx.execute("INSERT OR IGNORE INTO meta (key, value) VALUES ('install_secret', ?1), ('epoch', 0), ('accounts_epoch', 0)", [&secret[..]]).map_err(sql)?;
    tx.commit().map_err(sql)
}

/// Reads the install secret.
pub(crate) fn read_keys(conn: &Connection) -> Result<Keys, StoreError> {
    let secret: Option<Vec<u8>> = conn
        .query_row(
            "SELECT value FROM meta WHERE key = 'install_secret'",
            [],
            |row| row.get(0),
        )
        .optional()
        .map_err(sql)?;
    let secret = secret.and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
    secret
        .map(Keys::new)
        .ok_or_else(|| internal("the store has lost its install secret"))
}

/// Counters of changes made besides the writer: of the books (everything is read anew)
/// and of projects, settings and prices.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Epochs {
    pub books: i64,
    pub accounts: i64,
}

pub(crate) fn read_epochs(conn: &Connection) -> Result<Epochs, StoreError> {
    let query = "SELECT (SELECT value FROM meta WHERE key = 'epoch'), (SELECT value FROM meta WHERE key = 'accounts_epoch')";
    conn.prepare_cached(query)
        .and_then(|mut statement| {
            statement.query_row([], |row| {
                Ok(Epochs {
                    books: row.get(0)?,
                    accounts: row.get(1)?,
                })
            })
        })
        .map_err(sql)
}

/// Makes the serving process read everything anew.
pub(crate) fn raise_books_epoch(conn: &Connection) -> Result<(), StoreError> {
    conn.execute("UPDATE meta SET value = value + 1 WHERE key = 'epoch'", [])
        .map(drop)
        .map_err(sql)
}

/// Makes the serving process read projects and prices anew.
pub(crate) fn raise_accounts_epoch(conn: &Connection) -> Result<(), StoreError> {
    conn.execute(
        "UPDATE meta SET value = value + 1 WHERE key = 'accounts_epoch'",
        [],
    )
    .map(drop)
    .map_err(sql)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A store of an earlier format, with a row in each table that was changed since.
    fn make_old(path: &Path, format: usize) {
        let old = Connection::open(path).unwrap();
        for script in &MIGRATIONS[..format] {
            old.execute_batch(script).unwrap();
        }
        old.execute_batch(
            "INSERT INTO workspaces (no, name, developer, created) VALUES (1, 'acme', 'dev_1', 7);
             INSERT INTO projects (no, id, workspace_no, name, created, capture, time_zone) VALUES (1, 'prj_1', 1, 'p', 7, 'full', 'UTC');
             INSERT INTO api_keys (id, project_no, hash, prefix, name, scopes, created) VALUES ('key_1', 1, zeroblob(32), 'co_sk_', 'k', 'read', 9);
             INSERT INTO audit (no, at, actor, action, detail) VALUES (1, 8, 'operator', 'project.create', 'prj_1');",
        )
        .unwrap();
        old.pragma_update(None, "user_version", format as i64)
            .unwrap();
    }

    #[test]
    fn a_store_of_an_earlier_format_is_brought_up_with_its_rows() {
        for format in 1..FORMAT as usize {
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join(FILE);
            make_old(&path, format);
            for _ in 0..2 {
                let new = open_writer(&path, 1024).unwrap();
                let read = |query: &str| new.query_row(query, [], |row| row.get::<_, String>(0));
                let told = [
                    "SELECT name || developer || created FROM workspaces",
                    "SELECT action || detail FROM audit WHERE workspace_no IS NULL",
                    "SELECT id || name || scopes || created FROM api_keys
                     WHERE created_by IS NULL AND expires IS NULL AND last_used IS NULL AND revoked IS NULL",
                ]
                .map(|query| read(query).unwrap());
                assert_eq!(told, ["acmedev_17", "project.createprj_1", "key_1kread9"]);
                let found: i64 = new
                    .query_row("PRAGMA user_version", [], |row| row.get(0))
                    .unwrap();
                assert_eq!(found, FORMAT);
            }
        }
    }
}
