//! Both decoders against the generated messages of opentelemetry-proto: any request reads the same in three ways.

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1 as common;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1 as trace;
use proptest::collection::vec;
use proptest::prelude::*;
use prost::Message;
use serde_json::{Value as Json, json};

use super::*;

/// What an attribute is, without any of our types or theirs.
#[derive(Debug, Clone, PartialEq)]
enum Plain {
    None,
    Str(String),
    Bool(bool),
    Int(i64),
    Double(f64),
    Bytes(Vec<u8>),
    List(Vec<Plain>),
    Map(Vec<(String, Plain)>),
}

type PlainAttributes = Vec<(String, Plain)>;

#[derive(Debug, Clone)]
struct PlainSpan {
    ids: ([u8; 16], [u8; 8], Option<[u8; 8]>),
    name: String,
    kind: u8,
    times: (u64, u64),
    attributes: PlainAttributes,
    events: Vec<(String, u64, PlainAttributes)>,
    status: (u8, String),
}

fn any_text() -> impl Strategy<Value = String> {
    "[^\\x00]{0,8}"
}

fn any_plain() -> impl Strategy<Value = Plain> {
    let leaf = prop_oneof![
        any_text().prop_map(Plain::Str),
        any::<bool>().prop_map(Plain::Bool),
        any::<i64>().prop_map(Plain::Int),
        any::<f64>()
            .prop_filter("not equal to itself", |x| !x.is_nan())
            .prop_map(Plain::Double),
        vec(any::<u8>(), 0..6).prop_map(Plain::Bytes),
        Just(Plain::None),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Plain::List),
            vec((any_text(), inner), 0..4).prop_map(Plain::Map),
        ]
    })
}

fn any_attributes() -> impl Strategy<Value = Vec<(String, Plain)>> {
    vec((any_text(), any_plain()), 0..4)
}

fn any_span() -> impl Strategy<Value = PlainSpan> {
    (
        (
            any::<[u8; 16]>(),
            any::<[u8; 8]>(),
            any::<Option<[u8; 8]>>(),
        ),
        any_text(),
        0u8..6,
        any::<(u64, u64)>(),
        any_attributes(),
        vec((any_text(), any::<u64>(), any_attributes()), 0..3),
        (0u8..3, any_text()),
    )
        .prop_map(
            |(ids, name, kind, times, attributes, events, status)| PlainSpan {
                ids,
                name,
                kind,
                times,
                attributes,
                events,
                status,
            },
        )
}

fn to_proto_value(plain: &Plain) -> common::AnyValue {
    let value = match plain {
        Plain::None => None,
        Plain::Str(text) => Some(Value::StringValue(text.clone())),
        Plain::Bool(truth) => Some(Value::BoolValue(*truth)),
        Plain::Int(number) => Some(Value::IntValue(*number)),
        Plain::Double(number) => Some(Value::DoubleValue(*number)),
        Plain::Bytes(bytes) => Some(Value::BytesValue(bytes.clone())),
        Plain::List(items) => Some(Value::ArrayValue(common::ArrayValue {
            values: items.iter().map(to_proto_value).collect(),
        })),
        Plain::Map(members) => Some(Value::KvlistValue(common::KeyValueList {
            values: to_proto_attributes(members),
        })),
    };
    common::AnyValue { value }
}

fn to_proto_attributes(list: &[(String, Plain)]) -> Vec<common::KeyValue> {
    let pair = |(key, plain): &(String, Plain)| common::KeyValue {
        key: key.clone(),
        value: Some(to_proto_value(plain)),
        ..Default::default()
    };
    list.iter().map(pair).collect()
}

