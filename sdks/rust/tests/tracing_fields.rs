//! What the layer makes of fields and events, however odd they are.

mod support;

use std::fmt::{Debug, Formatter};
use std::panic::catch_unwind;
use std::time::Duration;

use cognobserve_sdk::{Content, Observe, TracingLayer, observe_sync};
use serde_json::{Value, json};
use support::receiver::Reply;
use support::subscribed::{names, start, traces};
use tracing::field::Empty;
use tracing::{Span, debug_span, error, info_span, warn};
use tracing_subscriber::prelude::*;

#[test]
fn fields_have_the_meaning_that_the_conventions_give_them() {
    let stage = start(|config| config);
    let span = info_span!(
        "request",
        otel.name = "POST /ask",
        otel.kind = "server",
        user.id = 7,
        user.name = "John Doe",
        user.plan = "pro",
        session.id = %"s-1",
        feature = "support",
    );
    span.in_scope(|| {
        let chat = info_span!(
            "chat",
            gen_ai.operation.name = "chat",
            gen_ai.request.model = "gpt-4o",
            gen_ai.request.temperature = 0.2,
            gen_ai.input.messages = r#"[{"role":"user","content":"Hi"}]"#,
            gen_ai.response.model = Empty,
            gen_ai.response.id = Empty,
            gen_ai.output.messages = Empty,
            gen_ai.usage.input_tokens = Empty,
            gen_ai.usage.output_tokens = Empty,
            gen_ai.usage.cache_read.input_tokens = Empty,
            gen_ai.usage.cost = Empty,
        );
        chat.record("gen_ai.response.model", "gpt-4o-2024-08-06");
        chat.record("gen_ai.response.id", "r-1");
        chat.record("gen_ai.output.messages", "Hello!");
        chat.record("gen_ai.usage.input_tokens", 12);
        chat.record("gen_ai.usage.output_tokens", tracing::field::display(3));
        chat.record("gen_ai.usage.cache_read.input_tokens", 4u64);
        chat.record("gen_ai.usage.cost", 0.25);
        info_span!("look up", gen_ai.operation.name = "execute_tool").in_scope(|| ());
        info_span!("plain").in_scope(|| debug_span!("noise").in_scope(|| ()));
    });
    drop(span);
    let traces = traces(&stage);
    assert_eq!(traces.len(), 1);
    let trace = &traces[0];
    assert_eq!(trace["name"], "POST /ask");
    assert_eq!(
        (&trace["user_id"], &trace["session_id"]),
        (&json!("7"), &json!("s-1"))
    );
    assert_eq!(
        trace["user"],
        json!({"id": "7", "name": "John Doe", "plan": "pro"})
    );
    assert_eq!(trace["metadata"], json!({"feature": "support"}));
    assert_eq!(names(trace), ["POST /ask", "chat", "look up", "plain"]);
    let (chat, tool) = (&trace["spans"][1], &trace["spans"][2]);
    assert_eq!(chat["parent_span_id"], trace["spans"][0]["span_id"]);
    assert_eq!(
        (&chat["type"], &tool["type"]),
        (&json!("generation"), &json!("tool"))
    );
    assert_eq!(chat["model"], "gpt-4o-2024-08-06");
    assert_eq!(chat["model_parameters"], json!({"temperature": 0.2}));
    assert_eq!(chat["input"], json!([{"role": "user", "content": "Hi"}]));
    assert_eq!(
        (&chat["output"], &chat["response_id"]),
        (&json!("Hello!"), &json!("r-1"))
    );
    assert_eq!(
        chat["usage"],
        json!({"prompt_tokens": 12, "completion_tokens": 3, "cached_tokens": 4})
    );
    assert_eq!(chat["total_cost"], 0.25);
}

