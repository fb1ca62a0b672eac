//! What real exporters send, and what must not sink a batch, against the files in `fixtures`.

use proptest::prelude::*;

use super::*;
use crate::json::sanitize;

const PYTHON: &[u8] = include_bytes!("../../fixtures/otlp_python.pb");
const JS: &str = include_str!("../../fixtures/otlp_js.json");
const ODD: &str = include_str!("../../fixtures/otlp_odd.json");

fn text<'x>(attributes: &'x Attributes, key: &str) -> &'x str {
    attributes
        .get(key)
        .and_then(AttrValue::as_str)
        .unwrap_or("?")
}

#[test]
fn reads_what_python_sends() {
    let decoded = decode_protobuf(PYTHON).unwrap();
    assert_eq!(decoded.rejected, Rejected::default());
    let [chat, lookup, root] = &decoded.spans[..] else {
        panic!("three spans expected");
    };
    assert_eq!(root.trace_id, "4bf92f3577b34da6a3ce929d0e0e4736");
    assert_eq!(
        (root.span_id.as_str(), &root.parent_span_id),
        ("00f067aa0ba90001", &None)
    );
    assert_eq!(chat.parent_span_id.as_deref(), Some("00f067aa0ba90001"));
    assert_eq!(
        (chat.start_ns, chat.end_ns),
        (1_772_600_767_001_000_001, 1_772_600_767_900_000_001)
    );
    assert_eq!(chat.kind, SpanKind::Client);
    assert_eq!(
        chat.attributes.get("gen_ai.usage.input_tokens"),
        Some(&AttrValue::Int(1200))
    );
    assert_eq!(
        chat.attributes.get("gen_ai.request.temperature"),
        Some(&AttrValue::Double(0.2))
    );
    assert_eq!(chat.attributes.get("stream"), Some(&AttrValue::Bool(false)));
    assert!(text(&chat.attributes, "gen_ai.input.messages").contains("Grüße"));
    assert_eq!(
        (lookup.status_code, lookup.status_message.as_ref()),
        (StatusCode::Error, "no such order")
    );
    assert_eq!(
        text(&lookup.events[0].attributes, "exception.type"),
        "ValueError"
    );
    assert_eq!(text(&root.resource, "service.name"), "support-bot");
    assert_eq!(
        (root.scope.name.as_ref(), root.scope.version.as_ref()),
        ("app.chat", "1.4.0")
    );
}

#[test]
fn reads_what_javascript_sends() {
    assert!(is_otlp_json(JS));
    let decoded = decode_json(JS).unwrap();
    assert_eq!(decoded.rejected.count, 0);
    let [call, root] = &decoded.spans[..] else {
        panic!("two spans expected");
    };
    assert_eq!(call.end_ns, 1_772_600_768_456_789_012);
    assert_eq!(
        call.attributes.get("gen_ai.usage.input_tokens"),
        Some(&AttrValue::Int(321))
    );
    assert!(text(&call.attributes, "ai.prompt.messages").contains("Hi 👋"));
    assert_eq!(call.status_code, StatusCode::Unset);
    assert_eq!(root.status_code, StatusCode::Error);
    assert_eq!(root.parent_span_id, None);
    assert_eq!(root.events[0].name, "exception");
    assert_eq!(root.events[0].time_ns, 1_772_600_768_459_000_000);
    assert_eq!(root.scope.name, "ai");
    assert!(std::sync::Arc::ptr_eq(&root.resource, &call.resource));
}

#[test]
fn odd_values_cost_at_most_their_own_span() {
    assert!(is_otlp_json(ODD));
    let decoded = decode_json(ODD).unwrap();
    assert_eq!(decoded.rejected.count, 4);
    assert_eq!(
        decoded.rejected.messages,
        [
            "span 1: the trace id is not 16 bytes in hex",
            "span 3: the span id is missing or all zeros",
            "span 4: the parent span id is not 8 bytes in hex",
            "span 5: it is not an object",
        ]
    );
    let [odd, snake] = &decoded.spans[..] else {
        panic!("two spans expected");
    };
    assert_eq!(odd.trace_id, "4bf92f3577b34da6a3ce929d0e0e4736");
    assert_eq!(odd.start_ns, 1_772_600_767_000_000_001);
    assert_eq!(odd.end_ns, 1_772_600_768_000_000_000);
    assert_eq!(
        (odd.kind, odd.status_code),
        (SpanKind::Client, StatusCode::Error)
    );
    assert_eq!((odd.name.as_ref(), odd.status_message.as_ref()), ("", ""));
    assert_eq!(
        serde_json::to_string(&odd.attributes).unwrap(),
        r#"{"empty_list":[],"empty_map":{},"null_list":[],"whole_float":5,"text_int":-7,"huge_int":1.8446744073709552e+19,"nan":"NaN","bytes":"AP8=","text_bool":true,"all_variants":"x","map":{"a":1,"b":null}}"#
    );
    assert_eq!(
        (snake.span_id.as_str(), &snake.parent_span_id),
        ("00f067aa0ba902b9", &None)
    );
    assert_eq!(snake.scope.name, "late scope");
    assert_eq!(snake.scope.version, "2");
    assert_eq!(text(&snake.resource, "service.name"), "late resource");
}

