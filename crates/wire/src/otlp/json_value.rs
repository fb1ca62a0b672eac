//! Attributes and scalars in JSON bodies.
//! Invariant: recursion ends at `MAX_VALUE_DEPTH`; every item is paid for from the budget before it is stored.
//! It must not fail for an odd value: `{"arrayValue":{}}` is an empty list, null is no value, 5.0 is the integer 5.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::de::{IgnoredAny, MapAccess, SeqAccess};

use super::budget::Budget;
use super::value::TOO_DEEP;
use super::{AttrValue, Attributes, MAX_VALUE_DEPTH};
use crate::json::object::{Array, Object, ReadArray, ReadObject, Text};
use crate::json::{Kind, Raw};

/// Text of a string or number, else empty.
pub(super) fn read_text(raw: Raw<'_>) -> Cow<'_, str> {
    raw.as_text().unwrap_or_default()
}

/// A whole number, sent as a number or as text.
pub(super) fn read_number(raw: Raw) -> Option<i64> {
    let text = raw.as_text()?;
    text.trim().parse().ok().or_else(|| read_integral(&text))
}

/// Nanoseconds since 1970, sent as a number or as text; 0 for anything else.
pub(super) fn read_time_ns(raw: Raw) -> u64 {
    let Some(text) = raw.as_text() else { return 0 };
    let whole = text.trim().parse().ok();
    whole
        .or_else(|| read_integral(&text).and_then(|number| u64::try_from(number).ok()))
        .unwrap_or(0)
}

/// A float token like `5.0` or `1.7e18` that has no fraction.
fn read_integral(text: &str) -> Option<i64> {
    let number: f64 = text.trim().parse().ok()?;
    // 2^63 is exact as a float, so everything below it fits.
    let is_whole = number.fract() == 0.0 && number.abs() < 9_223_372_036_854_775_808.0;
    is_whole.then_some(number as i64)
}

/// Reads a list of `KeyValue`s into `into`.
pub(super) struct AttributesReader<'c, 'a> {
    into: &'c mut Attributes<'a>,
    budget: &'c mut Budget,
    depth: usize,
}

impl<'c, 'a> AttributesReader<'c, 'a> {
    pub(super) fn new(into: &'c mut Attributes<'a>, budget: &'c mut Budget) -> Self {
        AttributesReader {
            into,
            budget,
            depth: 0,
        }
    }
}

impl<'a> ReadArray<'a> for AttributesReader<'_, 'a> {
    fn read_item<A: SeqAccess<'a>>(&mut self, seq: &mut A) -> Result<bool, A::Error> {
        let mut pair = PairReader {
            key: None,
            value: ValueReader::new(self.budget, self.depth),
        };
        if seq.next_element_seed(Object(&mut pair))?.is_none() {
            return Ok(false);
        }
        let PairReader { key, value } = pair;
        let value = value.value;
        let is_empty = value == AttrValue::Null && self.depth == 0;
        if let Some(key) = key.filter(|_| !is_empty)
            && self.budget.take_node()
        {
            self.into.0.push((key, value));
        }
        Ok(true)
    }
}

/// Takes the `values` of a `KeyValueList`.
impl<'a> ReadObject<'a> for AttributesReader<'_, 'a> {
    fn read_field<A: MapAccess<'a>>(&mut self, key: Text<'a>, map: &mut A) -> Result<(), A::Error> {
        match key.0.as_ref() {
            "values" => map.next_value_seed(Array(self)).map(|_| ()),
            _ => map.next_value::<IgnoredAny>().map(|_| ()),
        }
    }
}

struct PairReader<'c, 'a> {
    key: Option<Cow<'a, str>>,
    value: ValueReader<'c, 'a>,
}

