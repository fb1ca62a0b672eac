//! Parts of answers in words that do not depend on the store's own ids.
//!
//! What an erasure has made unreadable is told as `(erased)`, whatever stands there.
use super::realise::{SESSION_IDS, TRACE_IDS};
use cognobserve_model::measures::Measures;
use cognobserve_model::report::SpanDetail;

pub fn sort(mut lines: Vec<String>) -> Vec<String> {
    lines.sort();
    lines
}

/// All fields; with `is_whole` also the histogram, which list rows may leave out.
pub fn tell_measures(measures: &Measures, is_whole: bool) -> String {
    let mut told = measures.clone();
    if !is_whole {
        told.trace_latency = Default::default();
    }
    if told.is_zero() {
        "zero".into()
    } else {
        format!("{told:?}")
    }
}

pub fn tell_session_id(id: &str) -> &str {
    if SESSION_IDS.contains(&id) {
        id
    } else {
        "(erased)"
    }
}

pub fn tell_trace_id(id: &str) -> &str {
    if TRACE_IDS.contains(&id) {
        id
    } else {
        "(erased)"
    }
}

/// A span's id; ids of erased spans are longer than any in these worlds.
pub fn tell_id(id: &str) -> &str {
    if id.len() < 7 { id } else { "(erased)" }
}

pub fn tell_span(span: &SpanDetail) -> String {
    let id = tell_id(&span.id);
    let parent = span.parent.as_deref().map(tell_id);
    let said = (
        &span.name,
        span.kind,
        span.level,
        &span.status_message,
        &span.model,
        span.response_id.as_deref().map(tell_id),
    );
    let times = (
        span.start.map(|time| time.0),
        span.end.map(|time| time.0),
        span.latency_micros,
    );
    let payload = (
        &span.input,
        &span.output,
        &span.metadata,
        &span.model_parameters,
    );
    let usage = span.usage.effective();
    format!(
        "{id} under {parent:?} {said:?} {times:?} {usage:?} {:?} counted {} {payload:?}",
        span.pricing, span.counted
    )
}
