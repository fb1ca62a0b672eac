//! OpenAI's answers in pieces: chunks of chat completions and completions, events of responses.

use std::collections::BTreeMap;

use serde_json::Value;

use super::openai::{read_response, read_usage};
use super::reading::{
    Reading, Text, find_place, get, get_list, get_owned, get_text, object, one_or_list,
};
use crate::usage::Usage;

pub(super) fn is_chat(piece: &Value) -> bool {
    match get(piece, &["object"]) {
        Some(kind) => matches!(
            kind.as_str(),
            Some("chat.completion.chunk" | "text_completion")
        ),
        None => get_list(piece, "choices")
            .first()
            .is_some_and(|choice| get(choice, &["delta"]).is_some()),
    }
}

pub(super) fn is_response(piece: &Value) -> bool {
    get_text(piece, &["type"]).is_some_and(|name| name.starts_with("response."))
}

#[derive(Default)]
struct ToolCall {
    id: Option<Value>,
    kind: Option<Value>,
    name: Text,
    arguments: Text,
}

/// One message that grows.
#[derive(Default)]
struct Choice {
    role: Option<String>,
    texts: BTreeMap<&'static str, Text>,
    calls: BTreeMap<u64, ToolCall>,
    is_plain: bool,
}

impl Choice {
    fn add(&mut self, choice: &Value) {
        let Some(delta) = get(choice, &["delta"]) else {
            self.is_plain = true;
            self.add_text("content", get_text(choice, &["text"]));
            return;
        };
        self.role = get_text(delta, &["role"])
            .map(str::to_owned)
            .or(self.role.take());
        for name in ["content", "refusal", "reasoning_content"] {
            self.add_text(name, get_text(delta, &[name]));
        }
        for (at, call) in get_list(delta, "tool_calls").iter().enumerate() {
            let known = self.calls.entry(find_place(call, at)).or_default();
            known.id = get(call, &["id"]).cloned().or(known.id.take());
            known.kind = get(call, &["type"]).cloned().or(known.kind.take());
            known.name.add(get_text(call, &["function", "name"]));
            known
                .arguments
                .add(get_text(call, &["function", "arguments"]));
        }
    }

    fn add_text(&mut self, name: &'static str, part: Option<&str>) {
        if part.is_some() {
            self.texts.entry(name).or_default().add(part);
        }
    }

    fn finish(mut self) -> Value {
        if self.is_plain {
            return self.texts.remove("content").unwrap_or_default().0.into();
        }
        let mut message = object([]);
        if let Some(role) = self.role {
            message["role"] = role.into();
        }
        for (name, text) in self.texts {
            if !text.is_empty() || name == "content" && self.calls.is_empty() {
                message[name] = text.0.into();
            }
        }
        if !self.calls.is_empty() {
            message["tool_calls"] = self.calls.into_values().map(ToolCall::finish).collect();
        }
        message
    }
}

impl ToolCall {
    fn finish(self) -> Value {
        object([
            ("id", self.id.unwrap_or_default()),
            ("type", self.kind.unwrap_or_else(|| "function".into())),
            (
                "function",
                object([
                    ("name", self.name.0.into()),
                    ("arguments", self.arguments.0.into()),
                ]),
            ),
        ])
    }
}

/// Chunks of chat completions and completions.
#[derive(Default)]
pub(crate) struct ChatJoiner {
    model: Option<String>,
    id: Option<String>,
    usage: Option<Usage>,
    choices: BTreeMap<u64, Choice>,
}

impl ChatJoiner {
    pub(super) fn add(&mut self, piece: &Value) {
        self.model = get_owned(piece, "model").or(self.model.take());
        self.id = get_owned(piece, "id").or(self.id.take());
        self.usage = read_usage(piece.get("usage")).or(self.usage.take());
        for (at, choice) in get_list(piece, "choices").iter().enumerate() {
            self.choices
                .entry(find_place(choice, at))
                .or_default()
                .add(choice);
        }
    }

    pub(super) fn finish(self) -> Reading {
        Reading {
            model: self.model,
            response_id: self.id,
            usage: self.usage,
            output: one_or_list(self.choices.into_values().map(Choice::finish).collect()),
        }
    }
}

/// Events of a response: the last one has it whole, before that there is its text.
#[derive(Default)]
pub(crate) struct ResponseJoiner {
    last: Option<Value>,
    text: Text,
}

impl ResponseJoiner {
    pub(super) fn add(&mut self, mut piece: Value) {
        if get_text(&piece, &["type"]) == Some("response.output_text.delta") {
            self.text.add(get_text(&piece, &["delta"]));
        }
        if let Some(response) = piece
            .get_mut("response")
            .filter(|response| response.is_object())
        {
            self.last = Some(response.take());
        }
    }

    pub(super) fn finish(self) -> Reading {
        let mut reading = self.last.as_ref().map(read_response).unwrap_or_default();
        if reading.output.is_none() && !self.text.is_empty() {
            let part = object([("type", "output_text".into()), ("text", self.text.0.into())]);
            let content = Value::Array(vec![part]);
            let message = object([
                ("type", "message".into()),
                ("role", "assistant".into()),
                ("content", content),
            ]);
            reading.output = Some(Value::Array(vec![message]));
        }
        reading
    }
}
