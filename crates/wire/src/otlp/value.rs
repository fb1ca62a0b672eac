//! Attribute values, and how they look as plain JSON.
//! Invariant: nesting never exceeds `MAX_VALUE_DEPTH`, so walking a value can't overflow the stack.
//! It must not coerce: text that looks like a number stays text.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::ser::{Serialize, SerializeMap, Serializer};

/// Deepest nesting of lists and maps in a value; what lies deeper is replaced by `TOO_DEEP`.
pub const MAX_VALUE_DEPTH: usize = 16;

/// Stands for a value that was nested too deep.
pub(super) const TOO_DEEP: AttrValue<'static> = AttrValue::Str(Cow::Borrowed("[nested too deep]"));

/// The value of an attribute.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum AttrValue<'a> {
    /// No value; only inside of lists and maps.
    #[default]
    Null,
    /// Text.
    Str(Cow<'a, str>),
    /// Truth.
    Bool(bool),
    /// Whole number.
    Int(i64),
    /// Any number, NaN and infinities included.
    Double(f64),
    /// List.
    Array(Vec<AttrValue<'a>>),
    /// Map, in the order sent.
    Map(Attributes<'a>),
    /// Bytes.
    Bytes(Cow<'a, [u8]>),
}

impl AttrValue<'_> {
    /// The text, if it is text.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            AttrValue::Str(text) => Some(text),
            _ => None,
        }
    }
}

/// Plain JSON: bytes as base64 text, NaN and infinities as text.
impl Serialize for AttrValue<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            AttrValue::Null => to.serialize_unit(),
            AttrValue::Str(text) => to.serialize_str(text),
            AttrValue::Bool(truth) => to.serialize_bool(*truth),
            AttrValue::Int(number) => to.serialize_i64(*number),
            AttrValue::Double(number) if number.is_finite() => to.serialize_f64(*number),
            AttrValue::Double(number) if number.is_nan() => to.serialize_str("NaN"),
            AttrValue::Double(number) if *number > 0.0 => to.serialize_str("Infinity"),
            AttrValue::Double(_) => to.serialize_str("-Infinity"),
            AttrValue::Array(items) => to.collect_seq(items),
            AttrValue::Map(members) => members.serialize(to),
            AttrValue::Bytes(bytes) => to.serialize_str(&STANDARD.encode(bytes)),
        }
    }
}

/// A list of attributes, in the order sent.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Attributes<'a>(pub Vec<(Cow<'a, str>, AttrValue<'a>)>);

impl<'a> Attributes<'a> {
    /// The value of a key, the first if it is repeated. Linear: look things up once, or walk the list.
    pub fn get(&self, key: &str) -> Option<&AttrValue<'a>> {
        self.0.iter().find(|(k, _)| k == key).map(|(_, v)| v)
    }

    /// Keys and values in the order sent.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &AttrValue<'a>)> {
        self.0.iter().map(|(k, v)| (k.as_ref(), v))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A plain JSON object.
impl Serialize for Attributes<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(Some(self.0.len()))?;
        for (key, value) in &self.0 {
            map.serialize_entry(key, value)?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_like_plain_json() {
        let list = AttrValue::Array(vec![
            AttrValue::Str("é\"".into()),
            AttrValue::Bool(true),
            AttrValue::Int(i64::MIN),
            AttrValue::Double(0.5),
            AttrValue::Double(f64::NAN),
            AttrValue::Double(f64::NEG_INFINITY),
            AttrValue::Bytes(Cow::Borrowed(b"\x00\xff")),
            AttrValue::Null,
        ]);
        let map = Attributes(vec![("k".into(), list)]);
        assert_eq!(
            serde_json::to_string(&map).unwrap(),
            r#"{"k":["é\"",true,-9223372036854775808,0.5,"NaN","-Infinity","AP8=",null]}"#
        );
        assert!(map.get("k").unwrap().as_str().is_none());
        assert!(map.get("K").is_none());
    }
}
