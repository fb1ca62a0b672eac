//! Deliveries: pieces are kept, and whom they name is decided at first sight.
//!
//! Within a trace an external id keeps meaning whom it first meant, so that a repeat after
//! a deletion neither revives the deleted one nor moves the trace.
use super::payload::{read_object, strip_readable, strip_session};
use super::profile::Facts;
use super::state::{Fate, Person, ProjectRecord, SessionRecord, TraceRecord, UserRecord};
use crate::{Committed, Refusal};
use cognobserve_model::id::{MAX_SPANS_PER_TRACE, SessionId, UserId};
use cognobserve_model::piece::{Batch, Piece, SessionPart};
use cognobserve_model::profile::ProfilePart;
use cognobserve_model::time::Micros;
use std::collections::{BTreeMap, BTreeSet, HashSet};

impl ProjectRecord {
    /// Books a batch as a whole or not at all.
    pub fn book_batch(
        &mut self,
        batch: Batch,
        number: &mut dyn FnMut() -> i64,
    ) -> Result<Committed, Refusal> {
        let before = self.clone();
        let mut committed = Committed::default();
        for piece in batch.pieces {
            let trace_id = piece.trace_id.clone();
            let refused = self.book_piece(piece, number);
            if refused > 0 {
                committed.refused_spans.push((trace_id, refused));
            }
        }
        if self.has_too_many_users(&before) {
            *self = before;
            return Err(Refusal::TooManyUsers);
        }
        Ok(committed)
    }

    pub fn count_living(&self) -> usize {
        self.users
            .iter()
            .filter(|user| user.fate == Fate::Living)
            .count()
    }

    pub fn has_too_many_users(&self, before: &ProjectRecord) -> bool {
        let max = self.project.settings.max_users;
        self.users.len() > before.users.len()
            && max.is_some_and(|max| self.count_living() as u64 > max)
    }

    /// Books one piece; answers how many spans were too many.
    fn book_piece(&mut self, mut piece: Piece, number: &mut dyn FnMut() -> i64) -> usize {
        let at = self.open_trace(&piece.trace_id);
        if list_named_users(&piece)
            .iter()
            .any(|id| self.suppressed.contains_key(id))
            && !self.traces[at].erased
        {
            // Later data of an erased person: counted, but in no readable session.
            self.traces[at].erase();
            self.traces[at].pieces.iter_mut().for_each(strip_session);
        }
        if self.traces[at].erased {
            strip_readable(&mut piece);
            strip_session(&mut piece);
        }
        for id in list_named_users(&piece) {
            self.meet_person(at, &id, Micros(piece.arrival.0), number);
        }
        for id in list_named_sessions(&piece) {
            self.meet_room(at, &id, Micros(piece.arrival.0), number);
        }
        for part in &piece.profiles {
            let person = self.meet_person(at, &part.user, Micros(piece.arrival.0), number);
            if let Person::User(user) = person
                && self.users[user].fate == Fate::Living
            {
                self.users[user].profile.note(part, piece.arrival);
            }
        }
        let refused = self.traces[at].leave_out_spans(&mut piece);
        self.traces[at].pieces.push(piece.clone());
        self.price_trace(at, false);
        self.note_session(at, &piece);
        refused
    }

    /// What a piece says of its session was true at the trace's time, as far as it is known.
    fn note_session(&mut self, trace: usize, piece: &Piece) {
        let Some(session) = &piece.session else {
            return;
        };
        let trace = &self.traces[trace];
        let room = &mut self.sessions[trace.rooms[&session.external_id]];
        if !room.erased {
            let time = trace.time(&trace.merge_spans());
            let part = describe_session(session, time.min(Micros(piece.arrival.0)));
            room.profile.note(&part, piece.arrival);
        }
    }

