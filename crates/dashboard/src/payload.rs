//! A stored input or output as people read it: a conversation, a text, or indented JSON.
//! Invariant: never more than was asked for, nothing recurses with the depth of the input, and
//! tokens of JSON are shown as they were stored.
mod chat;
mod indent;

use serde_json::value::RawValue;
use std::collections::BTreeMap;

pub use chat::Message;

/// What a page shows of one payload.
pub const MOST_BYTES: usize = 64 * 1024;
const MOST_MESSAGES: usize = 200;
const MOST_FIELDS: usize = 200;
const MOST_FIELD_BYTES: usize = 4 * 1024;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    Chat(Vec<Message>),
    Text(String),
    /// Indented by two spaces.
    Json(String),
}

/// A payload, or the part of it that is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payload {
    pub body: Body,
    /// Whether texts are shown in part.
    pub is_cut: bool,
    /// Messages before those that are shown.
    pub left_out: usize,
    /// Of the stored JSON text.
    pub full_bytes: usize,
}

impl Payload {
    /// Shows at most about `most` bytes of a JSON text; of a conversation the latest messages,
    /// each with a fair share. What is no JSON is shown as text.
    pub fn read(stored: &str, most: usize) -> Payload {
        let payload = |body, is_cut, left_out| Payload {
            body,
            is_cut,
            left_out,
            full_bytes: stored.len(),
        };
        let text = serde_json::from_str::<String>(stored).ok();
        if let Some(messages) = chat::recognise(text.as_deref().unwrap_or(stored)) {
            let (messages, is_cut, left_out) = chat::show(&messages, MOST_MESSAGES, most);
            return payload(Body::Chat(messages), is_cut, left_out);
        }
        let is_json = || serde_json::from_str::<&RawValue>(stored).is_ok();
        if text.is_none() && is_json() {
            let (json, is_cut) = indent::indent(stored, most);
            return payload(Body::Json(json), is_cut, 0);
        }
        let (text, is_cut) = cut(text.as_deref().unwrap_or(stored), most);
        payload(Body::Text(text.to_owned()), is_cut, 0)
    }

    /// The messages, if it is a conversation.
    pub fn chat(&self) -> Option<&[Message]> {
        match &self.body {
            Body::Chat(messages) => Some(messages),
            _ => None,
        }
    }

    /// The text, if it is none.
    pub fn plain(&self) -> &str {
        match &self.body {
            Body::Chat(_) => "",
            Body::Text(text) | Body::Json(text) => text,
        }
    }

    pub fn is_json(&self) -> bool {
        matches!(self.body, Body::Json(_))
    }

    /// What is missing from the picture, in a sentence; empty if nothing is.
    pub fn note(&self) -> String {
        let size = write_size(self.full_bytes);
        match (self.is_cut, self.left_out) {
            (false, 0) => String::new(),
            (true, 0) => format!("Shown in part: {size} in all."),
            (false, n) => format!("{n} earlier messages are not shown: {size} in all."),
            (true, n) => {
                format!("{n} earlier messages are not shown, others in part: {size} in all.")
            }
        }
    }
}

/// The fields of a JSON object by name, each as a string's content or else as JSON; a JSON text
/// that is no object is one field. Bounded in number and size.
pub fn list_fields(stored: &str) -> Vec<(String, String)> {
    let shorten = |text: &str| match cut(text, MOST_FIELD_BYTES) {
        (text, true) => format!("{text}…"),
        (text, false) => text.to_owned(),
    };
    let write = |value: &RawValue| match serde_json::from_str::<String>(value.get()) {
        Ok(text) => shorten(&text),
        Err(_) => shorten(value.get()),
    };
    match serde_json::from_str::<BTreeMap<String, &RawValue>>(stored) {
        Ok(fields) => fields
            .iter()
            .take(MOST_FIELDS)
            .map(|(name, value)| (shorten(name), write(value)))
            .collect(),
        Err(_) if ["", "null"].contains(&stored.trim()) => Vec::new(),
        Err(_) => vec![("value".to_owned(), shorten(stored))],
    }
}

/// The first bytes of a text, up to a whole character; whether there are more.
fn cut(text: &str, most: usize) -> (&str, bool) {
    if text.len() <= most {
        return (text, false);
    }
    let end = (0..=most).rev().find(|at| text.is_char_boundary(*at));
    (&text[..end.unwrap_or(0)], true)
}

fn write_size(bytes: usize) -> String {
    match bytes {
        0..1_024 => format!("{bytes} bytes"),
        1_024..1_048_576 => format!("{} KiB", bytes / 1_024),
        _ => format!("{:.1} MiB", bytes as f64 / 1_048_576.0),
    }
}

#[cfg(test)]
mod tests;
