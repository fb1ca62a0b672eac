//! Field numbers, names and kinds of the request messages: the one table that says what becomes which JSON.
//! Invariant: a field's name in JSON is its name in the .proto file; a test compares both with the compiled file.

/// How a field's content becomes JSON.
#[derive(Debug, Clone, Copy)]
pub(super) enum Content {
    /// A text with presence: empty is a text, too.
    Text,
    /// A text without presence: empty is absent.
    PlainText,
    /// `int64`.
    Int,
    /// `double`.
    Double,
    /// `google.protobuf.Timestamp`.
    Time,
    /// `google.protobuf.Struct`.
    Struct,
    /// `google.protobuf.Value`, or a Struct.
    Value,
    /// An enum without presence: its words from number 1 on; 0 is absent.
    Words(&'static [&'static str]),
    /// A message with a table of its own.
    Message(&'static [Field]),
    /// A repeated message.
    List(&'static [Field]),
}

/// One field: number, name, content.
#[derive(Debug, Clone, Copy)]
pub(super) struct Field(pub u32, pub &'static str, pub Content);

use Content::{Double, Int, List, Message, PlainText, Struct, Text, Time, Value, Words};

pub(super) const BATCH: &[Field] = &[Field(1, "traces", List(TRACE))];

pub(super) const TRACE: &[Field] = &[
    Field(1, "trace_id", Text),
    Field(2, "name", PlainText),
    Field(3, "metadata", Struct),
    Field(4, "spans", List(SPAN)),
    Field(5, "session_id", Text),
    Field(6, "user_id", Text),
    Field(7, "user", Message(USER)),
    Field(8, "timestamp", Time),
    Field(9, "session", Message(SESSION)),
];

pub(super) const USER: &[Field] = &[
    Field(1, "id", PlainText),
    Field(2, "name", Text),
    Field(3, "email", Text),
    Field(4, "metadata", Struct),
];

pub(super) const SESSION: &[Field] = &[
    Field(1, "id", PlainText),
    Field(2, "name", Text),
    Field(3, "metadata", Struct),
];

pub(super) const SPAN: &[Field] = &[
    Field(1, "span_id", Text),
    Field(2, "parent_span_id", Text),
    Field(3, "name", PlainText),
    Field(4, "start_time", Time),
    Field(5, "end_time", Time),
    Field(6, "input", Value),
    Field(7, "output", Value),
    Field(8, "metadata", Struct),
    Field(9, "model", Text),
    Field(10, "model_parameters", Struct),
    Field(11, "usage", Message(USAGE)),
    Field(12, "level", Words(LEVELS)),
    Field(13, "status_message", Text),
    Field(14, "type", Text),
    Field(15, "cost", Message(COST)),
    Field(16, "total_cost", Double),
    Field(17, "response_id", Text),
];

pub(super) const USAGE: &[Field] = &[
    Field(1, "prompt_tokens", Int),
    Field(2, "completion_tokens", Int),
    Field(3, "total_tokens", Int),
    Field(4, "cached_tokens", Int),
    Field(5, "cache_write_tokens", Int),
    Field(6, "reasoning_tokens", Int),
];

pub(super) const COST: &[Field] = &[
    Field(1, "input", Double),
    Field(2, "output", Double),
    Field(3, "total", Double),
];

/// `SPAN_LEVEL_…` without the prefix.
pub(super) const LEVELS: &[&str] = &["DEBUG", "DEFAULT", "WARNING", "ERROR"];
