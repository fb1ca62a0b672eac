//! Anthropic: messages. Its input tokens leave caches out; ours include them.

use serde_json::Value;

use super::reading::{Reading, add_up, count, get, get_owned, get_text, object};
use crate::usage::Usage;

pub(super) fn read(answer: &Value) -> Option<Reading> {
    let content = get(answer, &["content"]).filter(|content| content.is_array())?;
    let role = get_text(answer, &["role"])?;
    if get_text(answer, &["type"]) != Some("message") {
        return None;
    }
    Some(Reading {
        model: get_owned(answer, "model"),
        response_id: get_owned(answer, "id"),
        usage: answer.get("usage").and_then(read_usage),
        output: Some(object([
            ("role", role.into()),
            ("content", content.clone()),
        ])),
    })
}

pub(super) fn read_usage(usage: &Value) -> Option<Usage> {
    let cached = count(usage.get("cache_read_input_tokens"));
    let written = count(usage.get("cache_creation_input_tokens"));
    let prompt = add_up([count(usage.get("input_tokens")), cached, written]);
    let completion = count(usage.get("output_tokens"));
    let total = add_up([prompt, completion])?;
    Some(Usage {
        prompt_tokens: prompt,
        completion_tokens: completion,
        total_tokens: Some(total),
        cached_tokens: cached,
        cache_write_tokens: written,
        reasoning_tokens: None,
    })
}
