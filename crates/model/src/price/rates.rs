//! The prices of one model, in pico-dollars per token, with its context tiers.
//!
//! `None` means "no price of its own". Fallbacks are decided in one place,
//! [`Rates::at_prompt_tokens`]; nothing else may guess a missing price.

/// What one token of each kind costs, in pico-dollars (1e-12 USD).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rates {
    pub prompt: Option<i64>,
    pub completion: Option<i64>,
    /// Prompt tokens read from a cache.
    pub cached: Option<i64>,
    /// Prompt tokens written to a cache.
    pub cache_write: Option<i64>,
    pub reasoning: Option<i64>,
    /// Ascending by [`Tier::above_prompt_tokens`].
    pub tiers: Vec<Tier>,
}

/// Prices of all tokens of a span whose prompt is longer than a threshold. A kind
/// without a price keeps that of the tier below.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tier {
    /// The tier holds for more prompt tokens than this.
    pub above_prompt_tokens: i64,
    pub prompt: Option<i64>,
    pub completion: Option<i64>,
    pub cached: Option<i64>,
    pub cache_write: Option<i64>,
    pub reasoning: Option<i64>,
}

/// The prices that hold for one span, after tiers and fallbacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Effective {
    pub prompt: Option<i64>,
    pub completion: Option<i64>,
    pub cached: Option<i64>,
    pub cache_write: Option<i64>,
    pub reasoning: Option<i64>,
}

impl Rates {
    /// The prices for a span with so many prompt tokens: the tiers that it exceeds,
    /// lowest first, each over the one before; then cached reads and cache writes
    /// without a price cost what prompt tokens cost, reasoning what completion costs.
    pub(super) fn at_prompt_tokens(&self, prompt_tokens: i64) -> Effective {
        let mut found = Effective {
            prompt: self.prompt,
            completion: self.completion,
            cached: self.cached,
            cache_write: self.cache_write,
            reasoning: self.reasoning,
        };
        for tier in &self.tiers {
            if prompt_tokens > tier.above_prompt_tokens {
                found.prompt = tier.prompt.or(found.prompt);
                found.completion = tier.completion.or(found.completion);
                found.cached = tier.cached.or(found.cached);
                found.cache_write = tier.cache_write.or(found.cache_write);
                found.reasoning = tier.reasoning.or(found.reasoning);
            }
        }
        found.cached = found.cached.or(found.prompt);
        found.cache_write = found.cache_write.or(found.prompt);
        found.reasoning = found.reasoning.or(found.completion);
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiers_hold_strictly_above_their_threshold_and_inherit() {
        let rates = Rates {
            prompt: Some(10),
            completion: Some(20),
            cached: Some(1),
            tiers: vec![
                Tier {
                    above_prompt_tokens: 100,
                    prompt: Some(11),
                    ..Tier::default()
                },
                Tier {
                    above_prompt_tokens: 200,
                    completion: Some(22),
                    ..Tier::default()
                },
            ],
            ..Rates::default()
        };
        assert_eq!(rates.at_prompt_tokens(100).prompt, Some(10));
        let middle = rates.at_prompt_tokens(101);
        assert_eq!((middle.prompt, middle.completion), (Some(11), Some(20)));
        let top = rates.at_prompt_tokens(201);
        assert_eq!((top.prompt, top.completion), (Some(11), Some(22)));
        assert_eq!((top.cached, top.cache_write), (Some(1), Some(11)));
        assert_eq!(top.reasoning, Some(22));
    }
}