impl<'a> ReadObject<'a> for PairReader<'_, 'a> {
    fn read_field<A: MapAccess<'a>>(&mut self, key: Text<'a>, map: &mut A) -> Result<(), A::Error> {
        match key.0.as_ref() {
            "key" => self.key = map.next_value::<Raw>()?.as_text(),
            "value" => {
                map.next_value_seed(Object(&mut self.value))?;
            }
            _ => {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

/// Reads an `AnyValue`.
struct ValueReader<'c, 'a> {
    budget: &'c mut Budget,
    depth: usize,
    value: AttrValue<'a>,
}

impl<'c, 'a> ValueReader<'c, 'a> {
    fn new(budget: &'c mut Budget, depth: usize) -> Self {
        ValueReader {
            budget,
            depth,
            value: AttrValue::Null,
        }
    }
}

impl<'a> ReadObject<'a> for ValueReader<'_, 'a> {
    fn read_field<A: MapAccess<'a>>(&mut self, key: Text<'a>, map: &mut A) -> Result<(), A::Error> {
        let value = match key.0.as_ref() {
            "stringValue" | "string_value" => read_string_value(map.next_value()?),
            "boolValue" | "bool_value" => read_bool_value(map.next_value()?),
            "intValue" | "int_value" => read_int_value(map.next_value()?),
            "doubleValue" | "double_value" => read_double_value(map.next_value()?),
            "bytesValue" | "bytes_value" => read_bytes_value(map.next_value()?),
            "arrayValue" | "array_value" => return self.read_list(map),
            "kvlistValue" | "kvlist_value" | "kvListValue" => return self.read_map(map),
            _ => return map.next_value::<IgnoredAny>().map(|_| ()),
        };
        // Encoders that write every variant write null for those that are not set.
        if value != AttrValue::Null {
            self.value = value;
        }
        Ok(())
    }
}

impl<'a> ValueReader<'_, 'a> {
    fn read_list<A: MapAccess<'a>>(&mut self, map: &mut A) -> Result<(), A::Error> {
        if self.depth >= MAX_VALUE_DEPTH {
            self.value = TOO_DEEP;
            return map.next_value::<IgnoredAny>().map(|_| ());
        }
        let mut list = ListReader {
            items: Vec::new(),
            budget: self.budget,
            depth: self.depth + 1,
        };
        if map.next_value_seed(Object(&mut list))? == Kind::Object {
            self.value = AttrValue::Array(list.items);
        }
        Ok(())
    }

    fn read_map<A: MapAccess<'a>>(&mut self, map: &mut A) -> Result<(), A::Error> {
        if self.depth >= MAX_VALUE_DEPTH {
            self.value = TOO_DEEP;
            return map.next_value::<IgnoredAny>().map(|_| ());
        }
        let mut members = Attributes::default();
        let mut reader = AttributesReader {
            into: &mut members,
            budget: self.budget,
            depth: self.depth + 1,
        };
        if map.next_value_seed(Object(&mut reader))? == Kind::Object {
            self.value = AttrValue::Map(members);
        }
        Ok(())
    }
}

/// Takes the `values` of an `ArrayValue`.
struct ListReader<'c, 'a> {
    items: Vec<AttrValue<'a>>,
    budget: &'c mut Budget,
    depth: usize,
}

impl<'a> ReadObject<'a> for ListReader<'_, 'a> {
    fn read_field<A: MapAccess<'a>>(&mut self, key: Text<'a>, map: &mut A) -> Result<(), A::Error> {
        match key.0.as_ref() {
            "values" => map.next_value_seed(Array(self)).map(|_| ()),
            _ => map.next_value::<IgnoredAny>().map(|_| ()),
        }
    }
}

impl<'a> ReadArray<'a> for ListReader<'_, 'a> {
    fn read_item<A: SeqAccess<'a>>(&mut self, seq: &mut A) -> Result<bool, A::Error> {
        let mut reader = ValueReader::new(self.budget, self.depth);
        let is_some = seq.next_element_seed(Object(&mut reader))?.is_some();
        let value = reader.value;
        if is_some && self.budget.take_node() {
            self.items.push(value);
        }
        Ok(is_some)
    }
}

fn read_string_value(raw: Raw<'_>) -> AttrValue<'_> {
    match raw.kind() {
        Kind::Bool => AttrValue::Str(Cow::Borrowed(raw.text().unwrap_or_default())),
        _ => raw.as_text().map_or(AttrValue::Null, AttrValue::Str),
    }
}

fn read_bool_value(raw: Raw<'_>) -> AttrValue<'_> {
    match (raw.as_bool(), raw.as_str().as_deref()) {
        (Some(truth), _) => AttrValue::Bool(truth),
        (_, Some("true")) => AttrValue::Bool(true),
        (_, Some("false")) => AttrValue::Bool(false),
        _ => AttrValue::Null,
    }
}

fn read_int_value(raw: Raw<'_>) -> AttrValue<'_> {
    match read_number(raw) {
        Some(number) => AttrValue::Int(number),
        None => read_double_value(raw),
    }
}

fn read_double_value(raw: Raw<'_>) -> AttrValue<'_> {
    let Some(text) = raw.as_text() else {
        return AttrValue::Null;
    };
    // Rust reads NaN, Infinity and -Infinity as protojson writes them.
    match text.trim().parse() {
        Ok(number) => AttrValue::Double(number),
        Err(_) => AttrValue::Str(text),
    }
}

fn read_bytes_value(raw: Raw<'_>) -> AttrValue<'_> {
    let Some(text) = raw.as_str() else {
        return AttrValue::Null;
    };
    match STANDARD.decode(text.as_bytes()) {
        Ok(bytes) => AttrValue::Bytes(Cow::Owned(bytes)),
        Err(_) => AttrValue::Str(text),
    }
}
