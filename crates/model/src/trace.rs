//! A trace as the fold of its pieces: merged field by field, order does not matter
//! unless pieces contradict each other, an exact repeat changes nothing.
//!
//! References to users, sessions and models are the store's numbers; a [`Registry`]
//! gives them. What the trace *counts* is decided in [`crate::facts`].
use crate::id::{MAX_SPANS_PER_TRACE, ModelNo, SessionNo, UserNo};
use crate::piece::{Piece, SpanPart};
use crate::span::{SpanState, field};
use crate::stamp::{Arrival, Stamps};
use crate::time::Micros;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// A deleted user of whom a trace still knows: the same external id on a repeated
/// piece stays this number instead of making a new person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadUser {
    pub no: UserNo,
    /// Erased users keep their spend under an anonymous tombstone; unlinked ones do not.
    pub keeps_spend: bool,
}

/// Gives numbers to names, making new ones on first sight.
pub trait Registry {
    /// Whether the id was erased and is to stay so: such a trace is counted without
    /// user, payload or readable ids.
    fn is_suppressed(&self, external_id: &str) -> bool;
    /// The one of these deleted users of a trace who had this external id.
    fn match_dead(&self, _external_id: &str, _dead: &[DeadUser]) -> Option<UserNo> {
        None
    }
    /// The tombstone that the erasure of this external id left.
    fn find_tombstone(&self, _external_id: &str) -> Option<UserNo> {
        None
    }
    /// Whether this is the number of a deleted user.
    fn is_dead(&self, _user: UserNo) -> bool {
        false
    }
    /// `dead`: deleted users of this trace, to be matched before living ones.
    fn resolve_user(&mut self, external_id: &str, dead: &[DeadUser]) -> UserNo;
    fn resolve_session(&mut self, external_id: &str) -> SessionNo;
    fn resolve_model(&mut self, name: &str) -> ModelNo;
    /// Keyed hash that replaces a readable id on erased traces.
    fn pseudonym(&self, id: &str) -> Box<str>;
}

/// The bits by which [`Stamps`] names a trace's envelope fields.
mod envelope {
    pub const NAME: u32 = 1;
    pub const TIMESTAMP: u32 = 1 << 1;
    pub const USER: u32 = 1 << 2;
    pub const SESSION: u32 = 1 << 3;
}

/// A trace, merged. `id` is the client's, or its pseudonym once erased.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TraceState {
    pub id: Box<str>,
    /// The earliest arrival of any piece: the trace's time if nothing else says one.
    pub first_arrival: Arrival,
    pub name: Option<Box<str>>,
    pub timestamp: Option<Micros>,
    pub user: Option<UserNo>,
    pub session: Option<SessionNo>,
    pub stamps: Stamps,
    pub spans: Vec<SpanState>,
    /// Readable ids, names and messages are gone; later pieces bring none back.
    pub erased: bool,
    /// Users that were deleted after this trace had named them: it goes on meaning them.
    pub dead_users: Vec<DeadUser>,
    /// Users that some piece named and no field names now.
    pub former_users: Vec<UserNo>,
    /// Once erased: the rank of each span's readable id among those known then. What
    /// depended on the order of ids goes on as it was.
    pub frozen_order: Vec<u32>,
}

/// What a merge did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Merged {
    /// A field that is kept here has changed.
    pub changed: bool,
    /// The piece names a suppressed user: the trace was erased just now, its stored
    /// payload must go.
    pub erased: bool,
    /// Spans beyond the limit were left out.
    pub spans_refused: usize,
}

impl TraceState {
    /// A trace of which nothing is known yet.
    pub fn new(id: &str, arrival: Arrival) -> TraceState {
        TraceState {
            id: id.into(),
            first_arrival: arrival,
            ..TraceState::default()
        }
    }

    /// Merges one piece.
    pub fn merge(&mut self, piece: &Piece, registry: &mut dyn Registry) -> Merged {
        let mut merged = Merged::default();
        self.bury_dead(registry);
        if !self.erased && names_suppressed(piece, registry) {
            self.erase(&|id| registry.pseudonym(id));
            // A session's id is readable, and pieces to come do not get it in either.
            self.session = None;
            for span in &mut self.spans {
                span.session = None;
            }
            merged.changed = true;
            merged.erased = true;
        }
        if piece.arrival < self.first_arrival {
            self.first_arrival = piece.arrival;
            merged.changed = true;
        }
        merged.changed |= self.merge_envelope(piece, registry);
        let mut index: HashMap<Box<str>, usize> = HashMap::new();
        if self.spans.len() > 8 && piece.spans.len() > 1 {
            index.extend(
                self.spans
                    .iter()
                    .enumerate()
                    .map(|(at, span)| (span.id.clone(), at)),
            );
        }
        for part in &piece.spans {
            let id: Box<str> = if self.erased {
                registry.pseudonym(&part.id)
            } else {
                part.id.as_str().into()
            };
            let known = match index.is_empty() {
                true => self.spans.iter().position(|span| span.id == id),
                false => index.get(&id).copied(),
            };
            let at = match known {
                Some(at) => at,
                None if self.spans.len() >= MAX_SPANS_PER_TRACE => {
                    merged.spans_refused += 1;
                    continue;
                }
                None => {
                    let span = SpanState {
                        id: id.clone(),
                        ..SpanState::default()
                    };
                    self.spans.push(span);
                    merged.changed = true;
                    if !index.is_empty() {
                        index.insert(id, self.spans.len() - 1);
                    }
                    self.spans.len() - 1
                }
            };
            merged.changed |= self.merge_span(at, part, piece.arrival, registry);
        }
        merged
    }

