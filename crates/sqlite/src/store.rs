//! The store as the ports see it: writes go to the writer thread, reads to a few
//! read-only connections, accounts to a connection of their own.
use crate::connect::{self, FILE};
use crate::error::{StoreResult, internal, sql};
use crate::reports::Snapshot;
use crate::writer::{Shared, Shift, Writer, WriterHandle, preview};
use crate::{accounts, payloads};
use async_trait::async_trait;
use cognobserve_model::account::{ApiKey, Grant, KeyHash, Project, ProjectSettings};
use cognobserve_model::id::{KeyId, ProjectId, SessionId, UserId};
use cognobserve_model::piece::Batch;
use cognobserve_model::price::PriceEntry;
use cognobserve_model::profile::ProfilePart;
use cognobserve_model::report::{Deleted, Repriced, UserRef};
use cognobserve_model::time::Micros;
use cognobserve_ports::{
    Accounts, Committed, DeleteMode, ErrorKind, Ledger, NewKey, Refusal, SessionPatch, StoreError,
};
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
            readers: Arc::new(Mutex::new(readers)),
            turns: Semaphore::new(READERS),
            _lock: lock,
        })))
    }

    /// The database file.
    pub fn path(&self) -> PathBuf {
        self.0.shared.path.clone()
    }

    fn writer(&self) -> StoreResult<&WriterHandle> {
        let message = "this process has the store open beside a server and cannot book";
        self.0
            .writer
            .as_ref()
            .ok_or_else(|| StoreError::new(ErrorKind::Conflict, message))
    }

    async fn with_accounts<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> StoreResult<T> + Send + 'static,
    ) -> StoreResult<T> {
        let conn = Arc::clone(&self.0.accounts);
        run_blocking(move || work(&mut conn.lock())).await
    }

    /// Runs `work` on a read-only connection inside one snapshot.
    pub(crate) async fn with_reader<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection, &Shared) -> StoreResult<T> + Send + 'static,
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
            let conn = match pooled {
                Some(conn) => conn,
                None => connect::open_reader(&shared.path)?,
            };
            let result = read_in(&conn, &shared, work);
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

    fn user_no(&self, user: &UserId) -> i64 {
        self.0
            .shared
            .keys
            .reveal("usr_", user.as_str())
            .unwrap_or(-1)
    }

    fn session_no(&self, session: &SessionId) -> i64 {
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

#[async_trait]
impl Ledger for SqliteStore {
    fn pack(&self, batch: &mut Batch) {
        batch.pieces.iter_mut().for_each(payloads::pack_piece);
    }

    async fn commit(
        &self,
        group: Vec<Batch>,
    ) -> Result<Vec<Result<Committed, Refusal>>, StoreError> {
        self.writer()?.run(move |writer| writer.commit(group)).await
    }

    async fn patch_user(
        &self,
        project: &ProjectId,
        user: &UserId,
        part: ProfilePart,
        by: &KeyId,
    ) -> Result<Option<()>, StoreError> {
        let (project, user_no, by) = (project.clone(), self.user_no(user), by.clone());
        self.writer()?
            .run(move |writer| writer.patch_user(project.as_str(), user_no, part, by.as_str()))
            .await
    }

    async fn delete_user(
        &self,
        project: &ProjectId,
        user: &UserId,
        mode: DeleteMode,
    ) -> Result<Option<Deleted>, StoreError> {
        let (project, user_no) = (project.clone(), self.user_no(user));
        self.writer()?
            .run(move |writer| writer.delete_user(project.as_str(), user_no, mode))
            .await
    }

    async fn resolve_users(
        &self,
        project: &ProjectId,
        external_ids: Vec<String>,
        create: bool,
    ) -> Result<Result<Vec<Option<UserId>>, Refusal>, StoreError> {
        let project = project.clone();
        let numbers = self
            .writer()?
            .run(move |writer| writer.resolve_users(project.as_str(), &external_ids, create))
            .await?;
        let keys = &self.0.shared.keys;
        let id_of = |no: Option<i64>| no.map(|no| UserId::new(keys.obscure("usr_", no)));
        Ok(numbers.map(|numbers| numbers.into_iter().map(id_of).collect()))
    }

    async fn lift_suppression(
        &self,
        project: &ProjectId,
        external_id: &str,
    ) -> Result<bool, StoreError> {
        let (project, external_id) = (project.clone(), external_id.to_owned());
        self.writer()?
            .run(move |writer| writer.lift_suppression(project.as_str(), &external_id))
            .await
    }

    async fn patch_session(
        &self,
        project: &ProjectId,
        session: &SessionId,
        patch: SessionPatch,
    ) -> Result<Option<()>, StoreError> {
        let (project, no) = (project.clone(), self.session_no(session));
        self.writer()?
            .run(move |writer| writer.patch_session(project.as_str(), no, patch))
            .await
    }

    async fn delete_session(
        &self,
        project: &ProjectId,
        session: &SessionId,
    ) -> Result<Option<Deleted>, StoreError> {
        let (project, no) = (project.clone(), self.session_no(session));
        self.writer()?
            .run(move |writer| writer.delete_session(project.as_str(), no))
            .await
    }

    async fn delete_trace(
        &self,
        project: &ProjectId,
        trace_id: &str,
    ) -> Result<Option<()>, StoreError> {
        let (project, id) = (project.clone(), trace_id.to_owned());
        self.writer()?
            .run(move |writer| writer.delete_trace(project.as_str(), &id))
            .await
    }

    async fn remove_expired_payloads(&self, now: Micros) -> Result<u64, StoreError> {
        self.writer()?
            .run(move |writer| writer.remove_expired_payloads(now))
            .await
    }

    async fn reprice(&self, project: &ProjectId, apply: bool) -> Result<Vec<Repriced>, StoreError> {
        let shift = match apply {
            false => {
                self.with_snapshot(project, |snapshot| {
                    preview(snapshot.conn, snapshot.project_no)
                })
                .await?
            }
            true => self.apply_reprice(project).await?,
        };
        self.with_snapshot(project, move |snapshot| {
            let mut report = Vec::new();
            for (no, (spans, before_nanos, after_nanos)) in shift {
                let user: Option<UserRef> = snapshot.user_ref(no);
                report.push(Repriced {
                    user,
                    spans,
                    before_nanos,
                    after_nanos,
                });
            }
            report.sort_by_key(|row| std::cmp::Reverse((row.after_nanos - row.before_nanos).abs()));
            Ok(report)
        })
        .await
    }
}

impl SqliteStore {
    async fn apply_reprice(&self, project: &ProjectId) -> StoreResult<Shift> {
        let writer = self.writer()?;
        let (mut shift, mut after) = (Shift::new(), 0);
        loop {
            let (id, so_far) = (project.clone(), std::mem::take(&mut shift));
            let (last, so_far) = writer
                .run(move |writer| writer.reprice_step(id.as_str(), after, so_far))
                .await?;
            shift = so_far;
            match last {
                Some(last) => after = last,
                None => break,
            }
        }
        let (id, spans): (_, i64) = (
            project.clone(),
            shift.values().map(|(spans, _, _)| spans).sum(),
        );
        writer
            .run(move |writer| writer.note_reprice(id.as_str(), &format!("{spans} spans")))
            .await?;
        Ok(shift)
    }
}

#[async_trait]
impl Accounts for SqliteStore {
    async fn authenticate(&self, hash: &KeyHash) -> Result<Option<Grant>, StoreError> {
        let hash = *hash;
        self.with_reader(move |conn, _| accounts::authenticate(conn, &hash))
            .await
    }

    async fn create_project(&self, workspace: &str, name: &str) -> Result<Project, StoreError> {
        let (workspace, name) = (workspace.to_owned(), name.to_owned());
        self.with_accounts(move |conn| accounts::create_project(conn, &workspace, &name))
            .await
    }

    async fn list_projects(&self) -> Result<Vec<Project>, StoreError> {
        self.with_reader(|conn, _| accounts::list_projects(conn))
            .await
    }

    async fn find_project(&self, id_or_name: &str) -> Result<Option<Project>, StoreError> {
        let wanted = id_or_name.to_owned();
        self.with_reader(move |conn, _| accounts::find_project(conn, &wanted))
            .await
    }

    async fn update_settings(
        &self,
        project: &ProjectId,
        settings: ProjectSettings,
    ) -> Result<Option<Project>, StoreError> {
        let project = project.clone();
        self.with_accounts(move |conn| accounts::update_settings(conn, project.as_str(), &settings))
            .await
    }

    async fn delete_project(&self, project: &ProjectId) -> Result<bool, StoreError> {
        let project = project.clone();
        self.with_accounts(move |conn| accounts::delete_project(conn, project.as_str()))
            .await
    }

    async fn create_key(&self, project: &ProjectId, key: NewKey) -> Result<ApiKey, StoreError> {
        let project = project.clone();
        self.with_accounts(move |conn| accounts::create_key(conn, project.as_str(), &key))
            .await
    }

    async fn list_keys(&self, project: &ProjectId) -> Result<Vec<ApiKey>, StoreError> {
        let project = project.clone();
        self.with_reader(move |conn, _| accounts::list_keys(conn, project.as_str()))
            .await
    }

    async fn revoke_key(&self, key: &KeyId) -> Result<Option<ApiKey>, StoreError> {
        let key = key.clone();
        self.with_accounts(move |conn| accounts::revoke_key(conn, key.as_str()))
            .await
    }

    async fn list_prices(&self, project: &ProjectId) -> Result<Vec<PriceEntry>, StoreError> {
        self.with_snapshot(project, |snapshot| {
            accounts::list_prices(snapshot.conn, snapshot.project_no)
        })
        .await
    }

    async fn put_prices(
        &self,
        project: &ProjectId,
        entries: Vec<PriceEntry>,
    ) -> Result<(), StoreError> {
        let project = project.clone();
        self.with_accounts(move |conn| accounts::put_prices(conn, project.as_str(), &entries))
            .await
    }
}
