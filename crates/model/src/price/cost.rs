//! The cost of one span's usage, in nano-dollars.
//!
//! Each kind of token is multiplied exactly and rounded half to even once; the kinds
//! are then summed. No token is charged twice, and a span with tokens that have no
//! price costs `None`, never zero.

use super::rates::Rates;
use crate::usage::Usage;

const PICOS_PER_NANO: i128 = 1_000;

/// What the usage costs at these rates, in nano-dollars.
///
/// - Cached reads and cache writes are part of the prompt and reasoning is part of the
///   completion: each is charged at its own price and taken out of what includes it.
///   Parts larger than their whole are clamped, cached reads before cache writes.
/// - The context tier is chosen by the prompt tokens.
/// - Only a total (no other kind above zero): charged at the prompt price if the model
///   has no completion price or it is zero, as with embeddings; else `None`.
/// - `None`: tokens of a kind without a price, or a sum beyond `i64`. Usage without
///   tokens costs `Some(0)`.
pub fn cost_nanos(rates: &Rates, usage: &Usage) -> Option<i64> {
    let split = Split::of(usage);
    if split.prompt == 0 && split.completion == 0 {
        return charge_total(rates, read(usage.total));
    }
    let price = rates.at_prompt_tokens(split.prompt);
    let plain_prompt = split.prompt - split.cached - split.cache_write;
    let plain_completion = split.completion - split.reasoning;
    let sum = charge(plain_prompt, price.prompt)?
        + charge(split.cached, price.cached)?
        + charge(split.cache_write, price.cache_write)?
        + charge(plain_completion, price.completion)?
        + charge(split.reasoning, price.reasoning)?;
    i64::try_from(sum).ok()
}

/// Tokens by kind, with `cached + cache_write <= prompt` and `reasoning <= completion`.
struct Split {
    prompt: i64,
    completion: i64,
    cached: i64,
    cache_write: i64,
    reasoning: i64,
}

impl Split {
    /// A whole that was not given is the sum of its parts.
    fn of(usage: &Usage) -> Split {
        let (cached, cache_write) = (read(usage.cached), read(usage.cache_write));
        let reasoning = read(usage.reasoning);
        let prompt = match usage.prompt {
            Some(prompt) => prompt.max(0),
            None => cached.saturating_add(cache_write),
        };
        let completion = usage.completion.map_or(reasoning, |n| n.max(0));
        let cached = cached.min(prompt);
        Split {
            prompt,
            completion,
            cached,
            cache_write: cache_write.min(prompt - cached),
            reasoning: reasoning.min(completion),
        }
    }
}

fn read(tokens: Option<i64>) -> i64 {
    tokens.unwrap_or(0).max(0)
}

fn charge_total(rates: &Rates, total: i64) -> Option<i64> {
    if total == 0 {
        return Some(0);
    }
    let price = rates.at_prompt_tokens(total);
    match price.completion {
        None | Some(0) => i64::try_from(charge(total, price.prompt)?).ok(),
        Some(_) => None,
    }
}

/// Nano-dollars for tokens of one kind; no tokens need no price. The product of two
/// `i64` fits `i128`, and so does the sum of five such quotients.
fn charge(tokens: i64, picos: Option<i64>) -> Option<i128> {
    if tokens == 0 {
        return Some(0);
    }
    Some(round_to_nanos(i128::from(tokens) * i128::from(picos?)))
}

fn round_to_nanos(picos: i128) -> i128 {
    let nanos = picos.div_euclid(PICOS_PER_NANO);
    let rest = picos.rem_euclid(PICOS_PER_NANO) * 2;
    let is_up = rest > PICOS_PER_NANO || (rest == PICOS_PER_NANO && nanos % 2 != 0);
    nanos + i128::from(is_up)
}

#[cfg(test)]
#[path = "cost_tests.rs"]
mod tests;
