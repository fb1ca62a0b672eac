//! The one writer: a thread that owns the writing connection and runs jobs in order.
//!
//! A job is one transaction. What it learned is applied to the shared directory after the
//! commit; after a failure everything cached is read anew. It must never hold a lock that
//! a reader waits for while it does I/O.
mod books;
mod changes;
mod commit;
mod desk;
mod erase;
mod index;
mod people;
mod purge;
mod removal;
mod reprice;
mod retention;
mod sequences;
mod sessions;
mod store_trace;

use crate::connect::{self, Epochs, read_epochs};
use crate::directory::Directory;
use crate::error::{internal, sql};
use crate::held::Held;
use crate::load::load_directory;
use crate::lookup::{self, Lookup};
use cognobserve_books::keys::Keys;
use cognobserve_model::price::PriceBook;
use cognobserve_ports::{ErrorKind, StoreError};
use parking_lot::RwLock;
use rusqlite::{Connection, TransactionBehavior};
use sessions::Standings;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

pub(crate) use changes::Changes;
pub(crate) use commit::read_last_arrival;
pub(crate) use purge::purge_traces;
pub(crate) use reprice::preview;
pub(crate) use sequences::Sequences;
pub(crate) use store_trace::{StoredTrace, match_trace, read_trace};

const PROBE_BYTES: i64 = 1 << 20;

/// What readers and the writer share.
pub(crate) struct Shared {
    pub path: PathBuf,
    pub keys: Keys,
    pub directory: RwLock<Directory>,
    /// The last write failed for want of space or rights.
    pub unwritable: AtomicBool,
}

/// What the writer needs to know of a project.
pub(crate) struct ProjectFacts {
    pub no: i64,
    pub max_users: Option<i64>,
    pub retention_payload_days: Option<i64>,
    pub book: Arc<PriceBook>,
}

pub(crate) struct Writer {
    pub conn: Connection,
    pub shared: Arc<Shared>,
    caches: Caches,
    /// The caches must be read anew before the next transaction.
    stale: bool,
}

/// Everything that the writer remembers of committed rows; thrown away on a rollback.
pub(crate) struct Caches {
    pub traces: Lookup,
    pub sessions: Lookup,
    pub projects: HashMap<String, Option<Arc<ProjectFacts>>>,
    pub models: HashMap<(i64, Box<str>), i64>,
    pub model_names: HashMap<i64, Arc<str>>,
    pub recent_sessions: HashMap<(i64, Box<str>), i64>,
    pub standings: Standings,
    pub next: Sequences,
    epochs: Epochs,
}

impl Caches {
    fn load(conn: &Connection) -> Result<Caches, StoreError> {
        Ok(Caches {
            traces: Lookup::load(conn, lookup::TRACES)?,
            sessions: Lookup::load(conn, lookup::SESSIONS)?,
            projects: HashMap::new(),
            models: HashMap::new(),
            model_names: HashMap::new(),
            recent_sessions: HashMap::new(),
            standings: Standings::default(),
            next: Sequences::load(conn)?,
            epochs: read_epochs(conn)?,
        })
    }
}

impl Writer {
    /// Opens the store and reads the directory.
    pub fn open(path: &Path) -> Result<Writer, StoreError> {
        let conn = connect::open_writer(path, 96 * 1024)?;
        let keys = connect::read_keys(&conn)?;
        let directory = load_directory(&conn)?;
        let caches = Caches::load(&conn)?;
        let shared = Shared {
            path: path.to_owned(),
            keys,
            directory: RwLock::new(directory),
            unwritable: AtomicBool::new(false),
        };
        Ok(Writer {
            conn,
            shared: Arc::new(shared),
            caches,
            stale: false,
        })
    }

    /// Runs `work` in one transaction; on success applies what it changed in memory.
    pub fn transact<T>(
        &mut self,
        work: impl FnOnce(&Held, &mut Caches, &Shared, &mut Changes) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.reload_if_changed_outside()?;
        let mut changes = Changes::default();
        let shared = Arc::clone(&self.shared);
        let result = (|| {
            let tx = self
                .conn
                .transaction_with_behavior(TransactionBehavior::Immediate)
                .map_err(sql)?;
            // Somebody else may have committed between the check and the lock.
            if read_epochs(&tx)? != self.caches.epochs {
                return Err(StoreError::new(
                    ErrorKind::Unavailable,
                    "the store was changed by another process just now",
                ));
            }
            let value = work(&Held::new(&tx), &mut self.caches, &shared, &mut changes)?;
            tx.commit().map_err(sql)?;
            Ok(value)
        })();
        match &result {
            Ok(_) => {
                self.shared.unwritable.store(false, Ordering::Relaxed);
                if !changes.is_empty() {
                    changes.apply(&mut self.shared.directory.write());
                }
            }
            Err(error) => {
                let passing = error.kind() == ErrorKind::Unavailable;
                self.shared.unwritable.store(passing, Ordering::Relaxed);
                // What was cached may have been rolled back.
                self.stale = true;
            }
        }
        result
    }

