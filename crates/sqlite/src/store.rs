//! The store as the ports see it: writes go to the writer thread, reads to a few
//! read-only connections, accounts to a connection of their own.
use crate::accounts;
use crate::connect::{self, FILE};
use crate::error::{StoreResult, internal, sql};
use crate::reports::Snapshot;
use crate::writer::{Shared, Writer, WriterHandle};
use cognobserve_books::key_use::KeyUses;
use cognobserve_books::keys::{Keyed, Keys};
use cognobserve_model::id::{ProjectId, SessionId, UserId};
use cognobserve_ports::{ErrorKind, StoreError};
use parking_lot::Mutex;
use rusqlite::Connection;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tokio::sync::Semaphore;

/// How a process uses the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// The one process that books deliveries. A second one is refused.
    Serve,
    /// The command line beside a server: accounts and reads of a snapshot; booking is refused.
    Tool,
}

const READERS: usize = 4;

/// The embedded store. Cheap to clone.
#[derive(Clone)]
pub struct SqliteStore(Arc<Inner>);

struct Inner {
    shared: Arc<Shared>,
    writer: Option<WriterHandle>,
    accounts: Arc<Mutex<Connection>>,
    key_uses: Arc<KeyUses>,
    readers: Arc<Mutex<Vec<Connection>>>,
    turns: Semaphore,
    /// Held while this process serves.
    _lock: Option<std::fs::File>,
}

impl SqliteStore {
    /// Opens the store in a directory (made with mode 0700 if missing). Must be called
    /// within a tokio runtime.
    ///
    /// # Errors
    /// `TooNew` for a store of a newer format, `Conflict` if another process serves it.
    pub fn open(dir: &Path, mode: Mode) -> Result<SqliteStore, StoreError> {
        make_private_dir(dir)?;
        let lock = match mode {
            Mode::Serve => Some(take_lock(dir)?),
            Mode::Tool => None,
        };
        let path = dir.join(FILE);
        let writer = Writer::open(&path)?;
        let shared = Arc::clone(&writer.shared);
        let mut account_conn = connect::open_writer(&path, 4096)?;
        let writer = match mode {
            Mode::Serve => {
                accounts::finish_purges(&mut account_conn)?;
                let handle = WriterHandle::spawn(writer)?;
                crate::checkpoint::spawn(path.clone(), handle.downgrade())?;
                Some(handle)
            }
            Mode::Tool => None,
        };
        let readers = (0..READERS)
            .map(|_| connect::open_reader(&path))
            .collect::<StoreResult<Vec<_>>>()?;
        Ok(SqliteStore(Arc::new(Inner {
            shared,
            writer,
            accounts: Arc::new(Mutex::new(account_conn)),
            key_uses: Arc::default(),
            readers: Arc::new(Mutex::new(readers)),
            turns: Semaphore::new(READERS),
            _lock: lock,
        })))
    }

    /// The database file.
    pub fn path(&self) -> PathBuf {
        self.0.shared.path.clone()
    }

    pub(crate) fn keys(&self) -> &Keys {
        &self.0.shared.keys
    }

    pub(crate) fn writer(&self) -> StoreResult<&WriterHandle> {
        let message = "this process has the store open beside a server and cannot book";
        self.0
            .writer
            .as_ref()
            .ok_or_else(|| StoreError::new(ErrorKind::Conflict, message))
    }

    pub(crate) fn key_uses(&self) -> &Arc<KeyUses> {
        &self.0.key_uses
    }

    /// The connection for accounts; holding it does not keep the store open.
    pub(crate) fn accounts(&self) -> Arc<Mutex<Connection>> {
        Arc::clone(&self.0.accounts)
    }

