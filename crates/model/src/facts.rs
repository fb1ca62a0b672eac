//! What a merged trace counts: its user, session, time, and its share of every measure.
//!
//! The ledger books the difference between the facts before and after a delivery; the
//! facts of all traces sum to the rollups.
use crate::counting::decide_counted_by;
use crate::id::{ModelNo, SessionNo, UserNo};
use crate::measures::Measures;
use crate::price::PriceBook;
use crate::span::{Level, Pricing, SpanState};
use crate::stamp::Arrival;
use crate::time::Micros;
use crate::trace::TraceState;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::sync::Arc;

/// What one trace contributes. Stores keep the facts that they booked (without the name),
/// so that exactly these can be taken back whatever a later version would decide.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// `None`: unattributed.
    pub user: Option<UserNo>,
    pub session: Option<SessionNo>,
    pub time: Micros,
    #[serde(skip)]
    pub name: Box<str>,
    /// Wall time: latest end - earliest start, over spans; `None` without an ended span.
    pub latency_micros: Option<i64>,
    /// Bit `1 << level` for each level that a span has.
    pub levels: u8,
    pub measures: Measures,
    /// Per model, ordered; `ModelNo::NONE` for spans without one.
    pub models: Vec<(ModelNo, Measures)>,
}

/// The bit of a level in [`Facts::levels`].
pub fn level_bit(level: Level) -> u8 {
    1 << (level as u8)
}

/// (envelope or root span, arrival, from the envelope, start, span): the highest wins.
type Rank<'a> = (bool, Option<Arrival>, bool, Option<Micros>, IdOrder<'a>);

/// By what spans are told apart where all else is equal: their ids, or what was the order
/// of their ids before they were erased.
pub(crate) type IdOrder<'a> = (u32, &'a str);

impl TraceState {
    /// `timestamp`, else the earliest span start, else the first arrival.
    pub fn time(&self) -> Micros {
        let earliest = || self.spans.iter().filter_map(|span| span.start).min();
        self.timestamp
            .or_else(earliest)
            .unwrap_or(Micros(self.first_arrival.0))
    }

    /// For each span, whether it is a root: it has no parent or says that it is its app's
    /// top. If no span is that, the spans whose parent was not seen are.
    pub fn mark_roots(&self) -> Vec<bool> {
        let is_top = |span: &SpanState| span.parent.is_none() || span.app_root;
        let tops: Vec<bool> = self.spans.iter().map(is_top).collect();
        if tops.contains(&true) {
            return tops;
        }
        let ids: HashSet<&str> = self.spans.iter().map(|span| &*span.id).collect();
        let unseen = |span: &SpanState| span.parent.as_deref().is_some_and(|id| !ids.contains(id));
        self.spans.iter().map(unseen).collect()
    }

    /// The value with the highest rank among the envelope's and the spans'.
    fn choose<T: Clone>(
        &self,
        roots: &[bool],
        envelope: Option<(T, Option<Arrival>)>,
        bit: u32,
        of_span: impl Fn(&SpanState) -> Option<T>,
    ) -> Option<T> {
        let envelope = envelope.map(|(value, at)| ((true, at, true, None, (0, "")), value));
        let spans = self.spans.iter().zip(roots).enumerate();
        let spans = spans.filter_map(|(at, (span, root))| {
            let said = span.stamps.of(bit);
            let rank: Rank = (*root, said, false, span.start, self.id_order(at));
            Some((rank, of_span(span)?))
        });
        envelope
            .into_iter()
            .chain(spans)
            .max_by(|(a, _), (b, _)| a.cmp(b))
            .map(|(_, value)| value)
    }

