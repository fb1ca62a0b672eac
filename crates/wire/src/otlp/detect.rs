//! Tells an OTLP JSON body from a native one; both come to the same path with the same media type.
//! Invariant: the answer depends only on the keys of the outermost object.
//! It must not parse a body that can't be OTLP: most don't contain the word at all.

use std::fmt;

use memchr::memmem;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};

use crate::json::object::Text;

/// Whether cleaned JSON text has `resourceSpans` or `resource_spans` at the top level.
pub fn is_otlp_json(text: &str) -> bool {
    let bytes = text.as_bytes();
    if memmem::find(bytes, b"\"resourceSpans\"").is_none()
        && memmem::find(bytes, b"\"resource_spans\"").is_none()
    {
        return false;
    }
    let mut is_found = false;
    let mut from = serde_json::Deserializer::from_str(text);
    // An error ends the search; it is reported by the decoder that gets the body.
    let _ = from.deserialize_map(TopLevel(&mut is_found));
    is_found
}

struct TopLevel<'x>(&'x mut bool);

impl<'de> Visitor<'de> for TopLevel<'_> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("an object")
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(Text(key)) = map.next_key()? {
            if key == "resourceSpans" || key == "resource_spans" {
                *self.0 = true;
                break;
            }
            map.next_value::<IgnoredAny>()?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_at_top_level_keys_only() {
        for body in [
            r#"{"resourceSpans":[]}"#,
            r#" {"a":{"spans":[1]},"resource_spans":[]}"#,
            r#"{"name":"x","resourceSpans":null"#,
        ] {
            assert!(is_otlp_json(body), "{body}");
        }
        for body in [
            "",
            "{}",
            r#"{"name":"x","spans":[{"input":{"resourceSpans":[]}}]}"#,
            r#"{"name":"\"resourceSpans\"","metadata":"resourceSpans"}"#,
            r#"[{"resourceSpans":[]}]"#,
            r#""resourceSpans""#,
        ] {
            assert!(!is_otlp_json(body), "{body}");
        }
    }
}
