//! Made-up traces in the native format.
//! Every number is chosen by the caller, so that a story knows the totals beforehand.
use serde_json::{Value, json};
use std::time::{SystemTime, UNIX_EPOCH};

pub const MINUTE_MS: i64 = 60_000;
pub const DAY_MS: i64 = 24 * 60 * MINUTE_MS;

/// Milliseconds since 1970.
pub fn now_ms() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("after 1970");
    i64::try_from(since.as_millis()).expect("before the year 292 million")
}

/// A model call of one second that ended a minute ago: 10 + 5 tokens, $0.001.
pub fn generation(span_id: &str) -> Value {
    let start = now_ms() - 2 * MINUTE_MS;
    json!({
        "span_id": span_id, "name": "chat", "type": "generation", "model": "gpt-4o",
        "start_time": start, "end_time": start + 1000,
        "usage": {"prompt_tokens": 10, "completion_tokens": 5}, "cost": {"total": 0.001},
        "input": [{"role": "user", "content": "hello"}], "output": {"content": "hi"},
    })
}

/// A trace of one such call.
pub fn trace(trace_id: &str, user: &str) -> Value {
    json!({"trace_id": trace_id, "name": "answer", "user_id": user, "spans": [generation(&format!("{trace_id}-s"))]})
}

/// The same with other fields on top; `null` removes one.
pub fn with(mut base: Value, fields: Value) -> Value {
    let (Some(object), Value::Object(fields)) = (base.as_object_mut(), fields) else {
        panic!("two objects are needed");
    };
    for (key, value) in fields {
        if value.is_null() {
            object.remove(&key);
        } else {
            object.insert(key, value);
        }
    }
    base
}

/// Words that look like a text, the same for the same seed; about `bytes` long.
pub fn prose(seed: u64, bytes: usize) -> String {
    const WORDS: [&str; 24] = [
        "invoice", "refund", "please", "explain", "the", "shipping", "window", "account", "a",
        "latest", "report", "for", "which", "customer", "table", "summary", "of", "every", "order",
        "and", "why", "it", "failed", "today",
    ];
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut text = String::with_capacity(bytes + 12);
    while text.len() < bytes {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        text.push_str(WORDS[(state >> 33) as usize % WORDS.len()]);
        text.push(' ');
    }
    text
}
