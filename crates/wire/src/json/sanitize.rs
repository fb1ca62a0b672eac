//! The cleaning pass over a JSON body: NUL and lone surrogate escapes become U+FFFD, bare NaN and Infinity become null.
//! Invariant: a clean body is borrowed, never copied; outside of the replaced tokens every byte stays as it was sent.
//! It must not judge JSON otherwise: syntax errors are found and worded by the decoder behind it.

use std::borrow::Cow;

use memchr::memchr2;
use thiserror::Error;

/// Deepest nesting of arrays and objects that is let through.
pub const MAX_DEPTH: usize = 512;

/// How many places of replaced numbers are remembered; beyond, they are only counted.
const MAX_NOTED: usize = 1024;

/// Words of a string looked at before `memchr` takes over, which costs more to start than a short string is worth.
const SHORT_WORDS: usize = 4;

/// Bytes that mean something outside of strings; all others are passed over.
const IS_MARK: [bool; 256] = {
    let mut table = [false; 256];
    let marks = b"\"{}[]NI-";
    let mut i = 0;
    while i < marks.len() {
        table[marks[i] as usize] = true;
        i += 1;
    }
    table
};

/// Why a body can't be JSON that we accept.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SanitizeError {
    /// The body is not UTF-8; the offset is that of the first bad byte.
    #[error("the body is not valid UTF-8 (byte {offset})")]
    NotUtf8 {
        /// Offset in bytes.
        offset: usize,
    },
    /// Arrays and objects are nested deeper than `MAX_DEPTH`.
    #[error("the body is nested deeper than {MAX_DEPTH} levels (byte {offset})")]
    TooDeep {
        /// Offset in bytes of the bracket that went too deep.
        offset: usize,
    },
}

/// A body that may be decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sanitized<'a> {
    text: Cow<'a, str>,
    replaced_characters: usize,
    non_finite: usize,
    non_finite_at: Vec<usize>,
}

impl Sanitized<'_> {
    /// The text to decode.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// How many NUL or lone surrogate escapes became U+FFFD.
    pub fn replaced_characters(&self) -> usize {
        self.replaced_characters
    }

    /// How many bare NaN, Infinity or -Infinity tokens became null.
    pub fn non_finite(&self) -> usize {
        self.non_finite
    }

    /// How many of them lie in `part`, a slice of `text()` (a slice of anything else has none).
    /// Exact up to the first 1024 replaced tokens of a body.
    pub fn non_finite_in(&self, part: &str) -> usize {
        if self.non_finite_at.is_empty() {
            return 0;
        }
        let base = self.text.as_ptr() as usize;
        let Some(from) = (part.as_ptr() as usize).checked_sub(base) else {
            return 0;
        };
        let first = self.non_finite_at.partition_point(|at| *at < from);
        let past = self
            .non_finite_at
            .partition_point(|at| *at < from + part.len());
        past - first
    }

    fn push(&mut self, piece: &str) {
        self.text.to_mut().push_str(piece);
    }
}

/// Cleans a request body.
///
/// # Errors
/// Invalid UTF-8, or nesting beyond `MAX_DEPTH`. Other faults are left to the decoder.
pub fn sanitize(body: &[u8]) -> Result<Sanitized<'_>, SanitizeError> {
    let text = std::str::from_utf8(body).map_err(|e| SanitizeError::NotUtf8 {
        offset: e.valid_up_to(),
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    Scan::new(text).run()
}

/// What a place in the text is replaced by.
enum Fix {
    Character,
    NonFinite,
}

struct Scan<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    copied: usize,
    out: Option<Sanitized<'a>>,
}

impl<'a> Scan<'a> {
    fn new(text: &'a str) -> Self {
        Scan {
            text,
            bytes: text.as_bytes(),
            at: 0,
            copied: 0,
            out: None,
        }
    }

