//! Cohere: chat of both versions, embeddings, and the events of the second version's chat.

use serde_json::Value;

use super::reading::{Reading, Text, add_up, count, get, get_owned, get_text, measure, object};
use crate::usage::Usage;

pub(super) fn read(answer: &Value) -> Option<Reading> {
    let usage = read_usage(get(answer, &["usage"]).or_else(|| get(answer, &["meta"]))?)?;
    let output = if let Some(message) =
        get(answer, &["message"]).filter(|one| get(one, &["role"]).is_some())
    {
        message.clone()
    } else if let Some(text) = get_text(answer, &["text"]) {
        text.into()
    } else {
        measure_all(get(answer, &["embeddings"])?)
    };
    Some(Reading {
        model: None,
        response_id: get_owned(answer, "id").or_else(|| get_owned(answer, "generation_id")),
        usage: Some(usage),
        output: Some(output),
    })
}

/// What was billed, else what was used.
fn read_usage(usage: &Value) -> Option<Usage> {
    ["billed_units", "tokens"].into_iter().find_map(|name| {
        let prompt = count(get(usage, &[name, "input_tokens"]));
        let completion = count(get(usage, &[name, "output_tokens"]));
        let total = add_up([prompt, completion])?;
        Some(Usage {
            prompt_tokens: prompt,
            completion_tokens: completion,
            total_tokens: Some(total),
            ..Usage::default()
        })
    })
}

/// Embeddings may be listed by their type.
fn measure_all(vectors: &Value) -> Value {
    let by_kind = || {
        ["float", "int8", "uint8"]
            .into_iter()
            .find_map(|kind| vectors.get(kind)?.as_array())
    };
    let list = vectors
        .as_array()
        .or_else(by_kind)
        .map_or(&[] as &[Value], Vec::as_slice);
    measure(list.len(), list.first())
}

pub(super) fn is_start(piece: &Value) -> bool {
    get_text(piece, &["type"]) == Some("message-start")
}

/// Events from `message-start` to `message-end`.
#[derive(Default)]
pub(crate) struct ChatJoiner {
    id: Option<String>,
    usage: Option<Usage>,
    text: Text,
}

impl ChatJoiner {
    pub(super) fn add(&mut self, piece: &Value) {
        self.id = get_owned(piece, "id").or(self.id.take());
        self.text
            .add(get_text(piece, &["delta", "message", "content", "text"]));
        self.usage = get(piece, &["delta", "usage"])
            .and_then(read_usage)
            .or(self.usage.take());
    }

    pub(super) fn finish(self) -> Reading {
        let output = (!self.text.is_empty()).then(|| {
            let part = object([("type", "text".into()), ("text", self.text.0.into())]);
            object([
                ("role", "assistant".into()),
                ("content", Value::Array(vec![part])),
            ])
        });
        Reading {
            model: None,
            response_id: self.id,
            usage: self.usage,
            output,
        }
    }
}