    /// The place of a span by its id; see [`IdOrder`].
    pub(crate) fn id_order(&self, at: usize) -> IdOrder<'_> {
        let rank = match self.erased {
            true => self.frozen_order.get(at).copied().unwrap_or(u32::MAX),
            false => 0,
        };
        (rank, &self.spans[at].id)
    }

    /// For each span, whether its usage counts.
    pub fn mark_counted(&self) -> Vec<bool> {
        decide_counted_by(&self.spans, &|at| self.id_order(at))
    }

    /// The user that the trace belongs to: of the highest rank, unless that one is deleted.
    pub fn resolve_user(&self, roots: &[bool]) -> Option<UserNo> {
        let envelope = self.user.map(|no| (no, self.user_stamp()));
        let named = self.choose(roots, envelope, crate::span::field::USER, |span| span.user);
        let mut dead = self.dead_users.iter();
        named.filter(|no| !dead.any(|dead| dead.no == *no && !dead.keeps_spend))
    }

    fn resolve_session(&self, roots: &[bool]) -> Option<SessionNo> {
        let envelope = self.session.map(|no| (no, self.session_stamp()));
        let bit = crate::span::field::SESSION;
        let named = self.choose(roots, envelope, bit, |span| span.session);
        named.filter(|no| *no != SessionNo::NONE)
    }

    /// The trace's name: the explicit one of highest rank, else the earliest root's, else
    /// the earliest span's; empty if nothing has a name.
    pub fn display_name(&self) -> Box<str> {
        self.resolve_name(&self.mark_roots())
    }

    fn resolve_name(&self, roots: &[bool]) -> Box<str> {
        let envelope = self.name.clone().map(|name| (name, self.name_stamp()));
        let named = self.choose(roots, envelope, crate::span::field::TRACE_NAME, |span| {
            span.trace_name.clone()
        });
        let order = |(span, root): &(&SpanState, &bool)| {
            (!**root, span.start.is_none(), span.start, span.id.clone())
        };
        let first = || {
            let spans = self
                .spans
                .iter()
                .zip(roots)
                .filter(|(span, _)| span.name.is_some());
            spans
                .min_by_key(order)
                .and_then(|(span, _)| span.name.clone())
        };
        named.or_else(first).unwrap_or_default()
    }

    /// Decides the price of every span whose inputs changed since `before`, by `book`;
    /// all others keep theirs. `all` decides anew whatever the book once priced or could not.
    pub fn price(
        &mut self,
        before: Option<&TraceState>,
        book: &PriceBook,
        model_name: &dyn Fn(ModelNo) -> Arc<str>,
        all: bool,
    ) {
        let time = self.time();
        let old_time = before.map(TraceState::time);
        for (at, span) in self.spans.iter_mut().enumerate() {
            // Spans are only ever appended, so positions agree.
            let old = before.and_then(|trace| trace.spans.get(at));
            let same = old.is_some_and(|old| {
                old.model == span.model
                    && old.usage == span.usage
                    && old.client_cost == span.client_cost
                    && old.price_time(old_time.unwrap_or(time)) == span.price_time(time)
            });
            if all || !same {
                span.pricing = decide_price(span, time, book, model_name);
            }
        }
    }

    /// Everything that the trace counts.
    pub fn facts(&self) -> Facts {
        let roots = self.mark_roots();
        let counted = self.mark_counted();
        let mut facts = Facts {
            user: self.resolve_user(&roots),
            session: self.resolve_session(&roots),
            time: self.time(),
            name: self.resolve_name(&roots),
            latency_micros: self.wall_micros(),
            ..Facts::default()
        };
        for (span, counts) in self.spans.iter().zip(&counted) {
            facts.levels |= level_bit(span.level.unwrap_or(Level::Default));
            let share = measure_span(span, *counts);
            facts.measures.add(&share, 1);
            let model = span.model.unwrap_or(ModelNo::NONE);
            match facts.models.binary_search_by_key(&model, |(no, _)| *no) {
                Ok(at) => facts.models[at].1.add(&share, 1),
                Err(at) => facts.models.insert(at, (model, share)),
            }
        }
        let latency = facts.latency_micros;
        count_trace(&mut facts.measures, latency);
        for (_, measures) in &mut facts.models {
            count_trace(measures, latency);
        }
        facts
    }

    fn wall_micros(&self) -> Option<i64> {
        let ended = self
            .spans
            .iter()
            .filter(|span| span.duration_micros().is_some());
        let latest = ended.filter_map(|span| span.end).max()?;
        let earliest = self.spans.iter().filter_map(|span| span.start).min()?;
        Some((latest.0 - earliest.0).max(0))
    }
}

fn decide_price(
    span: &SpanState,
    trace_time: Micros,
    book: &PriceBook,
    model_name: &dyn Fn(ModelNo) -> Arc<str>,
) -> Pricing {
    if let Some(nanos) = span.client_cost.nanos() {
        return Pricing::Client(nanos);
    }
    if !span.usage.is_given() {
        return Pricing::Nothing;
    }
    let usage = span.usage.effective();
    if !usage.has_tokens() {
        return Pricing::Book(0);
    }
    let named = span.model.filter(|no| *no != ModelNo::NONE).map(model_name);
    let nanos = named.and_then(|name| {
        let rates = book.lookup(&name, span.price_time(trace_time).0)?;
        crate::price::cost_nanos(rates, &usage)
    });
    nanos.map_or(Pricing::Unpriced, Pricing::Book)
}

/// A span's share of the measures; without `counts` its tokens and cost stay out.
fn measure_span(span: &SpanState, counts: bool) -> Measures {
    let mut share = Measures {
        span_count: 1,
        error_count: i64::from(span.is_error()),
        ..Measures::default()
    };
    if let Some(duration) = span.duration_micros() {
        share.ended_span_count = 1;
        share.span_latency_micros = i128::from(duration);
    }
    if counts {
        let usage = span.usage.effective();
        share.prompt_tokens = usage.prompt.unwrap_or(0);
        share.completion_tokens = usage.completion.unwrap_or(0);
        share.cached_tokens = usage.cached.unwrap_or(0);
        share.reasoning_tokens = usage.reasoning.unwrap_or(0);
        share.total_tokens = usage.total_tokens();
        share.cost_nanos = i128::from(span.pricing.nanos().unwrap_or(0));
        if span.pricing == Pricing::Unpriced {
            share.unpriced_span_count = 1;
            share.unpriced_tokens = share.total_tokens;
        }
    }
    share
}

fn count_trace(measures: &mut Measures, latency_micros: Option<i64>) {
    measures.trace_count = 1;
    measures.error_trace_count = i64::from(measures.error_count > 0);
    if let Some(latency) = latency_micros {
        measures.ended_trace_count = 1;
        measures.trace_latency_micros = i128::from(latency);
        measures.trace_latency.add(latency, 1);
    }
}