    fn run(mut self) -> Result<Sanitized<'a>, SanitizeError> {
        let mut depth = 0usize;
        while let Some(skipped) = self.bytes[self.at..]
            .iter()
            .position(|b| IS_MARK[usize::from(*b)])
        {
            self.at += skipped;
            match self.bytes[self.at] {
                b'"' => self.pass_string(),
                b'{' | b'[' => {
                    depth += 1;
                    if depth > MAX_DEPTH {
                        return Err(SanitizeError::TooDeep { offset: self.at });
                    }
                    self.at += 1;
                }
                b'}' | b']' => {
                    depth = depth.saturating_sub(1);
                    self.at += 1;
                }
                _ => match non_finite_len(&self.bytes[self.at..]) {
                    Some(len) => self.replace(self.at + len, Fix::NonFinite),
                    None => self.at += 1,
                },
            }
        }
        Ok(match self.out {
            None => Sanitized {
                text: Cow::Borrowed(self.text),
                replaced_characters: 0,
                non_finite: 0,
                non_finite_at: Vec::new(),
            },
            Some(mut out) => {
                out.push(&self.text[self.copied..]);
                out
            }
        })
    }

    /// Passes the string that opens at `at`, up to behind its closing quote.
    fn pass_string(&mut self) {
        self.at += 1;
        while let Some(stop) = find_stop(self.bytes, self.at) {
            self.at = stop;
            if self.bytes[stop] == b'"' {
                self.at += 1;
                return;
            }
            self.pass_escape();
        }
        self.at = self.bytes.len();
    }

    /// Passes the escape that starts at `at` (a backslash), replacing what no text may hold.
    fn pass_escape(&mut self) {
        match read_unicode_escape(self.bytes, self.at) {
            None => self.at = (self.at + 2).min(self.bytes.len()),
            Some(0) => self.replace(self.at + 6, Fix::Character),
            Some(0xD800..=0xDBFF) => match read_unicode_escape(self.bytes, self.at + 6) {
                Some(0xDC00..=0xDFFF) => self.at += 12,
                _ => self.replace(self.at + 6, Fix::Character),
            },
            Some(0xDC00..=0xDFFF) => self.replace(self.at + 6, Fix::Character),
            Some(_) => self.at += 6,
        }
    }

    fn replace(&mut self, end: usize, fix: Fix) {
        let kept = &self.text[self.copied..self.at];
        let capacity = self.text.len();
        let out = self.out.get_or_insert_with(|| Sanitized {
            text: Cow::Owned(String::with_capacity(capacity)),
            replaced_characters: 0,
            non_finite: 0,
            non_finite_at: Vec::new(),
        });
        out.push(kept);
        match fix {
            Fix::Character => {
                out.replaced_characters += 1;
                out.push("\\ufffd");
            }
            Fix::NonFinite => {
                out.non_finite += 1;
                if out.non_finite_at.len() < MAX_NOTED {
                    out.non_finite_at.push(out.text.len());
                }
                out.push("null");
            }
        }
        self.copied = end;
        self.at = end;
    }
}

/// The next quote or backslash at or after `from`.
fn find_stop(bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    let rest = bytes.get(from..)?;
    for word in rest.as_chunks::<8>().0.iter().take(SHORT_WORDS) {
        let word = u64::from_le_bytes(*word);
        let hits = mark_zero_bytes(word ^ QUOTES) | mark_zero_bytes(word ^ BACKSLASHES);
        if hits != 0 {
            return Some(at + hits.trailing_zeros() as usize / 8);
        }
        at += 8;
    }
    memchr2(b'"', b'\\', &bytes[at..]).map(|i| at + i)
}

const ONES: u64 = u64::from_le_bytes([1; 8]);
const QUOTES: u64 = ONES * b'"' as u64;
const BACKSLASHES: u64 = ONES * b'\\' as u64;

/// The high bit of the lowest zero byte is set (bits above it may be wrong), none if no byte is zero.
fn mark_zero_bytes(word: u64) -> u64 {
    word.wrapping_sub(ONES) & !word & (ONES << 7)
}

/// The code unit of a `\uXXXX` escape at `at`, if there is one.
fn read_unicode_escape(bytes: &[u8], at: usize) -> Option<u16> {
    let escape = bytes.get(at..at + 6)?;
    if escape[0] != b'\\' || escape[1] != b'u' {
        return None;
    }
    escape[2..].iter().try_fold(0u16, |unit, digit| {
        let value = (*digit as char).to_digit(16)?;
        Some(unit << 4 | value as u16)
    })
}

/// Length of the NaN or Infinity token that `rest` starts with.
fn non_finite_len(rest: &[u8]) -> Option<usize> {
    let unsigned = rest.strip_prefix(b"-").unwrap_or(rest);
    let sign = rest.len() - unsigned.len();
    let word: &[u8] = match unsigned.first()? {
        b'N' => b"NaN",
        b'I' => b"Infinity",
        _ => return None,
    };
    unsigned.starts_with(word).then_some(sign + word.len())
}

#[cfg(test)]
#[path = "sanitize_tests.rs"]
mod tests;