    fn merge_envelope(&mut self, piece: &Piece, registry: &mut dyn Registry) -> bool {
        let at = piece.arrival;
        let mut changed = false;
        if !self.erased
            && let Some(name) = &piece.name
        {
            changed |= set(
                &mut self.name,
                Box::from(name.as_str()),
                envelope::NAME,
                at,
                &mut self.stamps,
            );
        }
        if let Some(timestamp) = piece.timestamp {
            changed |= set(
                &mut self.timestamp,
                timestamp,
                envelope::TIMESTAMP,
                at,
                &mut self.stamps,
            );
        }
        let user = piece.user.as_deref();
        if let Some(no) = user.and_then(|id| self.resolve_user_named(id, registry)) {
            let old = self.user;
            changed |= set(&mut self.user, no, envelope::USER, at, &mut self.stamps);
            self.note_passed_over([old, Some(no)], self.user);
        }
        if !self.erased
            && let Some(session) = &piece.session
        {
            let no = registry.resolve_session(&session.external_id);
            changed |= set(
                &mut self.session,
                no,
                envelope::SESSION,
                at,
                &mut self.stamps,
            );
        }
        changed
    }

    fn merge_span(
        &mut self,
        index: usize,
        part: &SpanPart,
        at: Arrival,
        registry: &mut dyn Registry,
    ) -> bool {
        let erased = self.erased;
        let user = part.user.as_deref();
        let user = user.and_then(|id| self.resolve_user_named(id, registry));
        let old_user = self.spans[index].user;
        let span = &mut self.spans[index];
        let mut changed = false;
        let stamps = &mut span.stamps;
        macro_rules! put {
            ($slot:expr, $value:expr, $bit:ident) => {
                if let Some(value) = $value {
                    changed |= set(&mut $slot, value, field::$bit, at, stamps);
                }
            };
        }
        let text = |text: &Option<String>| text.as_deref().map(Box::<str>::from);
        let parent = part.parent.as_deref();
        put!(
            span.parent,
            parent.map(|id| if erased {
                registry.pseudonym(id)
            } else {
                id.into()
            }),
            PARENT
        );
        let said = stamps.of(field::APP_ROOT).is_some();
        let mut app_root = said.then_some(span.app_root);
        put!(app_root, part.app_root, APP_ROOT);
        span.app_root = app_root.unwrap_or(false);
        if !erased {
            put!(span.name, text(&part.name), NAME);
            put!(span.status_message, text(&part.status_message), STATUS);
            put!(span.trace_name, text(&part.trace_name), TRACE_NAME);
            put!(
                span.session,
                part.session
                    .as_deref()
                    .map(|id| registry.resolve_session(id)),
                SESSION
            );
        }
        let response = part.response_id.as_deref();
        put!(
            span.response_id,
            response.map(|id| if erased {
                registry.pseudonym(id)
            } else {
                id.into()
            }),
            RESPONSE
        );
        put!(span.kind, part.kind, KIND);
        put!(span.level, part.level, LEVEL);
        put!(span.start, part.start, START);
        put!(span.end, part.end, END);
        put!(
            span.model,
            part.model
                .as_deref()
                .map(|name| registry.resolve_model(name)),
            MODEL
        );
        put!(span.usage.prompt, part.usage.prompt, PROMPT);
        put!(span.usage.completion, part.usage.completion, COMPLETION);
        put!(span.usage.total, part.usage.total, TOTAL);
        put!(span.usage.cached, part.usage.cached, CACHED);
        put!(span.usage.reasoning, part.usage.reasoning, REASONING);
        put!(span.usage.cache_write, part.usage.cache_write, CACHE_WRITE);
        put!(span.client_cost.input, part.cost.input, COST_INPUT);
        put!(span.client_cost.output, part.cost.output, COST_OUTPUT);
        put!(span.client_cost.total, part.cost.total, COST_TOTAL);
        put!(span.client_cost.span_total, part.cost.span_total, SPAN_COST);
        put!(span.user, user, USER);
        let new_user = span.user;
        self.note_passed_over([old_user, user], new_user);
        changed
    }

