//! A group of batches into the books, in one transaction: read what the pieces touch, fold,
//! write the rows, then the sums.
use super::desk::Desk;
use super::known::Known;
use super::named::Named;
use super::open::OpenTrace;
use super::post::post;
use super::rows::{Writes, write_users};
use super::sessions::OpenSessions;
use super::tx::{ProjectFacts, Tx};
use crate::error::StoreResult;
use crate::store::PostgresStore;
use cognobserve_books::bodies::pack_piece;
use cognobserve_books::objects::split_object;
use cognobserve_books::postings::Postings;
use cognobserve_model::piece::{Batch, Piece};
use cognobserve_model::profile::ProfilePart;
use cognobserve_model::time::{MICROS_PER_DAY, Micros};
use cognobserve_model::trace::{Registry, TraceState};
use cognobserve_ports::{Committed, Refusal};
use hashbrown::HashMap;
use std::collections::{BTreeMap, BTreeSet};

type Answer = Result<Committed, Refusal>;

/// Commits all batches or none; answers per batch, in order.
pub(crate) async fn commit(
    store: &PostgresStore,
    mut group: Vec<Batch>,
) -> StoreResult<Vec<Answer>> {
    let pieces = group.iter_mut().flat_map(|batch| &mut batch.pieces);
    pieces.for_each(pack_piece);
    let count = group.iter().map(|batch| batch.pieces.len()).sum();
    let mut answers: Vec<Answer> = group.iter().map(|_| Err(Refusal::NoSuchProject)).collect();
    let mut by_project: BTreeMap<String, Vec<(usize, Batch)>> = BTreeMap::new();
    for (at, batch) in group.into_iter().enumerate() {
        let id = batch.project.as_str().to_owned();
        by_project.entry(id).or_default().push((at, batch));
    }
    let ids: Vec<String> = by_project.keys().cloned().collect();
    let tx = Tx::begin(store).await?;
    let mut new_models = Vec::new();
    for project in tx.lock_projects(&ids).await? {
        let Some(batches) = by_project.remove(&project.id) else {
            continue;
        };
        let places: Vec<usize> = batches.iter().map(|(at, _)| *at).collect();
        let batches = batches.into_iter().map(|(_, batch)| batch).collect();
        let booked = book_project(&tx, &project, batches).await?;
        for (at, answer) in places.into_iter().zip(booked.answers) {
            answers[at] = answer;
        }
        let models = booked.new_models.into_iter();
        new_models.extend(models.map(|(no, name)| (project.no, no, name)));
    }
    tx.commit().await?;
    for (project_no, no, name) in new_models {
        store.shared().put_model(project_no, no, &name);
    }
    store.note_growth(count);
    Ok(answers)
}

struct Booked {
    answers: Vec<Answer>,
    new_models: Vec<(i64, Box<str>)>,
}

async fn book_project(tx: &Tx, project: &ProjectFacts, batches: Vec<Batch>) -> StoreResult<Booked> {
    let named = Named::of(batches.iter());
    let known = Known::load(tx, project, &named).await?;
    let numbers = tx.take_numbers(named.count()).await?;
    let mut desk = Desk::new(tx.store.keys(), project, known, numbers);
    let arrivals = batches.iter().flat_map(|batch| &batch.pieces);
    let last = arrivals.map(|piece| piece.arrival).max();
    let mut folding = Folding::default();
    let answers = batches
        .into_iter()
        .map(|batch| folding.take_batch(&mut desk, batch))
        .collect();
    let keep_from = project.retention_payload_days.map(|days| {
        let age = days.saturating_mul(MICROS_PER_DAY);
        desk.now.0.saturating_sub(age)
    });
    let (mut postings, mut writes) = (Postings::default(), Writes::default());
    for open in folding.open {
        open.close(&mut desk, &mut postings, &mut writes, keep_from)?;
    }
    writes.models = std::mem::take(&mut desk.new_models);
    let new_models = writes.models.clone();
    for (no, staged) in std::mem::take(&mut desk.sessions) {
        if staged.is_new || staged.changed {
            postings.sessions.entry(no).or_default().staged = Some(staged);
        }
    }
    let unused = desk.unused_numbers();
    tx.store.shared().return_numbers(unused);
    // What traces point to is written before them.
    let users = desk.users.iter().map(|(no, staged)| (*no, staged));
    write_users(tx, project.no, users, desk.now.0).await?;
    let entries = std::mem::take(&mut postings.sessions);
    let rows = std::mem::take(&mut desk.known.session_rows);
    let sessions = OpenSessions::open(tx, project.no, entries, rows).await?;
    sessions.write_new(tx).await?;
    writes.write(tx, project.no).await?;
    post(tx, project.no, postings, sessions, &desk.users).await?;
    if let Some(last) = last {
        let query = "UPDATE projects SET last_arrival = greatest(last_arrival, $2) WHERE no = $1";
        tx.execute(query, &[&project.no, &last.0]).await?;
    }
    Ok(Booked {
        answers,
        new_models,
    })
}

