//! Reading the server's answers: whatever shape was not expected is an error, never a guess.
use crate::error::{QueueResult, read_refusal, refuse};
use redis::Value;

fn misread(expected: &str) -> cognobserve_ports::StoreError {
    refuse(format!(
        "the queue's server answered something else than {expected}"
    ))
}

/// The answer, or the refusal as an error.
pub(crate) fn check(value: Value) -> QueueResult<Value> {
    match value {
        Value::ServerError(error) => Err(read_refusal(error)),
        value => Ok(value),
    }
}

pub(crate) fn check_all(values: Vec<Value>) -> QueueResult<Vec<Value>> {
    values.into_iter().map(check).collect()
}

/// Whether it is the refusal with this code.
pub(crate) fn is_refusal(value: &Value, code: &str) -> bool {
    matches!(value, Value::ServerError(error) if error.code() == code)
}

/// The one answer to one command.
pub(crate) fn read_only(values: Vec<Value>) -> QueueResult<Value> {
    let mut values = values.into_iter();
    match (values.next(), values.next()) {
        (Some(value), None) => check(value),
        _ => Err(misread("one answer")),
    }
}

/// A list; nothing is an empty one.
pub(crate) fn read_list(value: Value) -> QueueResult<Vec<Value>> {
    match value {
        Value::Array(values) => Ok(values),
        Value::Nil => Ok(Vec::new()),
        _ => Err(misread("a list")),
    }
}

/// A list of exactly so many.
pub(crate) fn read_row<const N: usize>(value: Value) -> QueueResult<[Value; N]> {
    let values = read_list(value)?;
    values.try_into().map_err(|_| misread("a row"))
}

pub(crate) fn read_bytes(value: Value) -> QueueResult<Vec<u8>> {
    match value {
        Value::BulkString(bytes) => Ok(bytes),
        Value::SimpleString(text) => Ok(text.into_bytes()),
        Value::Okay => Ok(b"OK".to_vec()),
        _ => Err(misread("a text")),
    }
}

pub(crate) fn read_text(value: Value) -> QueueResult<String> {
    String::from_utf8(read_bytes(value)?).map_err(|_| misread("a text"))
}

/// A text, or nothing for nothing.
pub(crate) fn read_maybe_text(value: Value) -> QueueResult<Option<String>> {
    match value {
        Value::Nil => Ok(None),
        value => read_text(value).map(Some),
    }
}

/// A number, also as text.
pub(crate) fn read_number(value: Value) -> QueueResult<i64> {
    match value {
        Value::Int(number) => Ok(number),
        Value::Nil => Ok(0),
        value => {
            let text = read_text(value)?;
            text.parse().map_err(|_| misread("a number"))
        }
    }
}

pub(crate) fn read_count(value: Value) -> QueueResult<u64> {
    u64::try_from(read_number(value)?).map_err(|_| misread("a count"))
}

/// Names and values one after the other.
pub(crate) fn read_pairs(value: Value) -> QueueResult<Vec<(String, Vec<u8>)>> {
    let mut pairs = Vec::new();
    let mut values = read_list(value)?.into_iter();
    while let Some(name) = values.next() {
        let value = values.next().ok_or_else(|| misread("pairs"))?;
        let name = String::from_utf8_lossy(&read_bytes(name)?).into_owned();
        pairs.push((name, read_bytes(value)?));
    }
    Ok(pairs)
}
