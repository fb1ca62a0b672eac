//! What a span costs: what the client says, else the price book at its time, else nothing
//! that is known.
use super::state::{PriceInputs, Priced, ProjectRecord, TraceRecord};
use cognobserve_model::price::{PriceBook, cost_nanos};
use cognobserve_model::span::{ClientCost, Pricing};
use cognobserve_model::usage::Usage;

/// `cost.total`, else `total_cost`, else input + output.
pub(super) fn read_client_cost(cost: &ClientCost) -> Option<i64> {
    if cost.total.is_some() {
        return cost.total;
    }
    if cost.span_total.is_some() {
        return cost.span_total;
    }
    match (cost.input, cost.output) {
        (None, None) => None,
        (input, output) => Some(input.unwrap_or(0) + output.unwrap_or(0)),
    }
}

/// Usage without what cannot be: a total below its parts goes, parts are clamped to what
/// includes them.
pub(super) fn clean_usage(said: &Usage) -> Usage {
    let mut usage = *said;
    let (prompt, completion) = (said.prompt.unwrap_or(0), said.completion.unwrap_or(0));
    if said
        .total
        .is_some_and(|total| total < prompt || total < completion)
    {
        usage.total = None;
    }
    if said.prompt.is_some() {
        usage.cached = said.cached.map(|cached| cached.min(prompt));
        let left = prompt - usage.cached.unwrap_or(0);
        usage.cache_write = said.cache_write.map(|written| written.min(left));
    }
    if said.completion.is_some() {
        usage.reasoning = said.reasoning.map(|reasoning| reasoning.min(completion));
    }
    usage
}

/// The total if given, else prompt and completion.
pub(super) fn count_tokens(usage: &Usage) -> i64 {
    match usage.total {
        Some(total) => total,
        None => usage.prompt.unwrap_or(0) + usage.completion.unwrap_or(0),
    }
}

fn decide(inputs: &PriceInputs, book: &PriceBook) -> Pricing {
    if let Some(nanos) = read_client_cost(&inputs.cost) {
        return Pricing::Client(nanos);
    }
    if inputs.usage == Usage::default() {
        return Pricing::Nothing;
    }
    let usage = clean_usage(&inputs.usage);
    let kinds = [
        usage.prompt,
        usage.completion,
        usage.total,
        usage.cached,
        usage.reasoning,
        usage.cache_write,
    ];
    if kinds.iter().all(|tokens| tokens.unwrap_or(0) == 0) {
        return Pricing::Book(0);
    }
    let rates = inputs
        .model
        .as_ref()
        .and_then(|model| book.lookup(model, inputs.time.0));
    match rates.and_then(|rates| cost_nanos(rates, &usage)) {
        Some(nanos) => Pricing::Book(nanos),
        None => Pricing::Unpriced,
    }
}

/// What each span's price depends on now.
fn list_inputs(trace: &TraceRecord) -> Vec<(String, PriceInputs)> {
    let spans = trace.merge_spans();
    let time = trace.time(&spans);
    let inputs = spans.iter().map(|span| {
        let inputs = PriceInputs {
            model: span.model.clone(),
            usage: span.usage,
            cost: span.cost,
            time: span.price_time(time),
        };
        (span.id.clone(), inputs)
    });
    inputs.collect()
}

impl ProjectRecord {
    pub fn open_book(&self) -> PriceBook {
        PriceBook::with_overrides(self.prices.iter().cloned())
    }

    /// Decides the prices of a trace's spans; unless `all`, only of those whose inputs
    /// are other than when they were last decided.
    pub fn price_trace(&mut self, at: usize, all: bool) {
        let book = self.open_book();
        let trace = &mut self.traces[at];
        for (id, inputs) in list_inputs(trace) {
            let known = trace
                .prices
                .get(&id)
                .is_some_and(|priced| priced.inputs == inputs);
            if all || !known {
                let pricing = decide(&inputs, &book);
                trace.prices.insert(id, Priced { inputs, pricing });
            }
        }
    }
}
