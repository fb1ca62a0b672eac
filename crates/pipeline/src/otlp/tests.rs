//! Tests of OTLP requests from body to pieces.

use super::*;
use crate::door::IdSeed;
use cognobserve_model::span::{Level, SpanKind};
use cognobserve_wire::json::sanitize;
use cognobserve_wire::otlp::{decode_json, decode_protobuf};
use proptest::prelude::*;

const PYTHON: &[u8] = include_bytes!("../../../wire/fixtures/otlp_python.pb");
const JS: &str = include_str!("../../../wire/fixtures/otlp_js.json");
const NOW: Micros = Micros(1_772_600_800_000_000);
const ARRIVAL: Arrival = Arrival(1_772_600_800_000_123);

fn stamp(_: usize) -> Arrival {
    ARRIVAL
}

fn door() -> Door<'static> {
    Door {
        now: NOW,
        take_arrivals: &stamp,
        capture: Capture::Full,
        id_seed: IdSeed::Random([7; 16]),
    }
}

/// One span with these attributes (JSON of `AnyValue` per key) in a scope and resource.
#[derive(Default)]
struct Sent<'x> {
    attributes: &'x [(&'x str, &'x str)],
    resource: &'x [(&'x str, &'x str)],
    scope: (&'x str, &'x str),
    more: &'x str,
}

fn attributes(list: &[(&str, &str)]) -> String {
    let pairs: Vec<String> = list
        .iter()
        .map(|(key, value)| format!(r#"{{"key":"{key}","value":{value}}}"#))
        .collect();
    format!("[{}]", pairs.join(","))
}

fn accept_sent(sent: &Sent) -> (Piece, Vec<String>) {
    let body = format!(
        r#"{{"resourceSpans":[{{"resource":{{"attributes":{}}},"scopeSpans":[{{"scope":{{"name":"{}","version":"{}"}},"spans":[
            {{"traceId":"4bf92f3577b34da6a3ce929d0e0e4736","spanId":"00f067aa0ba902b7","name":"step","startTimeUnixNano":"1772600767000000999","endTimeUnixNano":"1772600768000000000",
              "attributes":{}{}}}]}}]}}]}}"#,
        attributes(sent.resource),
        sent.scope.0,
        sent.scope.1,
        attributes(sent.attributes),
        sent.more,
    );
    let clean = sanitize(body.as_bytes()).unwrap();
    let decoded = decode_json(clean.text()).unwrap();
    assert_eq!(decoded.rejected.count, 0, "{body}");
    let accepted = accept_otlp(decoded, &door());
    let codes = accepted
        .warnings
        .iter()
        .map(|w| format!("{} {}", w.code(), w.place))
        .collect();
    (accepted.pieces.into_iter().next().unwrap(), codes)
}

fn read(attributes: &[(&str, &str)]) -> SpanPart {
    accept_sent(&Sent {
        attributes,
        ..Sent::default()
    })
    .0
    .spans
    .remove(0)
}

