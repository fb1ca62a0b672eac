//! OTLP protobuf bodies, cut apart level by level.
//! Invariant: a fault inside a span rejects that span, a fault around spans fails the body; text borrows from the body.
//! Field numbers are those of opentelemetry-proto v1 (trace.proto, resource.proto, common.proto).

use std::borrow::Cow;
use std::sync::Arc;

use super::context::Context;
use super::id::{Id, check_ids};
use super::protobuf_value::read_attribute;
use super::{Attributes, Decoded, OtlpError, OtlpEvent, OtlpSpan, Scope, SpanKind, StatusCode};
use crate::protobuf::Fields;

/// Reads an `ExportTraceServiceRequest`.
///
/// # Errors
/// A body that is no such message, or that unfolds to too much.
pub fn decode_protobuf(body: &[u8]) -> Result<Decoded<'_>, OtlpError> {
    let mut context = Context::new();
    for field in Fields(body) {
        if let (1, resource_spans) = field.map_err(OtlpError::Protobuf)? {
            read_resource_spans(resource_spans.bytes(), &mut context)?;
        }
    }
    context.finish()
}

fn read_resource_spans<'a>(bytes: &'a [u8], context: &mut Context<'a>) -> Result<(), OtlpError> {
    let first = context.decoded.spans.len();
    let mut resource = Attributes::default();
    for field in Fields(bytes) {
        match field.map_err(OtlpError::Protobuf)? {
            (1, message) => {
                for field in Fields(message.bytes()) {
                    if let (1, attribute) = field.map_err(OtlpError::Protobuf)? {
                        read_attribute(attribute.bytes(), 0, &mut resource, &mut context.budget)
                            .map_err(OtlpError::Protobuf)?;
                    }
                }
            }
            (2, message) => read_scope_spans(message.bytes(), context)?,
            _ => {}
        }
    }
    context.set_resource(first, resource);
    Ok(())
}

fn read_scope_spans<'a>(bytes: &'a [u8], context: &mut Context<'a>) -> Result<(), OtlpError> {
    let first = context.decoded.spans.len();
    let mut scope = Scope::default();
    for field in Fields(bytes) {
        match field.map_err(OtlpError::Protobuf)? {
            (1, message) => read_scope(message.bytes(), &mut scope, context)?,
            (2, message) => {
                if !context.budget.take_span() {
                    return Err(OtlpError::TooLarge);
                }
                let span = read_span(message.bytes(), context);
                context.push(span);
                if context.budget.is_over() {
                    return Err(OtlpError::TooLarge);
                }
            }
            _ => {}
        }
    }
    context.set_scope(first, scope);
    Ok(())
}

fn read_scope<'a>(
    bytes: &'a [u8],
    scope: &mut Scope<'a>,
    context: &mut Context<'a>,
) -> Result<(), OtlpError> {
    for field in Fields(bytes) {
        match field.map_err(OtlpError::Protobuf)? {
            (1, name) => scope.name = name.text(),
            (2, version) => scope.version = version.text(),
            (3, attribute) => {
                let budget = &mut context.budget;
                read_attribute(attribute.bytes(), 0, &mut scope.attributes, budget)
                    .map_err(OtlpError::Protobuf)?;
            }
            _ => {}
        }
    }
    Ok(())
}

fn read_span<'a>(bytes: &'a [u8], context: &mut Context<'a>) -> Result<OtlpSpan<'a>, &'static str> {
    let (mut trace_id, mut span_id, mut parent_span_id) = (&[][..], &[][..], &[][..]);
    let mut span = OtlpSpan {
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
    for field in Fields(bytes) {
        let (tag, value) = field?;
        match tag {
            1 => trace_id = value.bytes(),
            2 => span_id = value.bytes(),
            4 => parent_span_id = value.bytes(),
            5 => span.name = value.text(),
            6 => span.kind = SpanKind::from_number(value.number()),
            7 => span.start_ns = value.number(),
            8 => span.end_ns = value.number(),
            9 => read_attribute(value.bytes(), 0, &mut span.attributes, &mut context.budget)?,
            11 if context.budget.take_node() => {
                span.events.push(read_event(value.bytes(), context)?)
            }
            15 => read_status(value.bytes(), &mut span)?,
            _ => {}
        }
    }
    (span.trace_id, span.span_id, span.parent_span_id) = check_ids(
        Id::from_bytes(trace_id, 16),
        Id::from_bytes(span_id, 8),
        Id::from_bytes(parent_span_id, 8),
    )?;
    Ok(span)
}

fn read_event<'a>(
    bytes: &'a [u8],
    context: &mut Context<'a>,
) -> Result<OtlpEvent<'a>, &'static str> {
    let mut event = OtlpEvent::default();
    for field in Fields(bytes) {
        let (tag, value) = field?;
        match tag {
            1 => event.time_ns = value.number(),
            2 => event.name = value.text(),
            3 => read_attribute(value.bytes(), 0, &mut event.attributes, &mut context.budget)?,
            _ => {}
        }
    }
    Ok(event)
}

fn read_status<'a>(bytes: &'a [u8], span: &mut OtlpSpan<'a>) -> Result<(), &'static str> {
    for field in Fields(bytes) {
        match field? {
            (2, message) => span.status_message = message.text(),
            (3, code) => span.status_code = StatusCode::from_number(code.number()),
            _ => {}
        }
    }
    Ok(())
}