    /// Whom an external id means in this trace: for good whom it meant at first, whatever
    /// became of that one; `None` is nobody.
    pub fn resolve_user_named(
        &mut self,
        external_id: &str,
        registry: &mut dyn Registry,
    ) -> Option<UserNo> {
        if let Some(no) = registry.match_dead(external_id, &self.dead_users) {
            return Some(no);
        }
        if registry.is_suppressed(external_id) {
            let no = registry.find_tombstone(external_id)?;
            self.bury_user(no, false);
            return Some(no);
        }
        Some(registry.resolve_user(external_id, &self.dead_users))
    }

    /// Notes who was named and is not, or no longer, what the field says.
    fn note_passed_over(&mut self, named: [Option<UserNo>; 2], kept: Option<UserNo>) {
        for no in named.into_iter().flatten() {
            if Some(no) != kept && !self.former_users.contains(&no) {
                self.former_users.push(no);
            }
        }
    }

    /// Notes which of the users that the trace has named were deleted since.
    fn bury_dead(&mut self, registry: &dyn Registry) {
        let on_spans = self.spans.iter().filter_map(|span| span.user);
        let named = self.user.into_iter().chain(on_spans);
        let named = named.chain(self.former_users.iter().copied());
        let mut dead: Vec<UserNo> = named.filter(|no| registry.is_dead(*no)).collect();
        dead.dedup();
        for no in dead {
            self.bury_user(no, false);
        }
    }

    /// When an envelope field was set, for ranking against spans.
    pub(crate) fn user_stamp(&self) -> Option<Arrival> {
        self.stamps.of(envelope::USER)
    }

    pub(crate) fn session_stamp(&self) -> Option<Arrival> {
        self.stamps.of(envelope::SESSION)
    }

    pub(crate) fn name_stamp(&self) -> Option<Arrival> {
        self.stamps.of(envelope::NAME)
    }

    /// Replaces every readable id by its pseudonym and drops names and messages.
    /// What counts stays. Does nothing the second time.
    pub fn erase(&mut self, pseudonym: &dyn Fn(&str) -> Box<str>) {
        if std::mem::replace(&mut self.erased, true) {
            return;
        }
        self.id = pseudonym(&self.id);
        self.name = None;
        self.frozen_order = rank_ids(&self.spans);
        for span in &mut self.spans {
            span.id = pseudonym(&span.id);
            span.parent = span.parent.as_deref().map(pseudonym);
            span.response_id = span.response_id.as_deref().map(pseudonym);
            span.name = None;
            span.status_message = None;
            span.trace_name = None;
        }
    }

    /// Whether any field names this user.
    pub fn names_user(&self, user: UserNo) -> bool {
        self.user == Some(user) || self.spans.iter().any(|span| span.user == Some(user))
    }

    /// Notes that a user of this trace was deleted: unlinked for good, or erased with
    /// the spend kept under the tombstone.
    pub fn bury_user(&mut self, no: UserNo, keeps_spend: bool) {
        if !self.dead_users.iter().any(|dead| dead.no == no) {
            self.dead_users.push(DeadUser { no, keeps_spend });
        }
    }

    /// Takes a deleted session off the trace: what named it names nothing, and still
    /// outranks what it outranked.
    pub fn unlink_session(&mut self, session: SessionNo) {
        let on_spans = self.spans.iter_mut().map(|span| &mut span.session);
        for slot in on_spans.chain([&mut self.session]) {
            if *slot == Some(session) {
                *slot = Some(SessionNo::NONE);
            }
        }
    }
}

/// For each span the rank of its id among all.
fn rank_ids(spans: &[SpanState]) -> Vec<u32> {
    let mut order: Vec<usize> = (0..spans.len()).collect();
    order.sort_by(|a, b| spans[*a].id.cmp(&spans[*b].id));
    let mut ranks = vec![0; spans.len()];
    for (rank, at) in (0..).zip(order) {
        ranks[at] = rank;
    }
    ranks
}

fn names_suppressed(piece: &Piece, registry: &dyn Registry) -> bool {
    let on_spans = piece.spans.iter().filter_map(|span| span.user.as_deref());
    piece
        .user
        .as_deref()
        .into_iter()
        .chain(on_spans)
        .any(|id| registry.is_suppressed(id))
}

/// Sets a field if this arrival may; tells whether the field or its stamp changed. An
/// equal value leaves the field, but is said again: what arrived before does not undo it.
fn set<T: PartialEq>(
    slot: &mut Option<T>,
    value: T,
    bit: u32,
    at: Arrival,
    stamps: &mut Stamps,
) -> bool {
    if !stamps.admits(bit, at) {
        return false;
    }
    if slot.as_ref() == Some(&value) && stamps.of(bit) == Some(at) {
        return false;
    }
    *slot = Some(value);
    stamps.set(bit, at);
    true
}
