//! What is read of providers' answers that no fixture has.

mod support;

use cognobserve_sdk::{
    Observe, Untold, Usage, current_span, observe_stream, observe_sync, observe_sync_with,
};
use futures_util::{StreamExt, stream};
use serde_json::{Value, json};
use support::start;

/// The span that a whole answer makes.
fn read(answer: Value) -> Value {
    let stage = start(|config| config);
    observe_sync(Observe::new("a").generation(), || answer);
    stage.flush();
    stage.server.spans().remove(0)
}

/// The span that an answer in pieces makes.
fn join(pieces: Vec<Value>) -> Value {
    let stage = start(|config| config);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(observe_stream(Observe::new("a").generation(), stream::iter(pieces)).count());
    stage.flush();
    stage.server.spans().remove(0)
}

#[test]
fn gemini_counts_thoughts_and_tool_prompts() {
    let span = read(json!({
        "candidates": [{"content": {"role": "model", "parts": [{"text": "Hello!"}]}}], "modelVersion": "gemini-2.5-pro",
        "responseId": "r-1",
        "usageMetadata": {"promptTokenCount": 10, "toolUsePromptTokenCount": 2, "candidatesTokenCount": 3,
            "thoughtsTokenCount": 4, "totalTokenCount": 19, "cachedContentTokenCount": 5},
    }));
    assert_eq!(
        (&span["model"], &span["response_id"]),
        (&json!("gemini-2.5-pro"), &json!("r-1"))
    );
    assert_eq!(
        span["output"],
        json!({"role": "model", "parts": [{"text": "Hello!"}]})
    );
    let usage = json!({"prompt_tokens": 12, "completion_tokens": 7, "total_tokens": 19, "cached_tokens": 5,
        "reasoning_tokens": 4});
    assert_eq!(span["usage"], usage);
}

#[test]
fn gemini_in_pieces() {
    let piece = |text: &str, thought: bool| {
        let part = if thought {
            json!({"text": text, "thought": true})
        } else {
            json!({"text": text})
        };
        json!({"candidates": [{"content": {"role": "model", "parts": [part]}}],
            "usageMetadata": {"promptTokenCount": 1, "candidatesTokenCount": text.len()}})
    };
    let span = join(vec![
        piece("Hm", true),
        piece("Hel", false),
        piece("lo!", false),
    ]);
    let parts = json!([{"text": "Hm", "thought": true}, {"text": "Hello!"}]);
    assert_eq!(span["output"], json!({"role": "model", "parts": parts}));
    assert_eq!(
        span["usage"],
        json!({"prompt_tokens": 1, "completion_tokens": 3})
    );
}

