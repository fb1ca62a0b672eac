//! One span of a JSON body, with its events and status.
//! Invariant: a field of a wrong type counts as not sent; only the ids can reject the span.
//! It must not look at what encloses the span: resource and scope are filled in by the caller.

use std::borrow::Cow;
use std::sync::Arc;

use serde::de::{MapAccess, SeqAccess};

use super::context::Context;
use super::id::{Id, check_ids};
use super::json::skip;
use super::json_value::{AttributesReader, read_number, read_text, read_time_ns};
use super::{Attributes, OtlpEvent, OtlpSpan, SpanKind, StatusCode};
use crate::json::object::{Array, Object, ReadArray, ReadObject, Text};
use crate::json::{Kind, Raw};

/// Reads a span; its ids are judged at the end.
pub(super) struct SpanReader<'c, 'a> {
    context: &'c mut Context<'a>,
    span: OtlpSpan<'a>,
    trace_id: Raw<'a>,
    span_id: Raw<'a>,
    parent_span_id: Raw<'a>,
}

impl<'c, 'a> SpanReader<'c, 'a> {
    pub(super) fn new(context: &'c mut Context<'a>) -> Self {
        let span = OtlpSpan {
            trace_id: String::new(),
            span_id: String::new(),
            parent_span_id: None,
            name: Cow::Borrowed(""),
            kind: SpanKind::Unspecified,
            start_ns: 0,
            end_ns: 0,
            attributes: Attributes::default(),
            events: Vec::new(),
            status_code: StatusCode::Unset,
            status_message: Cow::Borrowed(""),
            resource: Arc::clone(&context.no_resource),
            scope: Arc::clone(&context.no_scope),
        };
        SpanReader {
            context,
            span,
            trace_id: Raw::ABSENT,
            span_id: Raw::ABSENT,
            parent_span_id: Raw::ABSENT,
        }
    }

    /// The span, or why it is rejected.
    pub(super) fn finish(mut self) -> Result<OtlpSpan<'a>, &'static str> {
        let (trace_id, span_id, parent_span_id) = check_ids(
            read_id(self.trace_id, 16),
            read_id(self.span_id, 8),
            read_id(self.parent_span_id, 8),
        )?;
        self.span.trace_id = trace_id;
        self.span.span_id = span_id;
        self.span.parent_span_id = parent_span_id;
        Ok(self.span)
    }
}

fn read_id(raw: Raw, bytes_wanted: usize) -> Id {
    match raw.as_str() {
        Some(text) => Id::from_hex(&text, bytes_wanted),
        None if raw.is_given() => Id::Bad,
        None => Id::Missing,
    }
}

impl<'a> ReadObject<'a> for SpanReader<'_, 'a> {
    fn read_field<A: MapAccess<'a>>(&mut self, key: Text<'a>, map: &mut A) -> Result<(), A::Error> {
        match key.0.as_ref() {
            "traceId" | "trace_id" => self.trace_id = map.next_value()?,
            "spanId" | "span_id" => self.span_id = map.next_value()?,
            "parentSpanId" | "parent_span_id" => self.parent_span_id = map.next_value()?,
            "name" => self.span.name = read_text(map.next_value()?),
            "kind" => {
                let raw = map.next_value()?;
                self.span.kind = match read_number(raw) {
                    Some(number) => SpanKind::from_number(number.unsigned_abs()),
                    None => SpanKind::from_name(&read_text(raw)),
                };
            }
            "startTimeUnixNano" | "start_time_unix_nano" => {
                self.span.start_ns = read_time_ns(map.next_value()?);
            }
            "endTimeUnixNano" | "end_time_unix_nano" => {
                self.span.end_ns = read_time_ns(map.next_value()?);
            }
            "attributes" => {
                let budget = &mut self.context.budget;
                let mut reader = AttributesReader::new(&mut self.span.attributes, budget);
                map.next_value_seed(Array(&mut reader))?;
            }
            "events" => {
                map.next_value_seed(Array(self))?;
            }
            "status" => {
                map.next_value_seed(Object(&mut StatusReader(&mut self.span)))?;
            }
            _ => skip(map)?,
        }
        Ok(())
    }
}

/// The events of a span.
impl<'a> ReadArray<'a> for SpanReader<'_, 'a> {
    fn read_item<A: SeqAccess<'a>>(&mut self, seq: &mut A) -> Result<bool, A::Error> {
        let mut reader = EventReader {
            context: self.context,
            event: OtlpEvent::default(),
        };
        let kind = seq.next_element_seed(Object(&mut reader))?;
        let event = reader.event;
        if kind == Some(Kind::Object) && self.context.budget.take_node() {
            self.span.events.push(event);
        }
        Ok(kind.is_some())
    }
}

struct EventReader<'c, 'a> {
    context: &'c mut Context<'a>,
    event: OtlpEvent<'a>,
}

impl<'a> ReadObject<'a> for EventReader<'_, 'a> {
    fn read_field<A: MapAccess<'a>>(&mut self, key: Text<'a>, map: &mut A) -> Result<(), A::Error> {
        match key.0.as_ref() {
            "name" => self.event.name = read_text(map.next_value()?),
            "timeUnixNano" | "time_unix_nano" => {
                self.event.time_ns = read_time_ns(map.next_value()?);
            }
            "attributes" => {
                let budget = &mut self.context.budget;
                let mut reader = AttributesReader::new(&mut self.event.attributes, budget);
                map.next_value_seed(Array(&mut reader))?;
            }
            _ => skip(map)?,
        }
        Ok(())
    }
}

struct StatusReader<'c, 'a>(&'c mut OtlpSpan<'a>);

impl<'a> ReadObject<'a> for StatusReader<'_, 'a> {
    fn read_field<A: MapAccess<'a>>(&mut self, key: Text<'a>, map: &mut A) -> Result<(), A::Error> {
        match key.0.as_ref() {
            "message" => self.0.status_message = read_text(map.next_value()?),
            "code" => {
                let raw = map.next_value()?;
                self.0.status_code = match read_number(raw) {
                    Some(number) => StatusCode::from_number(number.unsigned_abs()),
                    None => StatusCode::from_name(&read_text(raw)),
                };
            }
            _ => skip(map)?,
        }
        Ok(())
    }
}
