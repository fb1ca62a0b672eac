//! Many traces or events in one request, cut apart without reading them.
//! Invariant: each is decoded by itself later, so a bad one fails alone and only one is unpacked at a time.
//! It must not look inside any.

use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess};

use super::NativeError;
use crate::json::object::{Array, Object, ReadArray, ReadObject, Text};
use crate::json::{Kind, Raw};

/// Most traces in one batch.
pub const MAX_TRACES: usize = 10_000;

/// The traces of a batch from cleaned JSON text, in order, each still undecoded.
///
/// # Errors
/// Broken syntax, a body that is no object, `traces` that is missing or no array, too many traces.
pub fn split_batch(text: &str) -> Result<Vec<Raw<'_>>, NativeError> {
    match split(text, "traces", MAX_TRACES)? {
        Split::Items(traces) => Ok(traces),
        Split::TooMany => Err(NativeError::TooManyTraces),
        Split::Other(kind) => Err(NativeError::shape("traces", Kind::Array, kind)),
    }
}

/// What an object has under the key of its list.
pub(super) enum Split<'a> {
    Items(Vec<Raw<'a>>),
    TooMany,
    /// Nothing, or no array.
    Other(Kind),
}

/// Cuts the list of an object apart; of a repeated key the last counts.
pub(super) fn split<'a>(
    text: &'a str,
    key: &'static str,
    most: usize,
) -> Result<Split<'a>, NativeError> {
    let mut reader = BatchReader {
        key,
        most,
        items: Vec::new(),
        kind: Kind::Absent,
        is_over: false,
    };
    let mut from = serde_json::Deserializer::from_str(text);
    let kind = Object(&mut reader)
        .deserialize(&mut from)
        .and_then(|kind| from.end().map(|()| kind))
        .map_err(|e| NativeError::from_serde(&e))?;
    if kind != Kind::Object {
        return Err(NativeError::shape("", Kind::Object, kind));
    }
    Ok(match reader.kind {
        Kind::Array if reader.is_over => Split::TooMany,
        Kind::Array => Split::Items(reader.items),
        kind => Split::Other(kind),
    })
}

struct BatchReader<'a> {
    key: &'static str,
    most: usize,
    items: Vec<Raw<'a>>,
    kind: Kind,
    is_over: bool,
}

impl<'a> ReadObject<'a> for BatchReader<'a> {
    fn read_field<A: MapAccess<'a>>(&mut self, key: Text<'a>, map: &mut A) -> Result<(), A::Error> {
        if key.0 != self.key {
            return map.next_value::<IgnoredAny>().map(|_| ());
        }
        self.items.clear();
        self.is_over = false;
        self.kind = map.next_value_seed(Array(self))?;
        Ok(())
    }
}

impl<'a> ReadArray<'a> for BatchReader<'a> {
    fn read_item<A: SeqAccess<'a>>(&mut self, seq: &mut A) -> Result<bool, A::Error> {
        if self.items.len() >= self.most {
            let more = seq.next_element::<IgnoredAny>()?.is_some();
            self.is_over |= more;
            return Ok(more);
        }
        let item: Option<Raw> = seq.next_element()?;
        self.items.extend(item);
        Ok(item.is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_a_batch_into_its_traces() {
        let traces = split_batch(r#" {"x":1,"traces":[{"name":"a"}, 7 ,null]} "#).unwrap();
        let texts: Vec<_> = traces.iter().map(|t| t.text().unwrap()).collect();
        assert_eq!(texts, [r#"{"name":"a"}"#, "7", "null"]);
        assert!(split_batch(r#"{"traces":[]}"#).unwrap().is_empty());
    }

    #[test]
    fn refuses_what_is_no_batch() {
        for (body, path) in [
            ("{}", "traces"),
            (r#"{"traces":null}"#, "traces"),
            (r#"{"traces":{}}"#, "traces"),
            (r#"{"traces":"x"}"#, "traces"),
            ("[]", ""),
            ("{\"traces\":[]", ""),
            ("{\"traces\":[]}x", ""),
            ("", ""),
        ] {
            let error = split_batch(body).unwrap_err();
            assert_eq!(error.path(), path, "{body}");
            assert!(!error.is_too_large());
        }
        assert_eq!(
            split_batch("[]").unwrap_err().to_string(),
            "expected an object, got an array"
        );
    }

    #[test]
    fn counts_up_to_the_limit() {
        let body = |n: usize| format!(r#"{{"traces":[{}]}}"#, vec!["{}"; n].join(","));
        assert_eq!(split_batch(&body(MAX_TRACES)).unwrap().len(), MAX_TRACES);
        let error = split_batch(&body(MAX_TRACES + 1)).unwrap_err();
        assert_eq!(error, NativeError::TooManyTraces);
        assert!(error.is_too_large());
    }
}
