//! `google.protobuf.Value` and `Struct` as the JSON that they stand for.
//! Invariant: depth is bounded, so that hostile nesting ends in an error and not the stack.

use super::number::write_double;
use super::write::{Comma, ProtoError, Text};
use crate::json::MAX_DEPTH;
use crate::protobuf::{Field, Fields};

/// Writes a Value. A Struct in its place is told by its first field, which in a Value is no message.
pub(super) fn write_value(message: &[u8], depth: usize, out: &mut Text) -> Result<(), ProtoError> {
    let mut told = None;
    for field in Fields(message) {
        match field? {
            (1, Field::Bytes(_)) => return write_struct(message, depth, out),
            // Of several kinds the last counts.
            (kind @ (1 | 4), value @ Field::Varint(_))
            | (kind @ 2, value @ Field::Fixed64(_))
            | (kind @ (3 | 5 | 6), value @ Field::Bytes(_)) => told = Some((kind, value)),
            _ => {}
        }
    }
    match told {
        Some((2, value)) => out.push(&write_double(f64::from_bits(value.number()))),
        Some((3, value)) => out.push_text(value.bytes()),
        Some((4, value)) => out.push(if value.number() == 0 { "false" } else { "true" }),
        Some((5, value)) => write_struct(value.bytes(), depth, out),
        Some((6, value)) => write_list(value.bytes(), depth, out),
        _ => out.push("null"),
    }
}

/// An entry of a Struct: key and Value.
type Entry<'a> = (&'a [u8], &'a [u8]);

/// Writes a Struct, sorted by key: some languages write maps in another order each time, and what derives from the text
/// must be the same when a message is sent again.
pub(super) fn write_struct(message: &[u8], depth: usize, out: &mut Text) -> Result<(), ProtoError> {
    let depth = go_deeper(depth)?;
    let is_entry = |field: &Result<(u32, Field), _>| matches!(field, Ok((1, Field::Bytes(_))));
    let count = Fields(message).filter(is_entry).count();
    // Sorting takes half as much once more.
    let kept_bytes = count * size_of::<Entry>() * 3 / 2;
    out.keep(kept_bytes)?;
    let mut entries: Vec<Entry> = Vec::with_capacity(count);
    for field in Fields(message) {
        if let (1, Field::Bytes(entry)) = field? {
            entries.push(read_entry(entry)?);
        }
    }
    entries.sort_by_key(|(key, _)| *key);
    let mut comma = Comma::new();
    out.push("{")?;
    let mut entries = entries.into_iter().peekable();
    while let Some((key, value)) = entries.next() {
        // Equal keys stay in order, and the last counts.
        if entries.peek().is_some_and(|(next, _)| *next == key) {
            continue;
        }
        comma.push(out)?;
        out.push_text(key)?;
        out.push(":")?;
        write_value(value, depth, out)?;
    }
    out.forget(kept_bytes);
    out.push("}")
}

fn read_entry(entry: &[u8]) -> Result<Entry<'_>, ProtoError> {
    let (mut key, mut value) = (&[][..], &[][..]);
    for field in Fields(entry) {
        match field? {
            (1, sent) => key = sent.bytes(),
            (2, sent) => value = sent.bytes(),
            _ => {}
        }
    }
    Ok((key, value))
}

fn write_list(message: &[u8], depth: usize, out: &mut Text) -> Result<(), ProtoError> {
    let depth = go_deeper(depth)?;
    let mut comma = Comma::new();
    out.push("[")?;
    for field in Fields(message) {
        if let (1, Field::Bytes(item)) = field? {
            comma.push(out)?;
            write_value(item, depth, out)?;
        }
    }
    out.push("]")
}

fn go_deeper(depth: usize) -> Result<usize, ProtoError> {
    match depth < MAX_DEPTH {
        true => Ok(depth + 1),
        false => Err(ProtoError::TooDeep),
    }
}
