//! Gemini: generated content, in the names of its REST interface and of packages that write them with underscores.

use std::collections::BTreeMap;

use serde_json::Value;

use super::reading::{
    Reading, Text, add_up, count, find_place, get, get_either, get_list, get_text, object,
    one_or_list,
};
use crate::usage::Usage;

const USAGE: [&str; 2] = ["usageMetadata", "usage_metadata"];
const PROMPT: [&str; 2] = ["promptTokenCount", "prompt_token_count"];

pub(super) fn read(answer: &Value) -> Option<Reading> {
    if !is_ours(answer) {
        return None;
    }
    let contents = get_list(answer, "candidates").iter();
    let contents = contents
        .map(|one| one.get("content").cloned().unwrap_or_default())
        .collect();
    Some(Reading {
        model: read_text(answer, ["modelVersion", "model_version"]),
        response_id: read_text(answer, ["responseId", "response_id"]),
        usage: read_usage(answer),
        output: one_or_list(contents),
    })
}

pub(super) fn is_ours(answer: &Value) -> bool {
    let usage = get_either(answer, USAGE);
    match get(answer, &["candidates"]).and_then(Value::as_array) {
        None => usage.is_some_and(|usage| count(get_either(usage, PROMPT)).is_some()),
        Some(list) => usage.is_some() || list.iter().any(|one| get(one, &["content"]).is_some()),
    }
}

fn read_text(answer: &Value, names: [&str; 2]) -> Option<String> {
    get_either(answer, names)?
        .as_str()
        .filter(|text| !text.is_empty())
        .map(str::to_owned)
}

/// Tool prompts are prompt, thoughts are completion; both are left out of Gemini's own two numbers.
fn read_usage(answer: &Value) -> Option<Usage> {
    let usage = get_either(answer, USAGE)?;
    let read = |names| count(get_either(usage, names));
    let thoughts = read(["thoughtsTokenCount", "thoughts_token_count"]);
    Usage {
        prompt_tokens: add_up([
            read(PROMPT),
            read(["toolUsePromptTokenCount", "tool_use_prompt_token_count"]),
        ]),
        completion_tokens: add_up([
            read(["candidatesTokenCount", "candidates_token_count"]),
            thoughts,
        ]),
        total_tokens: read(["totalTokenCount", "total_token_count"]),
        cached_tokens: read(["cachedContentTokenCount", "cached_content_token_count"]),
        cache_write_tokens: None,
        reasoning_tokens: thoughts,
    }
    .known()
}

/// Each piece is a whole answer with a part of the text; the last usage counts.
#[derive(Default)]
pub(crate) struct ContentJoiner {
    model: Option<String>,
    id: Option<String>,
    usage: Option<Usage>,
    contents: BTreeMap<u64, Content>,
}

impl ContentJoiner {
    pub(super) fn add(&mut self, piece: &Value) {
        self.model = read_text(piece, ["modelVersion", "model_version"]).or(self.model.take());
        self.id = read_text(piece, ["responseId", "response_id"]).or(self.id.take());
        self.usage = read_usage(piece).or(self.usage.take());
        for (at, candidate) in get_list(piece, "candidates").iter().enumerate() {
            let content = self.contents.entry(find_place(candidate, at)).or_default();
            if let Some(part) = get(candidate, &["content"]) {
                content.add(part);
            }
        }
    }

    pub(super) fn finish(self) -> Reading {
        Reading {
            model: self.model,
            response_id: self.id,
            usage: self.usage,
            output: one_or_list(self.contents.into_values().map(Content::finish).collect()),
        }
    }
}

enum Part {
    Text { is_thought: bool, text: Text },
    Other(Value),
}

/// One candidate that grows: neighbouring texts of a kind are one part, other parts stay as they are.
#[derive(Default)]
struct Content {
    role: Option<String>,
    parts: Vec<Part>,
}

impl Content {
    fn add(&mut self, content: &Value) {
        self.role = get_text(content, &["role"])
            .map(str::to_owned)
            .or(self.role.take());
        for part in get_list(content, "parts") {
            let Some(more) = get_text(part, &["text"]) else {
                self.parts.push(Part::Other(part.clone()));
                continue;
            };
            let now = get(part, &["thought"])
                .and_then(Value::as_bool)
                .unwrap_or(false);
            match self.parts.last_mut() {
                Some(Part::Text { is_thought, text }) if *is_thought == now => text.add(Some(more)),
                _ => self.parts.push(Part::Text {
                    is_thought: now,
                    text: Text(more.to_owned()),
                }),
            }
        }
    }

    fn finish(self) -> Value {
        let parts: Vec<Value> = self.parts.into_iter().map(Part::finish).collect();
        let mut content = object([("parts", parts.into())]);
        if let Some(role) = self.role {
            content["role"] = role.into();
        }
        content
    }
}

impl Part {
    fn finish(self) -> Value {
        match self {
            Self::Other(part) => part,
            Self::Text { is_thought, text } => {
                let mut part = object([("text", text.0.into())]);
                if is_thought {
                    part["thought"] = true.into();
                }
                part
            }
        }
    }
}
