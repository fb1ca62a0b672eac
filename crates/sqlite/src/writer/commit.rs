//! A group of batches into the books, in one transaction.
use super::books::Books;
use super::desk::Desk;
use super::store_trace::{OpenTrace, find_trace};
use super::{Caches, Changes, ProjectFacts, Shared, Writer};
use crate::error::{StoreResult, sql};
use crate::held::Held;
use cognobserve_books::bodies::pack_piece;
use cognobserve_books::keys::HashKind;
use cognobserve_books::objects::split_object;
use cognobserve_model::piece::{Batch, Piece};
use cognobserve_model::profile::ProfilePart;
use cognobserve_model::stamp::Arrival;
use cognobserve_model::time::{MICROS_PER_DAY, Micros};
use cognobserve_model::trace::{Registry, TraceState};
use cognobserve_ports::{Committed, Refusal};
use rusqlite::{Connection, OptionalExtension};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

impl Writer {
    /// Commits all batches or none; answers per batch, in order.
    pub fn commit(&mut self, group: Vec<Batch>) -> StoreResult<Vec<Result<Committed, Refusal>>> {
        self.transact(|tx, caches, shared, changes| {
            commit_group(tx, caches, shared, changes, group)
        })
    }
}

fn commit_group(
    tx: &Held,
    caches: &mut Caches,
    shared: &Shared,
    changes: &mut Changes,
    group: Vec<Batch>,
) -> StoreResult<Vec<Result<Committed, Refusal>>> {
    let mut answers: Vec<Result<Committed, Refusal>> =
        group.iter().map(|_| Err(Refusal::NoSuchProject)).collect();
    let mut by_project: BTreeMap<String, Vec<(usize, Batch)>> = BTreeMap::new();
    for (at, batch) in group.into_iter().enumerate() {
        by_project
            .entry(batch.project.as_str().to_owned())
            .or_default()
            .push((at, batch));
    }
    let arrivals = by_project
        .values()
        .flatten()
        .flat_map(|(_, batch)| &batch.pieces);
    if let Some(last) = arrivals.map(|piece| piece.arrival).max() {
        note_arrival(tx, last)?;
    }
    let directory = shared.directory.read();
    for (project_id, batches) in by_project {
        let Some(project) = find_project(tx, caches, &project_id)? else {
            continue;
        };
        let mut desk = Desk::new(tx, caches, shared, directory.people(project.no), project.no);
        let mut session = CommitSession {
            open: Vec::new(),
            index: HashMap::new(),
        };
        for (at, batch) in batches {
            answers[at] = session.take_batch(&mut desk, &project, batch)?;
        }
        desk.write_staged(changes)?;
        let mut books = Books::new(project.no, &project.book);
        let keep_from = project.retention_payload_days.map(|days| {
            desk.now
                .0
                .saturating_sub(days.saturating_mul(MICROS_PER_DAY))
        });
        for open in session.open {
            open.close(&mut desk, &mut books, keep_from)?;
        }
        for (no, staged) in std::mem::take(&mut desk.sessions) {
            if staged.is_new || staged.changed {
                books.postings.sessions.entry(no).or_default().staged = Some(staged);
            }
        }
        books.close(tx, &mut desk.caches.standings, changes)?;
    }
    Ok(answers)
}

fn note_arrival(tx: &Held, last: Arrival) -> StoreResult<()> {
    tx.run(
        "INSERT INTO meta (key, value) VALUES ('last_arrival', ?1)
         ON CONFLICT DO UPDATE SET value = max(value, excluded.value)",
        [last.0],
    )
}

/// The latest arrival that was committed; 0 before the first.
pub(crate) fn read_last_arrival(conn: &Connection) -> StoreResult<Arrival> {
    let query = "SELECT value FROM meta WHERE key = 'last_arrival'";
    let found = conn.query_row(query, [], |row| row.get(0)).optional();
    found.map(|last| Arrival(last.unwrap_or(0))).map_err(sql)
}

/// The traces that this group touches, by external id.
struct CommitSession {
    open: Vec<OpenTrace>,
    index: HashMap<String, usize>,
}

impl CommitSession {
    fn take_batch(
        &mut self,
        desk: &mut Desk,
        project: &ProjectFacts,
        batch: Batch,
    ) -> StoreResult<Result<Committed, Refusal>> {
        desk.by = batch.key.as_str().into();
        if let Some(max) = project.max_users
            && exceeds(desk, &batch, max)
        {
            return Ok(Err(Refusal::TooManyUsers));
        }
        let mut committed = Committed::default();
        for piece in batch.pieces {
            let trace_id = piece.trace_id.clone();
            let refused = self.take_piece(desk, piece)?;
            if refused > 0 {
                committed.refused_spans.push((trace_id, refused));
            }
        }
        Ok(Ok(committed))
    }

