//! The only wiring: which back end stands behind the ports, and what the server is made of.
//! Invariant: commands see ports, settings and this file, never a back end.
use crate::telemetry::describe_telling;
use cognobserve_books::keys::Keyed;
use cognobserve_books::moving::{Destination, Origin, Survey};
use cognobserve_ports::{Accounts, ErrorKind, Events, Ledger, People, Queue, Reports, StoreError};
use cognobserve_postgres::{PostgresStore, Settings};
use cognobserve_redis::RedisQueue;
use cognobserve_registry::{EventLog, Registry, Transactions};
use cognobserve_server::config::{Config, Queue as QueueSettings, Role, Secret};
use cognobserve_server::metrics::Metrics;
use cognobserve_server::worker::{
    ArrivalClock, Consumer, Hall, LocalQueue, QueueLimits, ShutDoor, StreamDoor, StreamLimits,
};
use cognobserve_server::{AppState, Limits as RequestLimits, Ports, Site};
use cognobserve_sqlite::{Mode, SqliteStore};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;

/// All that commands ask of a store.
pub trait AnyStore: Ledger + Reports + Accounts {
    /// Those who log in.
    fn people(&self) -> Arc<dyn People>;

    /// Product events.
    fn events(&self) -> Arc<dyn Events>;

    /// What pseudonyms of telemetry are keyed with: the same for each process over this store, and after a move.
    fn telemetry_secret(&self) -> [u8; 32];
}

impl<S: Ledger + Reports + Accounts + Transactions + Keyed + Clone + 'static> AnyStore for S {
    fn people(&self) -> Arc<dyn People> {
        Arc::new(Registry::new(self.clone()))
    }

    fn events(&self) -> Arc<dyn Events> {
        Arc::new(EventLog::new(self.clone()))
    }

    fn telemetry_secret(&self) -> [u8; 32] {
        self.derive_key("telemetry")
    }
}

/// What stands behind the ports.
pub type Store = Arc<dyn AnyStore>;

/// Where the store is.
#[derive(Clone, Debug)]
pub struct Place {
    /// Also of a store elsewhere: keys handed over and progress of imports are files in it.
    pub data_dir: PathBuf,
    database: Option<Settings>,
}

impl Place {
    /// The embedded store in a directory.
    pub fn embedded(data_dir: impl Into<PathBuf>) -> Place {
        Place {
            data_dir: data_dir.into(),
            database: None,
        }
    }

    /// As the settings say.
    pub fn of(config: &Config) -> Place {
        let settings = |url: &Secret| Settings {
            max_connections: config.database.max_connections,
            statement_timeout: config.database.statement_timeout,
            ..Settings::new(url.expose())
        };
        Place {
            data_dir: config.data_dir.clone(),
            database: config.database.url.as_ref().map(settings),
        }
    }

    /// The format that this build writes there.
    pub fn format(&self) -> i64 {
        match self.is_embedded() {
            true => cognobserve_sqlite::FORMAT,
            false => cognobserve_postgres::FORMAT,
        }
    }

    /// Whether the store is the file in the data directory.
    pub fn is_embedded(&self) -> bool {
        self.database.is_none()
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.database {
            None => write!(f, "{}", self.data_dir.display()),
            Some(settings) => write!(f, "{}", settings.place()),
        }
    }
}

/// The store's one file in the data directory.
pub const STORE_FILE: &str = "ledger.db";

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

impl Access {
    fn must_exist(self) -> bool {
        matches!(self, Access::Existing | Access::Alone)
    }
}

