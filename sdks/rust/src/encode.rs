//! Turns what an app gives into JSON bytes: bounded, and whatever its `Serialize` does, harmless.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::Value;

use crate::say::harmless;

/// The most that is sent of one input or output.
pub(crate) const MAX_BYTES: usize = 1024 * 1024;
/// The most that is read of one answer, of which only the message is sent.
pub(crate) const MOST_READ: usize = 64 * 1024 * 1024;
const TRUNCATED: &str = "[truncated]";

/// The JSON of a value, or the beginning of it.
pub(crate) enum Written {
    Whole(Vec<u8>),
    Cut(Vec<u8>),
}

struct Limited {
    bytes: Vec<u8>,
    most: usize,
    is_cut: bool,
}

impl Write for Limited {
    fn write(&mut self, more: &[u8]) -> io::Result<usize> {
        let room = self.most - self.bytes.len();
        if more.len() > room {
            self.bytes.extend_from_slice(&more[..room]);
            self.is_cut = true;
            return Err(io::ErrorKind::Other.into());
        }
        self.bytes.extend_from_slice(more);
        Ok(more.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes a value; what cannot be written becomes the name of its type.
pub(crate) fn write<T: Serialize + ?Sized>(value: &T, most: usize) -> Written {
    let mut out = Limited {
        bytes: Vec::new(),
        most,
        is_cut: false,
    };
    let done = harmless("Serialize", || {
        serde_json::to_writer(&mut out, value).is_ok()
    });
    match (done, out.is_cut) {
        (Some(true), _) => Written::Whole(out.bytes),
        (_, true) => Written::Cut(out.bytes),
        _ => Written::Whole(encode_text(&format!("<{}>", std::any::type_name::<T>()))),
    }
}

impl Written {
    /// Parsed, if it is whole.
    pub(crate) fn parse(&self) -> Option<Value> {
        match self {
            Self::Whole(bytes) => serde_json::from_slice(bytes).ok(),
            Self::Cut(_) => None,
        }
    }

    /// As it is sent: at most [`MAX_BYTES`], and nothing for `null`.
    pub(crate) fn into_content(self) -> Option<Vec<u8>> {
        match self {
            Self::Whole(bytes) if bytes == b"null" => None,
            Self::Whole(bytes) if bytes.len() <= MAX_BYTES => Some(bytes),
            Self::Whole(bytes) | Self::Cut(bytes) => Some(cut(&bytes)),
        }
    }
}

/// The JSON of a value that is sent as it is.
pub(crate) fn encode<T: Serialize + ?Sized>(value: &T) -> Vec<u8> {
    write(value, MAX_BYTES)
        .into_content()
        .unwrap_or_else(|| b"null".to_vec())
}

pub(crate) fn encode_text(text: &str) -> Vec<u8> {
    serde_json::to_vec(text).unwrap_or_else(|_| b"\"\"".to_vec())
}

/// A text stays a text; of anything else the JSON's beginning is sent as a text.
fn cut(bytes: &[u8]) -> Vec<u8> {
    if bytes.first() == Some(&b'"') {
        let room = (MAX_BYTES - 64).min(bytes.len());
        // An escape or a character may be cut in two: a little less then.
        for end in (room.saturating_sub(16)..=room).rev() {
            let closed = [&bytes[..end], b"\""].concat();
            if serde_json::from_slice::<String>(&closed).is_ok() {
                return [&bytes[..end], TRUNCATED.as_bytes(), b"\""].concat();
            }
        }
    }
    let text = String::from_utf8_lossy(&bytes[..(MAX_BYTES / 2 - 64).min(bytes.len())]);
    encode_text(&format!("{}{TRUNCATED}", text.trim_end_matches('\u{FFFD}')))
}

/// At most so many characters.
pub(crate) fn shorten(text: &str, most: usize) -> &str {
    text.char_indices()
        .nth(most)
        .map_or(text, |(end, _)| &text[..end])
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Serializer;
    use serde_json::json;

    struct Bad(bool);

    impl Serialize for Bad {
        fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            if self.0 {
                panic!("on purpose");
            }
            Err(serde::ser::Error::custom("no"))
        }
    }

    #[test]
    fn what_cannot_be_written_is_named() {
        for bad in [Bad(false), Bad(true)] {
            let text = String::from_utf8(encode(&bad)).unwrap();
            assert!(text.starts_with("\"<") && text.contains("Bad"), "{text}");
        }
    }

    #[test]
    fn what_is_too_large_is_cut_and_still_json() {
        for value in [
            json!("ä\"\n".repeat(MAX_BYTES)),
            json!(vec!["a\\\"ß"; MAX_BYTES]),
            json!("a".repeat(MAX_BYTES)),
        ] {
            let bytes = encode(&value);
            assert!(
                bytes.len() <= MAX_BYTES && bytes.len() > MAX_BYTES / 3,
                "{}",
                bytes.len()
            );
            let text: String = serde_json::from_slice(&bytes).unwrap();
            assert!(text.ends_with(TRUNCATED));
        }
    }

    #[test]
    fn order_is_kept_and_null_is_no_content() {
        #[derive(Debug)]
        struct Two;
        impl Serialize for Two {
            fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.collect_map([("b", 1), ("a", 2)])
            }
        }
        assert_eq!(encode(&Two), br#"{"b":1,"a":2}"#);
        assert!(write(&None::<u8>, MAX_BYTES).into_content().is_none());
        assert_eq!(shorten("äöü", 2), "äö");
    }
}
