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
    let mut charges = list_charges(rates, usage).into_iter();
    let sum = charges.try_fold(0_i128, |sum, charge| Some(sum + charge.nanos()?))?;
    i64::try_from(sum).ok()
}

/// What tokens of one kind are charged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Charge {
    pub kind: &'static str,
    pub tokens: i64,
    /// For one token, in pico-dollars; `None`: this kind has no price.
    pub picos: Option<i64>,
}

impl Charge {
    /// Rounded to nano-dollars; no tokens need no price.
    pub fn nanos(&self) -> Option<i128> {
        if self.tokens == 0 {
            return Some(0);
        }
        // The product of two `i64` fits `i128`, and so does the sum of five such quotients.
        Some(round_to_nanos(
            i128::from(self.tokens) * i128::from(self.picos?),
        ))
    }
}

/// What [`cost_nanos`] adds up, by kind; some have no tokens.
pub fn list_charges(rates: &Rates, usage: &Usage) -> [Charge; 5] {
    let split = Split::of(usage);
    if split.prompt == 0 && split.completion == 0 {
        return charge_total(rates, read(usage.total));
    }
    let price = rates.at_prompt_tokens(split.prompt);
    let charge = |kind, tokens, picos| Charge {
        kind,
        tokens,
        picos,
    };
    let plain_prompt = split.prompt - split.cached - split.cache_write;
    let plain_completion = split.completion - split.reasoning;
    [
        charge("prompt", plain_prompt, price.prompt),
        charge("cached", split.cached, price.cached),
        charge("cache write", split.cache_write, price.cache_write),
        charge("completion", plain_completion, price.completion),
        charge("reasoning", split.reasoning, price.reasoning),
    ]
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

/// Only a total is known: it has a price if completion has none.
fn charge_total(rates: &Rates, total: i64) -> [Charge; 5] {
    let price = rates.at_prompt_tokens(total);
    let nothing = Charge {
        kind: "",
        tokens: 0,
        picos: None,
    };
    let all = Charge {
        kind: "total",
        tokens: total,
        picos: match price.completion {
            None | Some(0) => price.prompt,
            Some(_) => None,
        },
    };
    [all, nothing, nothing, nothing, nothing]
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
