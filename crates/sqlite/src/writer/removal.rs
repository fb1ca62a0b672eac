//! Deleting a trace or a session, and changing a session.
use super::books::Books;
use super::erase::NO_FACTS;
use super::store_trace::{find_trace, read_trace, write_trace};
use super::{Writer, commit, index, sessions};
use crate::audit;
use crate::error::{StoreResult, damaged, sql};
use crate::load::{decode_profile, encode_profile};
use crate::payloads;
use cognobserve_books::keys::HashKind;
use cognobserve_model::id::SessionNo;
use cognobserve_model::profile::ProfilePart;
use cognobserve_model::report::Deleted;
use cognobserve_model::stamp::Arrival;
use cognobserve_model::time::Micros;
use cognobserve_ports::{Actor, SessionPatch};
use rusqlite::OptionalExtension;

impl Writer {
    /// Removes a trace with its payload and everything that it counted.
    pub fn delete_trace(&mut self, project: &str, id: &str, by: &Actor) -> StoreResult<Option<()>> {
        self.transact(|tx, caches, shared, changes| {
            let Some(project) = commit::find_project(tx, caches, project)? else {
                return Ok(None);
            };
            let Some(trace) = find_trace(tx, &caches.traces, &shared.keys, project.no, id)? else {
                return Ok(None);
            };
            caches.next.save(tx)?;
            let mut books = Books::new(project.no, &project.book);
            books.replace(trace.no, Some(&trace.booked), NO_FACTS);
            index::move_trace(tx, project.no, trace.no, Some(&trace.booked), NO_FACTS)?;
            payloads::delete(tx, trace.payload_no)?;
            caches.traces.delete(
                tx,
                shared.keys.hash(HashKind::Trace, project.no, id),
                trace.no,
            )?;
            tx.execute("DELETE FROM traces WHERE no = ?1", [trace.no])
                .map_err(sql)?;
            books.close(tx, &mut caches.standings, changes)?;
            let id = shared.keys.pseudonym("id", project.no, id);
            audit::write(tx, by, Some(project.no), "trace.delete", &id)?;
            Ok(Some(()))
        })
    }

    /// Takes a session off its traces and removes it.
    pub fn delete_session(
        &mut self,
        project: &str,
        session_no: i64,
        by: &Actor,
    ) -> StoreResult<Option<Deleted>> {
        self.transact(|tx, caches, shared, changes| {
            let Some(project) = commit::find_project(tx, caches, project)? else {
                return Ok(None);
            };
            let query = "SELECT external_id FROM sessions WHERE no = ?1 AND project_no = ?2";
            let external_id: Option<String> = tx
                .query_row(query, [session_no, project.no], |row| row.get(0))
                .optional()
                .map_err(sql)?;
            let Some(external_id) = external_id else {
                return Ok(None);
            };
            caches.next.save(tx)?;
            let mut list = tx
                .prepare_cached("SELECT trace_no FROM session_traces WHERE session_no = ?1")
                .map_err(sql)?;
            let traces: Vec<i64> = list
                .query_map([session_no], |row| row.get(0))
                .and_then(Iterator::collect)
                .map_err(sql)?;
            let mut books = Books::new(project.no, &project.book);
            for no in &traces {
                let mut trace =
                    read_trace(tx, *no)?.ok_or_else(|| damaged("a session's list of traces"))?;
                trace.state.unlink_session(SessionNo(session_no));
                let facts = trace.state.facts();
                books.replace(*no, Some(&trace.booked), Some(&facts));
                index::move_trace(tx, project.no, *no, Some(&trace.booked), Some(&facts))?;
                write_trace(tx, *no, project.no, trace.payload_no, &facts, &trace.state)?;
            }
            sessions::remove_session(
                tx,
                &mut caches.standings,
                project.no,
                session_no,
                &mut books.postings.users,
            )?;
            caches.sessions.delete(
                tx,
                shared
                    .keys
                    .hash(HashKind::Session, project.no, &external_id),
                session_no,
            )?;
            caches.recent_sessions.clear();
            books.close(tx, &mut caches.standings, changes)?;
            let id = shared.keys.obscure("ses_", session_no);
            audit::write(tx, by, Some(project.no), "session.delete", &id)?;
            Ok(Some(Deleted {
                traces: traces.len() as i64,
                sessions: 1,
            }))
        })
    }

    /// Merges into a session's name and metadata at the time of the request.
    pub fn patch_session(
        &mut self,
        project: &str,
        session_no: i64,
        patch: SessionPatch,
        by: &Actor,
    ) -> StoreResult<Option<()>> {
        self.transact(|tx, caches, shared, _| {
            let Some(project) = commit::find_project(tx, caches, project)? else {
                return Ok(None);
            };
            let query = "SELECT profile FROM sessions WHERE no = ?1 AND project_no = ?2";
            let profile: Option<Vec<u8>> = tx
                .query_row(query, [session_no, project.no], |row| row.get(0))
                .optional()
                .map_err(sql)?;
            let Some(profile) = profile else {
                return Ok(None);
            };
            let mut profile = decode_profile(&profile)?;
            let now = profile
                .latest()
                .map_or(Micros::now(), |latest| latest.max(Micros::now()));
            let part = ProfilePart {
                at: now,
                name: patch.name,
                metadata: patch.metadata,
                ..ProfilePart::default()
            };
            profile.merge(&part, Arrival(now.0));
            tx.execute(
                "UPDATE sessions SET profile = ?2 WHERE no = ?1",
                (session_no, encode_profile(&profile)?),
            )
            .map_err(sql)?;
            let id = shared.keys.obscure("ses_", session_no);
            audit::write(tx, by, Some(project.no), "session.update", &id)?;
            Ok(Some(()))
        })
    }
}