fn to_proto(resource: &[(String, Plain)], spans: &[PlainSpan]) -> Vec<u8> {
    let span = |span: &PlainSpan| trace::Span {
        trace_id: span.ids.0.to_vec(),
        span_id: span.ids.1.to_vec(),
        parent_span_id: span.ids.2.map(Vec::from).unwrap_or_default(),
        name: span.name.clone(),
        kind: i32::from(span.kind),
        start_time_unix_nano: span.times.0,
        end_time_unix_nano: span.times.1,
        attributes: to_proto_attributes(&span.attributes),
        events: span
            .events
            .iter()
            .map(|(name, time_ns, attributes)| trace::span::Event {
                name: name.clone(),
                time_unix_nano: *time_ns,
                attributes: to_proto_attributes(attributes),
                dropped_attributes_count: 3,
            })
            .collect(),
        status: Some(trace::Status {
            code: i32::from(span.status.0),
            message: span.status.1.clone(),
        }),
        flags: 257,
        trace_state: "a=b".to_owned(),
        links: vec![trace::span::Link::default()],
        ..Default::default()
    };
    ExportTraceServiceRequest {
        resource_spans: vec![trace::ResourceSpans {
            resource: Some(Resource {
                attributes: to_proto_attributes(resource),
                ..Default::default()
            }),
            scope_spans: vec![trace::ScopeSpans {
                scope: Some(common::InstrumentationScope {
                    name: "scope".to_owned(),
                    version: "1".to_owned(),
                    ..Default::default()
                }),
                spans: spans.iter().map(span).collect(),
                schema_url: "https://example.test/schema".to_owned(),
            }],
            ..Default::default()
        }],
    }
    .encode_to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

fn to_json_value(plain: &Plain) -> Json {
    match plain {
        Plain::None => json!({}),
        Plain::Str(text) => json!({ "stringValue": text }),
        Plain::Bool(truth) => json!({ "boolValue": truth }),
        Plain::Int(number) => json!({ "intValue": number.to_string() }),
        Plain::Double(number) if number.is_finite() => json!({ "doubleValue": number }),
        Plain::Double(number) if *number > 0.0 => json!({ "doubleValue": "Infinity" }),
        Plain::Double(_) => json!({ "doubleValue": "-Infinity" }),
        Plain::Bytes(bytes) => {
            use base64::Engine;
            json!({ "bytesValue": base64::engine::general_purpose::STANDARD.encode(bytes) })
        }
        Plain::List(items) => {
            json!({ "arrayValue": { "values": items.iter().map(to_json_value).collect::<Vec<_>>() } })
        }
        Plain::Map(members) => json!({ "kvlistValue": { "values": to_json_attributes(members) } }),
    }
}

fn to_json_attributes(list: &[(String, Plain)]) -> Json {
    list.iter()
        .map(|(key, plain)| json!({ "key": key, "value": to_json_value(plain) }))
        .collect()
}

fn to_json(resource: &[(String, Plain)], spans: &[PlainSpan]) -> String {
    let span = |span: &PlainSpan| {
        let events: Json = span
            .events
            .iter()
            .map(|(name, time_ns, attributes)| {
                json!({ "name": name, "timeUnixNano": time_ns.to_string(), "attributes": to_json_attributes(attributes) })
            })
            .collect();
        json!({
            "status": { "code": span.status.0, "message": span.status.1 },
            "traceId": hex(&span.ids.0),
            "spanId": hex(&span.ids.1),
            "parentSpanId": span.ids.2.map(|id| hex(&id)),
            "name": span.name,
            "kind": span.kind,
            "startTimeUnixNano": span.times.0,
            "endTimeUnixNano": span.times.1.to_string(),
            "attributes": to_json_attributes(&span.attributes),
            "events": events,
        })
    };
    let spans: Json = spans.iter().map(span).collect();
    json!({ "resourceSpans": [{
        "scopeSpans": [{ "scope": { "name": "scope", "version": "1" }, "spans": spans }],
        "resource": { "attributes": to_json_attributes(resource) },
    }] })
    .to_string()
}

fn from_value(value: &AttrValue) -> Plain {
    match value {
        AttrValue::Null => Plain::None,
        AttrValue::Str(text) => Plain::Str(text.to_string()),
        AttrValue::Bool(truth) => Plain::Bool(*truth),
        AttrValue::Int(number) => Plain::Int(*number),
        AttrValue::Double(number) => Plain::Double(*number),
        AttrValue::Bytes(bytes) => Plain::Bytes(bytes.to_vec()),
        AttrValue::Array(items) => Plain::List(items.iter().map(from_value).collect()),
        AttrValue::Map(members) => Plain::Map(from_attributes(members)),
    }
}

fn from_attributes(list: &Attributes) -> Vec<(String, Plain)> {
    list.iter()
        .map(|(key, value)| (key.to_owned(), from_value(value)))
        .collect()
}

/// Attributes without a value are not kept.
fn without_none(list: &[(String, Plain)]) -> Vec<(String, Plain)> {
    list.iter()
        .filter(|(_, plain)| *plain != Plain::None)
        .cloned()
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn every_encoding_reads_the_same(resource in any_attributes(), spans in vec(any_span(), 0..4)) {
        let proto = to_proto(&resource, &spans);
        let json = to_json(&resource, &spans);
        let decoded = decode_protobuf(&proto).unwrap();
        prop_assert_eq!(&decoded, &decode_json(&json).unwrap());
        prop_assert_eq!(decoded.spans.len() as u64 + decoded.rejected.count, spans.len() as u64);

        let usable = spans.iter().filter(|s| s.ids.0 != [0; 16] && s.ids.1 != [0; 8]);
        for (read, sent) in decoded.spans.iter().zip(usable) {
            prop_assert_eq!(&read.trace_id, &hex(&sent.ids.0));
            prop_assert_eq!(&read.span_id, &hex(&sent.ids.1));
            let parent = sent.ids.2.filter(|id| *id != [0; 8]).map(|id| hex(&id));
            prop_assert_eq!(&read.parent_span_id, &parent);
            prop_assert_eq!(read.name.as_ref(), sent.name.as_str());
            prop_assert_eq!(read.kind, SpanKind::from_number(u64::from(sent.kind)));
            prop_assert_eq!((read.start_ns, read.end_ns), sent.times);
            prop_assert_eq!(from_attributes(&read.attributes), without_none(&sent.attributes));
            prop_assert_eq!(read.events.len(), sent.events.len());
            for (event, (name, time_ns, attributes)) in read.events.iter().zip(&sent.events) {
                prop_assert_eq!(event.name.as_ref(), name.as_str());
                prop_assert_eq!(event.time_ns, *time_ns);
                prop_assert_eq!(from_attributes(&event.attributes), without_none(attributes));
            }
            prop_assert_eq!(read.status_code, StatusCode::from_number(u64::from(sent.status.0)));
            prop_assert_eq!(read.status_message.as_ref(), sent.status.1.as_str());
            prop_assert_eq!(from_attributes(&read.resource), without_none(&resource));
            prop_assert_eq!(read.scope.name.as_ref(), "scope");
        }
    }
}
