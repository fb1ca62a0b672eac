//! Tolerant reading of objects and arrays in one pass: whatever is not the expected shape is skipped and reported.
//! Invariant: a serde error from here means broken syntax, never a wrong type, so one odd field can't sink a body.
//! It must not recurse by itself: how deep a reader goes is the reader's own business.

use std::borrow::Cow;
use std::fmt;

use super::Kind;
use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor,
};

/// Takes the fields of one object as they come.
pub(crate) trait ReadObject<'de> {
    /// Reads or skips the value of `key`; it must take exactly one value from `map`.
    fn read_field<A: MapAccess<'de>>(
        &mut self,
        key: Text<'de>,
        map: &mut A,
    ) -> Result<(), A::Error>;
}

/// Takes the items of one array as they come.
pub(crate) trait ReadArray<'de> {
    /// Reads one item; `false` when there is none left.
    fn read_item<A: SeqAccess<'de>>(&mut self, seq: &mut A) -> Result<bool, A::Error>;
}

/// A string, borrowed where the text allows.
#[derive(Debug)]
pub(crate) struct Text<'a>(pub Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct TextVisitor;
        impl<'de> Visitor<'de> for TextVisitor {
            type Value = Text<'de>;
            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a string")
            }
            fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Borrowed(text)))
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }
        from.deserialize_str(TextVisitor)
    }
}

/// Seed that feeds an object to its reader; yields what the value was.
pub(crate) struct Object<'x, T>(pub &'x mut T);

/// Seed that feeds an array to its reader; yields what the value was.
pub(crate) struct Array<'x, T>(pub &'x mut T);

/// Visitor methods for every scalar: skipped and named.
macro_rules! name_scalars {
    ($($method:ident($type:ty) => $kind:expr,)*) => {
        fn visit_unit<E: Error>(self) -> Result<Kind, E> {
            Ok(Kind::Null)
        }
        $(fn $method<E: Error>(self, _: $type) -> Result<Kind, E> {
            Ok($kind)
        })*
    };
}

impl<'de, T: ReadObject<'de>> DeserializeSeed<'de> for Object<'_, T> {
    type Value = Kind;
    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Kind, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de, T: ReadObject<'de>> Visitor<'de> for Object<'_, T> {
    type Value = Kind;
    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("an object")
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Kind, A::Error> {
        while let Some(key) = map.next_key()? {
            self.0.read_field(key, &mut map)?;
        }
        Ok(Kind::Object)
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Kind, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Kind::Array)
    }
    name_scalars! {
        visit_bool(bool) => Kind::Bool,
        visit_i64(i64) => Kind::Number,
        visit_u64(u64) => Kind::Number,
        visit_f64(f64) => Kind::Number,
        visit_str(&str) => Kind::String,
    }
}

impl<'de, T: ReadArray<'de>> DeserializeSeed<'de> for Array<'_, T> {
    type Value = Kind;
    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Kind, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de, T: ReadArray<'de>> Visitor<'de> for Array<'_, T> {
    type Value = Kind;
    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("an array")
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Kind, A::Error> {
        while self.0.read_item(&mut seq)? {}
        Ok(Kind::Array)
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Kind, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Kind::Object)
    }
    name_scalars! {
        visit_bool(bool) => Kind::Bool,
        visit_i64(i64) => Kind::Number,
        visit_u64(u64) => Kind::Number,
        visit_f64(f64) => Kind::Number,
        visit_str(&str) => Kind::String,
    }
}
