//! Usage counts once: which spans of a trace count their tokens and cost.
//!
//! A span that only contains model calls does not count what they count already, and
//! two spans for one provider response count once.
use crate::facts::IdOrder;
use crate::span::SpanState;
use std::collections::HashMap;

/// For each span, in the order given, whether its usage counts.
///
/// A span that is no model call does not count if a model call below it has usage. Of
/// spans with the same response id and model, the one with the smallest id counts.
pub fn decide_counted(spans: &[SpanState]) -> Vec<bool> {
    decide_counted_by(spans, &|at| (0, &spans[at].id))
}

/// The same, where `order` of a position stands for the id.
pub(crate) fn decide_counted_by<'a>(
    spans: &[SpanState],
    order: &dyn Fn(usize) -> IdOrder<'a>,
) -> Vec<bool> {
    let mut counted = vec![true; spans.len()];
    leave_out_containers(spans, &mut counted);
    leave_out_repeats(spans, order, &mut counted);
    counted
}

fn leave_out_containers(spans: &[SpanState], counted: &mut [bool]) {
    let is_container = |span: &SpanState| !span.is_model_call() && span.has_usage();
    if !spans.iter().any(is_container) {
        return;
    }
    let index: HashMap<&str, usize> = spans
        .iter()
        .enumerate()
        .map(|(at, s)| (&*s.id, at))
        .collect();
    let parent_of = |at: usize| {
        spans[at]
            .parent
            .as_deref()
            .and_then(|id| index.get(id).copied())
    };
    let mut has_call_below = vec![false; spans.len()];
    for (at, span) in spans.iter().enumerate() {
        if !span.is_model_call() || !span.has_usage() {
            continue;
        }
        let mut above = parent_of(at);
        // Stops at marked ancestors: linear over all spans, and ends on cyclic parents.
        while let Some(ancestor) = above.filter(|a| !has_call_below[*a]) {
            has_call_below[ancestor] = true;
            above = parent_of(ancestor);
        }
    }
    for (at, span) in spans.iter().enumerate() {
        counted[at] = !(is_container(span) && has_call_below[at]);
    }
}

fn leave_out_repeats<'a>(
    spans: &[SpanState],
    order: &dyn Fn(usize) -> IdOrder<'a>,
    counted: &mut [bool],
) {
    let mut first: HashMap<(&str, _), usize> = HashMap::new();
    for (at, span) in spans.iter().enumerate() {
        let Some(response) = span.response_id.as_deref() else {
            continue;
        };
        if !counted[at] || !span.has_usage() {
            continue;
        }
        let kept = *first.entry((response, span.model)).or_insert(at);
        if kept == at {
            continue;
        }
        let (keep, leave) = if order(kept) <= order(at) {
            (kept, at)
        } else {
            (at, kept)
        };
        counted[leave] = false;
        first.insert((response, span.model), keep);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::span::SpanKind;

    fn span(
        id: &str,
        parent: Option<&str>,
        kind: SpanKind,
        prompt: Option<i64>,
        response: Option<&str>,
    ) -> SpanState {
        let mut span = SpanState {
            id: id.into(),
            parent: parent.map(Into::into),
            kind: Some(kind),
            response_id: response.map(Into::into),
            ..SpanState::default()
        };
        span.usage.prompt = prompt;
        span
    }

    #[test]
    fn containers_step_back_for_calls_below_them() {
        let spans = [
            span("agent", None, SpanKind::Agent, Some(30), None),
            span("step", Some("agent"), SpanKind::Span, None, None),
            span("chat", Some("step"), SpanKind::Generation, Some(30), None),
            span("alone", None, SpanKind::Agent, Some(5), None),
        ];
        assert_eq!(decide_counted(&spans), [false, true, true, true]);
    }

    #[test]
    fn a_call_inside_a_call_counts_and_cycles_end() {
        let spans = [
            span("a", Some("b"), SpanKind::Generation, Some(1), None),
            span("b", Some("a"), SpanKind::Generation, Some(1), None),
            span("c", Some("c"), SpanKind::Agent, Some(1), None),
        ];
        assert_eq!(decide_counted(&spans), [true, true, true]);
    }

    #[test]
    fn one_response_counts_once_in_any_order() {
        let mut spans = vec![
            span("x", None, SpanKind::Generation, Some(9), Some("r")),
            span("a", None, SpanKind::Generation, Some(9), Some("r")),
            span("m", None, SpanKind::Generation, Some(9), Some("other")),
            span("c", None, SpanKind::Generation, None, Some("r")),
        ];
        assert_eq!(decide_counted(&spans), [false, true, true, true]);
        spans.reverse();
        assert_eq!(decide_counted(&spans), [true, true, true, false]);
    }
}
