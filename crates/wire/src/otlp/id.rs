//! Trace and span ids, from bytes or from hex digits.
//! Invariant: what comes out is lower-case hex of exactly the wanted length and not all zeros.
//! It must not repair ids: a wrong length is a reason to reject.

/// What was found where an id belongs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Id {
    /// Usable.
    Hex(String),
    /// Not sent, empty or all zeros, which OTLP calls invalid.
    Missing,
    /// Not hex or of the wrong length.
    Bad,
}

impl Id {
    /// From raw bytes; `bytes_wanted` is 16 for traces, 8 for spans.
    pub(super) fn from_bytes(bytes: &[u8], bytes_wanted: usize) -> Self {
        if bytes.iter().all(|b| *b == 0) {
            return Id::Missing;
        }
        if bytes.len() != bytes_wanted {
            return Id::Bad;
        }
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut text = String::with_capacity(bytes.len() * 2);
        for byte in bytes {
            text.push(DIGITS[usize::from(byte >> 4)] as char);
            text.push(DIGITS[usize::from(byte & 15)] as char);
        }
        Id::Hex(text)
    }

    /// From hex digits of either case.
    pub(super) fn from_hex(text: &str, bytes_wanted: usize) -> Self {
        if text.bytes().all(|b| b == b'0') {
            return Id::Missing;
        }
        if text.len() != bytes_wanted * 2 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Id::Bad;
        }
        Id::Hex(text.to_ascii_lowercase())
    }
}

/// The three ids of a span, or the reason to reject it.
pub(super) fn check_ids(
    trace_id: Id,
    span_id: Id,
    parent_span_id: Id,
) -> Result<(String, String, Option<String>), &'static str> {
    let trace_id = match trace_id {
        Id::Hex(id) => id,
        Id::Missing => return Err("the trace id is missing or all zeros"),
        Id::Bad => return Err("the trace id is not 16 bytes in hex"),
    };
    let span_id = match span_id {
        Id::Hex(id) => id,
        Id::Missing => return Err("the span id is missing or all zeros"),
        Id::Bad => return Err("the span id is not 8 bytes in hex"),
    };
    match parent_span_id {
        Id::Hex(id) => Ok((trace_id, span_id, Some(id))),
        Id::Missing => Ok((trace_id, span_id, None)),
        Id::Bad => Err("the parent span id is not 8 bytes in hex"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_both_spellings_to_the_same_text() {
        let hex = Id::from_hex("00FFa0000000000b", 8);
        assert_eq!(hex, Id::from_bytes(&[0, 255, 0xa0, 0, 0, 0, 0, 0x0b], 8));
        assert_eq!(hex, Id::Hex("00ffa0000000000b".to_owned()));
    }

    #[test]
    fn tells_missing_from_bad() {
        for text in ["", "0", "0000000000000000"] {
            assert_eq!(Id::from_hex(text, 8), Id::Missing);
        }
        for text in ["1", "00ffa0000000000g", "00ffa0000000000", "éé"] {
            assert_eq!(Id::from_hex(text, 8), Id::Bad);
        }
        assert_eq!(Id::from_bytes(&[], 8), Id::Missing);
        assert_eq!(Id::from_bytes(&[0; 8], 8), Id::Missing);
        assert_eq!(Id::from_bytes(&[1; 7], 8), Id::Bad);
    }
}
