//! Tokens and cost of an OTLP span, made inclusive: prompt contains what came from and went into caches.
//!
//! Most sources say so already; Langfuse's flat usage and old instrumentations count caches beside the input.
use super::find::Found;
use super::table::Target;
use crate::given::Given;
use crate::normalise::cost::read_dollars;
use crate::normalise::usage::{read_tokens, warn_of_contradictions};
use crate::warning::{Notes, Place};
use cognobserve_model::span::ClientCost;
use cognobserve_model::usage::Usage;
use cognobserve_wire::json::{Kind, Raw};
use std::borrow::Cow;

/// Reads the tokens of the span at `index`.
pub fn read_usage(found: &Found, index: usize, notes: &mut Notes) -> Usage {
    let mut read = |target, field| {
        notes.keep(
            Place::of_span(index, field),
            read_tokens(&found.given(target)),
        )
    };
    let sent = Usage {
        prompt: read(Target::Prompt, "usage.prompt_tokens"),
        completion: read(Target::Completion, "usage.completion_tokens"),
        total: read(Target::Total, "usage.total_tokens"),
        cached: read(Target::Cached, "usage.cached_tokens"),
        reasoning: read(Target::Reasoning, "usage.reasoning_tokens"),
        cache_write: read(Target::CacheWrite, "usage.cache_write_tokens"),
    };
    let detailed = read_details(found).unwrap_or_default();
    let usage = make_inclusive(Usage {
        prompt: detailed.prompt.or(sent.prompt),
        completion: detailed.completion.or(sent.completion),
        total: detailed.total.or(sent.total),
        cached: detailed.cached.or(sent.cached),
        reasoning: detailed.reasoning.or(sent.reasoning),
        cache_write: detailed.cache_write.or(sent.cache_write),
    });
    warn_of_contradictions(&usage, index, notes);
    usage
}

/// Adds the caches to an input that does not contain them: they are larger than it, or the total needs them.
fn make_inclusive(mut usage: Usage) -> Usage {
    let cache = usage.cached.unwrap_or(0) + usage.cache_write.unwrap_or(0);
    let Some(prompt) = usage.prompt.filter(|_| cache > 0) else {
        return usage;
    };
    let sum = prompt + usage.completion.unwrap_or(0) + cache;
    if cache > prompt || usage.total == Some(sum) {
        usage.prompt = Some(prompt + cache);
    }
    usage
}

/// The members of a JSON object that an attribute holds as text.
fn open_object<'t>(text: &'t str) -> Option<Vec<(Cow<'t, str>, Raw<'t>)>> {
    serde_json::from_str::<Raw>(text)
        .ok()
        .and_then(Raw::members)
}

/// Langfuse's `usage_details`: shaped like OpenAI's usage, or buckets that exclude each other.
fn read_details(found: &Found) -> Option<Usage> {
    let Given::Text(text) = found.given(Target::UsageDetails) else {
        return None;
    };
    let members = open_object(&text)?;
    let is_inclusive = |key: &str| {
        matches!(key, "prompt_tokens" | "completion_tokens") || key.ends_with("_details")
    };
    match members.iter().any(|(key, _)| is_inclusive(key)) {
        true => Some(read_inclusive(&members)),
        false => Some(sum_buckets(&members)),
    }
}

fn tokens(raw: Raw) -> Option<i64> {
    read_tokens(&raw.into()).unwrap_or(None)
}

fn read_inclusive(members: &[(Cow<str>, Raw)]) -> Usage {
    let mut usage = Usage::default();
    for (key, value) in members {
        match key.as_ref() {
            "prompt_tokens" | "input_tokens" | "input" => usage.prompt = tokens(*value),
            "completion_tokens" | "output_tokens" | "output" => usage.completion = tokens(*value),
            "total_tokens" | "total" => usage.total = tokens(*value),
            key if key.ends_with("_details") && value.kind() == Kind::Object => {
                for (part, value) in value.members().unwrap_or_default() {
                    match part.as_ref() {
                        "cached_tokens" | "cache_read_tokens" => usage.cached = tokens(value),
                        "cache_write_tokens" | "cache_creation_tokens" => {
                            usage.cache_write = tokens(value)
                        }
                        "reasoning_tokens" => usage.reasoning = tokens(value),
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
    usage
}

fn sum_buckets(members: &[(Cow<str>, Raw)]) -> Usage {
    let mut usage = Usage::default();
    let add =
        |slot: &mut Option<i64>, count: i64| *slot = Some(slot.unwrap_or(0).saturating_add(count));
    for (key, value) in members {
        let Some(count) = tokens(*value) else {
            continue;
        };
        let has = |word| key.contains(word);
        if has("total") {
            usage.total = Some(count);
        } else if has("input") {
            add(&mut usage.prompt, count);
            if has("cache_creation") || has("cache_write") {
                add(&mut usage.cache_write, count);
            } else if has("cache") {
                add(&mut usage.cached, count);
            }
        } else if has("output") {
            add(&mut usage.completion, count);
            if has("reasoning") {
                add(&mut usage.reasoning, count);
            }
        }
    }
    usage
}

/// Reads the cost that the client of the span at `index` tells.
pub fn read_cost(found: &Found, index: usize, notes: &mut Notes) -> ClientCost {
    if let Some(cost) = read_cost_details(found) {
        return cost;
    }
    let mut read = |target, field| {
        notes.keep(
            Place::of_span(index, field),
            read_dollars(&found.given(target)),
        )
    };
    ClientCost {
        input: read(Target::CostInput, "cost.input"),
        output: read(Target::CostOutput, "cost.output"),
        total: read(Target::CostTotal, "cost.total"),
        span_total: None,
    }
}

/// Langfuse's `cost_details`: `total`, else the sum of its parts.
fn read_cost_details(found: &Found) -> Option<ClientCost> {
    let Given::Text(text) = found.given(Target::CostDetails) else {
        return None;
    };
    let members = open_object(&text)?;
    let mut cost = ClientCost::default();
    let mut sum: Option<i64> = None;
    for (key, value) in &members {
        let Ok(Some(nanos)) = read_dollars(&Given::from(*value)) else {
            continue;
        };
        match key.as_ref() {
            "total" => cost.total = Some(nanos),
            "input" => cost.input = Some(nanos),
            "output" => cost.output = Some(nanos),
            _ => {}
        }
        if key != "total" {
            sum = Some(sum.unwrap_or(0).saturating_add(nanos));
        }
    }
    cost.total = cost.total.or(sum);
    cost.nanos().map(|_| cost)
}
