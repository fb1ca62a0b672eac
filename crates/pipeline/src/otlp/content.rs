//! Attributes as the JSON that people read: inputs, outputs, parameters, metadata.
//!
//! Text that is itself a JSON object or array is shown as such, after the same cleaning as at the door.
use super::find::{Found, Member};
use super::table::{Family, Target};
use crate::normalise::content::{ObjectText, write_string};
use cognobserve_model::piece::SpanPayload;
use cognobserve_wire::json::{Raw, sanitize};
use cognobserve_wire::otlp::{AttrValue, Attributes, OtlpEvent, OtlpSpan};
use std::collections::BTreeMap;

/// The JSON text of a value, taken out of its text if it holds an object or array.
pub fn write_content(value: &AttrValue) -> String {
    let inner = value
        .as_str()
        .map(str::trim)
        .filter(|text| text.starts_with(['{', '[']));
    inner
        .and_then(clean_json)
        .unwrap_or_else(|| write_value(value))
}

/// The JSON text of a value.
pub fn write_value(value: &AttrValue) -> String {
    match value.as_str() {
        Some(text) => write_string(text),
        // Values nest a few levels at most and writing to memory can't fail.
        None => serde_json::to_string(value).unwrap_or_else(|_| "null".to_owned()),
    }
}

/// Text as one JSON value, if it is one.
pub fn clean_json(text: &str) -> Option<String> {
    let clean = sanitize(text.as_bytes()).ok()?;
    let raw: Raw = serde_json::from_str(clean.text()).ok()?;
    raw.text().map(str::to_owned)
}

/// What of a span is shown but never counted.
pub fn read_payload(
    span: &OtlpSpan,
    found: &Found,
    has_user: bool,
    decodes_metadata: bool,
) -> SpanPayload {
    let messages = |family| nest_messages(&found.members, family);
    let write = |target| found.value(target).map(write_content);
    SpanPayload {
        input: write(Target::Input).or_else(|| messages(Family::InputMessage)),
        output: write(Target::Output).or_else(|| messages(Family::OutputMessage)),
        model_parameters: write(Target::ModelParameters)
            .or_else(|| gather_parameters(&found.members)),
        metadata: write_metadata(span, found, has_user, decodes_metadata),
    }
}

/// `0.role`, `0.content`, `1.role` … as a list of objects; deeper keys stay flat inside of their message.
fn nest_messages(members: &[Member], family: Family) -> Option<String> {
    let mut messages: BTreeMap<u32, ObjectText> = BTreeMap::new();
    for (_, key, value) in members.iter().filter(|(of, _, _)| *of == family) {
        let (number, field) = key.split_once('.').unwrap_or((key, "content"));
        let field = field.strip_prefix("message.").unwrap_or(field);
        let Ok(number) = number.parse() else { continue };
        messages
            .entry(number)
            .or_default()
            .push(field, &write_content(value));
    }
    let list: Vec<String> = messages
        .into_values()
        .filter_map(ObjectText::finish)
        .collect();
    (!list.is_empty()).then(|| format!("[{}]", list.join(",")))
}

fn gather_parameters(members: &[Member]) -> Option<String> {
    let mut object = ObjectText::default();
    for (_, key, value) in members
        .iter()
        .filter(|(family, _, _)| *family == Family::ModelParameter)
    {
        object.push(key, &write_value(value));
    }
    object.finish()
}

/// Everything else of a span: free attributes, the instrumentation, events; personal facts only if nobody has them.
/// Single messages beside a whole input or output repeat it and are left out.
fn write_metadata(
    span: &OtlpSpan,
    found: &Found,
    has_user: bool,
    decodes_metadata: bool,
) -> Option<String> {
    let mut object = ObjectText::default();
    for (key, value) in &found.rest {
        object.push(key, &write_value(value));
    }
    if let Some(value) = found.value(Target::Metadata) {
        object.push("metadata", &write_content(value));
    }
    for (family, key, value) in &found.members {
        match family {
            Family::SpanMetadata => object.push(key, &write_custom(value, decodes_metadata)),
            Family::SpanFact => object.push(key, &write_value(value)),
            Family::UserMetadata if !has_user => {
                object.push(&format!("user.{key}"), &write_value(value))
            }
            _ => {}
        }
    }
    for target in [Target::UserName, Target::UserEmail] {
        if let Some(hit) = found.get(target).filter(|_| !has_user) {
            object.push(
                hit.key,
                &hit.value.map_or_else(|| "null".to_owned(), write_value),
            );
        }
    }
    if !span.scope.name.is_empty() {
        object.push("otel.scope.name", &write_string(&span.scope.name));
    }
    if !span.scope.version.is_empty() {
        object.push("otel.scope.version", &write_string(&span.scope.version));
    }
    if !span.events.is_empty() {
        let events: Vec<String> = span.events.iter().map(write_event).collect();
        object.push("events", &format!("[{}]", events.join(",")));
    }
    object.finish()
}

/// A metadata value; Langfuse's Python SDK from version 5 on sends each as JSON text.
pub fn write_custom(value: &AttrValue, decodes: bool) -> String {
    let decoded = value.as_str().filter(|_| decodes).and_then(clean_json);
    decoded.unwrap_or_else(|| write_value(value))
}

fn write_event(event: &OtlpEvent) -> String {
    let mut object = ObjectText::default();
    object.push("name", &write_string(&event.name));
    if event.time_ns != 0 {
        object.push("timeUnixNano", &event.time_ns.to_string());
    }
    if !event.attributes.is_empty() {
        object.push("attributes", &write_attributes(&event.attributes));
    }
    object.finish().unwrap_or_else(|| "{}".to_owned())
}

fn write_attributes(attributes: &Attributes) -> String {
    serde_json::to_string(attributes).unwrap_or_else(|_| "{}".to_owned())
}
