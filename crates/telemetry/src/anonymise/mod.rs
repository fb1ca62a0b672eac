//! What of an event's properties and name may leave. Nothing is changed in place: a caller's properties stay as they were.
pub mod allow;
pub mod scan;

pub use allow::{AllowError, AllowList};
use scan::{find_sensitive, is_never_sent};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// What an event's name is when its own may not leave.
pub const OTHER: &str = "other";
const MAX_NAME_BYTES: usize = 64;

/// What may leave, and of which keys something was dropped.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Kept {
    pub properties: Map<String, Value>,
    pub dropped: BTreeSet<String>,
}

/// What says nothing of anybody: keys of the list with values of their rule, and of these no text that looks sensitive.
pub fn anonymise(event: &str, properties: &Map<String, Value>, list: &AllowList) -> Kept {
    let mut kept = Kept::default();
    for (key, value) in properties {
        match list
            .pass(event, key, value)
            .filter(|value| !is_sensitive(value))
        {
            Some(value) => {
                kept.properties.insert(key.clone(), value);
            }
            None => {
                kept.dropped.insert(key.clone());
            }
        }
    }
    kept
}

fn is_sensitive(value: &Value) -> bool {
    value
        .as_str()
        .is_some_and(|text| find_sensitive(text).is_some())
}

/// As given, but for what never leaves: e-mails and secrets, in keys and values, however deep.
pub fn keep_given(properties: &Map<String, Value>) -> Kept {
    let mut kept = Kept::default();
    for (key, value) in properties {
        let mut is_whole = !is_withheld(key, value);
        let value = if is_whole {
            strip(value, &mut is_whole)
        } else {
            None
        };
        if let Some(value) = value {
            kept.properties.insert(key.clone(), value);
        }
        if !is_whole {
            kept.dropped.insert(key.clone());
        }
    }
    kept
}

/// Whether a key says that its text is a secret, however that looks.
fn names_secret(key: &str) -> bool {
    let mut plain = key.to_ascii_lowercase();
    plain.retain(|letter| letter.is_ascii_alphanumeric());
    const ENDS: [&str; 8] = [
        "password",
        "passwd",
        "secret",
        "apikey",
        "token",
        "authorization",
        "privatekey",
        "credential",
    ];
    ENDS.iter().any(|end| plain.ends_with(end))
}

/// Whether nothing of what stands under the key leaves.
fn is_withheld(key: &str, value: &Value) -> bool {
    is_never_sent(key) || (value.is_string() && names_secret(key))
}

/// The value without what never leaves; `None`: nothing is left of it. Clears `is_whole` if anything went.
fn strip(value: &Value, is_whole: &mut bool) -> Option<Value> {
    match value {
        Value::String(text) if is_never_sent(text) => {
            *is_whole = false;
            None
        }
        Value::Array(items) => {
            let items = items.iter().filter_map(|item| strip(item, is_whole));
            Some(Value::Array(items.collect()))
        }
        Value::Object(members) => {
            let mut left = Map::new();
            for (key, member) in members {
                if is_withheld(key, member) {
                    *is_whole = false;
                } else if let Some(member) = strip(member, is_whole) {
                    left.insert(key.clone(), member);
                }
            }
            Some(Value::Object(left))
        }
        _ => Some(value.clone()),
    }
}

/// The event's name, or [`OTHER`] if it is not made of `[a-z0-9_.]` or looks sensitive.
pub fn clean_name(name: &str) -> &str {
    let is_part = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'.');
    let is_name = (1..=MAX_NAME_BYTES).contains(&name.len()) && name.bytes().all(is_part);
    match is_name && find_sensitive(name).is_none() {
        true => name,
        false => OTHER,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn map(value: Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn the_anonymous_have_known_keys_alone() {
        let given = map(json!({
            "type": "text", "has_metadata": true, "total_tokens": 1500, "user_email": "a@b.c", "user_name": "Alice", "query": "where is Alice",
            "metadata": {"type": "text"}, "status": ["ok"], "john@acme.com": true,
        }));
        let kept = anonymise("memory_created", &given, &AllowList::default());
        assert_eq!(
            Value::Object(kept.properties),
            json!({"type": "text", "has_metadata": true, "total_tokens": 1500})
        );
        let dropped: Vec<&str> = kept.dropped.iter().map(String::as_str).collect();
        assert_eq!(
            dropped,
            [
                "john@acme.com",
                "metadata",
                "query",
                "status",
                "user_email",
                "user_name"
            ]
        );
    }

    #[test]
    fn the_known_keep_what_was_given_but_secrets_and_emails() {
        let given = map(json!({
            "query": "where is Alice", "path": "/srv/alice", "phone": "+1 415 555 0100", "n": 7, "none": null,
            "mail": "alice@acme.com", "auth": {"key": "sk-proj-abcdef123456", "kind": "key", "all": ["x", "Bearer abcdef0123"]}, "ghp_0123456789": 1,
            "max_tokens": 7, "token": 9, "apiKey": "deadbeef", "login": {"client_secret": "abc", "user": "x"},
        }));
        let kept = keep_given(&given);
        let expected = json!({
            "query": "where is Alice", "path": "/srv/alice", "phone": "+1 415 555 0100", "n": 7, "none": null, "auth": {"kind": "key", "all": ["x"]},
            "max_tokens": 7, "token": 9, "login": {"user": "x"},
        });
        assert_eq!(Value::Object(kept.properties), expected);
        let dropped: Vec<&str> = kept.dropped.iter().map(String::as_str).collect();
        assert_eq!(
            dropped,
            ["apiKey", "auth", "ghp_0123456789", "login", "mail"]
        );
    }

    #[test]
    fn names_are_plain_or_other() {
        for name in ["memory_created", "api.call", "v2"] {
            assert_eq!(clean_name(name), name);
        }
        let long = "x".repeat(65);
        for name in [
            "",
            "Memory",
            "a b",
            "john@acme.com",
            "call_4155550100",
            "sk_abcdef123456",
            "größe",
            &long,
        ] {
            assert_eq!(clean_name(name), OTHER, "{name}");
        }
    }
}
