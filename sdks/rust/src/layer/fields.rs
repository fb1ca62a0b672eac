//! The values of fields, as JSON. Bounded: of a long one the beginning is kept.

use std::error::Error;
use std::fmt::{self, Debug, Write};

use serde_json::Value;
use tracing_core::field::{Field, Visit};

use super::names::{Meaning, read_meaning};
use crate::encode::{MAX_BYTES, shorten};
use crate::say::harmless;

const MOST_CONTENT: usize = MAX_BYTES - 64;
const MOST_OTHER: usize = 8 * 1024;
const MOST_PARTS: usize = 8;

/// What was recorded at one moment.
#[derive(Default)]
pub(super) struct Fields(Vec<(&'static str, Value)>);

impl Fields {
    pub(super) fn read(record: impl FnOnce(&mut dyn Visit)) -> Self {
        let mut fields = Self::default();
        record(&mut fields);
        fields
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&'static str, &Value)> {
        self.0.iter().map(|(name, value)| (*name, value))
    }

    /// What an event says: its message, and the error that it names.
    pub(super) fn to_message(&self) -> String {
        let find = |names: &[&str]| {
            let mut found = self.iter().filter(|(name, _)| names.contains(name));
            found.next().map(|(_, value)| to_text(value))
        };
        let error = find(&["error", "err", "exception.message"]);
        match (find(&["message"]), error) {
            (Some(message), Some(error)) => format!("{message}: {error}"),
            (message, error) => message.or(error).unwrap_or_else(|| "failed".to_owned()),
        }
    }

    fn put(&mut self, field: &Field, value: Value) {
        self.0.push((field.name(), value));
    }

    fn put_text(&mut self, field: &Field, write: impl FnOnce(&mut Limited) -> fmt::Result) {
        let most = match read_meaning(field.name()) {
            Meaning::Input | Meaning::Output => MOST_CONTENT,
            _ => MOST_OTHER,
        };
        let mut text = Limited {
            text: String::new(),
            most,
        };
        // An error is the limit's, or the value's own: what there is of it is kept.
        if harmless("Debug", || write(&mut text)).is_some() {
            self.put(field, Value::String(text.text));
        }
    }
}

impl Visit for Fields {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, value.into());
    }

    fn record_i128(&mut self, field: &Field, value: i128) {
        self.put(field, value.to_string().into());
    }

    fn record_u128(&mut self, field: &Field, value: u128) {
        self.put(field, value.to_string().into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, value.into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put_text(field, |text| text.write_str(value));
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        self.put_text(field, |text| {
            write!(text, "{value}")?;
            let mut cause = value.source();
            for _ in 0..MOST_PARTS {
                let Some(one) = cause else { break };
                write!(text, ": {one}")?;
                cause = one.source();
            }
            Ok(())
        });
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.put_text(field, |text| write!(text, "{value:?}"));
    }
}

/// Takes so many bytes, and then no more.
struct Limited {
    text: String,
    most: usize,
}

impl Write for Limited {
    fn write_str(&mut self, more: &str) -> fmt::Result {
        let room = self.most - self.text.len();
        if more.len() <= room {
            self.text.push_str(more);
            return Ok(());
        }
        let end = more.floor_char_boundary(room);
        self.text.push_str(&more[..end]);
        self.most = self.text.len();
        Err(fmt::Error)
    }
}

/// A text as it is, anything else as JSON.
pub(super) fn to_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// An id, unless it is none. `?` writes texts in quotes and options with their name: that is taken off.
pub(super) fn to_id(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    let bare = take_off_option(&text);
    let bare = match serde_json::from_str::<Value>(bare) {
        Ok(Value::String(text)) => text,
        _ => bare.to_owned(),
    };
    (!bare.trim().is_empty() && bare != "None").then_some(bare)
}

fn take_off_option(text: &str) -> &str {
    text.strip_prefix("Some(")
        .and_then(|text| text.strip_suffix(')'))
        .unwrap_or(text)
}

/// A count, also if it was given as a text, as `%` and `?` do.
pub(super) fn to_count(value: &Value) -> Option<u64> {
    match value {
        Value::Number(number) => number.as_u64().or_else(|| {
            let float = number.as_f64()?;
            (float.fract() == 0.0 && (0.0..9e15).contains(&float)).then_some(float as u64)
        }),
        Value::String(text) => take_off_option(text).parse().ok(),
        _ => None,
    }
}

pub(super) fn to_dollars(value: &Value) -> Option<f64> {
    let dollars = match value {
        Value::String(text) => text.parse().ok(),
        other => other.as_f64(),
    };
    dollars.filter(|dollars: &f64| dollars.is_finite())
}

/// JSON that was recorded as a text, as the conventions have it for messages.
pub(super) fn to_content(value: &Value) -> Value {
    let parsed = value
        .as_str()
        .filter(|text| text.starts_with(['{', '[']))
        .and_then(|text| serde_json::from_str(text).ok());
    parsed.unwrap_or_else(|| value.clone())
}

/// A name that is not longer than names are.
pub(super) fn to_name(value: &Value) -> String {
    shorten(&to_text(value), 1024).to_owned()
}
