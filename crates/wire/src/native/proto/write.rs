//! Messages to JSON text, by the tables, in one walk and without unfolding them.
//! Invariant: the text never grows beyond its limit, and room is taken before the text grows into it.
//! Of a repeated field the last counts, as in the JSON; unknown fields are passed over.

use super::number::write_double;
use super::table::{BATCH, Content, Field, TRACE};
use super::time::write_time;
use super::value::{write_struct, write_value};
use crate::json::MAX_DEPTH;
use crate::protobuf::{Field as Sent, Fields};
use thiserror::Error;

/// Why a message is not written.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ProtoError {
    /// Not a protobuf message of this kind.
    #[error("not a valid protobuf message: {0}")]
    Message(&'static str),
    /// The JSON that says the same is longer than a body may be.
    #[error("too large as JSON")]
    TooLarge,
    /// Values inside of values, deeper than [`MAX_DEPTH`].
    #[error("the message is nested deeper than {MAX_DEPTH} levels")]
    TooDeep,
    /// [`Room`] gave none.
    #[error("no room")]
    Full,
}

impl From<&'static str> for ProtoError {
    fn from(fault: &'static str) -> Self {
        ProtoError::Message(fault)
    }
}

/// Where memory comes from.
pub trait Room {
    /// Takes so many bytes more, or says that there are none.
    fn take(&mut self, bytes: usize) -> bool;
}

/// Writes an `IngestTraceRequest` as the body of `POST /v1/traces`, at most `most` bytes of it.
///
/// # Errors
/// A message that can't be cut apart, is nested too deep, or becomes too long.
pub fn write_trace(message: &[u8], most: usize, room: &mut dyn Room) -> Result<String, ProtoError> {
    write(message, TRACE, most, room)
}

/// Writes an `IngestBatchRequest` as the body of `POST /v1/traces/batch`, at most `most` bytes of it.
///
/// # Errors
/// As [`write_trace`]: what spoils one trace's message spoils the batch.
pub fn write_batch(message: &[u8], most: usize, room: &mut dyn Room) -> Result<String, ProtoError> {
    write(message, BATCH, most, room)
}

fn write(
    message: &[u8],
    table: &[Field],
    most: usize,
    room: &mut dyn Room,
) -> Result<String, ProtoError> {
    let mut out = Text {
        json: String::new(),
        most,
        taken: 0,
        beside: 0,
        beside_taken: 0,
        room,
    };
    write_message(message, table, &mut out)?;
    Ok(out.json)
}

const NOT_UTF8: &str = "a text is not UTF-8";
/// Bytes asked for at once.
const STEP_BYTES: usize = 64 << 10;

/// JSON on its way.
pub(super) struct Text<'r> {
    json: String,
    most: usize,
    taken: usize,
    /// What is kept beside the text now, and the most of it that room was taken for.
    beside: usize,
    beside_taken: usize,
    room: &'r mut dyn Room,
}

impl Text<'_> {
    /// Takes room for what is kept beside the text until [`Text::forget`]; what was forgotten is used again.
    pub(super) fn keep(&mut self, bytes: usize) -> Result<(), ProtoError> {
        let beside = self.beside.saturating_add(bytes);
        let step = beside.saturating_sub(self.beside_taken);
        if step > 0 && !self.room.take(step) {
            return Err(ProtoError::Full);
        }
        self.beside_taken += step;
        self.beside = beside;
        Ok(())
    }

    /// So many bytes are kept no longer.
    pub(super) fn forget(&mut self, bytes: usize) {
        self.beside = self.beside.saturating_sub(bytes);
    }

    pub(super) fn push(&mut self, piece: &str) -> Result<(), ProtoError> {
        let size = self.json.len() + piece.len();
        if size > self.most {
            return Err(ProtoError::TooLarge);
        }
        if size > self.taken {
            // Small messages take what they need, large ones step by step, and none more than it may become.
            let step = (size - self.taken).max(self.taken.min(STEP_BYTES));
            let step = step.min(self.most - self.taken);
            if !self.room.take(step) {
                return Err(ProtoError::Full);
            }
            self.taken += step;
        }
        self.json.push_str(piece);
        Ok(())
    }

    /// A text in quotes, with the escapes that JSON's own writers choose. What is not UTF-8 is no message: two ids that
    /// differ in broken bytes alone would become one.
    pub(super) fn push_text(&mut self, bytes: &[u8]) -> Result<(), ProtoError> {
        let text = std::str::from_utf8(bytes).map_err(|_| NOT_UTF8)?;
        self.push("\"")?;
        let mut plain = 0;
        for (at, byte) in bytes.iter().enumerate() {
            let escape = match byte {
                b'"' => "\\\"",
                b'\\' => "\\\\",
                b'\n' => "\\n",
                b'\r' => "\\r",
                b'\t' => "\\t",
                b'\x08' => "\\b",
                b'\x0c' => "\\f",
                0..b' ' => "\\u00",
                _ => continue,
            };
            // Both ends are next to ASCII characters.
            self.push(&text[plain..at])?;
            self.push(escape)?;
            if escape.len() > 2 {
                self.push(&format!("{byte:02x}"))?;
            }
            plain = at + 1;
        }
        self.push(&text[plain..])?;
        self.push("\"")
    }
}

