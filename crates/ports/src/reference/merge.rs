//! A trace's pieces merged, from scratch: for every field the value of the highest rank.
//!
//! Rank: an envelope or root span over another span, then the later arrival; inside one
//! piece the envelope, then the later start, then the larger span id.
use super::state::{Fate, Person, ProjectRecord, TraceRecord};
use cognobserve_model::piece::{Piece, SpanPart};
use cognobserve_model::span::{ClientCost, Level, SpanKind};
use cognobserve_model::stamp::Arrival;
use cognobserve_model::time::{LONGEST_SPAN_MICROS, Micros};
use cognobserve_model::usage::Usage;
use std::collections::{HashMap, HashSet};

/// A span as its pieces say together.
#[derive(Clone, Debug)]
pub(super) struct Span {
    pub id: String,
    pub parent: Option<String>,
    pub app_root: bool,
    pub name: Option<String>,
    pub kind: SpanKind,
    pub level: Level,
    pub status_message: Option<String>,
    pub start: Option<Micros>,
    pub end: Option<Micros>,
    pub model: Option<String>,
    pub response_id: Option<String>,
    pub usage: Usage,
    pub cost: ClientCost,
}

impl Span {
    /// How long it took; not if it never ended, ended before it began or took over 30 days.
    pub fn duration_micros(&self) -> Option<i64> {
        let (start, end) = (self.start?, self.end?);
        if end < start || end.0 - start.0 > LONGEST_SPAN_MICROS {
            return None;
        }
        Some(end.0 - start.0)
    }

    /// Start, else (or if its times make no sense) the trace's time.
    pub fn price_time(&self, trace_time: Micros) -> Micros {
        match self.start {
            None => trace_time,
            Some(_) if self.end.is_some() && self.duration_micros().is_none() => trace_time,
            Some(start) => start,
        }
    }
}

/// What the latest of some sayings says.
fn find_latest<T: Clone>(sayings: impl Iterator<Item = (Arrival, Option<T>)>) -> Option<T> {
    let mut best: Option<(Arrival, T)> = None;
    for (arrival, value) in sayings {
        let Some(value) = value else { continue };
        if best.as_ref().is_none_or(|(at, _)| *at <= arrival) {
            best = Some((arrival, value));
        }
    }
    best.map(|(_, value)| value)
}

/// Merges what pieces say of one span.
fn merge_span(id: &str, parts: &[(Arrival, &SpanPart)]) -> Span {
    macro_rules! latest {
        ($($field:ident).+) => {
            find_latest(parts.iter().map(|(arrival, part)| (*arrival, part.$($field).+.clone())))
        };
    }
    Span {
        id: id.to_owned(),
        parent: latest!(parent),
        app_root: latest!(app_root) == Some(true),
        name: latest!(name),
        kind: latest!(kind).unwrap_or(SpanKind::Span),
        level: latest!(level).unwrap_or(Level::Default),
        status_message: latest!(status_message),
        start: latest!(start),
        end: latest!(end),
        model: latest!(model),
        response_id: latest!(response_id),
        usage: Usage {
            prompt: latest!(usage.prompt),
            completion: latest!(usage.completion),
            total: latest!(usage.total),
            cached: latest!(usage.cached),
            reasoning: latest!(usage.reasoning),
            cache_write: latest!(usage.cache_write),
        },
        cost: ClientCost {
            input: latest!(cost.input),
            output: latest!(cost.output),
            total: latest!(cost.total),
            span_total: latest!(cost.span_total),
        },
    }
}

impl TraceRecord {
    /// Every span that any piece names, in the order in which they were first named.
    pub fn list_span_ids(&self) -> Vec<String> {
        let mut seen = HashSet::new();
        let parts = self.pieces.iter().flat_map(|piece| &piece.spans);
        parts
            .filter(|part| seen.insert(part.id.clone()))
            .map(|part| part.id.clone())
            .collect()
    }

