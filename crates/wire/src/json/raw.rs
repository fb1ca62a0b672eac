//! One JSON value kept as the text that the client wrote, with cheap looks into it.
//! Invariant: a given value is syntactically valid JSON without surrounding space; absent differs from null.
//! It must not convert between types on its own: the caller asks for a string, a number or an object and may get none.

use std::borrow::Cow;

use serde::de::{Deserialize, Deserializer, MapAccess};
use serde_json::value::RawValue;

use super::object::{Object, ReadObject, Text};

/// A value as sent, or the absence of one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Raw<'a>(Option<&'a str>);

/// What a value is, told from its first byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The key was not sent.
    Absent,
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool,
    /// A number token.
    Number,
    /// A string.
    String,
    /// An array.
    Array,
    /// An object.
    Object,
}

impl Kind {
    /// The word for messages, with its article.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Absent => "nothing",
            Kind::Null => "null",
            Kind::Bool => "a boolean",
            Kind::Number => "a number",
            Kind::String => "a string",
            Kind::Array => "an array",
            Kind::Object => "an object",
        }
    }
}

impl<'a> Raw<'a> {
    /// A key that was not sent.
    pub const ABSENT: Raw<'static> = Raw(None);

    /// The JSON text, unless the value is absent.
    pub fn text(self) -> Option<&'a str> {
        self.0
    }

    /// What the value is.
    pub fn kind(self) -> Kind {
        match self.0.map(|text| text.as_bytes().first()) {
            None => Kind::Absent,
            Some(Some(b'n')) => Kind::Null,
            Some(Some(b't' | b'f')) => Kind::Bool,
            Some(Some(b'"')) => Kind::String,
            Some(Some(b'[')) => Kind::Array,
            Some(Some(b'{')) => Kind::Object,
            Some(_) => Kind::Number,
        }
    }

    /// Neither absent nor null.
    pub fn is_given(self) -> bool {
        !matches!(self.kind(), Kind::Absent | Kind::Null)
    }

    /// The value if it is a string; borrowed unless it has escapes.
    pub fn as_str(self) -> Option<Cow<'a, str>> {
        let text = self.0?;
        let inner = text.strip_prefix('"')?.strip_suffix('"')?;
        if memchr::memchr(b'\\', inner.as_bytes()).is_none() {
            return Some(Cow::Borrowed(inner));
        }
        serde_json::from_str(text).ok().map(Cow::Owned)
    }

    /// The token if it is a number, as written: exact decimal text, possibly with an exponent.
    pub fn as_number(self) -> Option<&'a str> {
        (self.kind() == Kind::Number).then_some(self.0).flatten()
    }

    /// The value if it is a boolean.
    pub fn as_bool(self) -> Option<bool> {
        (self.kind() == Kind::Bool).then_some(self.0 == Some("true"))
    }

    /// The text of a string, or the token of a number: what an id or a name may be.
    pub fn as_text(self) -> Option<Cow<'a, str>> {
        match self.kind() {
            Kind::String => self.as_str(),
            Kind::Number => self.0.map(Cow::Borrowed),
            _ => None,
        }
    }

    /// The members if it is an object, in the order sent, repeated keys included.
    pub fn members(self) -> Option<Vec<(Cow<'a, str>, Raw<'a>)>> {
        let mut list = Members(Vec::new());
        self.read_into(&mut list).then_some(list.0)
    }

    /// The items if it is an array.
    pub fn items(self) -> Option<Vec<Raw<'a>>> {
        if self.kind() != Kind::Array {
            return None;
        }
        serde_json::from_str(self.0?).ok()
    }

    /// Reads an object into `target`; says whether it was one.
    pub(crate) fn read_into<T: ReadObject<'a>>(self, target: &mut T) -> bool {
        let Some(text) = self.0.filter(|_| self.kind() == Kind::Object) else {
            return false;
        };
        let mut from = serde_json::Deserializer::from_str(text);
        serde::de::DeserializeSeed::deserialize(Object(target), &mut from).is_ok()
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Raw<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let raw: &'de RawValue = Deserialize::deserialize(from)?;
        Ok(Raw(Some(raw.get())))
    }
}

struct Members<'a>(Vec<(Cow<'a, str>, Raw<'a>)>);

impl<'a> ReadObject<'a> for Members<'a> {
    fn read_field<A: MapAccess<'a>>(&mut self, key: Text<'a>, map: &mut A) -> Result<(), A::Error> {
        self.0.push((key.0, map.next_value()?));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(text: &str) -> Raw<'_> {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn tells_kinds_apart() {
        assert_eq!(Raw::ABSENT.kind(), Kind::Absent);
        for (text, kind) in [
            ("null", Kind::Null),
            ("true", Kind::Bool),
            ("-1e9", Kind::Number),
            ("\"\"", Kind::String),
            ("[]", Kind::Array),
            ("{}", Kind::Object),
        ] {
            assert_eq!(raw(text).kind(), kind);
            assert!(!kind.name().is_empty());
        }
        assert!(!raw("null").is_given());
        assert!(raw("0").is_given());
    }

    #[test]
    fn reads_strings_with_and_without_escapes() {
        assert!(matches!(
            raw("\"plain é\"").as_str(),
            Some(Cow::Borrowed("plain é"))
        ));
        assert_eq!(raw(r#""a\n\u00e9\"""#).as_str().unwrap(), "a\né\"");
        assert_eq!(raw("1").as_str(), None);
    }

    #[test]
    fn keeps_number_tokens_exact() {
        assert_eq!(raw("0.000000150").as_number(), Some("0.000000150"));
        assert_eq!(raw("1e999").as_number(), Some("1e999"));
        assert_eq!(raw("\"1\"").as_number(), None);
        assert_eq!(raw("42").as_text().unwrap(), "42");
        assert_eq!(raw("true").as_text(), None);
        assert_eq!(raw("true").as_bool(), Some(true));
    }

    #[test]
    fn opens_objects_and_arrays_one_level() {
        let members = raw(r#"{"a": [1, 2], "b\u0041":null}"#).members().unwrap();
        assert_eq!(members[0].1.text(), Some("[1, 2]"));
        assert_eq!(members[1].0, "bA");
        assert_eq!(members[0].1.items().unwrap()[1].text(), Some("2"));
        assert!(raw("[]").members().is_none());
        assert!(raw("{}").items().is_none());
    }
}
