//! What one answer of a provider has used is told once, whoever hands it on and whosever trace that is.

mod support;

use cognobserve_sdk::{
    Observe, Usage, current_span, observe_stream, observe_sync, start_trace, trace_sync,
    with_user_sync,
};
use futures_util::{StreamExt, stream};
use serde_json::{Value, json};
use support::{Stage, start};

fn generation(name: &str) -> Observe {
    Observe::new(name).generation()
}

/// With an id, and without one.
fn answers() -> [Value; 2] {
    let mut answer = json!({
        "id": "chatcmpl-1", "object": "chat.completion", "model": "m",
        "choices": [{"message": {"role": "assistant", "content": "Hello!"}}],
        "usage": {"prompt_tokens": 8, "completion_tokens": 2},
    });
    let with_id = answer.clone();
    answer.as_object_mut().unwrap().remove("id");
    [with_id, answer]
}

/// The tokens that the spans of a name told, all together.
fn count(stage: &Stage, name: &str) -> Vec<Value> {
    stage.flush();
    let spans = stage.server.spans();
    spans
        .iter()
        .filter(|span| span["name"] == name)
        .map(|span| span["usage"]["prompt_tokens"].clone())
        .collect()
}

fn expect_told_within(run: impl Fn(Value) -> Value) {
    for answer in answers() {
        let stage = start(|config| config);
        observe_sync(generation("outer").user_id("a"), || run(answer.clone()));
        assert_eq!(count(&stage, "outer"), [Value::Null], "{answer}");
        assert_eq!(count(&stage, "inner"), [json!(8)], "{answer}");
    }
}

#[test]
fn a_call_within_the_same_trace_has_told_it() {
    expect_told_within(|answer| observe_sync(generation("inner"), || answer));
}

#[test]
fn a_call_for_another_user_has_told_it() {
    expect_told_within(|answer| {
        with_user_sync("b", || {
            observe_sync(Observe::new("between"), || {
                observe_sync(generation("inner"), || answer)
            })
        })
    });
    expect_told_within(|answer| observe_sync(generation("inner").user_id("b"), || answer));
}

#[test]
fn a_call_in_a_trace_of_its_own_has_told_it() {
    expect_told_within(|answer| trace_sync(generation("inner"), || answer));
    expect_told_within(|answer| {
        let trace = start_trace("by hand");
        trace.start_span(generation("inner")).set_output(&answer);
        trace.end();
        answer
    });
    expect_told_within(|answer| {
        let trace = start_trace("by hand");
        trace.scope_sync(|| observe_sync(generation("inner").user_id("c"), || answer))
    });
}

#[test]
fn a_call_whose_tokens_the_app_has_set_has_told_it() {
    expect_told_within(|answer| {
        observe_sync(generation("inner").user_id("b"), || {
            current_span().unwrap().set_usage(Usage::tokens(8, 2));
        });
        answer
    });
    // Of which the provider says something else.
    for answer in answers() {
        let stage = start(|config| config);
        observe_sync(generation("outer").user_id("a"), || {
            observe_sync(generation("inner").user_id("b"), || {
                current_span().unwrap().set_usage(Usage::tokens(3, 1));
                answer.clone()
            })
        });
        assert_eq!(count(&stage, "outer"), [Value::Null], "{answer}");
        assert_eq!(count(&stage, "inner"), [json!(3)], "{answer}");
    }
}

#[test]
fn a_stream_around_another_users_call_does_not_tell_it_again() {
    let stage = start(|config| config);
    let pieces = stream::iter(answers()[..1].to_vec()).map(|answer| {
        observe_sync(generation("inner").user_id("b"), || answer.clone());
        json!({
            "id": "chatcmpl-1", "object": "chat.completion.chunk",
            "choices": [{"index": 0, "delta": {"content": "Hello!"}}],
            "usage": answer["usage"],
        })
    });
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(observe_stream(generation("outer").user_id("a"), pieces).count());
    assert_eq!(count(&stage, "outer"), [Value::Null]);
    assert_eq!(count(&stage, "inner"), [json!(8)]);
}

#[test]
fn another_answer_is_told_too() {
    let stage = start(|config| config);
    let [inner, _] = answers();
    let mut outer = inner.clone();
    outer["id"] = json!("chatcmpl-2");
    observe_sync(generation("outer").user_id("a"), || {
        observe_sync(generation("inner").user_id("b"), || inner.clone());
        // A call beside it knows nothing of it.
        outer
    });
    observe_sync(generation("beside").user_id("a"), || inner.clone());
    for name in ["outer", "inner", "beside"] {
        assert_eq!(count(&stage, name), [json!(8)], "{name}");
    }
}
