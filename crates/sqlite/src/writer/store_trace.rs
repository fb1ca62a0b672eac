//! A trace row: found by its external id, read, and written back with what it books.
use super::books::Books;
use super::desk::Desk;
use super::index;
use super::sequences::take;
use crate::error::{damaged, sql};
use crate::held::Held;

use crate::lookup::Lookup;
use crate::payloads;
use cognobserve_books::bodies::{Kept, fold_bodies};
use cognobserve_books::keys::{HashKind, Keys};
use cognobserve_books::staged::Staged;
use cognobserve_model::facts::Facts;
use cognobserve_model::id::{ModelNo, SessionNo};
use cognobserve_model::trace::TraceState;
use cognobserve_ports::StoreError;
use rusqlite::Connection;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

/// A stored trace: the merged state, and the facts as they are booked.
#[derive(Clone)]
pub(crate) struct StoredTrace {
    pub no: i64,
    pub project_no: i64,
    pub payload_no: i64,
    pub booked: Facts,
    pub state: TraceState,
}

/// Reads a trace by its number.
pub(crate) fn read_trace(conn: &Connection, no: i64) -> Result<Option<StoredTrace>, StoreError> {
    let mut statement = conn
        .prepare_cached("SELECT project_no, payload_no, booked, state FROM traces WHERE no = ?1")
        .map_err(sql)?;
    let mut rows = statement.query([no]).map_err(sql)?;
    let Some(row) = rows.next().map_err(sql)? else {
        return Ok(None);
    };
    let blob = |at: usize| {
        row.get_ref(at)
            .map_err(sql)?
            .as_blob()
            .map_err(|_| damaged("trace"))
    };
    Ok(Some(StoredTrace {
        no,
        project_no: row.get(0).map_err(sql)?,
        payload_no: row.get(1).map_err(sql)?,
        booked: postcard::from_bytes(blob(2)?).map_err(|_| damaged("trace"))?,
        state: postcard::from_bytes(blob(3)?).map_err(|_| damaged("trace"))?,
    }))
}

/// Finds the trace with this external id among candidates.
pub(crate) fn match_trace(
    conn: &Connection,
    keys: &Keys,
    project_no: i64,
    id: &str,
    candidates: &[i64],
) -> Result<Option<StoredTrace>, StoreError> {
    for no in candidates {
        let Some(stored) = read_trace(conn, *no)? else {
            continue;
        };
        // An erased trace is found by its old id and by the pseudonym that lists show.
        let same_id = *stored.state.id == *id
            || (stored.state.erased && *stored.state.id == *keys.pseudonym("id", project_no, id));
        if stored.project_no == project_no && same_id {
            return Ok(Some(stored));
        }
    }
    Ok(None)
}

pub(super) fn find_trace(
    conn: &Connection,
    lookup: &Lookup,
    keys: &Keys,
    project_no: i64,
    id: &str,
) -> Result<Option<StoredTrace>, StoreError> {
    let hash = keys.hash(HashKind::Trace, project_no, id);
    match_trace(conn, keys, project_no, id, &lookup.find(conn, hash)?)
}

/// A trace of the group at hand: what was stored, what it has become, what payload came.
pub(super) struct OpenTrace {
    pub stored: Option<StoredTrace>,
    pub state: TraceState,
    pub lookup_hash: i64,
    pub bodies: Vec<Box<[u8]>>,
    /// Erased in this group: what payload was stored must go.
    pub drop_payload: bool,
}

impl OpenTrace {
    /// Prices, books the difference and writes the row; nothing if nothing has changed.
    /// A trace from before `keep_payload_from` keeps no payload.
    pub fn close(
        mut self,
        desk: &mut Desk,
        books: &mut Books,
        keep_payload_from: Option<i64>,
    ) -> Result<(), StoreError> {
        if self.stored.is_some() {
            unlink_missing_sessions(desk, &mut self.state)?;
        }
        let stored = self.stored.take();
        let before = stored.as_ref().map(|stored| &stored.state);
        if before == Some(&self.state) && self.bodies.is_empty() {
            return Ok(());
        }
        let project_no = desk.project_no;
        let names = read_model_names(desk, &self.state)?;
        let name_of = |no| names.get(&no).cloned().unwrap_or_else(|| "".into());
        self.state.price(before, books.book, &name_of, false);
        let facts = self.state.facts();
        if keep_payload_from.is_some_and(|from| facts.time.0 < from) {
            self.bodies.clear();
            self.drop_payload = true;
        }
        let old_payload = stored.as_ref().map_or(0, |stored| stored.payload_no);
        let payload_no = self.store_payload(desk, old_payload)?;
        let unchanged = before == Some(&self.state) && payload_no == old_payload;
        if unchanged {
            return Ok(());
        }
        let no = match &stored {
            Some(stored) => stored.no,
            None => {
                let no = take(&mut desk.caches.next.trace);
                desk.caches.traces.insert(desk.tx, self.lookup_hash, no)?;
                no
            }
        };
        let booked = stored.as_ref().map(|stored| &stored.booked);
        if self.state.erased && before.is_none_or(|before| !before.erased) {
            let hash = desk
                .shared
                .keys
                .hash(HashKind::Trace, project_no, &self.state.id);
            desk.caches.traces.insert(desk.tx, hash, no)?;
        }
        let same_facts = booked.is_some_and(|booked| {
            Facts {
                name: facts.name.clone(),
                ..booked.clone()
            } == facts
        });
        if !same_facts {
            books.replace(no, booked, Some(&facts));
            index::move_trace(desk.tx, project_no, no, booked, Some(&facts))?;
        }
        // Plain inserts are appended; only a known row is looked for.
        let statement = if stored.is_some() { UPDATE } else { INSERT };
        put_trace(
            desk.tx,
            statement,
            no,
            project_no,
            payload_no,
            &facts,
            &self.state,
        )
    }