fn metadata(json: &Option<String>) -> serde_json::Value {
    serde_json::from_str(json.as_deref().unwrap_or("{}")).unwrap()
}

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
fn the_most_trusted_meaningful_id_wins() {
    let user = |list: &[(&str, &str)]| read(list).user;
    let text = |value: &str| format!(r#"{{"stringValue":"{value}"}}"#);
    let (a, b, junk) = (text("a"), text("b"), text("undefined"));
    assert_eq!(
        user(&[("enduser.id", &b), ("user.id", &a)]).as_deref(),
        Some("a")
    );
    assert_eq!(
        user(&[("user.id", &junk), ("enduser.id", &b)]).as_deref(),
        Some("b")
    );
    assert_eq!(
        user(&[
            ("user.id", &text("[Scrubbed due to 'session']")),
            ("user_id", &b)
        ])
        .as_deref(),
        Some("b")
    );
    assert_eq!(
        user(&[("user.id", r#"{"intValue":"12"}"#)]).as_deref(),
        Some("12")
    );
    assert_eq!(
        user(&[("user.id", r#"{"doubleValue":12.0}"#)]).as_deref(),
        Some("12")
    );
    assert_eq!(user(&[("user.id", r#"{"boolValue":true}"#)]), None);
    assert_eq!(
        user(&[("metadata", r#"{"stringValue":"{\"user_id\":7,\"x\":1}"}"#)]).as_deref(),
        Some("7")
    );
    assert_eq!(
        user(&[
            ("metadata", r#"{"stringValue":"{\"user_id\":7}"}"#),
            ("user.id", &a)
        ])
        .as_deref(),
        Some("a")
    );
    assert_eq!(
        user(&[
            ("gen_ai.user", &b),
            ("metadata", r#"{"stringValue":"{\"userId\":\"m\"}"}"#)
        ])
        .as_deref(),
        Some("m")
    );
    let session = read(&[
        ("gen_ai.conversation.id", &b),
        ("session.id", &text("[Scrubbed due to 'session']")),
    ])
    .session;
    assert_eq!(session.as_deref(), Some("b"));
    let (piece, _) = accept_sent(&Sent {
        resource: &[("user.id", &a)],
        ..Sent::default()
    });
    assert_eq!(piece.spans[0].user.as_deref(), Some("a"));
}

#[test]
fn an_impossible_id_is_dropped_and_told_and_the_trace_kept() {
    let long = format!(r#"{{"stringValue":"{}"}}"#, "x".repeat(256));
    let (piece, codes) = accept_sent(&Sent {
        attributes: &[("user.id", &long), ("session.id", &long)],
        ..Sent::default()
    });
    assert_eq!(
        (
            piece.spans[0].user.as_deref(),
            piece.spans[0].session.as_deref()
        ),
        (None, None)
    );
    assert_eq!(
        codes,
        [
            "id_too_long spans[0].user.id",
            "id_too_long spans[0].session.id"
        ]
    );
    let body = format!(
        r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{{"traceId":"4bf92f3577b34da6a3ce929d0e0e4736","spanId":"00f067aa0ba902b7","attributes":[{{"key":"user.id","value":{long}}}]}},{{}}]}}]}}]}}"#
    );
    let explained = accept_otlp(decode_json(&body).unwrap(), &door());
    assert_eq!(explained.rejected.count, 1);
    assert_eq!(
        explained.explain(),
        "span 1: the trace id is missing or all zeros; spans[0].user.id: longer than 255; dropped"
    );
}

#[test]
fn profiles_need_a_user_and_are_otherwise_metadata() {
    let text = r#"{"stringValue":"v"}"#;
    let list = [
        ("user.name", text),
        ("user.email", r#"{"stringValue":"a@b.co"}"#),
        (
            "user.roles",
            r#"{"arrayValue":{"values":[{"stringValue":"admin"}]}}"#,
        ),
    ];
    let (piece, _) = accept_sent(&Sent {
        attributes: &list,
        ..Sent::default()
    });
    assert!(piece.profiles.is_empty());
    let rest = metadata(&piece.spans[0].payload.metadata);
    assert_eq!(
        (
            &rest["user.name"],
            &rest["user.email"],
            &rest["user.roles"][0]
        ),
        (&"v".into(), &"a@b.co".into(), &"admin".into())
    );

    let with_user: Vec<_> = [("user.id", text)].into_iter().chain(list).collect();
    let (piece, codes) = accept_sent(&Sent {
        attributes: &with_user,
        ..Sent::default()
    });
    let [profile] = &piece.profiles[..] else {
        panic!("one profile expected")
    };
    assert_eq!(
        (profile.user.as_str(), profile.at),
        ("v", Micros(1_772_600_767_000_000))
    );
    assert_eq!(
        (&profile.name, &profile.email),
        (&Some(Some("v".into())), &Some(Some("a@b.co".into())))
    );
    assert_eq!(
        profile.metadata,
        [("roles".to_owned(), Some(r#"["admin"]"#.to_owned()))]
    );
    assert!(piece.spans[0].payload.metadata.is_none() && codes.is_empty());
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

#[test]
fn usage_is_made_inclusive() {
    let int = |n: i64| format!(r#"{{"intValue":{n}}}"#);
    let usage = |list: &[(&str, i64)]| {
        let values: Vec<_> = list.iter().map(|(key, n)| (*key, int(*n))).collect();
        let pairs: Vec<(&str, &str)> = values
            .iter()
            .map(|(key, value)| (*key, value.as_str()))
            .collect();
        let usage = read(&pairs).usage;
        (
            usage.prompt,
            usage.completion,
            usage.total,
            usage.cached,
            usage.cache_write,
        )
    };
    let (input, output) = ("gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens");
    let (read_key, write_key) = (
        "gen_ai.usage.cache_read.input_tokens",
        "gen_ai.usage.cache_creation.input_tokens",
    );
    assert_eq!(
        usage(&[(input, 110), (output, 5), (read_key, 30), (write_key, 10)]),
        (Some(110), Some(5), None, Some(30), Some(10))
    );
    assert_eq!(
        usage(&[(input, 10), (output, 5), (read_key, 30), (write_key, 10)]),
        (Some(50), Some(5), None, Some(30), Some(10))
    );
    assert_eq!(
        usage(&[
            (input, 70),
            (output, 5),
            (read_key, 30),
            ("gen_ai.usage.total_tokens", 105)
        ]),
        (Some(100), Some(5), Some(105), Some(30), None)
    );
    assert_eq!(
        usage(&[
            (input, 70),
            (output, 5),
            (read_key, 30),
            ("gen_ai.usage.total_tokens", 75)
        ]),
        (Some(70), Some(5), Some(75), Some(30), None)
    );
    assert_eq!(
        usage(&[("llm.token_count.prompt", 7), (input, 8)]).0,
        Some(8)
    );
    let details = r#"{"stringValue":"{\"prompt_tokens\":50,\"completion_tokens\":9,\"total_tokens\":59,\"prompt_tokens_details\":{\"cached_tokens\":40},\"completion_tokens_details\":{\"reasoning_tokens\":3}}"}"#;
    let span = read(&[
        ("langfuse.observation.usage_details", details),
        (input, &int(1)),
    ]);
    assert_eq!(
        (
            span.usage.prompt,
            span.usage.cached,
            span.usage.reasoning,
            span.usage.total
        ),
        (Some(50), Some(40), Some(3), Some(59))
    );
}

#[test]
fn kind_falls_back_to_model_and_usage() {
    let (model, count) = (
        ("gen_ai.request.model", r#"{"stringValue":"m"}"#),
        ("gen_ai.usage.input_tokens", r#"{"intValue":1}"#),
    );
    assert_eq!(read(&[model, count]).kind, Some(SpanKind::Generation));
    assert_eq!(read(&[model]).kind, None);
    assert_eq!(
        read(&[
            model,
            count,
            ("gen_ai.operation.name", r#"{"stringValue":"invoke_agent"}"#)
        ])
        .kind,
        Some(SpanKind::Agent)
    );
    assert_eq!(
        read(&[
            model,
            count,
            ("lmnr.span.type", r#"{"stringValue":"DEFAULT"}"#),
            ("traceloop.span.kind", r#"{"stringValue":"tool"}"#)
        ])
        .kind,
        Some(SpanKind::Tool)
    );
}

#[test]
fn outcomes_come_from_status_exception_and_level() {
    let outcome = |attributes: &[(&str, &str)], more: &str| {
        let span = accept_sent(&Sent {
            attributes,
            more,
            ..Sent::default()
        })
        .0
        .spans
        .remove(0);
        (span.level, span.status_message)
    };
    let exception = r#","events":[{"name":"exception","attributes":[{"key":"exception.message","value":{"stringValue":"boom"}}]}]"#;
    assert_eq!(outcome(&[], ""), (None, None));
    assert_eq!(
        outcome(&[], exception),
        (Some(Level::Error), Some("boom".into()))
    );
    assert_eq!(
        outcome(&[], &format!(r#"{exception},"status":{{"code":1}}"#)).0,
        None
    );
    assert_eq!(
        outcome(&[("error.type", r#"{"stringValue":"timeout"}"#)], ""),
        (Some(Level::Error), Some("timeout".into()))
    );
    let default = ("langfuse.observation.level", r#"{"stringValue":"DEFAULT"}"#);
    let error = ("langfuse.observation.level", r#"{"stringValue":"ERROR"}"#);
    assert_eq!(
        outcome(&[default], r#","status":{"code":2,"message":"m"}"#),
        (Some(Level::Error), Some("m".into()))
    );
    assert_eq!(outcome(&[error], "").0, Some(Level::Error));
    assert_eq!(
        outcome(&[("logfire.level_num", r#"{"intValue":13}"#)], "").0,
        Some(Level::Warning)
    );
}

#[test]
fn indexed_messages_are_nested() {
    let text = |value: &str| format!(r#"{{"stringValue":"{value}"}}"#);
    let (user, hi, bot, yes) = (text("user"), text("hi"), text("assistant"), text("yes"));
    let span = read(&[
        ("gen_ai.prompt.0.role", &user),
        ("gen_ai.prompt.0.content", &hi),
        ("gen_ai.completion.0.role", &bot),
        ("gen_ai.completion.0.content", &yes),
    ]);
    assert_eq!(
        span.payload.input.as_deref(),
        Some(r#"[{"role":"user","content":"hi"}]"#)
    );
    assert_eq!(
        span.payload.output.as_deref(),
        Some(r#"[{"role":"assistant","content":"yes"}]"#)
    );
    let span = read(&[
        ("llm.input_messages.1.message.content", &hi),
        ("llm.input_messages.0.message.content", &yes),
    ]);
    assert_eq!(
        span.payload.input.as_deref(),
        Some(r#"[{"content":"yes"},{"content":"hi"}]"#)
    );
}

#[test]
fn machines_and_processes_are_not_kept() {
    let text = r#"{"stringValue":"v"}"#;
    let resource = [
        ("host.name", text),
        ("process.pid", r#"{"intValue":1}"#),
        ("process.owner", text),
        ("deployment.environment.name", text),
        ("telemetry.sdk.name", text),
    ];
    let (piece, _) = accept_sent(&Sent {
        resource: &resource,
        ..Sent::default()
    });
    assert_eq!(
        piece.metadata.as_deref(),
        Some(r#"{"deployment.environment.name":"v"}"#)
    );
}

#[test]
fn times_out_of_range_and_repeats_in_one_request() {
    let body = r#"{"resourceSpans":[{"scopeSpans":[{"spans":[
        {"traceId":"4bf92f3577b34da6a3ce929d0e0e4736","spanId":"00f067aa0ba902b7","name":"one","startTimeUnixNano":"7"},
        {"traceId":"4bf92f3577b34da6a3ce929d0e0e4737","spanId":"00f067aa0ba902b7","name":"other"},
        {"traceId":"4bf92f3577b34da6a3ce929d0e0e4736","spanId":"00f067aa0ba902b7","endTimeUnixNano":"1772600767000000000"}]}]}]}"#;
    let accepted = accept_otlp(decode_json(body).unwrap(), &door());
    let [first, second] = &accepted.pieces[..] else {
        panic!("two pieces expected")
    };
    assert_eq!(
        (first.spans.len(), first.spans[0].name.as_deref()),
        (1, Some("one"))
    );
    assert_eq!(
        (first.spans[0].start, first.spans[0].end),
        (None, Some(Micros(1_772_600_767_000_000)))
    );
    assert_eq!(
        (first.arrival, second.arrival),
        (ARRIVAL, Arrival(ARRIVAL.0 + 1))
    );
    assert_eq!(accepted.warnings[0].reason, Reason::TimeOutOfRange);
}

#[test]
fn a_trace_holds_a_bounded_number_of_spans() {
    let span = |i: usize| {
        format!(
            r#"{{"traceId":"4bf92f3577b34da6a3ce929d0e0e4736","spanId":"{:016x}"}}"#,
            i + 1
        )
    };
    let spans: Vec<String> = (0..=MAX_SPANS_PER_TRACE).map(span).collect();
    let body = format!(
        r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{}]}}]}}]}}"#,
        spans.join(",")
    );
    let accepted = accept_otlp(decode_json(&body).unwrap(), &door());
    assert_eq!(
        (accepted.pieces[0].spans.len(), accepted.rejected.count),
        (MAX_SPANS_PER_TRACE, 1)
    );
    assert!(accepted.explain().starts_with("span 50000: more than"));
}

#[test]
fn without_capture_nothing_shown_passes() {
    let accepted = accept_otlp(
        decode_protobuf(PYTHON).unwrap(),
        &Door {
            capture: Capture::None,
            ..door()
        },
    );
    let piece = &accepted.pieces[0];
    assert!(piece.metadata.is_none() && piece.spans.iter().all(|span| span.payload.is_empty()));
    assert_eq!(piece.spans[2].user.as_deref(), Some("user-123"));
}

fn any_value() -> impl Strategy<Value = String> {
    prop_oneof![
        "\\PC{0,10}".prop_map(|text| serde_json::json!({ "stringValue": text }).to_string()),
        any::<i64>().prop_map(|n| format!(r#"{{"intValue":"{n}"}}"#)),
        any::<f64>().prop_filter("no JSON", |x| x.is_finite()).prop_map(|x| format!(r#"{{"doubleValue":{x}}}"#)),
        Just(r#"{"doubleValue":"NaN"}"#.to_owned()),
        Just(r#"{"boolValue":true}"#.to_owned()),
        Just(r#"{"arrayValue":{"values":[{"stringValue":"x"},{}]}}"#.to_owned()),
        Just(r#"{"stringValue":"{\"input\":1,\"output\":-2,\"total\":1e999,\"input_details\":{\"cached_tokens\":null}}"}"#.to_owned()),
        Just(r#"{"stringValue":"[[[["}"#.to_owned()),
    ]
}

fn any_key() -> impl Strategy<Value = String> {
    let known: Vec<&'static str> = table::ROWS
        .iter()
        .flat_map(|(_, keys)| keys.iter().copied())
        .collect();
    let prefixes: Vec<&'static str> = table::FAMILIES.iter().map(|(prefix, _)| *prefix).collect();
    prop_oneof![
        proptest::sample::select(known).prop_map(str::to_owned),
        (proptest::sample::select(prefixes), "[0-9a-z.]{0,6}")
            .prop_map(|(prefix, rest)| format!("{prefix}{rest}")),
        "[a-z.]{0,6}",
    ]
}

proptest! {
    #[test]
    fn whatever_is_taken_is_in_range(list in proptest::collection::vec((any_key(), any_value()), 0..20)) {
        let pairs: Vec<(&str, &str)> = list.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        let (piece, _) = accept_sent(&Sent { attributes: &pairs, ..Sent::default() });
        let span = &piece.spans[0];
        for count in [span.usage.completion, span.usage.total, span.usage.cached].into_iter().flatten() {
            prop_assert!((0..=cognobserve_model::usage::MAX_TOKENS).contains(&count));
        }
        prop_assert!(span.cost.nanos().is_none_or(|nanos| nanos >= 0));
        for json in [&span.payload.input, &span.payload.output, &span.payload.metadata, &span.payload.model_parameters, &piece.metadata].into_iter().flatten() {
            prop_assert!(serde_json::from_str::<serde::de::IgnoredAny>(json).is_ok(), "{}", json);
        }
        for profile in &piece.profiles {
            prop_assert_eq!(Some(&profile.user), span.user.as_ref());
        }
    }
}