#[test]
fn cohere_whole_and_in_pieces() {
    let usage = json!({"billed_units": {"input_tokens": 5, "output_tokens": 2}, "tokens": {"input_tokens": 70}});
    let counted = json!({"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7});
    let message = json!({"role": "assistant", "content": [{"type": "text", "text": "Hello!"}]});
    let span = read(json!({"id": "c-1", "message": message, "usage": usage}));
    assert_eq!(
        (&span["output"], &span["usage"], &span["response_id"]),
        (&message, &counted, &json!("c-1"))
    );
    let text = |text: &str| json!({"type": "content-delta", "delta": {"message": {"content": {"text": text}}}});
    let start = json!({"type": "message-start", "id": "c-1"});
    let span = join(vec![
        start,
        text("Hel"),
        text("lo!"),
        json!({"type": "message-end", "delta": {"usage": usage}}),
    ]);
    assert_eq!(
        (&span["output"], &span["usage"], &span["response_id"]),
        (&message, &counted, &json!("c-1"))
    );
    let span = read(
        json!({"embeddings": {"float": [[0.5, 1.5]]}, "meta": {"billed_units": {"input_tokens": 5}}}),
    );
    assert_eq!(span["output"], json!({"embeddings": 1, "dimensions": 2}));
}

#[test]
fn tools_in_pieces() {
    let chunk = |call: Value| json!({"object": "chat.completion.chunk", "choices": [{"index": 0, "delta": {"tool_calls": [call]}}]});
    let span = join(vec![
        chunk(
            json!({"index": 0, "id": "t-1", "type": "function", "function": {"name": "look", "arguments": ""}}),
        ),
        chunk(json!({"index": 0, "function": {"arguments": "{\"a\":"}})),
        chunk(json!({"index": 0, "function": {"arguments": "1}"}})),
    ]);
    let function = json!({"name": "look", "arguments": "{\"a\":1}"});
    assert_eq!(
        span["output"],
        json!({"tool_calls": [{"id": "t-1", "type": "function", "function": function}]})
    );

    let delta = |text: &str| {
        let delta = json!({"type": "input_json_delta", "partial_json": text});
        json!({"type": "content_block_delta", "index": 0, "delta": delta})
    };
    let block = json!({"type": "tool_use", "id": "t-1", "name": "look", "input": {}});
    let span = join(vec![
        json!({"type": "message_start", "message": {"role": "assistant", "id": "m-1"}}),
        json!({"type": "content_block_start", "index": 0, "content_block": block}),
        delta("{\"a\":"),
        delta("1}"),
    ]);
    assert_eq!(span["output"]["content"][0]["input"], json!({"a": 1}));
}

#[test]
fn responses_in_pieces_and_left_early() {
    let delta = json!({"type": "response.output_text.delta", "delta": "Hel"});
    let created = json!({"type": "response.created", "response": {"id": "r-1", "model": "gpt-5", "output": []}});
    let span = join(vec![created.clone(), delta.clone()]);
    assert_eq!(
        span["output"][0]["content"],
        json!([{"type": "output_text", "text": "Hel"}])
    );
    assert_eq!(
        (&span["model"], &span["response_id"]),
        (&json!("gpt-5"), &json!("r-1"))
    );
    let done = json!({"id": "r-1", "model": "gpt-5", "output": [{"type": "message"}], "usage": {"input_tokens": 3}});
    let span = join(vec![
        created,
        delta,
        json!({"type": "response.completed", "response": done}),
    ]);
    assert_eq!(
        (&span["output"], &span["usage"]),
        (&json!([{"type": "message"}]), &json!({"prompt_tokens": 3}))
    );
}

#[test]
fn what_is_not_known_or_odd_is_an_output_as_it_is() {
    for answer in [
        json!({"object": "chat.completion", "choices": []}),
        json!({"object": "other", "choices": [{"message": {}}]}),
        json!({"type": "message", "content": "text"}),
        json!({"usage": {"tokens": "many"}}),
        json!([1, "two"]),
    ] {
        let span = read(answer.clone());
        assert_eq!(
            (&span["output"], &span["usage"], &span["model"]),
            (&answer, &Value::Null, &Value::Null)
        );
    }
    let choices = json!([{"message": {"content": "a"}}, {"message": {"content": "b"}}]);
    let span = read(
        json!({"choices": choices, "usage": {"prompt_tokens": -1, "completion_tokens": "x", "total_tokens": 2.0}}),
    );
    assert_eq!(span["output"], json!([{"content": "a"}, {"content": "b"}]));
    assert_eq!(span["usage"], json!({"total_tokens": 2}));
}

#[test]
fn what_the_app_sets_wins() {
    let stage = start(|config| config);
    observe_sync(Observe::new("a").generation().model("asked"), || {
        let span = current_span().unwrap();
        span.set_model("mine").set_usage(Usage::tokens(1, 2));
        json!({"choices": [{"message": {"content": "a"}}], "model": "theirs", "usage": {"prompt_tokens": 9}})
    });
    stage.flush();
    let span = &stage.server.spans()[0];
    assert_eq!(
        (&span["model"], &span["output"]),
        (&json!("mine"), &json!({"content": "a"}))
    );
    assert_eq!(
        span["usage"],
        json!({"prompt_tokens": 1, "completion_tokens": 2})
    );
}

#[test]
fn answers_that_are_not_told_and_outputs_that_the_app_sets() {
    struct Opaque(u8);
    let stage = start(|config| config);
    let kept = observe_sync(Observe::new("a"), || Ok::<_, String>(Untold(Opaque(1))));
    assert_eq!(kept.unwrap().0.0, 1);
    observe_sync(Observe::new("b"), || {
        current_span().unwrap().set_output("own");
        "answer"
    });
    observe_sync(Observe::new("c").without_output(), || "secret");
    observe_sync_with(
        Observe::new("d"),
        || Opaque(4),
        |answer, teller| teller.answer(&answer.0),
    );
    stage.flush();
    let outputs: Vec<Value> = stage
        .server
        .spans()
        .iter()
        .map(|span| span["output"].clone())
        .collect();
    assert_eq!(outputs, [Value::Null, json!("own"), Value::Null, json!(4)]);
}

#[test]
fn a_generation_around_another_does_not_tell_its_tokens_again() {
    let stage = start(|config| config);
    let answer = json!({"object": "list", "model": "m", "data": [{"embedding": [0.5]}], "usage": {"prompt_tokens": 8}});
    observe_sync(Observe::new("outer").generation(), || {
        observe_sync(Observe::new("inner").generation(), || answer.clone())
    });
    stage.flush();
    let spans = stage.server.spans();
    assert_eq!(
        (&spans[0]["usage"], &spans[1]["usage"]),
        (&Value::Null, &json!({"prompt_tokens": 8}))
    );
}