/// Why nothing could be put together.
#[derive(Debug, Error)]
pub enum AssembleError {
    #[error("there is no store in {}: start `cognobserve serve` once, or give its --data-dir", .0.display())]
    NoStore(PathBuf),
    #[error("there is no store at {0} yet: start `cognobserve serve` with it once")]
    EmptyDatabase(String),
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
pub async fn open_store(place: &Place, access: Access) -> Result<Store, AssembleError> {
    match &place.database {
        None => Ok(Arc::new(open_embedded(&place.data_dir, access)?)),
        Some(settings) if access.must_exist() && !PostgresStore::is_made(settings).await? => {
            Err(AssembleError::EmptyDatabase(settings.place()))
        }
        Some(settings) => Ok(Arc::new(PostgresStore::open(settings).await?)),
    }
}

fn open_embedded(data_dir: &Path, access: Access) -> Result<SqliteStore, AssembleError> {
    if access.must_exist() && !data_dir.join(STORE_FILE).exists() {
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
pub fn run_on_store<T, E, F>(place: &Place, access: Access, work: F) -> Result<T, E>
where
    F: AsyncFnOnce(Store) -> Result<T, E>,
    E: From<AssembleError>,
{
    run(async || {
        let store = open_store(place, access).await?;
        work(store).await
    })
}

/// Runs work that opens what it needs itself.
pub fn run<T, E>(work: impl AsyncFnOnce() -> Result<T, E>) -> Result<T, E>
where
    E: From<AssembleError>,
{
    let runtime = tokio::runtime::Runtime::new().map_err(AssembleError::Runtime)?;
    runtime.block_on(work())
}

/// The embedded store, and a reader of all that is in it; no server may run.
pub async fn open_origin(data_dir: &Path) -> Result<(Store, Box<dyn Origin>), AssembleError> {
    let store = open_embedded(data_dir, Access::Alone)?;
    let origin = store.begin_move().await?;
    Ok((Arc::new(store), Box::new(origin)))
}

/// A database that takes in the surveyed store, empty or with an unfinished move of it.
/// The store behind it is for looking at only, until the move is done.
pub async fn open_destination(
    url: &Secret,
    survey: &Survey,
) -> Result<(Store, Box<dyn Destination>), AssembleError> {
    let settings = Settings {
        // Nobody waits for an answer, and what is deferred is checked page by page.
        statement_timeout: Duration::ZERO,
        ..Settings::new(url.expose())
    };
    let (store, destination) = PostgresStore::take_in(&settings, survey).await?;
    Ok((Arc::new(store), Box::new(destination)))
}

/// Host, port and name of a database; never the password.
pub fn name_database(url: &Secret) -> String {
    Settings::new(url.expose()).place()
}

/// Copies the embedded store's file, also beside a server; `tell` gets pages done and all.
pub fn copy_embedded(
    data_dir: &Path,
    target: &Path,
    tell: impl Fn(u64, u64),
) -> Result<(), AssembleError> {
    let runtime = tokio::runtime::Runtime::new().map_err(AssembleError::Runtime)?;
    let _inside = runtime.enter();
    let store = open_embedded(data_dir, Access::Existing)?;
    Ok(store.backup_to(target, tell)?)
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

/// What a server process is made of.
pub struct Parts {
    pub state: Arc<AppState>,
    /// Books what the queue's server has, if that is this process' work.
    pub consumer: Option<Consumer>,
}

/// Puts a server process together, which browsers find at `site`; must be called within a tokio
/// runtime.
pub async fn build_parts(store: &Store, config: &Config, site: Site) -> Result<Parts, StoreError> {
    let metrics = Arc::new(Metrics::default());
    let request_limits = RequestLimits::default();
    let max_bytes = config.limits.in_flight_bytes;
    // The loud project is refused while there is still room for the others.
    // But one body of the largest size, as it came and unpacked, should fit.
    let project_max_bytes = (max_bytes / 2)
        .max(2 * request_limits.max_body_bytes)
        .min(max_bytes);
    let moves_batches = [Role::Ingest, Role::Worker]
        .iter()
        .any(|role| config.roles.contains(*role));
    let (hall, consumer): (Arc<dyn Hall>, Option<Consumer>) = match &config.queue.url {
        // Need not wait for the queue's server.
        Some(url) if !moves_batches => {
            let queue = RedisQueue::prepare(queue_settings(url, &config.queue))?;
            (Arc::new(ShutDoor::new(Arc::new(queue))), None)
        }
        None => {
            let limits = QueueLimits {
                max_bytes,
                project_max_bytes,
                ..QueueLimits::default()
            };
            (
                LocalQueue::start(store.clone(), limits, metrics.clone()),
                None,
            )
        }
        Some(url) => {
            let queue = open_queue(url, &config.queue).await?;
            let limits = StreamLimits {
                max_bytes,
                project_max_bytes,
                max_age: config.queue.max_age,
            };
            let is_worker = config.roles.contains(Role::Worker);
            let consumer = is_worker.then(|| Consumer {
                queue: queue.clone(),
                ledger: store.clone(),
                reports: store.clone(),
                metrics: metrics.clone(),
            });
            (StreamDoor::start(queue, limits, metrics.clone()), consumer)
        }
    };
    let clock = ArrivalClock::starting_after(store.last_arrival().await?);
    let ports = Ports {
        accounts: store.clone(),
        people: store.people(),
        events: store.events(),
        reports: store.clone(),
        ledger: store.clone(),
    };
    let telling = describe_telling(store, &config.telemetry).await?;
    let state = AppState::new(ports, hall, request_limits, metrics, clock, site, telling);
    Ok(Parts { state, consumer })
}

/// Opens the queue that the settings name.
pub async fn open_queue(
    url: &Secret,
    settings: &QueueSettings,
) -> Result<Arc<dyn Queue>, StoreError> {
    let queue = RedisQueue::open(queue_settings(url, settings)).await?;
    Ok(Arc::new(queue))
}

fn queue_settings(url: &Secret, settings: &QueueSettings) -> cognobserve_redis::Settings {
    cognobserve_redis::Settings {
        prefix: settings.prefix.clone(),
        roots: settings.ca_file.clone(),
        partitions: settings.partitions,
        // The door looks at it.
        max_age: None,
        replicas_to_wait: settings.replicas,
        ..cognobserve_redis::Settings::new(url.expose())
    }
}