#[test]
fn errors_mark_the_span_around_them_and_nothing_else_does() {
    let stage = start(|config| config);
    info_span!("fine", session.id = "s").in_scope(|| {
        warn!("odd");
        info_span!("broken").in_scope(|| error!(error = %"time-out", "no answer"));
        let cause = std::io::Error::other("disk full");
        info_span!("typed").in_scope(|| error!(error = &cause as &dyn std::error::Error));
        info_span!(
            "status",
            otel.status_code = "ERROR",
            otel.status_message = "no"
        )
        .in_scope(|| ());
        debug_span!("noise").in_scope(|| observe_sync(Observe::new("call"), || error!("inside")));
    });
    let traces = traces(&stage);
    let spans = traces[0]["spans"].as_array().unwrap();
    let read = |at: usize| {
        let text = |field: &str| spans[at][field].as_str().unwrap_or("-").to_owned();
        [text("name"), text("level"), text("status_message")].join(" ")
    };
    let read: Vec<String> = (0..spans.len()).map(read).collect();
    assert_eq!(
        read,
        [
            "fine - -",
            "broken ERROR no answer: time-out",
            "typed ERROR disk full",
            "status ERROR no",
            "call ERROR inside"
        ]
    );
}

struct Bad;

impl Debug for Bad {
    fn fmt(&self, _: &mut Formatter<'_>) -> std::fmt::Result {
        panic!("on purpose")
    }
}

/// Traces while it is written.
struct Chatty;

impl Debug for Chatty {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
        Span::current().record("note", "from within");
        info_span!("while written").in_scope(|| formatter.write_str("chatty"))
    }
}

#[test]
fn values_that_panic_trace_or_are_huge_harm_nobody() {
    let stage = start(|config| config);
    let span = info_span!(
        "request",
        user.id = "u",
        note = Empty,
        late = Empty,
        long = Empty
    );
    span.in_scope(|| {
        span.record("late", tracing::field::debug(Chatty));
        span.record("long", "ä".repeat(1_000_000));
        span.record("note", tracing::field::debug(Bad));
        error!(bad = ?Bad, "told all the same");
        info_span!("talk", gen_ai.prompt = "p".repeat(3_000_000)).in_scope(|| ());
    });
    drop(span);
    let traces = traces(&stage);
    let trace = &traces[0];
    assert_eq!(names(trace), ["request", "while written", "talk"]);
    let metadata = &trace["metadata"];
    assert_eq!(
        (&metadata["note"], &metadata["late"]),
        (&json!("from within"), &json!("chatty"))
    );
    assert_eq!(metadata["long"].as_str().unwrap().len(), 8 * 1024);
    assert_eq!(trace["spans"][0]["status_message"], "told all the same");
    let prompt = trace["spans"][2]["input"].as_str().unwrap().len();
    assert!((1_000_000..=1024 * 1024).contains(&prompt), "{prompt}");
}

#[test]
fn fields_are_content_that_can_be_masked_or_left_out() {
    let work = || {
        let span = info_span!(
            "ask",
            user.id = "u",
            secret = "4111",
            gen_ai.prompt = "card 4111"
        );
        span.in_scope(|| info_span!("step", secret = "4111").in_scope(|| ()));
    };
    let mut stage = start(|config| config.capture_content(false));
    work();
    stage.flush();
    stage.restart(|config| {
        config.mask(|value, what| match what {
            Content::Field => json!("****"),
            _ => json!(value.as_str().unwrap().replace("4111", "****")),
        })
    });
    work();
    stage.flush();
    stage.restart(|config| config);
    let quiet = tracing_subscriber::registry().with(TracingLayer::new().without_fields());
    tracing::subscriber::with_default(quiet, work);
    let traces = traces(&stage);
    assert_eq!(traces.len(), 3);
    let masked = json!({"secret": "****"});
    for (trace, metadata, input) in [
        (&traces[0], &Value::Null, &Value::Null),
        (&traces[1], &masked, &json!("card ****")),
        (&traces[2], &Value::Null, &json!("card 4111")),
    ] {
        assert_eq!(trace["user_id"], "u");
        assert_eq!(
            (&trace["metadata"], &trace["spans"][0]["input"]),
            (metadata, input)
        );
        assert_eq!(&trace["spans"][1]["metadata"], metadata);
    }
}

