//! One native trace and what it is made of, every leaf kept as sent.
//! Invariant: absent, null and given stay distinguishable for every field; of a repeated key the last one counts.
//! It must not check values: a number where a string belongs is the pipeline's to judge.

use std::borrow::Cow;

use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess};

use super::NativeError;
use crate::json::object::{Array, Object, ReadArray, ReadObject, Text};
use crate::json::{Kind, Raw};

/// Most spans in one trace of one request.
pub const MAX_SPANS: usize = 50_000;

wire_object! {
    /// One span.
    SpanIn {
        /// The client's id.
        span_id = "span_id",
        /// The client's id of the span above.
        parent_span_id = "parent_span_id",
        /// What the step is called.
        name = "name",
        /// `generation`, `span` or `event`.
        kind = "type",
        /// RFC 3339 or integer epoch milliseconds.
        start_time = "start_time",
        /// RFC 3339 or integer epoch milliseconds.
        end_time = "end_time",
        /// Any JSON.
        input = "input",
        /// Any JSON.
        output = "output",
        /// An object.
        metadata = "metadata",
        /// Model name.
        model = "model",
        /// Any JSON, an object as a rule.
        model_parameters = "model_parameters",
        /// See `UsageIn`.
        usage = "usage",
        /// See `CostIn`.
        cost = "cost",
        /// Dollars, number or string.
        total_cost = "total_cost",
        /// `DEBUG`, `DEFAULT`, `WARNING` or `ERROR`.
        level = "level",
        /// Text beside the level.
        status_message = "status_message",
        /// The provider's id of the response, for counting one response once.
        response_id = "response_id",
    }
}

wire_object! {
    /// Tokens of a span; `prompt` includes cached and cache writes, `completion` includes reasoning.
    UsageIn {
        /// Tokens in.
        prompt_tokens = "prompt_tokens",
        /// Tokens out.
        completion_tokens = "completion_tokens",
        /// Both, where the client knows better than the sum.
        total_tokens = "total_tokens",
        /// Part of prompt that was read from a cache.
        cached_tokens = "cached_tokens",
        /// Part of prompt that was written to a cache.
        cache_write_tokens = "cache_write_tokens",
        /// Part of completion.
        reasoning_tokens = "reasoning_tokens",
    }
}

wire_object! {
    /// Cost of a span in dollars, numbers or strings.
    CostIn {
        /// For the tokens in.
        input = "input",
        /// For the tokens out.
        output = "output",
        /// For all.
        total = "total",
    }
}

wire_object! {
    /// The session beside `session_id`.
    SessionIn {
        /// The client's id.
        id = "id",
        /// Display name.
        name = "name",
        /// An object.
        metadata = "metadata",
    }
}

/// The profile of the end user.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct UserIn<'a> {
    /// The client's id.
    pub id: Raw<'a>,
    /// Display name; null clears.
    pub name: Raw<'a>,
    /// E-mail address; null clears.
    pub email: Raw<'a>,
    /// Custom attributes, nested form.
    pub metadata: Raw<'a>,
    /// Custom attributes, flattened form: every other key, in the order sent.
    pub extra: Vec<(Cow<'a, str>, Raw<'a>)>,
}

impl<'a> UserIn<'a> {
    /// Opens a value as a profile; `None` if it is no object.
    pub fn read(raw: Raw<'a>) -> Option<Self> {
        let mut user = Self::default();
        raw.read_into(&mut user).then_some(user)
    }
}

impl<'a> ReadObject<'a> for UserIn<'a> {
    fn read_field<A: MapAccess<'a>>(&mut self, key: Text<'a>, map: &mut A) -> Result<(), A::Error> {
        let value = map.next_value()?;
        match key.0.as_ref() {
            "id" => self.id = value,
            "name" => self.name = value,
            "email" => self.email = value,
            "metadata" => self.metadata = value,
            _ => self.extra.push((key.0, value)),
        }
        Ok(())
    }
}

