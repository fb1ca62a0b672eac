//! An online, consistent copy of the store into one file, while it is written to.
use crate::connect;
use crate::error::{StoreResult, sql};
use crate::store::SqliteStore;
use cognobserve_ports::{ErrorKind, StoreError};
use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};
use std::path::Path;
use std::time::Duration;

/// Pages per step: 8 MB.
const STEP_PAGES: i32 = 1024;

impl SqliteStore {
    /// Copies the store to a new file. `progress` hears (pages done, pages in all).
    ///
    /// # Errors
    /// `Conflict` if the file exists.
    pub fn backup_to(
        &self,
        target: &Path,
        mut progress: impl FnMut(u64, u64),
    ) -> Result<(), StoreError> {
        if target.exists() {
            return Err(StoreError::new(
                ErrorKind::Conflict,
                format!("{} exists already", target.display()),
            ));
        }
        let source = connect::open_reader(&self.path())?;
        // One snapshot for the whole copy: a busy writer cannot make it start over.
        source
            .execute_batch("BEGIN; SELECT count(*) FROM meta;")
            .map_err(sql)?;
        let mut copy = Connection::open(target).map_err(sql)?;
        copy_pages(&source, &mut copy, &mut progress)?;
        source.execute_batch("COMMIT").map_err(sql)?;
        copy.execute_batch("PRAGMA journal_mode = DELETE")
            .map_err(sql)
    }
}

fn copy_pages(
    source: &Connection,
    copy: &mut Connection,
    progress: &mut impl FnMut(u64, u64),
) -> StoreResult<()> {
    let backup = Backup::new(source, copy).map_err(sql)?;
    loop {
        let step = backup.step(STEP_PAGES).map_err(sql)?;
        let state = backup.progress();
        let total = u64::try_from(state.pagecount).unwrap_or(0);
        progress(
            total.saturating_sub(u64::try_from(state.remaining).unwrap_or(0)),
            total,
        );
        match step {
            StepResult::Done => return Ok(()),
            StepResult::More => {}
            _ => std::thread::sleep(Duration::from_millis(20)),
        }
    }
}