    fn store_payload(&mut self, desk: &mut Desk, old: i64) -> Result<i64, StoreError> {
        let mut head = old;
        if self.drop_payload && head > 0 {
            payloads::delete(desk.tx, head)?;
            head = 0;
        }
        if self.state.erased || self.bodies.is_empty() {
            return Ok(head);
        }
        let stored = payloads::read_chain(desk.tx, head)?;
        let (prev, body) = match fold_bodies(&stored, std::mem::take(&mut self.bodies))? {
            Kept::AsStored => return Ok(head),
            Kept::With(body) => (head, body),
            Kept::Instead(body) => {
                payloads::delete(desk.tx, head)?;
                (0, body)
            }
        };
        let no = take(&mut desk.caches.next.payload);
        payloads::insert(desk.tx, no, prev, &body)?;
        Ok(no)
    }
}

/// A stored trace may name a session that was deleted while another one ranked higher.
fn unlink_missing_sessions(desk: &Desk, state: &mut TraceState) -> Result<(), StoreError> {
    let on_spans = state.spans.iter().filter_map(|span| span.session);
    let mut named: Vec<SessionNo> = state.session.into_iter().chain(on_spans).collect();
    named.sort_unstable();
    named.dedup();
    for session in named
        .into_iter()
        .filter(|session| *session != SessionNo::NONE)
    {
        let is_new = |staged: &Staged| staged.is_new;
        if !desk.sessions.get(&session.0).is_some_and(is_new)
            && !desk.caches.standings.contains(desk.tx, session.0)?
        {
            state.unlink_session(session);
        }
    }
    Ok(())
}

fn read_model_names(
    desk: &mut Desk,
    state: &TraceState,
) -> Result<HashMap<ModelNo, Arc<str>>, StoreError> {
    let mut names = HashMap::new();
    for model in state.spans.iter().filter_map(|span| span.model) {
        if let Entry::Vacant(slot) = names.entry(model) {
            slot.insert(desk.read_model_name(model.0)?);
        }
    }
    Ok(names)
}

const INSERT: &str = "INSERT INTO traces (no, project_no, user_no, session_no, time, levels, latency, payload_no, booked, state)
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
const UPDATE: &str = "UPDATE traces SET user_no = ?3, session_no = ?4, time = ?5, levels = ?6, latency = ?7, payload_no = ?8, booked = ?9, state = ?10
     WHERE no = ?1 AND project_no = ?2";

fn put_trace(
    conn: &Held,
    statement: &'static str,
    no: i64,
    project_no: i64,
    payload_no: i64,
    facts: &Facts,
    state: &TraceState,
) -> Result<(), StoreError> {
    // Rows are small: one allocation of the usual size instead of growing byte by byte.
    let booked =
        postcard::to_extend(facts, Vec::with_capacity(192)).map_err(|_| damaged("trace"))?;
    let bytes = Vec::with_capacity(128 + 128 * state.spans.len());
    let bytes = postcard::to_extend(state, bytes).map_err(|_| damaged("trace"))?;
    let user = facts.user.map_or(0, |user| user.0);
    let session = facts.session.map_or(0, |session| session.0);
    conn.run(
        statement,
        (
            no,
            project_no,
            user,
            session,
            facts.time.0,
            facts.levels,
            facts.latency_micros,
            payload_no,
            booked,
            bytes,
        ),
    )
}

/// Writes a changed trace back.
pub(super) fn write_trace(
    conn: &Held,
    no: i64,
    project_no: i64,
    payload_no: i64,
    facts: &Facts,
    state: &TraceState,
) -> Result<(), StoreError> {
    put_trace(conn, UPDATE, no, project_no, payload_no, facts, state)
}