    pub(crate) async fn with_accounts<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> StoreResult<T> + Send + 'static,
    ) -> StoreResult<T> {
        let conn = Arc::clone(&self.0.accounts);
        run_blocking(move || work(&mut conn.lock())).await
    }

    /// Tells every statement of a reader; it is the one in use as long as questions come one
    /// at a time.
    #[cfg(test)]
    pub(crate) fn trace_statements(&self, tell: fn(rusqlite::trace::TraceEvent<'_>)) {
        let mut conn = connect::open_reader(&self.0.shared.path).unwrap();
        let codes = rusqlite::trace::TraceEventCodes::SQLITE_TRACE_STMT;
        conn.trace_v2(codes, Some(tell)).unwrap();
        *self.0.readers.lock() = vec![conn];
    }

    /// Runs `work` on a read-only connection inside one snapshot.
    pub(crate) async fn with_reader<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection, &Shared) -> StoreResult<T> + Send + 'static,
    ) -> StoreResult<T> {
        self.with_reading(|conn, shared| read_in(conn, shared, work))
            .await
    }

    /// Runs `work` on a read-only connection; it begins and ends its transaction itself.
    pub(crate) async fn with_reading<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection, &Shared) -> StoreResult<T> + Send + 'static,
    ) -> StoreResult<T> {
        let _turn = self
            .0
            .turns
            .acquire()
            .await
            .map_err(|_| internal("the store is closed"))?;
        let (pool, shared) = (Arc::clone(&self.0.readers), Arc::clone(&self.0.shared));
        run_blocking(move || {
            let pooled = pool.lock().pop();
            let mut conn = match pooled {
                Some(conn) => conn,
                None => connect::open_reader(&shared.path)?,
            };
            let result = work(&mut conn, &shared);
            if conn.is_autocommit() || conn.execute_batch("ROLLBACK").is_ok() {
                pool.lock().push(conn);
            }
            result
        })
        .await
    }

    /// Runs `work` on a snapshot of one project; `NotFound` if the project is gone.
    pub(crate) async fn with_snapshot<T: Send + 'static>(
        &self,
        project: &ProjectId,
        work: impl FnOnce(&Snapshot) -> StoreResult<T> + Send + 'static,
    ) -> StoreResult<T> {
        let project = project.clone();
        self.with_reader(move |conn, shared| {
            let no = accounts::project_no(conn, project.as_str())?;
            let no = no.ok_or_else(|| StoreError::new(ErrorKind::NotFound, "no such project"))?;
            work(&Snapshot {
                conn,
                shared,
                project: &project,
                project_no: no,
            })
        })
        .await
    }

    pub(crate) fn user_no(&self, user: &UserId) -> i64 {
        self.0
            .shared
            .keys
            .reveal("usr_", user.as_str())
            .unwrap_or(-1)
    }

    pub(crate) fn session_no(&self, session: &SessionId) -> i64 {
        self.0
            .shared
            .keys
            .reveal("ses_", session.as_str())
            .unwrap_or(-1)
    }

    /// Whether the last write failed for want of space or rights.
    pub(crate) fn is_unwritable(&self) -> bool {
        self.0.shared.unwritable.load(Ordering::Relaxed)
    }

    pub(crate) async fn probe(&self) -> StoreResult<()> {
        match &self.0.writer {
            Some(writer) => writer.run(Writer::probe).await,
            None => Ok(()),
        }
    }
}

impl Keyed for SqliteStore {
    fn derive_key(&self, purpose: &str) -> [u8; 32] {
        self.keys().derive(purpose)
    }
}

fn read_in<T>(
    conn: &Connection,
    shared: &Shared,
    work: impl FnOnce(&Connection, &Shared) -> StoreResult<T>,
) -> StoreResult<T> {
    conn.execute_batch("BEGIN").map_err(sql)?;
    let result = work(conn, shared);
    conn.execute_batch("COMMIT").map_err(sql)?;
    result
}

async fn run_blocking<T: Send + 'static>(
    work: impl FnOnce() -> StoreResult<T> + Send + 'static,
) -> StoreResult<T> {
    let joined = tokio::task::spawn_blocking(work).await;
    joined.unwrap_or_else(|error| Err(internal("a read met a defect").with_source(error)))
}

fn make_private_dir(dir: &Path) -> StoreResult<()> {
    use std::os::unix::fs::DirBuilderExt;
    if dir.is_dir() {
        return Ok(());
    }
    let made = std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir);
    made.map_err(|error| {
        StoreError::new(
            ErrorKind::Unavailable,
            format!("cannot make the data directory {}", dir.display()),
        )
        .with_source(error)
    })
}

fn take_lock(dir: &Path) -> StoreResult<std::fs::File> {
    let path = dir.join("serve.lock");
    let refuse = |error| {
        StoreError::new(
            ErrorKind::Unavailable,
            format!("cannot lock {}", path.display()),
        )
        .with_source(error)
    };
    let file = std::fs::File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(refuse)?;
    file.try_lock().map_err(|_| {
        StoreError::new(
            ErrorKind::Conflict,
            format!(
                "another process serves the data directory {}",
                dir.display()
            ),
        )
    })?;
    Ok(file)
}
