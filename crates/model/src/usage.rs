//! Token usage of one span, as its client reported it.
use serde::{Deserialize, Serialize};

/// Tokens; `prompt` includes `cached` and `cache_write`, `completion` includes `reasoning`.
/// `None` means that nothing was said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    pub prompt: Option<i64>,
    pub completion: Option<i64>,
    pub total: Option<i64>,
    pub cached: Option<i64>,
    pub reasoning: Option<i64>,
    pub cache_write: Option<i64>,
}

/// More tokens than this in one field are taken for a mistake and dropped at the door.
pub const MAX_TOKENS: i64 = 1 << 40;

impl Usage {
    /// The usage that counts after all pieces were merged: a total below its own
    /// parts is dropped, parts larger than what includes them are clamped.
    pub fn effective(mut self) -> Usage {
        let floor = self.prompt.unwrap_or(0).max(self.completion.unwrap_or(0));
        if self.total.is_some_and(|total| total < floor) {
            self.total = None;
        }
        if let Some(prompt) = self.prompt {
            self.cached = self.cached.map(|n| n.min(prompt));
            let rest = prompt - self.cached.unwrap_or(0);
            self.cache_write = self.cache_write.map(|n| n.min(rest));
        }
        if let Some(completion) = self.completion {
            self.reasoning = self.reasoning.map(|n| n.min(completion));
        }
        self
    }

    /// `total` if given, else prompt + completion.
    pub fn total_tokens(&self) -> i64 {
        self.total
            .unwrap_or_else(|| self.prompt.unwrap_or(0) + self.completion.unwrap_or(0))
    }

    /// Whether any field was given, zero included.
    pub fn is_given(&self) -> bool {
        *self != Usage::default()
    }

    /// Whether any tokens were used.
    pub fn has_tokens(&self) -> bool {
        let fields = [
            self.total,
            self.prompt,
            self.completion,
            self.cached,
            self.reasoning,
            self.cache_write,
        ];
        fields.into_iter().flatten().any(|tokens| tokens > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn effective_usage_drops_and_clamps() {
        let usage = Usage {
            prompt: Some(10),
            completion: Some(4),
            total: Some(9),
            cached: Some(12),
            reasoning: Some(5),
            cache_write: Some(3),
        }
        .effective();
        assert_eq!(usage.total, None);
        assert_eq!(usage.cached, Some(10));
        assert_eq!(usage.cache_write, Some(0));
        assert_eq!(usage.reasoning, Some(4));
        assert_eq!(usage.total_tokens(), 14);
    }
}