    fn open_trace(&mut self, id: &str) -> usize {
        if let Some(at) = self.traces.iter().position(|trace| trace.id == id) {
            return at;
        }
        self.traces.push(TraceRecord {
            id: id.to_owned(),
            pieces: Vec::new(),
            people: BTreeMap::new(),
            tombstones: BTreeSet::new(),
            rooms: BTreeMap::new(),
            erased: false,
            prices: BTreeMap::new(),
        });
        self.traces.len() - 1
    }

    /// Whom an external id means within a trace.
    fn meet_person(
        &mut self,
        trace: usize,
        external_id: &str,
        now: Micros,
        number: &mut dyn FnMut() -> i64,
    ) -> Person {
        if let Some(known) = self.traces[trace].people.get(external_id) {
            return *known;
        }
        let person = match self.suppressed.contains_key(external_id) {
            true => Person::Nobody,
            false => Person::User(self.take_user(external_id, now, number)),
        };
        self.traces[trace]
            .people
            .insert(external_id.to_owned(), person);
        person
    }

    /// The living user with this external id, made if there is none.
    pub fn take_user(
        &mut self,
        external_id: &str,
        now: Micros,
        number: &mut dyn FnMut() -> i64,
    ) -> usize {
        let found = self
            .users
            .iter()
            .position(|user| user.fate == Fate::Living && user.external_id == external_id);
        found.unwrap_or_else(|| {
            self.users.push(UserRecord {
                id: UserId::new(format!("usr_{}", number())),
                external_id: external_id.to_owned(),
                created: now,
                fate: Fate::Living,
                profile: Facts::new(now),
            });
            self.users.len() - 1
        })
    }

    /// Which session an external id means within a trace.
    fn meet_room(
        &mut self,
        trace: usize,
        external_id: &str,
        now: Micros,
        number: &mut dyn FnMut() -> i64,
    ) {
        if self.traces[trace].rooms.contains_key(external_id) {
            return;
        }
        let found = self
            .sessions
            .iter()
            .position(|session| !session.removed && session.external_id == external_id);
        let room = found.unwrap_or_else(|| {
            self.sessions.push(SessionRecord {
                id: SessionId::new(format!("ses_{}", number())),
                external_id: external_id.to_owned(),
                created: now,
                removed: false,
                erased: false,
                profile: Facts::new(now),
            });
            self.sessions.len() - 1
        });
        self.traces[trace]
            .rooms
            .insert(external_id.to_owned(), room);
    }
}

impl TraceRecord {
    /// Everything readable goes, now and later.
    pub fn erase(&mut self) {
        self.erased = true;
        self.pieces.iter_mut().for_each(strip_readable);
    }

    /// Takes new spans beyond the limit out of a piece; answers how many.
    fn leave_out_spans(&self, piece: &mut Piece) -> usize {
        let mut known: HashSet<String> = self.list_span_ids().into_iter().collect();
        let before = piece.spans.len();
        piece.spans.retain(|span| {
            let fits = known.contains(&span.id) || known.len() < MAX_SPANS_PER_TRACE;
            if fits {
                known.insert(span.id.clone());
            }
            fits
        });
        before - piece.spans.len()
    }
}

fn list_named_users(piece: &Piece) -> Vec<String> {
    let on_spans = piece.spans.iter().filter_map(|span| span.user.clone());
    piece.user.iter().cloned().chain(on_spans).collect()
}

fn list_named_sessions(piece: &Piece) -> Vec<String> {
    let envelope = piece
        .session
        .iter()
        .map(|session| session.external_id.clone());
    envelope
        .chain(piece.spans.iter().filter_map(|span| span.session.clone()))
        .collect()
}

/// What a piece says of its session, as a fact of a time.
fn describe_session(session: &SessionPart, at: Micros) -> ProfilePart {
    let keys = session
        .metadata
        .as_deref()
        .map(read_object)
        .unwrap_or_default();
    let clear_null = |value: String| (value != "null").then_some(value);
    ProfilePart {
        user: String::new(),
        at,
        name: session.name.clone().map(Some),
        email: None,
        metadata: keys
            .into_iter()
            .map(|(key, value)| (key, clear_null(value)))
            .collect(),
    }
}