/// The traces that this transaction touches.
#[derive(Default)]
struct Folding {
    open: Vec<OpenTrace>,
    /// Places in `open` by what the pieces call a trace, and by its number.
    by_id: HashMap<String, usize>,
    by_no: HashMap<i64, usize>,
}

impl Folding {
    fn take_batch(&mut self, desk: &mut Desk, batch: Batch) -> Answer {
        desk.by = batch.key.as_str().into();
        if let Some(max) = desk.project.max_users
            && exceeds(desk, &batch, max)
        {
            return Err(Refusal::TooManyUsers);
        }
        let mut committed = Committed::default();
        for piece in batch.pieces {
            let trace_id = piece.trace_id.clone();
            let refused = self.take_piece(desk, piece);
            if refused > 0 {
                committed.refused_spans.push((trace_id, refused));
            }
        }
        Ok(committed)
    }

    /// Answers how many spans were too many.
    fn take_piece(&mut self, desk: &mut Desk, mut piece: Piece) -> usize {
        desk.now = piece.arrival;
        let at = match self.by_id.get(&piece.trace_id) {
            Some(at) => *at,
            None => self.open_trace(desk, &piece),
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
                    desk.merge_profile(no.0, part);
                }
            }
            merge_session_profile(desk, &piece, time);
        }
        merged.spans_refused
    }

    fn open_trace(&mut self, desk: &mut Desk, piece: &Piece) -> usize {
        let stored = desk.known.traces.remove(piece.trace_id.as_str());
        let no = stored.as_ref().map(|stored| stored.no);
        let known = no.and_then(|no| self.by_no.get(&no).copied());
        let at = known.unwrap_or_else(|| {
            let state = match &stored {
                Some(stored) => stored.state.clone(),
                None => TraceState::new(&piece.trace_id, piece.arrival),
            };
            self.open.push(OpenTrace {
                stored,
                state,
                bodies: Vec::new(),
                drop_payload: false,
            });
            self.open.len() - 1
        });
        self.by_no.extend(no.map(|no| (no, at)));
        self.by_id.insert(piece.trace_id.clone(), at);
        at
    }
}

/// A session's name and metadata follow the profile rules, by the trace's time.
fn merge_session_profile(desk: &mut Desk, piece: &Piece, time: Micros) {
    let said = piece.session.as_ref();
    let Some(session) = said.filter(|said| said.name.is_some() || said.metadata.is_some()) else {
        return;
    };
    let metadata = session.metadata.as_deref();
    let part = ProfilePart {
        at: Micros(time.0.min(piece.arrival.0)),
        name: session.name.clone().map(Some),
        metadata: metadata.map(split_object).unwrap_or_default(),
        ..ProfilePart::default()
    };
    let no = desk.resolve_session(&session.external_id);
    desk.merge_session(no.0, &session.external_id, &part);
}

/// Whether the batch would make more users than the project may have.
fn exceeds(desk: &Desk, batch: &Batch, max_users: i64) -> bool {
    let mut new: BTreeSet<&str> = BTreeSet::new();
    for piece in &batch.pieces {
        let on_spans = piece.spans.iter().filter_map(|span| span.user.as_deref());
        let named = piece.user.as_deref().into_iter().chain(on_spans);
        let named = named.chain(piece.profiles.iter().map(|part| part.user.as_str()));
        new.extend(named.filter(|id| desk.find_user(id).is_none() && !desk.is_suppressed(id)));
    }
    !new.is_empty() && desk.count_living() + new.len() as i64 > max_users
}