    /// Runs work that touches nothing of what is cached; it makes its own transaction.
    pub fn run_apart<T>(
        &mut self,
        work: impl FnOnce(&mut Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let result = work(&mut self.conn);
        if let Err(error) = &result
            && error.kind() == ErrorKind::Unavailable
        {
            self.shared.unwritable.store(true, Ordering::Relaxed);
        }
        result
    }

    /// Reads everything anew if another process (the command line) has changed the store.
    pub fn reload_if_changed_outside(&mut self) -> Result<(), StoreError> {
        if self.stale {
            self.caches = Caches::load(&self.conn)?;
            self.stale = false;
        }
        let found = read_epochs(&self.conn)?;
        if found.books != self.caches.epochs.books {
            return self.reload();
        }
        if found.accounts != self.caches.epochs.accounts {
            self.caches.projects.clear();
            self.caches.epochs = found;
        }
        Ok(())
    }

    fn reload(&mut self) -> Result<(), StoreError> {
        let directory = load_directory(&self.conn)?;
        self.caches = Caches::load(&self.conn)?;
        *self.shared.directory.write() = directory;
        Ok(())
    }

    /// Writes as much as a usual group and commits: tells whether the store can take writes
    /// again. A word would still fit on a disk that has just refused a batch.
    pub fn probe(&mut self) -> Result<(), StoreError> {
        for bytes in [PROBE_BYTES, 0] {
            self.transact(|tx, _, _, _| {
                tx.execute(
                    "INSERT OR REPLACE INTO meta (key, value) VALUES ('probe', zeroblob(?1))",
                    [bytes],
                )
                .map(drop)
                .map_err(sql)
            })?;
        }
        Ok(())
    }

    /// Moves committed pages from the log into the file without waiting for readers.
    pub fn checkpoint(&mut self, mode: &str) -> Result<(), StoreError> {
        self.conn
            .query_row(&format!("PRAGMA wal_checkpoint({mode})"), [], |_| Ok(()))
            .map_err(sql)
    }
}

type Job = Box<dyn FnOnce(&mut Writer) + Send>;

/// The way to the writer thread. Dropping the last strong handle ends it.
pub(crate) struct WriterHandle {
    jobs: std::sync::Arc<std::sync::mpsc::Sender<Job>>,
}

/// A handle that does not keep the writer alive.
pub(crate) struct WeakWriter(std::sync::Weak<std::sync::mpsc::Sender<Job>>);

impl WeakWriter {
    pub fn is_alive(&self) -> bool {
        self.0.strong_count() > 0
    }

    /// Asks the writer for a checkpoint; does not wait.
    pub fn checkpoint(&self, mode: &'static str) {
        let Some(jobs) = self.0.upgrade() else { return };
        let job: Job = Box::new(move |writer| {
            if let Err(error) = writer.checkpoint(mode) {
                tracing::warn!(error = %error, "checkpoint failed");
            }
        });
        // A writer that has just ended has emptied the log itself.
        let _ = jobs.send(job);
    }
}

impl WriterHandle {
    pub fn downgrade(&self) -> WeakWriter {
        WeakWriter(Arc::downgrade(&self.jobs))
    }

    pub fn spawn(mut writer: Writer) -> Result<WriterHandle, StoreError> {
        let (jobs, inbox) = std::sync::mpsc::channel::<Job>();
        let run = move || {
            use std::sync::mpsc::RecvTimeoutError;
            loop {
                match inbox.recv_timeout(std::time::Duration::from_secs(1)) {
                    Ok(job) => job(&mut writer),
                    Err(RecvTimeoutError::Timeout) => {
                        if let Err(error) = writer.reload_if_changed_outside() {
                            tracing::warn!(error = %error, "cannot look for outside changes");
                        }
                    }
                    Err(RecvTimeoutError::Disconnected) => break,
                }
            }
            if let Err(error) = writer.checkpoint("TRUNCATE") {
                tracing::warn!(error = %error, "the log was left for the next start");
            }
        };
        std::thread::Builder::new()
            .name("ledger-writer".into())
            .spawn(run)
            .map_err(|error| internal("no writer thread").with_source(error))?;
        Ok(WriterHandle {
            jobs: Arc::new(jobs),
        })
    }

    /// Runs a job on the writer and waits for its answer.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Writer) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (answer, answered) = tokio::sync::oneshot::channel();
        let job: Job = Box::new(move |writer| {
            let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| work(writer)));
            let result = result.unwrap_or_else(|_| {
                // A transaction that was cut short has rolled back; forget what it taught.
                let reloaded = writer.reload();
                reloaded.and(Err(internal("the writer met a defect; nothing was booked")))
            });
            // The asker may be gone.
            let _ = answer.send(result);
        });
        self.jobs
            .send(job)
            .map_err(|_| internal("the writer has ended"))?;
        answered
            .await
            .map_err(|_| internal("the writer has ended"))?
    }
}
