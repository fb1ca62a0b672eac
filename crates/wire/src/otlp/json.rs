//! OTLP JSON bodies, read in one pass and as leniently as real exporters need.
//! Invariant: only broken syntax fails the body; fields of a wrong type count as not sent, bad ids reject their span.
//! Keys are taken in camelCase and in snake_case; numbers as numbers or as text; enums as numbers or names.

use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess};

use super::budget::Budget;
use super::context::Context;
use super::json_span::SpanReader;
use super::json_value::{AttributesReader, read_text};
use super::{Attributes, Decoded, OtlpError, Scope};
use crate::json::Kind;
use crate::json::object::{Array, Object, ReadArray, ReadObject, Text};

/// Reads an `ExportTraceServiceRequest` from cleaned JSON text.
///
/// # Errors
/// Broken syntax, a body that is no object, spans that are no list, or more than may unfold.
pub fn decode_json(text: &str) -> Result<Decoded<'_>, OtlpError> {
    let mut context = Context::new();
    let mut from = serde_json::Deserializer::from_str(text);
    let mut request = Request {
        context: &mut context,
        spans: Kind::Absent,
    };
    let kind = Object(&mut request)
        .deserialize(&mut from)
        .and_then(|kind| from.end().map(|()| kind))
        .map_err(|e| OtlpError::Json(e.to_string()))?;
    if kind != Kind::Object {
        return Err(OtlpError::Json(format!(
            "expected an object, got {}",
            kind.name()
        )));
    }
    // To answer "accepted" here would lose all spans of the body without a word.
    if !matches!(request.spans, Kind::Array | Kind::Null | Kind::Absent) {
        return Err(OtlpError::Json(format!(
            "expected an array in resourceSpans, got {}",
            request.spans.name()
        )));
    }
    context.finish()
}

pub(super) fn skip<'de, A: MapAccess<'de>>(map: &mut A) -> Result<(), A::Error> {
    map.next_value::<IgnoredAny>().map(|_| ())
}

struct Request<'c, 'a> {
    context: &'c mut Context<'a>,
    /// What the spans came in.
    spans: Kind,
}

impl<'a> ReadObject<'a> for Request<'_, 'a> {
    fn read_field<A: MapAccess<'a>>(&mut self, key: Text<'a>, map: &mut A) -> Result<(), A::Error> {
        match key.0.as_ref() {
            "resourceSpans" | "resource_spans" => {
                self.spans = map.next_value_seed(Array(self))?;
                Ok(())
            }
            _ => skip(map),
        }
    }
}

impl<'a> ReadArray<'a> for Request<'_, 'a> {
    fn read_item<A: SeqAccess<'a>>(&mut self, seq: &mut A) -> Result<bool, A::Error> {
        let first = self.context.decoded.spans.len();
        let mut reader = ResourceSpans {
            context: self.context,
            resource: Attributes::default(),
        };
        let is_some = seq.next_element_seed(Object(&mut reader))?.is_some();
        let resource = reader.resource;
        self.context.set_resource(first, resource);
        Ok(is_some)
    }
}

struct ResourceSpans<'c, 'a> {
    context: &'c mut Context<'a>,
    resource: Attributes<'a>,
}

impl<'a> ReadObject<'a> for ResourceSpans<'_, 'a> {
    fn read_field<A: MapAccess<'a>>(&mut self, key: Text<'a>, map: &mut A) -> Result<(), A::Error> {
        match key.0.as_ref() {
            "scopeSpans" | "scope_spans" => map.next_value_seed(Array(self)).map(|_| ()),
            "resource" => {
                let mut holder = ScopeReader {
                    scope: &mut Scope::default(),
                    budget: &mut self.context.budget,
                };
                map.next_value_seed(Object(&mut holder))?;
                self.resource = std::mem::take(&mut holder.scope.attributes);
                Ok(())
            }
            _ => skip(map),
        }
    }
}

impl<'a> ReadArray<'a> for ResourceSpans<'_, 'a> {
    fn read_item<A: SeqAccess<'a>>(&mut self, seq: &mut A) -> Result<bool, A::Error> {
        let first = self.context.decoded.spans.len();
        let mut reader = ScopeSpans {
            context: self.context,
            scope: Scope::default(),
        };
        let is_some = seq.next_element_seed(Object(&mut reader))?.is_some();
        let scope = reader.scope;
        self.context.set_scope(first, scope);
        Ok(is_some)
    }
}

struct ScopeSpans<'c, 'a> {
    context: &'c mut Context<'a>,
    scope: Scope<'a>,
}

impl<'a> ReadObject<'a> for ScopeSpans<'_, 'a> {
    fn read_field<A: MapAccess<'a>>(&mut self, key: Text<'a>, map: &mut A) -> Result<(), A::Error> {
        match key.0.as_ref() {
            "spans" => map.next_value_seed(Array(self)).map(|_| ()),
            "scope" => {
                let mut reader = ScopeReader {
                    scope: &mut self.scope,
                    budget: &mut self.context.budget,
                };
                map.next_value_seed(Object(&mut reader)).map(|_| ())
            }
            _ => skip(map),
        }
    }
}

impl<'a> ReadArray<'a> for ScopeSpans<'_, 'a> {
    fn read_item<A: SeqAccess<'a>>(&mut self, seq: &mut A) -> Result<bool, A::Error> {
        if self.context.budget.is_over() {
            return Ok(seq.next_element::<IgnoredAny>()?.is_some());
        }
        let mut reader = SpanReader::new(self.context);
        let Some(kind) = seq.next_element_seed(Object(&mut reader))? else {
            return Ok(false);
        };
        let span = match kind {
            Kind::Object => reader.finish(),
            _ => Err("it is not an object"),
        };
        if self.context.budget.take_span() {
            self.context.push(span);
        }
        Ok(true)
    }
}

/// Takes a scope, or a resource, which has only the attributes of one.
struct ScopeReader<'c, 'a> {
    scope: &'c mut Scope<'a>,
    budget: &'c mut Budget,
}

impl<'a> ReadObject<'a> for ScopeReader<'_, 'a> {
    fn read_field<A: MapAccess<'a>>(&mut self, key: Text<'a>, map: &mut A) -> Result<(), A::Error> {
        match key.0.as_ref() {
            "name" => self.scope.name = read_text(map.next_value()?),
            "version" => self.scope.version = read_text(map.next_value()?),
            "attributes" => {
                let mut reader = AttributesReader::new(&mut self.scope.attributes, self.budget);
                map.next_value_seed(Array(&mut reader))?;
            }
            _ => skip(map)?,
        }
        Ok(())
    }
}
