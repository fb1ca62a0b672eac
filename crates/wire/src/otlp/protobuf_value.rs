//! Attributes in protobuf bodies.
//! Invariant: recursion ends at `MAX_VALUE_DEPTH`; every item is paid for from the budget before it is stored.
//! It must not fail for a value that is merely empty.

use super::budget::Budget;
use super::value::TOO_DEEP;
use super::{AttrValue, Attributes, MAX_VALUE_DEPTH};
use crate::protobuf::Fields;

/// Reads one `KeyValue` and appends it, unless it has no value.
pub(super) fn read_attribute<'a>(
    bytes: &'a [u8],
    depth: usize,
    into: &mut Attributes<'a>,
    budget: &mut Budget,
) -> Result<(), &'static str> {
    let mut key = std::borrow::Cow::Borrowed("");
    let mut value = AttrValue::Null;
    for field in Fields(bytes) {
        match field? {
            (1, text) => key = text.text(),
            (2, message) => value = read_value(message.bytes(), depth, budget)?,
            _ => {}
        }
    }
    let is_empty = value == AttrValue::Null && depth == 0;
    if !is_empty && budget.take_node() {
        into.0.push((key, value));
    }
    Ok(())
}

/// Reads one `AnyValue`; the last of several wins, as protobuf has it for a oneof.
fn read_value<'a>(
    bytes: &'a [u8],
    depth: usize,
    budget: &mut Budget,
) -> Result<AttrValue<'a>, &'static str> {
    let mut value = AttrValue::Null;
    for field in Fields(bytes) {
        let (tag, field) = field?;
        value = match tag {
            1 => AttrValue::Str(field.text()),
            2 => AttrValue::Bool(field.number() != 0),
            3 => AttrValue::Int(field.number().cast_signed()),
            4 => AttrValue::Double(f64::from_bits(field.number())),
            5 | 6 if depth >= MAX_VALUE_DEPTH => TOO_DEEP,
            5 => AttrValue::Array(read_list(field.bytes(), depth + 1, budget)?),
            6 => AttrValue::Map(read_map(field.bytes(), depth + 1, budget)?),
            7 => AttrValue::Bytes(field.bytes().into()),
            _ => continue,
        };
    }
    Ok(value)
}

fn read_list<'a>(
    bytes: &'a [u8],
    depth: usize,
    budget: &mut Budget,
) -> Result<Vec<AttrValue<'a>>, &'static str> {
    let mut items = Vec::new();
    for field in Fields(bytes) {
        if let (1, message) = field? {
            let item = read_value(message.bytes(), depth, budget)?;
            if budget.take_node() {
                items.push(item);
            }
        }
    }
    Ok(items)
}

fn read_map<'a>(
    bytes: &'a [u8],
    depth: usize,
    budget: &mut Budget,
) -> Result<Attributes<'a>, &'static str> {
    let mut members = Attributes::default();
    for field in Fields(bytes) {
        if let (1, message) = field? {
            read_attribute(message.bytes(), depth, &mut members, budget)?;
        }
    }
    Ok(members)
}