#[test]
fn bodies_that_are_no_request_fail_whole() {
    for body in [
        "",
        "[]",
        "null",
        r#"{"resourceSpans":[}"#,
        "{} x",
        r#"{"resourceSpans":["#,
        r#"{"resourceSpans":7}"#,
        r#"{"resourceSpans":{"a":[1]}}"#,
    ] {
        assert!(
            matches!(decode_json(body), Err(OtlpError::Json(_))),
            "{body}"
        );
    }
    for body in [&b"\x0a\x05x"[..], b"{}", b"\x0a\x02\x12\x07"] {
        assert!(matches!(decode_protobuf(body), Err(OtlpError::Protobuf(_))));
    }
    for body in ["{}", r#"{"resourceSpans":null}"#] {
        assert_eq!(decode_json(body).unwrap(), Decoded::default());
    }
    assert_eq!(decode_protobuf(b"").unwrap(), Decoded::default());
}

#[test]
fn nesting_is_bounded_in_json() {
    let ids = r#""traceId":"4bf92f3577b34da6a3ce929d0e0e4736","spanId":"00f067aa0ba902b7""#;
    let body = |levels: usize| {
        let value = r#"{"arrayValue":{"values":["#.repeat(levels)
            + r#"{"stringValue":"leaf"}"#
            + &"]}}".repeat(levels);
        format!(
            r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{{{ids},"attributes":[{{"key":"k","value":{value}}}]}}]}}]}}]}}"#
        )
    };
    for (levels, leaf) in [
        (MAX_VALUE_DEPTH, "leaf"),
        (MAX_VALUE_DEPTH + 1, "[nested too deep]"),
        (150, "[nested too deep]"),
    ] {
        let body = body(levels);
        let clean = sanitize(body.as_bytes()).unwrap();
        let decoded = decode_json(clean.text()).unwrap();
        let json = serde_json::to_string(&decoded.spans[0].attributes).unwrap();
        assert!(json.contains(leaf), "{levels}: {json}");
    }
}

#[test]
fn unfolding_is_bounded() {
    let spans = format!(
        r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{}]}}]}}]}}"#,
        vec!["{}"; MAX_SPANS + 1].join(",")
    );
    assert_eq!(decode_json(&spans), Err(OtlpError::TooLarge));
    let items = format!(
        r#"{{"resourceSpans":[{{"resource":{{"attributes":[{{"key":"k","value":{{"arrayValue":{{"values":[{}]}}}}}}]}}}}]}}"#,
        vec!["{}"; MAX_NODES + 1].join(",")
    );
    assert_eq!(decode_json(&items), Err(OtlpError::TooLarge));
    let spans = wrap(2, [0x12, 0].repeat(MAX_SPANS + 1));
    let body = wrap(1, spans);
    assert_eq!(decode_protobuf(&body), Err(OtlpError::TooLarge));
}

/// A length-delimited field around `content`.
fn wrap(tag: u8, content: Vec<u8>) -> Vec<u8> {
    let mut out = vec![tag << 3 | 2];
    let mut len = content.len();
    while len >= 0x80 {
        out.push((len & 0x7f) as u8 | 0x80);
        len >>= 7;
    }
    out.push(len as u8);
    out.extend(content);
    out
}

fn mutate(
    source: &[u8],
    edits: &[(prop::sample::Index, u8)],
    cut: &prop::sample::Index,
) -> Vec<u8> {
    let mut bytes = source.to_vec();
    for (at, byte) in edits {
        let at = at.index(bytes.len());
        bytes[at] = *byte;
    }
    bytes.truncate(bytes.len() - cut.index(bytes.len()) / 8);
    bytes
}

fn use_everything(decoded: &Decoded) {
    for span in &decoded.spans {
        assert_eq!((span.trace_id.len(), span.span_id.len()), (32, 16));
        serde_json::to_string(&span.attributes).unwrap();
    }
}

proptest! {
    #[test]
    fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        if let Ok(decoded) = decode_protobuf(&bytes) {
            use_everything(&decoded);
        }
        if let Ok(clean) = sanitize(&bytes) {
            let _ = is_otlp_json(clean.text());
            let _ = decode_json(clean.text());
        }
    }

    #[test]
    fn mutated_protobuf_is_survived(
        edits in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..12),
        cut in any::<prop::sample::Index>(),
    ) {
        if let Ok(decoded) = decode_protobuf(&mutate(PYTHON, &edits, &cut)) {
            use_everything(&decoded);
        }
    }

    #[test]
    fn mutated_json_is_survived(
        edits in proptest::collection::vec((any::<prop::sample::Index>(), prop_oneof![any::<u8>(), Just(b'"'), Just(b'{'), Just(b'0')]), 0..6),
        cut in any::<prop::sample::Index>(),
        is_odd in any::<bool>(),
    ) {
        let source = if is_odd { ODD } else { JS };
        if let Ok(clean) = sanitize(&mutate(source.as_bytes(), &edits, &cut)) {
            let _ = is_otlp_json(clean.text());
            if let Ok(decoded) = decode_json(clean.text()) {
                use_everything(&decoded);
            }
        }
    }
}
