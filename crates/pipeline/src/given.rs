//! One value of either format, as far as the rules for leaves need to know it.
//!
//! Borrowed; numbers keep their exact text until a rule decides how to read it.
use cognobserve_wire::json::{Kind, Raw};
use cognobserve_wire::otlp::AttrValue;
use std::borrow::Cow;

/// A value as it was given.
#[derive(Clone, Debug, PartialEq)]
pub enum Given<'a> {
    /// Not sent.
    Absent,
    /// Sent as null.
    Null,
    Text(Cow<'a, str>),
    Int(i64),
    /// A number token that is no 64-bit integer.
    Decimal(&'a str),
    Float(f64),
    /// A boolean, a list, a map or bytes.
    Other,
}

impl<'a> From<Raw<'a>> for Given<'a> {
    fn from(raw: Raw<'a>) -> Self {
        match raw.kind() {
            Kind::Absent => Given::Absent,
            Kind::Null => Given::Null,
            Kind::String => raw.as_str().map_or(Given::Other, Given::Text),
            Kind::Number => {
                let token = raw.as_number().unwrap_or_default();
                token.parse().map_or(Given::Decimal(token), Given::Int)
            }
            Kind::Bool | Kind::Array | Kind::Object => Given::Other,
        }
    }
}

impl<'a> From<&'a AttrValue<'_>> for Given<'a> {
    fn from(value: &'a AttrValue<'_>) -> Self {
        match value {
            AttrValue::Null => Given::Null,
            AttrValue::Str(text) => Given::Text(Cow::Borrowed(text)),
            AttrValue::Int(number) => Given::Int(*number),
            AttrValue::Double(number) => Given::Float(*number),
            AttrValue::Bool(_) | AttrValue::Array(_) | AttrValue::Map(_) | AttrValue::Bytes(_) => {
                Given::Other
            }
        }
    }
}

impl<'a> Given<'a> {
    /// Neither absent nor null.
    pub fn is_given(&self) -> bool {
        !matches!(self, Given::Absent | Given::Null)
    }

    /// A number as a float; text is not read.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Given::Int(number) => Some(*number as f64),
            Given::Float(number) => Some(*number),
            Given::Decimal(token) => token.parse().ok(),
            _ => None,
        }
    }

    /// Text, or a number as text: `7` and `7.0` are the same id.
    pub fn into_id_text(self) -> Option<Cow<'a, str>> {
        match self {
            Given::Text(text) => Some(text),
            Given::Int(number) => Some(Cow::Owned(number.to_string())),
            Given::Float(number) => Some(Cow::Owned(write_float(number))),
            Given::Decimal(token) => match token.parse() {
                Ok(number) if f64::abs(number) < EXACT => Some(Cow::Owned(write_float(number))),
                _ => Some(Cow::Borrowed(token)),
            },
            _ => None,
        }
    }
}

/// Below this every whole number is exact as a float: 2^53.
const EXACT: f64 = 9_007_199_254_740_992.0;

fn write_float(number: f64) -> String {
    if number == 0.0 {
        "0".to_owned()
    } else {
        number.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(json: &str) -> Given<'_> {
        Given::from(serde_json::from_str::<Raw>(json).unwrap())
    }

    #[test]
    fn reads_both_formats_alike() {
        assert_eq!(given("\"x\""), Given::from(&AttrValue::Str("x".into())));
        assert_eq!(given("-12"), Given::from(&AttrValue::Int(-12)));
        assert_eq!(given("null"), Given::Null);
        assert_eq!(given("[1]"), Given::from(&AttrValue::Array(vec![])));
        assert_eq!(Given::from(Raw::ABSENT), Given::Absent);
        assert_eq!(given("1e400"), Given::Decimal("1e400"));
        assert!(given("false").is_given());
    }

    #[test]
    fn numeric_ids_have_one_spelling() {
        for json in ["7", "7.0", "70e-1", "\"7\""] {
            assert_eq!(given(json).into_id_text().unwrap(), "7", "{json}");
        }
        assert_eq!(given("-0.0").into_id_text().unwrap(), "0");
        assert_eq!(
            given("12345678901234567890").into_id_text().unwrap(),
            "12345678901234567890"
        );
        assert_eq!(Given::Float(7.0).into_id_text().unwrap(), "7");
        assert_eq!(given("true").into_id_text(), None);
    }
}