#[test]
fn tokens_that_a_call_within_has_told_are_not_told_again() {
    let stage = start(|config| config);
    let outer = info_span!("outer", user.id = "u", gen_ai.usage.input_tokens = Empty);
    outer.in_scope(|| {
        info_span!("inner", gen_ai.usage.input_tokens = 12).in_scope(|| ());
        outer.record("gen_ai.usage.input_tokens", 12);
    });
    drop(outer);
    let traces = traces(&stage);
    assert!(traces[0]["spans"][0]["usage"].is_null());
    assert_eq!(traces[0]["spans"][1]["usage"], json!({"prompt_tokens": 12}));
}

#[test]
fn tokens_that_a_call_of_somebody_else_within_has_told_are_not_told_again() {
    let stage = start(|config| config);
    let outer = info_span!("outer", user.id = "a", gen_ai.usage.input_tokens = Empty);
    outer.in_scope(|| {
        info_span!("inner", user.id = "b", gen_ai.usage.input_tokens = 12).in_scope(|| ());
        outer.record("gen_ai.usage.input_tokens", 12);
    });
    drop(outer);
    // Whoever is named while it runs: what began below it before has told it nevertheless.
    info_span!("request", user.id = "a").in_scope(|| {
        let outer = info_span!("parted", user.id = Empty, gen_ai.usage.input_tokens = Empty);
        outer.in_scope(|| {
            let inner = info_span!("inner", gen_ai.usage.input_tokens = Empty);
            outer.record("user.id", "b");
            inner.record("gen_ai.usage.input_tokens", 12);
            outer.record("gen_ai.usage.input_tokens", 12);
        });
    });
    let traces = traces(&stage);
    let spans = traces
        .iter()
        .flat_map(|trace| trace["spans"].as_array().unwrap());
    let told: Vec<&Value> = spans
        .filter(|span| !span["usage"].is_null())
        .map(|span| &span["name"])
        .collect();
    assert_eq!(told, ["inner", "inner"]);
}

#[test]
fn two_layers_and_a_disabled_client_count_nothing_twice_or_at_all() {
    let mut stage = start(|config| config);
    let double = tracing_subscriber::registry()
        .with(TracingLayer::new())
        .with(TracingLayer::new());
    let work = || info_span!("once", user.id = "u").in_scope(|| error!("e"));
    tracing::subscriber::with_default(double, work);
    stage.flush();
    stage.restart(|config| config.disabled(true));
    work();
    stage.restart(|config| {
        config
            .max_queue_size(3)
            .flush_interval(Duration::from_secs(60))
    });
    let busy = Reply::Status(503, "retry-after: 1\r\n", "");
    stage.server.reply([busy]);
    work();
    stage.server.wait_for(2);
    for _ in 0..10 {
        work();
    }
    assert_eq!(stage.client().stats().dropped, 7);
    // Those that waited, and the one before them was tried twice.
    assert_eq!(traces(&stage).len(), 1 + 2 + 3);
}

#[test]
fn a_panic_marks_the_span_that_it_leaves() {
    let stage = start(|config| config);
    let caught = catch_unwind(|| {
        let span = info_span!("request", user.id = "u");
        span.in_scope(|| panic!("on purpose"));
    });
    assert!(caught.is_err());
    let spans = traces(&stage)[0]["spans"].clone();
    assert_eq!(
        (&spans[0]["level"], &spans[0]["status_message"]),
        (&json!("ERROR"), &json!("panicked"))
    );
}

#[test]
fn a_listener_of_warnings_may_trace_itself() {
    let stage = start(|config| {
        config.on_warning(|warning| {
            info_span!("warned", session.id = "w").in_scope(|| error!("{warning}"));
        })
    });
    let span = info_span!(
        "request",
        user.id = "u",
        user.a = Empty,
        user.b = Empty,
        user.c = Empty,
        user.d = Empty,
        user.e = Empty,
        user.f = Empty,
        user.g = Empty,
        user.h = Empty,
        user.i = Empty,
    );
    span.in_scope(|| {
        for name in ["a", "b", "c", "d", "e", "f", "g", "h", "i"] {
            span.record(format!("user.{name}").as_str(), "x".repeat(8000));
        }
    });
    drop(span);
    let traces = traces(&stage);
    assert_eq!(names(&traces[0]), ["request", "warned"]);
    assert_eq!(traces[0]["user_id"], "u");
}
