//! A property of an event, as a function of SQL: what the database's own functions make of numbers
//! is not what was given.
use crate::error::{StoreResult, sql};
use rusqlite::Connection;
use rusqlite::functions::{Context, FunctionFlags};
use serde::de::{Deserializer, Error, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

pub(crate) fn register_functions(conn: &Connection) -> StoreResult<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    conn.create_scalar_function("event_property", 2, flags, |call: &Context<'_>| {
        let text = |at: usize| call.get_raw(at).as_str().unwrap_or_default();
        Ok(find_property(text(0), text(1)))
    })
    .map_err(sql)
}

/// Text as it is, anything else as the JSON that it was given as; of a key that is there twice the
/// last, as the other store has it.
fn find_property(properties: &str, key: &str) -> Option<String> {
    let mut reader = serde_json::Deserializer::from_str(properties);
    let raw = reader.deserialize_map(Find(key)).ok()??;
    match raw.get().starts_with('"') {
        true => serde_json::from_str(raw.get()).ok(),
        false => Some(raw.get().to_owned()),
    }
}

struct Find<'k>(&'k str);

impl<'de> Visitor<'de> for Find<'_> {
    type Value = Option<&'de RawValue>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            let value: &'de RawValue = map.next_value()?;
            if key == self.0 {
                found = Some(value);
            }
        }
        Ok(found)
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_property_is_what_was_given() {
        let properties = r#"{"a": "x\u00e9\"", "n": 1.50, "b": true, "o": {"k": [1, 2]}, "z": null, "d": 1, "d": 2, "\u0061\"b": 7}"#;
        let find = |key: &str| find_property(properties, key);
        let found = ["a", "n", "b", "o", "z", "d", "a\"b", "missing"].map(find);
        let said: Vec<_> = found.iter().map(Option::as_deref).collect();
        let expected = [
            Some("xé\""),
            Some("1.50"),
            Some("true"),
            Some("{\"k\": [1, 2]}"),
            Some("null"),
            Some("2"),
            Some("7"),
            None,
        ];
        assert_eq!(said, expected);
        for broken in ["", "[]", "null", "{\"a\":"] {
            assert_eq!(find_property(broken, "a"), None, "{broken}");
        }
    }
}