    fn take_piece(&mut self, desk: &mut Desk, mut piece: Piece) -> StoreResult<usize> {
        pack_piece(&mut piece);
        desk.now = piece.arrival;
        let at = match self.index.get(&piece.trace_id) {
            Some(at) => *at,
            None => self.open_trace(desk, &piece)?,
        };
        let open = &mut self.open[at];
        let merged = open.state.merge(&piece, desk);
        if merged.erased {
            open.drop_payload = true;
            open.bodies.clear();
        }
        if let Some(body) = piece.packed.take().filter(|_| !open.state.erased) {
            open.bodies.push(body);
        }
        if !open.state.erased {
            let time = open.state.time();
            for part in &piece.profiles {
                let named = open.state.resolve_user_named(&part.user, desk);
                if let Some(no) = named.filter(|no| !desk.is_dead(*no)) {
                    desk.merge_profile(no.0, part)?;
                }
            }
            merge_session_profile(desk, &piece, time)?;
        }
        match desk.failed.take() {
            Some(error) => Err(error),
            None => Ok(merged.spans_refused),
        }
    }

    fn open_trace(&mut self, desk: &mut Desk, piece: &Piece) -> StoreResult<usize> {
        let keys = &desk.shared.keys;
        let stored = find_trace(
            desk.tx,
            &desk.caches.traces,
            keys,
            desk.project_no,
            &piece.trace_id,
        )?;
        let state = match &stored {
            Some(stored) => stored.state.clone(),
            None => TraceState::new(&piece.trace_id, piece.arrival),
        };
        let lookup_hash = keys.hash(HashKind::Trace, desk.project_no, &piece.trace_id);
        self.open.push(OpenTrace {
            stored,
            state,
            lookup_hash,
            bodies: Vec::new(),
            drop_payload: false,
        });
        self.index
            .insert(piece.trace_id.clone(), self.open.len() - 1);
        Ok(self.open.len() - 1)
    }
}

/// A session's name and metadata follow the profile rules, by the trace's time.
fn merge_session_profile(desk: &mut Desk, piece: &Piece, time: Micros) -> StoreResult<()> {
    let Some(session) = piece
        .session
        .as_ref()
        .filter(|s| s.name.is_some() || s.metadata.is_some())
    else {
        return Ok(());
    };
    let metadata = session
        .metadata
        .as_deref()
        .map(split_object)
        .unwrap_or_default();
    let part = ProfilePart {
        at: Micros(time.0.min(piece.arrival.0)),
        name: session.name.clone().map(Some),
        metadata,
        ..ProfilePart::default()
    };
    let no = desk.resolve_session(&session.external_id);
    if desk.failed.is_some() {
        return Ok(());
    }
    desk.merge_session(no.0, &session.external_id, &part)
}

/// Whether the batch would make more users than the project may have.
fn exceeds(desk: &Desk, batch: &Batch, max_users: i64) -> bool {
    let mut new: HashSet<&str> = HashSet::new();
    for piece in &batch.pieces {
        let named = piece.user.as_deref().into_iter();
        let named = named.chain(piece.spans.iter().filter_map(|span| span.user.as_deref()));
        let named = named.chain(piece.profiles.iter().map(|part| part.user.as_str()));
        new.extend(named.filter(|id| desk.find_user(id).is_none() && !desk.is_suppressed(id)));
    }
    let staged = desk.users.values().filter(|staged| staged.is_new).count();
    let living = desk
        .people
        .map_or(0, crate::directory::People::count_living);
    !new.is_empty() && (living + staged + new.len()) as i64 > max_users
}

/// The project, from the cache or the store; absent ones are remembered until a change.
pub(super) fn find_project(
    conn: &Connection,
    caches: &mut Caches,
    id: &str,
) -> StoreResult<Option<Arc<ProjectFacts>>> {
    if let Some(known) = caches.projects.get(id) {
        return Ok(known.clone());
    }
    let row = conn.query_row(
        "SELECT no, max_users, retention_payload_days FROM projects WHERE id = ?1",
        [id],
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
    );
    let found = match row.optional().map_err(sql)? {
        Some((no, max_users, retention_payload_days)) => {
            let book = Arc::new(crate::accounts::read_book(conn, no)?);
            Some(Arc::new(ProjectFacts {
                no,
                max_users,
                retention_payload_days,
                book,
            }))
        }
        None => None,
    };
    if caches.projects.len() < 10_000 {
        caches.projects.insert(id.to_owned(), found.clone());
    }
    Ok(found)
}
