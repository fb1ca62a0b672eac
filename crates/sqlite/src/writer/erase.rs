//! Deleting a user: unlinked (the spend becomes unattributed) or erased (everything
//! readable goes, the spend stays under a tombstone, later data is suppressed).
use super::books::Books;
use super::people::find_living;
use super::store_trace::{read_trace, write_trace};
use super::{Writer, index};
use crate::audit;
use crate::error::{StoreResult, damaged, sql};
use crate::load::encode_profile;
use crate::lookup::era_of;
use crate::payloads;
use cognobserve_books::keys::HashKind;
use cognobserve_model::facts::Facts;
use cognobserve_model::id::UserNo;
use cognobserve_model::profile::Profile;
use cognobserve_model::report::Deleted;
use cognobserve_model::time::Micros;
use cognobserve_ports::{Actor, DeleteMode};
use rusqlite::Connection;

impl Writer {
    /// Deletes a user in one transaction. After an erasure the log is emptied into the
    /// file, so that no old page image stays behind.
    pub fn delete_user(
        &mut self,
        project: &str,
        user_no: i64,
        mode: DeleteMode,
        by: &Actor,
    ) -> StoreResult<Option<Deleted>> {
        let erase = mode == DeleteMode::Erase;
        let deleted = self.transact(|tx, caches, shared, changes| {
            let Some((project, external_id)) = find_living(tx, caches, project, user_no)? else {
                return Ok(None);
            };
            let directory = shared.directory.read();
            let dead = directory.people(project.no).map(|people| &people.dead);
            let is_dead =
                |no: UserNo| no.0 == user_no || dead.is_some_and(|dead| dead.contains_key(&no.0));
            let mut books = Books::new(project.no, &project.book);
            let mut deleted = Deleted::default();
            for no in list_user_traces(tx, user_no)? {
                let mut trace =
                    read_trace(tx, no)?.ok_or_else(|| damaged("a user's list of traces"))?;
                let named: Vec<UserNo> = trace
                    .state
                    .user
                    .into_iter()
                    .chain(trace.state.spans.iter().filter_map(|span| span.user))
                    .collect();
                for named in named.into_iter().filter(|no| is_dead(*no)) {
                    trace.state.bury_user(named, erase && named.0 == user_no);
                }
                if erase && !trace.state.erased {
                    trace
                        .state
                        .erase(&|id| shared.keys.pseudonym("id", project.no, id).into());
                    payloads::delete(tx, trace.payload_no)?;
                    trace.payload_no = 0;
                    let hash = shared
                        .keys
                        .hash(HashKind::Trace, project.no, &trace.state.id);
                    caches.traces.insert(tx, hash, no)?;
                }
                let facts = trace.state.facts();
                books.replace(no, Some(&trace.booked), Some(&facts));
                index::move_trace(tx, project.no, no, Some(&trace.booked), Some(&facts))?;
                write_trace(tx, no, project.no, trace.payload_no, &facts, &trace.state)?;
                deleted.traces += 1;
            }
            let sessions = list_owned_sessions(tx, project.no, user_no)?;
            deleted.sessions = sessions.len() as i64;
            if erase {
                for session in sessions {
                    erase_session(tx, project.no, session, |id| {
                        shared.keys.pseudonym("session", project.no, id)
                    })?;
                }
                caches.recent_sessions.clear();
            }
            drop(directory);
            books.close(tx, &mut caches.standings, changes)?;
            let hash = shared.keys.pseudonym("user", project.no, &external_id);
            bury_row(tx, project.no, user_no, &hash, erase)?;
            changes.bury(project.no, user_no, &hash, erase);
            audit::write(
                tx,
                by,
                Some(project.no),
                if erase { "user.erase" } else { "user.unlink" },
                &shared.keys.obscure("usr_", user_no),
            )?;
            Ok(Some(deleted))
        })?;
        if erase && deleted.is_some() {
            self.scrub()?;
        }
        Ok(deleted)
    }

    /// Gives freed pages back and empties the log. Readers may hold it for a moment.
    pub fn scrub(&mut self) -> StoreResult<()> {
        self.conn
            .execute_batch("PRAGMA incremental_vacuum")
            .map_err(sql)?;
        for _ in 0..50 {
            let busy: i64 = self
                .conn
                .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))
                .map_err(sql)?;
            if busy == 0 {
                return Ok(());
            }
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        tracing::warn!("readers kept the log busy; it is emptied at the next checkpoint");
        Ok(())
    }
}

/// A user's traces, over all eras.
fn list_user_traces(conn: &Connection, user_no: i64) -> StoreResult<Vec<i64>> {
    let query = "SELECT trace_no FROM trace_eras JOIN user_traces USING (era) WHERE user_no = ?1 ORDER BY trace_no";
    let mut statement = conn.prepare_cached(query).map_err(sql)?;
    let numbers = statement
        .query_map([user_no], |row| row.get(0))
        .map_err(sql)?;
    numbers.collect::<Result<_, _>>().map_err(sql)
}

fn list_owned_sessions(conn: &Connection, project_no: i64, user_no: i64) -> StoreResult<Vec<i64>> {
    let newest: i64 = conn
        .query_row("SELECT ifnull(max(no), 0) FROM sessions", [], |row| {
            row.get(0)
        })
        .map_err(sql)?;
    let query =
        "SELECT session_no FROM user_sessions WHERE era = ?1 AND project_no = ?2 AND user_no = ?3";
    let mut statement = conn.prepare_cached(query).map_err(sql)?;
    let mut found = Vec::new();
    for era in 0..=era_of(newest) {
        let rows = statement
            .query_map([era, project_no, user_no], |row| row.get(0))
            .map_err(sql)?;
        for no in rows {
            found.push(no.map_err(sql)?);
        }
    }
    Ok(found)
}

fn erase_session(
    conn: &Connection,
    _project_no: i64,
    no: i64,
    pseudonym: impl Fn(&str) -> String,
) -> StoreResult<()> {
    let id: String = conn
        .query_row(
            "SELECT external_id FROM sessions WHERE no = ?1",
            [no],
            |row| row.get(0),
        )
        .map_err(sql)?;
    let empty = encode_profile(&Profile::default())?;
    conn.execute(
        "UPDATE sessions SET external_id = ?2, profile = ?3 WHERE no = ?1",
        (no, pseudonym(&id), empty),
    )
    .map(drop)
    .map_err(sql)
}

fn bury_row(
    conn: &Connection,
    project_no: i64,
    user_no: i64,
    hash: &str,
    erase: bool,
) -> StoreResult<()> {
    let (state, empty) = (
        if erase { 2 } else { 1 },
        encode_profile(&Profile::default())?,
    );
    conn.execute(
        "UPDATE users SET state = ?2, external_id = NULL, external_hash = ?3, profile = ?4, updated = ?5, updated_by = NULL WHERE no = ?1",
        (user_no, state, hash, empty, Micros::now().0),
    )
    .map_err(sql)?;
    if erase {
        let row = (project_no, hash, user_no, Micros::now().0);
        conn.execute("INSERT OR REPLACE INTO suppressions (project_no, external_hash, user_no, at) VALUES (?1, ?2, ?3, ?4)", row).map_err(sql)?;
    } else {
        conn.execute(
            "DELETE FROM user_totals WHERE project_no = ?1 AND user_no = ?2",
            [project_no, user_no],
        )
        .map_err(sql)?;
    }
    Ok(())
}

/// The facts of a removed trace: none.
pub(super) const NO_FACTS: Option<&Facts> = None;
