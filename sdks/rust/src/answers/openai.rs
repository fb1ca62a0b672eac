//! OpenAI and what speaks like it: chat completions, completions, responses, embeddings.

use serde_json::Value;

use super::reading::{Reading, count, get, get_list, get_owned, get_text, measure, one_or_list};
use crate::usage::Usage;

pub(super) fn read(answer: &Value) -> Option<Reading> {
    match get_text(answer, &["object"]) {
        Some("response") => Some(read_response(answer)),
        Some("list") => read_embeddings(answer),
        None | Some("" | "chat.completion" | "text_completion") => read_choices(answer),
        Some(_) => None,
    }
}

fn read_choices(answer: &Value) -> Option<Reading> {
    let choices = get_list(answer, "choices");
    let first = choices.first()?;
    let field = if get(first, &["message"]).is_some() {
        "message"
    } else {
        get_text(first, &["text"]).map(|_| "text")?
    };
    let messages = choices
        .iter()
        .map(|choice| choice.get(field).cloned().unwrap_or_default())
        .collect();
    Some(Reading {
        model: get_owned(answer, "model"),
        response_id: get_owned(answer, "id"),
        usage: read_usage(answer.get("usage")),
        output: one_or_list(messages),
    })
}

/// Both manners of counting: that of chat completions and that of responses.
pub(super) fn read_usage(usage: Option<&Value>) -> Option<Usage> {
    let usage = usage?;
    let is_response = get(usage, &["input_tokens"]).is_some();
    let (prompt, completion) = if is_response {
        ("input_tokens", "output_tokens")
    } else {
        ("prompt_tokens", "completion_tokens")
    };
    let detail = |of: &str, name: &str| count(get(usage, &[&format!("{of}_details"), name]));
    Usage {
        prompt_tokens: count(usage.get(prompt)),
        completion_tokens: count(usage.get(completion)),
        total_tokens: count(usage.get("total_tokens")),
        cached_tokens: detail(prompt, "cached_tokens"),
        cache_write_tokens: None,
        reasoning_tokens: detail(completion, "reasoning_tokens"),
    }
    .known()
}

pub(super) fn read_response(answer: &Value) -> Reading {
    let items = get_list(answer, "output");
    Reading {
        model: get_owned(answer, "model"),
        response_id: get_owned(answer, "id"),
        usage: read_usage(answer.get("usage")),
        output: (!items.is_empty()).then(|| Value::Array(items.to_vec())),
    }
}

fn read_embeddings(answer: &Value) -> Option<Reading> {
    let data = get_list(answer, "data");
    let vector = get(data.first()?, &["embedding"])?;
    Some(Reading {
        model: get_owned(answer, "model"),
        response_id: None,
        usage: read_usage(answer.get("usage")),
        output: Some(measure(data.len(), Some(vector))),
    })
}