    pub fn merge_spans(&self) -> Vec<Span> {
        let mut parts: HashMap<&str, Vec<(Arrival, &SpanPart)>> = HashMap::new();
        for piece in &self.pieces {
            for part in &piece.spans {
                parts
                    .entry(&part.id)
                    .or_default()
                    .push((piece.arrival, part));
            }
        }
        self.list_span_ids()
            .iter()
            .map(|id| merge_span(id, &parts[id.as_str()]))
            .collect()
    }

    pub fn first_arrival(&self) -> Arrival {
        self.pieces
            .iter()
            .map(|piece| piece.arrival)
            .min()
            .unwrap_or_default()
    }

    /// `timestamp`, else the earliest span start, else the first arrival.
    pub fn time(&self, spans: &[Span]) -> Micros {
        let said = find_latest(
            self.pieces
                .iter()
                .map(|piece| (piece.arrival, piece.timestamp)),
        );
        let earliest = spans.iter().filter_map(|span| span.start).min();
        said.or(earliest).unwrap_or(Micros(self.first_arrival().0))
    }

    /// The saying of the highest rank about the whole trace.
    fn choose<T>(
        &self,
        spans: &[Span],
        envelope: impl Fn(&Piece) -> Option<T>,
        on_span: impl Fn(&SpanPart) -> Option<T>,
    ) -> Option<T> {
        let mut sayings = Vec::new();
        for piece in &self.pieces {
            if let Some(value) = envelope(piece) {
                sayings.push(((true, piece.arrival, true, None, String::new()), value));
            }
            for part in &piece.spans {
                let Some(value) = on_span(part) else { continue };
                let Some(span) = spans.iter().find(|span| span.id == part.id) else {
                    continue;
                };
                sayings.push((
                    (
                        is_root(span, spans),
                        piece.arrival,
                        false,
                        span.start,
                        span.id.clone(),
                    ),
                    value,
                ));
            }
        }
        let best = sayings.into_iter().max_by(|(a, _), (b, _)| a.cmp(b));
        best.map(|(_, value)| value)
    }

    /// The user (by position) that the trace belongs to.
    pub fn find_user(&self, project: &ProjectRecord, spans: &[Span]) -> Option<usize> {
        let named = self.choose(spans, |piece| piece.user.clone(), |part| part.user.clone())?;
        match self.people.get(&named)? {
            Person::Nobody => None,
            Person::User(at) => match project.users[*at].fate {
                Fate::Living => Some(*at),
                Fate::Unlinked => None,
                Fate::Erased => self.tombstones.contains(at).then_some(*at),
            },
        }
    }

    /// The session (by position) that the trace is in.
    pub fn find_session(&self, project: &ProjectRecord, spans: &[Span]) -> Option<usize> {
        let envelope = |piece: &Piece| {
            piece
                .session
                .as_ref()
                .map(|session| session.external_id.clone())
        };
        let named = self.choose(spans, envelope, |part| part.session.clone())?;
        let at = *self.rooms.get(&named)?;
        (!project.sessions[at].removed).then_some(at)
    }

    /// Explicit names by rank, else the earliest root's, else the earliest span's.
    pub fn find_name(&self, spans: &[Span]) -> String {
        if let Some(name) = self.choose(
            spans,
            |piece| piece.name.clone(),
            |part| part.trace_name.clone(),
        ) {
            return name;
        }
        let earliest = |only_roots: bool| {
            let named = spans
                .iter()
                .filter(|span| span.name.is_some() && (!only_roots || is_root(span, spans)));
            named.min_by_key(|span| (span.start.is_none(), span.start, span.id.clone()))
        };
        let first = earliest(true).or_else(|| earliest(false));
        first.and_then(|span| span.name.clone()).unwrap_or_default()
    }
}

/// No parent, or the top of its app; if there is none of these, a parent that was not seen.
fn is_root(span: &Span, spans: &[Span]) -> bool {
    let is_top = |span: &Span| span.parent.is_none() || span.app_root;
    if spans.iter().any(is_top) {
        return is_top(span);
    }
    !spans
        .iter()
        .any(|other| Some(&other.id) == span.parent.as_ref())
}
