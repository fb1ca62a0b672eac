//! Anthropic's messages in events; the usage of a later event replaces what an earlier one said.

use std::collections::BTreeMap;

use serde_json::Value;

use super::anthropic::read_usage;
use super::reading::{Reading, Text, find_place, get, get_owned, get_text, object};

pub(super) fn is_start(piece: &Value) -> bool {
    get_text(piece, &["type"]) == Some("message_start") && get(piece, &["message"]).is_some()
}

const COUNTS: [&str; 4] = [
    "input_tokens",
    "cache_read_input_tokens",
    "cache_creation_input_tokens",
    "output_tokens",
];

#[derive(Default)]
struct Block {
    start: Value,
    texts: BTreeMap<&'static str, Text>,
}

/// Events from `message_start` to `message_stop`.
pub(crate) struct MessageJoiner {
    message: Value,
    counts: Value,
    blocks: BTreeMap<u64, Block>,
}

impl Default for MessageJoiner {
    fn default() -> Self {
        Self {
            message: Value::Null,
            counts: object([]),
            blocks: BTreeMap::new(),
        }
    }
}

impl MessageJoiner {
    pub(super) fn add(&mut self, piece: &Value) {
        match get_text(piece, &["type"]) {
            Some("message_start") => {
                self.message = piece.get("message").cloned().unwrap_or_default();
                self.take_usage(get(piece, &["message", "usage"]));
            }
            Some("content_block_start") => {
                let block = self.blocks.entry(find_place(piece, 0)).or_default();
                block.start = piece.get("content_block").cloned().unwrap_or_default();
            }
            Some("content_block_delta") => self.add_delta(piece),
            Some("message_delta") => self.take_usage(get(piece, &["usage"])),
            _ => {}
        }
    }

    fn take_usage(&mut self, usage: Option<&Value>) {
        for name in COUNTS {
            if let Some(value) = usage.and_then(|usage| get(usage, &[name])) {
                self.counts[name] = value.clone();
            }
        }
    }

    fn add_delta(&mut self, piece: &Value) {
        let Some(delta) = get(piece, &["delta"]) else {
            return;
        };
        let field = match get_text(delta, &["type"]) {
            Some("text_delta") => "text",
            Some("thinking_delta") => "thinking",
            Some("signature_delta") => "signature",
            Some("input_json_delta") => "partial_json",
            _ => return,
        };
        let block = self.blocks.entry(find_place(piece, 0)).or_default();
        block
            .texts
            .entry(field)
            .or_default()
            .add(get_text(delta, &[field]));
    }

    pub(super) fn finish(self) -> Reading {
        let blocks: Vec<Value> = self.blocks.into_values().map(Block::finish).collect();
        let role = get_text(&self.message, &["role"]).unwrap_or("assistant");
        let output = object([("role", role.into()), ("content", blocks.clone().into())]);
        Reading {
            model: get_owned(&self.message, "model"),
            response_id: get_owned(&self.message, "id"),
            usage: read_usage(&self.counts),
            output: (!blocks.is_empty()).then_some(output),
        }
    }
}

impl Block {
    fn finish(self) -> Value {
        let mut block = if self.start.is_object() {
            self.start
        } else {
            object([])
        };
        for (field, text) in self.texts {
            if field == "partial_json" {
                // The input of a tool arrives as JSON in pieces, of which the last ones may be missing.
                block["input"] = serde_json::from_str(&text.0).unwrap_or_else(|_| text.0.into());
            } else {
                block[field] = text.0.into();
            }
        }
        block
    }
}
