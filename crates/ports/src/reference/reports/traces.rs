//! Traces as they are answered; of erased ones nothing readable.
use crate::reference::count::{Counted, CountedSpan};
use crate::reference::money::count_tokens;
use crate::reference::payload::{merge_metadata, merge_payload};
use crate::reference::state::ProjectRecord;
use crate::reference::tally::sum_traces;
use cognobserve_model::query::{TraceFilter, fold_search};
use cognobserve_model::report::{SpanDetail, SpanSummary, TraceDetail, TraceSummary};
use cognobserve_model::time::Micros;

/// What stands for a readable id on an erased trace.
pub(super) fn hide(id: &str, erased: bool) -> String {
    if erased {
        format!("erased:{id}")
    } else {
        id.to_owned()
    }
}

/// Spans by start, those without one last, then by id.
fn sort_spans<'a>(trace: &'a Counted) -> Vec<&'a CountedSpan> {
    let mut spans: Vec<&CountedSpan> = trace.spans.iter().collect();
    spans.sort_by_key(|span| (span.span.start.is_none(), span.span.start, &span.span.id));
    spans
}

impl ProjectRecord {
    fn summarise_trace(&self, trace: &Counted) -> TraceSummary {
        let erased = trace.record.erased;
        let summarise_span = |span: &&CountedSpan| SpanSummary {
            id: hide(&span.span.id, erased),
            name: span.span.name.clone().unwrap_or_default(),
            level: span.span.level,
            status_message: span.span.status_message.clone(),
            total_tokens: count_tokens(&span.usage),
            cost_nanos: span.pricing.nanos(),
        };
        TraceSummary {
            id: hide(&trace.record.id, erased),
            name: trace.name.clone(),
            time: trace.time,
            user: trace.user.map(|at| self.refer_to_user(at)),
            session: trace.session.map(|at| self.refer_to_session(at)),
            metadata: merge_metadata(&trace.record.pieces).unwrap_or_else(|| "{}".into()),
            latency_micros: trace.latency_micros,
            measures: sum_traces([trace]),
            spans: sort_spans(trace)
                .iter()
                .take(100)
                .map(summarise_span)
                .collect(),
        }
    }

    pub fn detail_trace(&self, trace: &Counted) -> TraceDetail {
        let erased = trace.record.erased;
        let detail_span = |counted: &CountedSpan| {
            let span = &counted.span;
            let payload = merge_payload(&trace.record.pieces, &span.id);
            SpanDetail {
                id: hide(&span.id, erased),
                parent: span.parent.as_deref().map(|id| hide(id, erased)),
                name: span.name.clone().unwrap_or_default(),
                kind: span.kind,
                level: span.level,
                status_message: span.status_message.clone(),
                start: span.start,
                end: span.end,
                latency_micros: span.duration_micros(),
                model: span.model.clone(),
                response_id: span.response_id.as_deref().map(|id| hide(id, erased)),
                usage: counted.usage,
                pricing: counted.pricing,
                counted: counted.counts,
                input: payload.input,
                output: payload.output,
                metadata: payload.metadata,
                model_parameters: payload.model_parameters,
            }
        };
        TraceDetail {
            summary: self.summarise_trace(trace),
            arrived: Micros(trace.record.first_arrival().0),
            spans: sort_spans(trace).into_iter().map(detail_span).collect(),
        }
    }

    /// Traces that match, newest first, then by id.
    pub fn list_traces(
        &self,
        counted: &[Counted],
        filter: &TraceFilter,
    ) -> Option<Vec<TraceSummary>> {
        let user = match &filter.user {
            Some(id) => Some(self.find_living(id)?),
            None => None,
        };
        let session = match &filter.session {
            Some(id) => Some(
                self.sessions
                    .iter()
                    .position(|session| !session.removed && session.id == *id)?,
            ),
            None => None,
        };
        let is_asked = |trace: &&Counted| {
            (user.is_none() || trace.user == user)
                && (session.is_none() || trace.session == session)
                && filter.period.contains(trace.time)
                && filter
                    .level
                    .is_none_or(|level| trace.spans.iter().any(|span| span.span.level == level))
                && filter.model.as_ref().is_none_or(|model| {
                    trace
                        .spans
                        .iter()
                        .any(|span| span.span.model.as_ref() == Some(model))
                })
                && filter.name.as_ref().is_none_or(|name| trace.name == *name)
                && filter
                    .min_latency_micros
                    .is_none_or(|min| trace.latency_micros.is_some_and(|latency| latency >= min))
                && filter
                    .search
                    .as_ref()
                    .is_none_or(|needle| has_text(trace, needle))
        };
        let mut found: Vec<TraceSummary> = counted
            .iter()
            .filter(is_asked)
            .map(|trace| self.summarise_trace(trace))
            .collect();
        found.sort_by(|a, b| b.time.cmp(&a.time).then_with(|| a.id.cmp(&b.id)));
        Some(found)
    }
}

fn has_text(trace: &Counted, needle: &str) -> bool {
    let id = hide(&trace.record.id, trace.record.erased);
    let on_spans = trace
        .spans
        .iter()
        .flat_map(|span| [&span.span.name, &span.span.status_message])
        .flatten();
    let mut texts = [&id, &trace.name].into_iter().chain(on_spans);
    texts.any(|text| fold_search(text).contains(needle))
}
