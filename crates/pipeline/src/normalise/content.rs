//! JSON that is shown but never counted: passed on as text, token for token.
//!
//! Only its outermost type is looked at; the text was checked when the request was decoded.
use crate::warning::{Notes, Place, Reason};
use cognobserve_wire::json::{Kind, Raw};
use std::borrow::Cow;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

/// Any JSON; null is nothing.
pub fn keep_any(raw: Raw) -> Option<String> {
    raw.is_given()
        .then(|| raw.text().unwrap_or_default().to_owned())
}

/// A JSON object; an empty one is nothing.
pub fn keep_object(raw: Raw, place: Place, notes: &mut Notes) -> Option<String> {
    match raw.kind() {
        Kind::Absent | Kind::Null => None,
        Kind::Object => raw
            .text()
            .filter(|text| !is_empty_object(text))
            .map(str::to_owned),
        _ => {
            notes.add(place, Reason::WrongType("an object"));
            None
        }
    }
}

fn is_empty_object(text: &str) -> bool {
    text[1..text.len() - 1].trim_ascii().is_empty()
}

/// Merges two object texts shallowly, the later one winning per key.
pub fn merge_objects(earlier: &str, later: &str) -> String {
    let mut members = Members::default();
    for object in [earlier, later] {
        let parsed = serde_json::from_str::<Raw>(object)
            .ok()
            .and_then(Raw::members);
        for (key, value) in parsed.unwrap_or_default() {
            members.set(key, value);
        }
    }
    let mut merged = ObjectText::default();
    for (key, value) in members.list {
        merged.push(&key, value.text().unwrap_or("null"));
    }
    merged.finish().unwrap_or_else(|| "{}".to_owned())
}

/// Members of an object in order of first sight, each key once, the last value counting.
#[derive(Default)]
pub struct Members<'a> {
    list: Vec<(Cow<'a, str>, Raw<'a>)>,
    index: HashMap<Cow<'a, str>, usize>,
}

impl<'a> Members<'a> {
    /// Sets a key; answers the value that it had.
    pub fn set(&mut self, key: Cow<'a, str>, value: Raw<'a>) -> Option<Raw<'a>> {
        match self.index.entry(key) {
            Entry::Occupied(known) => {
                Some(std::mem::replace(&mut self.list[*known.get()].1, value))
            }
            Entry::Vacant(slot) => {
                self.list.push((slot.key().clone(), value));
                slot.insert(self.list.len() - 1);
                None
            }
        }
    }

    pub fn into_list(self) -> Vec<(Cow<'a, str>, Raw<'a>)> {
        self.list
    }
}

/// Writes a JSON object member by member; values are JSON texts.
#[derive(Default)]
pub struct ObjectText(String);

impl ObjectText {
    pub fn push(&mut self, key: &str, value: &str) {
        self.0.push(if self.0.is_empty() { '{' } else { ',' });
        push_string(&mut self.0, key);
        self.0.push(':');
        self.0.push_str(value);
    }

    /// The text, unless nothing was pushed.
    pub fn finish(mut self) -> Option<String> {
        if self.0.is_empty() {
            return None;
        }
        self.0.push('}');
        Some(self.0)
    }
}

/// A string as JSON text.
pub fn write_string(text: &str) -> String {
    let mut json = String::with_capacity(text.len() + 2);
    push_string(&mut json, text);
    json
}

fn push_string(json: &mut String, text: &str) {
    let is_plain = |byte: u8| byte >= b' ' && byte != b'"' && byte != b'\\';
    if text.bytes().all(is_plain) {
        json.push('"');
        json.push_str(text);
        json.push('"');
    } else {
        // Writing a string to memory has no way to fail.
        json.push_str(&serde_json::to_string(text).unwrap_or_else(|_| "\"\"".to_owned()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(json: &str) -> Raw<'_> {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn keeps_text_as_it_is() {
        assert_eq!(
            keep_any(raw("[ 1.0, \"\\u00e9\" ]")).as_deref(),
            Some("[ 1.0, \"\\u00e9\" ]")
        );
        assert_eq!(keep_any(raw("null")), None);
        assert_eq!(keep_any(raw("\"\"")).as_deref(), Some("\"\""));
        let mut notes = Notes::default();
        let mut object = |json| keep_object(raw(json), Place::of_trace("metadata"), &mut notes);
        assert_eq!(object("{ \"a\" : 1 }").as_deref(), Some("{ \"a\" : 1 }"));
        assert_eq!(object("{ }"), None);
        assert_eq!(object("[1]"), None);
        assert_eq!(object("null"), None);
        assert_eq!(notes.finish().len(), 1);
    }

    #[test]
    fn strings_are_escaped_as_json_needs() {
        for text in ["", "plain é 👋", "a\"b\\c", "line\nbreak\u{1}", "\u{7f}"] {
            assert_eq!(
                serde_json::from_str::<String>(&write_string(text)).unwrap(),
                text
            );
        }
    }

    #[test]
    fn merges_shallowly() {
        assert_eq!(
            merge_objects(r#"{"a":1,"b":{"x":1}}"#, r#"{"b":{"y":2},"c":"\u00e9"}"#),
            r#"{"a":1,"b":{"y":2},"c":"\u00e9"}"#
        );
        assert_eq!(merge_objects("{}", "{}"), "{}");
        assert_eq!(merge_objects(r#"{"a\"":1,"a\"":2}"#, "{}"), r#"{"a\"":2}"#);
    }
}