/// Between the members of an object or the items of an array.
pub(super) struct Comma(bool);

impl Comma {
    pub(super) fn new() -> Comma {
        Comma(false)
    }

    /// Nothing the first time.
    pub(super) fn push(&mut self, out: &mut Text) -> Result<(), ProtoError> {
        if self.0 {
            out.push(",")?;
        }
        self.0 = true;
        Ok(())
    }
}

fn write_message(message: &[u8], table: &[Field], out: &mut Text) -> Result<(), ProtoError> {
    let mut comma = Comma::new();
    out.push("{")?;
    for field in Fields(message) {
        let (number, sent) = field?;
        let known = table.iter().find(|field| field.0 == number);
        if let Some(Field(_, name, content)) = known
            && is_told(*content, sent)
        {
            write_key(name, &mut comma, out)?;
            write_content(*content, sent, out)?;
        }
    }
    // Items may stand between other fields; in JSON they are together.
    for Field(number, name, content) in table {
        if let Content::List(items) = content {
            write_key(name, &mut comma, out)?;
            write_list(message, *number, items, out)?;
        }
    }
    out.push("}")
}

fn write_key(name: &str, comma: &mut Comma, out: &mut Text) -> Result<(), ProtoError> {
    comma.push(out)?;
    out.push("\"")?;
    out.push(name)?;
    out.push("\":")
}

/// What comes in another wire type is another field. Without presence, the default is not told. Lists are written by
/// themselves.
fn is_told(content: Content, sent: Sent) -> bool {
    match (content, sent) {
        (Content::PlainText, Sent::Bytes(text)) => !text.is_empty(),
        (Content::Words(_), Sent::Varint(number)) => number != 0,
        (Content::Int, Sent::Varint(_)) | (Content::Double, Sent::Fixed64(_)) => true,
        (Content::PlainText | Content::Words(_) | Content::Int | Content::Double, _) => false,
        (Content::List(_), _) => false,
        (_, sent) => matches!(sent, Sent::Bytes(_)),
    }
}

fn write_content(content: Content, sent: Sent, out: &mut Text) -> Result<(), ProtoError> {
    match content {
        Content::Text | Content::PlainText => out.push_text(sent.bytes()),
        Content::Int => out.push(&(sent.number() as i64).to_string()),
        Content::Double => out.push(&write_double(f64::from_bits(sent.number()))),
        Content::Time => out.push(&write_time(sent.bytes())?),
        Content::Struct => write_struct(sent.bytes(), 0, out),
        Content::Value => write_value(sent.bytes(), 0, out),
        Content::Words(words) => {
            let number = sent.number();
            let at = usize::try_from(number - 1).unwrap_or(usize::MAX);
            match words.get(at) {
                Some(word) => out.push_text(word.as_bytes()),
                // No word: the rules will say so.
                None => out.push(&number.to_string()),
            }
        }
        Content::Message(table) => write_message(sent.bytes(), table, out),
        Content::List(_) => Ok(()),
    }
}

fn write_list(
    message: &[u8],
    number: u32,
    items: &[Field],
    out: &mut Text,
) -> Result<(), ProtoError> {
    let mut comma = Comma::new();
    out.push("[")?;
    for field in Fields(message) {
        if let (of_item, Sent::Bytes(item)) = field?
            && of_item == number
        {
            comma.push(out)?;
            write_message(item, items, out)?;
        }
    }
    out.push("]")
}
