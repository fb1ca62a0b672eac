//! The only wiring: which back end stands behind the ports, and what the server is made of.
//! Invariant: commands see ports, settings and this file, never a back end.
use cognobserve_ports::{ErrorKind, Ledger, StoreError};
use cognobserve_server::config::Limits;
use cognobserve_server::metrics::Metrics;
use cognobserve_server::worker::{ArrivalClock, LocalQueue, QueueLimits};
use cognobserve_server::{AppState, Limits as RequestLimits};
use cognobserve_sqlite::{Mode, SqliteStore};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use thiserror::Error;

/// What stands behind the ports.
pub type Store = SqliteStore;

/// The store's one file in the data directory.
pub const STORE_FILE: &str = "ledger.db";
/// The format of the store that this build writes.
pub const STORE_FORMAT: i64 = cognobserve_sqlite::FORMAT;

/// How a command uses the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Beside a server; a missing store is made.
    Make,
    /// Beside a server; a missing store is an error.
    Existing,
    /// Books, so no server may run; a missing store is an error.
    Alone,
    /// Books and serves; a missing store is made.
    Serve,
}

/// Why nothing could be put together.
#[derive(Debug, Error)]
pub enum AssembleError {
    #[error("there is no store in {}: start `cognobserve serve` once, or give its --data-dir", .0.display())]
    NoStore(PathBuf),
    #[error("cannot make the directory {}", .path.display())]
    Directory {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("cannot start threads")]
    Runtime(#[source] std::io::Error),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl AssembleError {
    /// Whether another process has the store to itself.
    pub fn is_taken(&self) -> bool {
        matches!(self, AssembleError::Store(error) if error.kind() == ErrorKind::Conflict)
    }
}

/// Opens the store; must be called within a tokio runtime.
pub fn open_store(data_dir: &Path, access: Access) -> Result<Store, AssembleError> {
    let must_exist = matches!(access, Access::Existing | Access::Alone);
    if must_exist && !data_dir.join(STORE_FILE).exists() {
        return Err(AssembleError::NoStore(data_dir.to_owned()));
    }
    make_private_dir(data_dir)?;
    let mode = match access {
        Access::Make | Access::Existing => Mode::Tool,
        Access::Alone | Access::Serve => Mode::Serve,
    };
    Ok(SqliteStore::open(data_dir, mode)?)
}

/// Runs a command's work on the store.
pub fn run_on_store<T, E, F>(data_dir: &Path, access: Access, work: F) -> Result<T, E>
where
    F: AsyncFnOnce(Store) -> Result<T, E>,
    E: From<AssembleError>,
{
    let runtime = tokio::runtime::Runtime::new().map_err(AssembleError::Runtime)?;
    runtime.block_on(async {
        let store = open_store(data_dir, access)?;
        work(store).await
    })
}

/// Makes the directory for its owner alone if it is missing.
pub fn make_private_dir(path: &Path) -> Result<(), AssembleError> {
    use std::os::unix::fs::DirBuilderExt;
    if path.is_dir() {
        return Ok(());
    }
    let made = std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path);
    made.map_err(|source| AssembleError::Directory {
        path: path.to_owned(),
        source,
    })
}

/// Whether only the owner can read a directory.
pub fn is_private(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).is_ok_and(|found| found.permissions().mode() & 0o077 == 0)
}

/// Everything that handlers reach, on this store; must be called within a tokio runtime.
pub async fn build_state(store: &Store, limits: &Limits) -> Result<Arc<AppState>, StoreError> {
    let metrics = Arc::new(Metrics::default());
    let store = Arc::new(store.clone());
    let request_limits = RequestLimits::default();
    let queue_limits = QueueLimits {
        max_bytes: limits.in_flight_bytes,
        // The loud project is refused while there is still room for the others.
        // But one body of the largest size, as it came and unpacked, should fit.
        project_max_bytes: (limits.in_flight_bytes / 2)
            .max(2 * request_limits.max_body_bytes)
            .min(limits.in_flight_bytes),
        ..QueueLimits::default()
    };
    let queue = LocalQueue::start(store.clone(), queue_limits, metrics.clone());
    let clock = ArrivalClock::starting_after(store.last_arrival().await?);
    Ok(AppState::new(
        store.clone(),
        store.clone(),
        store,
        queue,
        request_limits,
        metrics,
        clock,
    ))
}
