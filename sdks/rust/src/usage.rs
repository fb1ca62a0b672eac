//! What a model call has used and cost, and how bad a step is.

use serde_json::{Map, Value};

/// Tokens of a model call. Prompt tokens include cached ones, completion tokens reasoning ones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// All tokens that went in.
    pub prompt_tokens: Option<u64>,
    /// All tokens that came out.
    pub completion_tokens: Option<u64>,
    /// Their sum, if the provider says it.
    pub total_tokens: Option<u64>,
    /// Those of the prompt that were read from a cache.
    pub cached_tokens: Option<u64>,
    /// Those of the prompt that were written to a cache.
    pub cache_write_tokens: Option<u64>,
    /// Those of the completion that were thought and not said.
    pub reasoning_tokens: Option<u64>,
}

impl Usage {
    /// What is known most often.
    pub fn tokens(prompt: u64, completion: u64) -> Self {
        Self {
            prompt_tokens: Some(prompt),
            completion_tokens: Some(completion),
            ..Self::default()
        }
    }

    fn list(&self) -> [(&'static str, Option<u64>); 6] {
        [
            ("prompt_tokens", self.prompt_tokens),
            ("completion_tokens", self.completion_tokens),
            ("total_tokens", self.total_tokens),
            ("cached_tokens", self.cached_tokens),
            ("cache_write_tokens", self.cache_write_tokens),
            ("reasoning_tokens", self.reasoning_tokens),
        ]
    }

    /// Nothing if nothing is known.
    pub(crate) fn known(self) -> Option<Self> {
        (self != Self::default()).then_some(self)
    }

    pub(crate) fn to_json(&self) -> Option<Value> {
        let known = self
            .list()
            .into_iter()
            .filter_map(|(name, count)| Some((name.to_owned(), count?.into())));
        let object: Map<String, Value> = known.collect();
        (!object.is_empty()).then_some(Value::Object(object))
    }
}

/// What a call has cost in dollars: as a whole, or what went in and what came out.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Cost {
    /// All of it.
    pub total: Option<f64>,
    /// What went in.
    pub input: Option<f64>,
    /// What came out.
    pub output: Option<f64>,
}

impl From<f64> for Cost {
    fn from(total: f64) -> Self {
        Self {
            total: Some(total),
            ..Self::default()
        }
    }
}

impl Cost {
    /// The field's name and its value: a total alone is a number.
    pub(crate) fn to_json(self) -> Option<(&'static str, Value)> {
        if let (Some(total), None, None) = (self.total, self.input, self.output) {
            return Some(("total_cost", total.into()));
        }
        let parts = [
            ("total", self.total),
            ("input", self.input),
            ("output", self.output),
        ];
        let known = parts
            .into_iter()
            .filter_map(|(name, part)| Some((name.to_owned(), part?.into())));
        let object: Map<String, Value> = known.collect();
        (!object.is_empty()).then_some(("cost", Value::Object(object)))
    }
}

/// How bad a step is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Level {
    /// Of interest to developers.
    Debug,
    /// As usual.
    #[default]
    Default,
    /// Odd, but it went on.
    Warning,
    /// It failed.
    Error,
}

impl Level {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Debug => "DEBUG",
            Self::Default => "DEFAULT",
            Self::Warning => "WARNING",
            Self::Error => "ERROR",
        }
    }
}
