//! What a span means: kind, usage, outcome, content.
use super::*;

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