/// One trace.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TraceIn<'a> {
    /// The client's id.
    pub trace_id: Raw<'a>,
    /// What the request of the app is called.
    pub name: Raw<'a>,
    /// RFC 3339 or integer epoch milliseconds.
    pub timestamp: Raw<'a>,
    /// An object.
    pub metadata: Raw<'a>,
    /// The client's id of the conversation.
    pub session_id: Raw<'a>,
    /// See `SessionIn`.
    pub session: Raw<'a>,
    /// The client's id of the end user.
    pub user_id: Raw<'a>,
    /// See `UserIn`.
    pub user: Raw<'a>,
    /// In the order sent; absent and null are no spans.
    pub spans: Vec<SpanIn<'a>>,
}

impl<'a> TraceIn<'a> {
    /// Reads one trace from cleaned JSON text.
    ///
    /// # Errors
    /// Broken syntax; a body or span that is no object; `spans` that is no array; too many spans.
    pub fn decode(text: &'a str) -> Result<Self, NativeError> {
        let mut reader = TraceReader::default();
        let mut from = serde_json::Deserializer::from_str(text);
        let kind = Object(&mut reader)
            .deserialize(&mut from)
            .and_then(|kind| from.end().map(|()| kind))
            .map_err(|e| NativeError::from_serde(&e))?;
        if kind != Kind::Object {
            return Err(NativeError::shape("", Kind::Object, kind));
        }
        match reader.error {
            Some(error) => Err(error),
            None => Ok(reader.trace),
        }
    }
}

/// Reads a trace and notes its first fault, so that the rest of the text is still checked for syntax.
#[derive(Default)]
struct TraceReader<'a> {
    trace: TraceIn<'a>,
    error: Option<NativeError>,
}

impl<'a> ReadObject<'a> for TraceReader<'a> {
    fn read_field<A: MapAccess<'a>>(&mut self, key: Text<'a>, map: &mut A) -> Result<(), A::Error> {
        let field = match key.0.as_ref() {
            "trace_id" => &mut self.trace.trace_id,
            "name" => &mut self.trace.name,
            "timestamp" => &mut self.trace.timestamp,
            "metadata" => &mut self.trace.metadata,
            "session_id" => &mut self.trace.session_id,
            "session" => &mut self.trace.session,
            "user_id" => &mut self.trace.user_id,
            "user" => &mut self.trace.user,
            "spans" => {
                self.trace.spans.clear();
                let kind = map.next_value_seed(Array(self))?;
                if !matches!(kind, Kind::Array | Kind::Null) {
                    self.fail("spans", Kind::Array, kind);
                }
                return Ok(());
            }
            _ => return map.next_value::<IgnoredAny>().map(|_| ()),
        };
        *field = map.next_value()?;
        Ok(())
    }
}

impl<'a> ReadArray<'a> for TraceReader<'a> {
    fn read_item<A: SeqAccess<'a>>(&mut self, seq: &mut A) -> Result<bool, A::Error> {
        if self.trace.spans.len() >= MAX_SPANS {
            let more = seq.next_element::<IgnoredAny>()?.is_some();
            if more {
                self.error.get_or_insert(NativeError::TooManySpans);
            }
            return Ok(more);
        }
        let mut span = SpanIn::default();
        match seq.next_element_seed(Object(&mut span))? {
            None => return Ok(false),
            Some(Kind::Object) => {}
            Some(kind) => {
                let path = format!("spans[{}]", self.trace.spans.len());
                self.fail(&path, Kind::Object, kind);
            }
        }
        self.trace.spans.push(span);
        Ok(true)
    }
}

impl TraceReader<'_> {
    fn fail(&mut self, path: &str, expected: Kind, got: Kind) {
        self.error
            .get_or_insert_with(|| NativeError::shape(path, expected, got));
    }
}

#[cfg(test)]
#[path = "trace_tests.rs"]
mod tests;
