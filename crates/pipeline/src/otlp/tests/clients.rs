//! What known clients send.
use super::*;

#[test]
fn what_python_sends_becomes_one_piece() {
    let accepted = accept_otlp(decode_protobuf(PYTHON).unwrap(), &door());
    assert!(accepted.warnings.is_empty() && accepted.explain().is_empty());
    let [piece] = &accepted.pieces[..] else {
        panic!("one piece expected")
    };
    assert_eq!(piece.trace_id, "4bf92f3577b34da6a3ce929d0e0e4736");
    assert_eq!(
        (piece.arrival, &piece.user, &piece.name),
        (ARRIVAL, &None, &None)
    );
    assert_eq!(
        piece.metadata.as_deref(),
        Some(r#"{"service.name":"support-bot"}"#)
    );
    let [chat, lookup, root] = &piece.spans[..] else {
        panic!("three spans expected")
    };
    assert_eq!(
        (root.user.as_deref(), root.session.as_deref()),
        (Some("user-123"), Some("conv-42"))
    );
    assert_eq!(
        (root.parent.as_deref(), root.payload.metadata.as_deref()),
        (
            None,
            Some(r#"{"otel.scope.name":"app.chat","otel.scope.version":"1.4.0"}"#)
        )
    );
    assert_eq!(
        (chat.kind, chat.model.as_deref()),
        (Some(SpanKind::Generation), Some("gpt-4o-2024-08-06"))
    );
    assert_eq!(
        (chat.usage.prompt, chat.usage.completion),
        (Some(1200), Some(80))
    );
    assert_eq!(
        (chat.start, chat.response_id.as_deref()),
        (Some(Micros(1_772_600_767_001_000)), Some("chatcmpl-1"))
    );
    assert_eq!(
        chat.payload.input.as_deref(),
        Some(r#"[{"role":"user","parts":[{"type":"text","content":"Grüße"}]}]"#)
    );
    assert_eq!(
        chat.payload.model_parameters.as_deref(),
        Some(r#"{"temperature":0.2}"#)
    );
    let rest = metadata(&chat.payload.metadata);
    assert_eq!(rest["gen_ai.request.model"], "gpt-4o");
    assert_eq!(rest["gen_ai.response.finish_reasons"][0], "stop");
    assert_eq!(
        (lookup.level, lookup.status_message.as_deref()),
        (Some(Level::Error), Some("no such order"))
    );
    assert_eq!(
        metadata(&lookup.payload.metadata)["events"][0]["attributes"]["exception.type"],
        "ValueError"
    );
}

#[test]
fn the_ai_sdk_is_a_container_around_a_call() {
    let accepted = accept_otlp(decode_json(JS).unwrap(), &door());
    let [call, root] = &accepted.pieces[0].spans[..] else {
        panic!("two spans expected")
    };
    assert_eq!(
        (call.kind, call.user.as_deref(), call.usage.prompt),
        (Some(SpanKind::Generation), Some("user-123"), Some(321))
    );
    assert_eq!(
        call.payload.input.as_deref(),
        Some(r#"[{"role":"user","content":"Hi 👋"}]"#)
    );
    assert_eq!(
        (root.level, root.status_message.as_deref()),
        (Some(Level::Error), Some("rate limited"))
    );
}

#[test]
fn langfuse_spans_are_understood() {
    let text = |value: &str| serde_json::json!({ "stringValue": value }).to_string();
    let list = [
        ("langfuse.observation.type", text("generation")),
        ("langfuse.trace.name", text("chat")),
        ("langfuse.observation.model.name", text("gpt-4o")),
        (
            "langfuse.observation.usage_details",
            text(
                r#"{"input":70,"output":20,"cache_read_input_tokens":10,"cache_creation_input_tokens":5,"total":105}"#,
            ),
        ),
        (
            "langfuse.observation.cost_details",
            text(r#"{"input":0.001,"output":"0.002","cache":0.0005}"#),
        ),
        ("langfuse.observation.level", text("WARNING")),
        ("langfuse.observation.status_message", text("hm")),
        ("langfuse.observation.input", text(r#"{"q": "\u0000"}"#)),
        ("langfuse.observation.output", text("plain")),
        (
            "langfuse.observation.metadata.langfuse_user_id",
            text("\"user-123\""),
        ),
        ("langfuse.observation.metadata.k", text("{\"a\":1}")),
        ("langfuse.trace.metadata.plan", text("\"pro\"")),
        ("langfuse.environment", text("\"prod\"")),
        (
            "langfuse.internal.is_app_root",
            r#"{"boolValue":true}"#.to_owned(),
        ),
    ];
    let list: Vec<(&str, &str)> = list
        .iter()
        .map(|(key, value)| (*key, value.as_str()))
        .collect();
    let python = text("python");
    let (piece, codes) = accept_sent(&Sent {
        attributes: &list,
        resource: &[("telemetry.sdk.language", &python)],
        scope: ("langfuse-sdk", "5.0.4"),
        more: r#","parentSpanId":"00f067aa0ba90111""#,
    });
    let span = &piece.spans[0];
    assert!(codes.is_empty(), "{codes:?}");
    assert_eq!(
        (span.kind, span.level, span.app_root),
        (Some(SpanKind::Generation), Some(Level::Warning), Some(true))
    );
    assert_eq!(
        (span.trace_name.as_deref(), span.status_message.as_deref()),
        (Some("chat"), Some("hm"))
    );
    assert_eq!(
        (
            span.usage.prompt,
            span.usage.completion,
            span.usage.cached,
            span.usage.cache_write
        ),
        (Some(85), Some(20), Some(10), Some(5))
    );
    assert_eq!(
        (span.cost.input, span.cost.output, span.cost.total),
        (Some(1_000_000), Some(2_000_000), Some(3_500_000))
    );
    assert_eq!(span.payload.input.as_deref(), Some(r#"{"q": "\ufffd"}"#));
    assert_eq!(span.payload.output.as_deref(), Some("\"plain\""));
    assert_eq!(span.user.as_deref(), Some("user-123"));
    assert_eq!(metadata(&span.payload.metadata)["k"]["a"], 1);
    assert_eq!(
        piece.metadata.as_deref(),
        Some(r#"{"environment":"\"prod\"","plan":"pro"}"#)
    );
}

#[test]
fn metadata_is_decoded_for_new_python_only() {
    let encoded = r#"{"stringValue":"\"user-123\""}"#;
    let user = |scope: (&str, &str), language: &str| {
        let language = format!(r#"{{"stringValue":"{language}"}}"#);
        let sent = Sent {
            attributes: &[("langfuse.trace.metadata.langfuse_user_id", encoded)],
            resource: &[("telemetry.sdk.language", &language)],
            scope,
            more: "",
        };
        accept_sent(&sent).0.spans[0].user.clone().unwrap()
    };
    assert_eq!(user(("langfuse-sdk", "5.0.4"), "python"), "user-123");
    assert_eq!(user(("langfuse-sdk", "4.18.0"), "python"), "\"user-123\"");
    assert_eq!(user(("langfuse-sdk", "5.11.1"), "nodejs"), "\"user-123\"");
    assert_eq!(user(("other", "5.0.4"), "python"), "\"user-123\"");
}
