//! What a trace counts: which spans' usage, under whom, when, for how long.
use super::merge::Span;
use super::money::{clean_usage, read_client_cost};
use super::state::{ProjectRecord, TraceRecord};
use cognobserve_model::span::{Pricing, SpanKind};
use cognobserve_model::time::Micros;
use cognobserve_model::usage::Usage;

/// A trace as it is counted now.
pub(super) struct Counted<'a> {
    pub record: &'a TraceRecord,
    pub name: String,
    pub time: Micros,
    /// Positions in the project's lists.
    pub user: Option<usize>,
    pub session: Option<usize>,
    pub latency_micros: Option<i64>,
    pub spans: Vec<CountedSpan>,
}

pub(super) struct CountedSpan {
    pub span: Span,
    /// Cleaned.
    pub usage: Usage,
    pub pricing: Pricing,
    /// Whether tokens and cost count here.
    pub counts: bool,
}

impl CountedSpan {
    pub fn is_error(&self) -> bool {
        self.span.level == cognobserve_model::span::Level::Error
    }
}

fn has_usage(span: &Span) -> bool {
    span.usage != Usage::default() || read_client_cost(&span.cost).is_some()
}

fn is_model_call(span: &Span) -> bool {
    [
        SpanKind::Generation,
        SpanKind::Embedding,
        SpanKind::Reranker,
    ]
    .contains(&span.kind)
}

/// Whether `span` is somewhere above `below`.
fn is_ancestor(span: &Span, below: &Span, spans: &[Span]) -> bool {
    let mut above = &below.parent;
    for _ in 0..spans.len() {
        let Some(parent) = spans.iter().find(|other| Some(&other.id) == above.as_ref()) else {
            return false;
        };
        if parent.id == span.id {
            return true;
        }
        above = &parent.parent;
    }
    false
}

/// A container: no model call itself, and a model call below it has usage.
fn is_container(span: &Span, spans: &[Span]) -> bool {
    let calls = spans
        .iter()
        .filter(|other| is_model_call(other) && has_usage(other));
    !is_model_call(span) && calls.into_iter().any(|call| is_ancestor(span, call, spans))
}

/// Another span stands for the same response of the provider, and has the smaller id.
fn is_repeat(span: &Span, spans: &[Span]) -> bool {
    let counts = |other: &&Span| has_usage(other) && !is_container(other, spans);
    let same = |other: &&Span| {
        other.response_id == span.response_id && other.model == span.model && other.id < span.id
    };
    span.response_id.is_some() && spans.iter().filter(counts).any(|other| same(&other))
}

/// Latest end of a span that ended, less the earliest start of any.
fn measure_wall(spans: &[Span]) -> Option<i64> {
    let ended = spans.iter().filter(|span| span.duration_micros().is_some());
    let latest = ended.filter_map(|span| span.end).max()?;
    let earliest = spans.iter().filter_map(|span| span.start).min()?;
    Some(latest.0 - earliest.0)
}

impl ProjectRecord {
    pub fn count_trace<'a>(&self, record: &'a TraceRecord) -> Counted<'a> {
        let spans = record.merge_spans();
        let counted = spans.iter().map(|span| CountedSpan {
            usage: clean_usage(&span.usage),
            pricing: record
                .prices
                .get(&span.id)
                .map(|priced| priced.pricing)
                .unwrap_or_default(),
            counts: !has_usage(span) || !(is_container(span, &spans) || is_repeat(span, &spans)),
            span: span.clone(),
        });
        Counted {
            record,
            name: record.find_name(&spans),
            time: record.time(&spans),
            user: record.find_user(self, &spans),
            session: record.find_session(self, &spans),
            latency_micros: measure_wall(&spans),
            spans: counted.collect(),
        }
    }

    /// All traces of the project, counted anew.
    pub fn count_traces(&self) -> Vec<Counted<'_>> {
        self.traces
            .iter()
            .map(|trace| self.count_trace(trace))
            .collect()
    }
}
