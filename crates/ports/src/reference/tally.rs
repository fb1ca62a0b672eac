//! Sums over counted traces, added up one by one.
use super::count::{Counted, CountedSpan};
use super::money::count_tokens;
use cognobserve_model::measures::Measures;
use cognobserve_model::span::Pricing;

/// All measures of some traces.
pub(super) fn sum_traces<'a>(traces: impl IntoIterator<Item = &'a Counted<'a>>) -> Measures {
    let mut sum = Measures::default();
    for trace in traces {
        add_trace(&mut sum, trace, |_| true);
    }
    sum
}

/// All measures of what some traces did with one model (`None`: spans without one). A
/// trace counts if it touches the model.
pub(super) fn sum_model<'a>(
    traces: impl IntoIterator<Item = &'a Counted<'a>>,
    model: Option<&str>,
) -> Measures {
    let mut sum = Measures::default();
    for trace in traces {
        let is_of_model = |span: &CountedSpan| span.span.model.as_deref() == model;
        if trace.spans.iter().any(is_of_model) {
            add_trace(&mut sum, trace, is_of_model);
        }
    }
    sum
}

fn add_trace(sum: &mut Measures, trace: &Counted, is_wanted: impl Fn(&CountedSpan) -> bool) {
    let spans: Vec<&CountedSpan> = trace.spans.iter().filter(|span| is_wanted(span)).collect();
    sum.trace_count += 1;
    if spans.iter().any(|span| span.is_error()) {
        sum.error_trace_count += 1;
    }
    if let Some(latency) = trace.latency_micros {
        sum.ended_trace_count += 1;
        sum.trace_latency_micros += i128::from(latency);
        sum.trace_latency.add(latency, 1);
    }
    for span in spans {
        add_span(sum, span);
    }
}

fn add_span(sum: &mut Measures, span: &CountedSpan) {
    sum.span_count += 1;
    if span.is_error() {
        sum.error_count += 1;
    }
    if let Some(duration) = span.span.duration_micros() {
        sum.ended_span_count += 1;
        sum.span_latency_micros += i128::from(duration);
    }
    if !span.counts {
        return;
    }
    sum.prompt_tokens += span.usage.prompt.unwrap_or(0);
    sum.completion_tokens += span.usage.completion.unwrap_or(0);
    sum.cached_tokens += span.usage.cached.unwrap_or(0);
    sum.reasoning_tokens += span.usage.reasoning.unwrap_or(0);
    sum.total_tokens += count_tokens(&span.usage);
    match span.pricing {
        Pricing::Client(nanos) | Pricing::Book(nanos) => sum.cost_nanos += i128::from(nanos),
        Pricing::Unpriced => {
            sum.unpriced_span_count += 1;
            sum.unpriced_tokens += count_tokens(&span.usage);
        }
        Pricing::Nothing => {}
    }
}
