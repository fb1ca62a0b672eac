//! What is read from an answer, and the tools that all providers' readers share.

use serde_json::{Map, Value};

use crate::encode::MAX_BYTES;
use crate::usage::Usage;

/// What an answer says. `output` is the message, not the whole answer.
#[derive(Default)]
pub(crate) struct Reading {
    pub(crate) model: Option<String>,
    pub(crate) response_id: Option<String>,
    pub(crate) usage: Option<Usage>,
    pub(crate) output: Option<Value>,
}

/// Text that grows up to the size of what is sent at most.
#[derive(Default)]
pub(super) struct Text(pub(super) String);

impl Text {
    pub(super) fn add(&mut self, part: Option<&str>) {
        if let Some(part) = part.filter(|_| self.0.len() <= MAX_BYTES) {
            self.0.push_str(part);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Pieces of no known provider: texts become one text, anything else a list.
#[derive(Default)]
pub(crate) struct TextJoiner {
    pieces: Vec<Value>,
    size: usize,
}

impl TextJoiner {
    pub(super) fn add(&mut self, piece: Value) {
        if self.size > MAX_BYTES || piece.is_null() {
            return;
        }
        self.size += piece.as_str().map_or(64, str::len);
        self.pieces.push(piece);
        if self.size > MAX_BYTES {
            self.pieces.push("[truncated]".into());
        }
    }

    pub(super) fn finish(self) -> Option<Reading> {
        if self.pieces.is_empty() {
            return None;
        }
        let texts: Option<Vec<&str>> = self.pieces.iter().map(Value::as_str).collect();
        let output = match texts {
            Some(texts) => Value::String(texts.concat()),
            None => Value::Array(self.pieces),
        };
        Some(Reading {
            output: Some(output),
            ..Reading::default()
        })
    }
}

/// What is found under the names, one below the other; `None` where something is missing or null.
pub(super) fn get<'a>(value: &'a Value, names: &[&str]) -> Option<&'a Value> {
    names.iter().try_fold(value, |value, name| {
        value.get(name).filter(|found| !found.is_null())
    })
}

/// The first of several spellings of one name.
pub(super) fn get_either<'a>(value: &'a Value, names: [&str; 2]) -> Option<&'a Value> {
    names.into_iter().find_map(|name| get(value, &[name]))
}

pub(super) fn get_text<'a>(value: &'a Value, names: &[&str]) -> Option<&'a str> {
    get(value, names)?.as_str()
}

pub(super) fn get_owned(value: &Value, name: &str) -> Option<String> {
    get_text(value, &[name])
        .filter(|text| !text.is_empty())
        .map(str::to_owned)
}

pub(super) fn get_list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    get(value, &[name])
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

/// Where a piece belongs: by its own index, else by its place.
pub(super) fn find_place(piece: &Value, at: usize) -> u64 {
    get(piece, &["index"])
        .and_then(Value::as_u64)
        .unwrap_or(at as u64)
}

/// A number of tokens; `None` if it is none.
pub(super) fn count(value: Option<&Value>) -> Option<u64> {
    let value = value?;
    if let Some(number) = value.as_u64() {
        return Some(number);
    }
    value
        .as_f64()
        .filter(|number| (0.0..1e15).contains(number))
        .map(|number| number as u64)
}

/// The sum of what is known; `None` if nothing is.
pub(super) fn add_up<const N: usize>(values: [Option<u64>; N]) -> Option<u64> {
    values.into_iter().flatten().reduce(u64::saturating_add)
}

/// One message alone, several as a list; nothing if there is nothing in it.
pub(super) fn one_or_list(mut messages: Vec<Value>) -> Option<Value> {
    let output = if messages.len() == 1 {
        messages.remove(0)
    } else {
        Value::Array(messages)
    };
    let is_empty = match &output {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        Value::Object(object) => object.is_empty(),
        _ => false,
    };
    (!is_empty).then_some(output)
}

pub(super) fn object<const N: usize>(fields: [(&str, Value); N]) -> Value {
    Value::Object(
        fields
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect::<Map<_, _>>(),
    )
}

/// Number and dimensions of embeddings, never the vectors.
pub(super) fn measure(count: usize, vector: Option<&Value>) -> Value {
    let mut output = object([("embeddings", count.into())]);
    if let Some(vector) = vector.and_then(Value::as_array) {
        output["dimensions"] = vector.len().into();
    }
    output
}
