//! The list of what may leave of an event whose people are not to be known: by key, and by what its value may be.
//! A text leaves only if it is one of the words that its key is known to have, never because it looks harmless.
use super::scan::find_sensitive;
use cognobserve_model::price::PriceBook;
use serde_json::{Number, Value};
use std::collections::{BTreeMap, HashSet};
use thiserror::Error;

/// Largest number that leaves: what has more digits is rather somebody's than a count of one event.
const MOST: f64 = 999_999_999.0;
/// Longest word that leaves.
const MAX_WORD_CHARS: usize = 40;

/// What the value of a key may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rule {
    Flag,
    /// From 0 to 999,999,999.
    Number,
    /// A flag or a number: of a key that was allowed without a word about it.
    FlagOrNumber,
    Words(Vec<String>),
    /// A model with a built-in price.
    Model,
}

/// Keys of all events, or of one (`event/key`), with their rules.
#[derive(Clone, Debug)]
pub struct AllowList {
    rules: BTreeMap<String, Rule>,
    models: HashSet<&'static str>,
}

/// A setting that allows nothing sensible.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum AllowError {
    #[error(
        "{0:?} is no key: lower-case letters, digits and _, at most 64, and an event's name with / before it if need be"
    )]
    Key(String),
    #[error("{0:?} would name somebody and is never allowed")]
    Reserved(String),
    #[error("{key:?} allows {word:?}, which is no short plain word")]
    Word { key: String, word: String },
}

const FLAGS: [&str; 4] = ["has_metadata", "cached", "streaming", "is_retry"];
const NUMBERS: [&str; 19] = [
    "total_tokens",
    "prompt_tokens",
    "completion_tokens",
    "cached_tokens",
    "cache_write_tokens",
    "reasoning_tokens",
    "input_tokens",
    "output_tokens",
    "count",
    "batch_size",
    "item_count",
    "result_count",
    "error_count",
    "retry_count",
    "span_count",
    "trace_count",
    "session_count",
    "user_count",
    "status_code",
];
/// Buckets of a duration, as `track_performance` writes them.
pub const DURATIONS: [&str; 8] = [
    "<10ms", "<50ms", "<100ms", "<500ms", "<1s", "<5s", "<30s", ">=30s",
];
const WORDS: [(&str, &[&str]); 6] = [
    (
        "type",
        &[
            "text",
            "code",
            "document",
            "image",
            "audio",
            "video",
            "chat",
            "message",
            "json",
            "csv",
            "pdf",
            "html",
            "markdown",
            "file",
            "event",
            "span",
            "generation",
        ],
    ),
    (
        "client_type",
        &[
            "api",
            "sdk",
            "typescript",
            "javascript",
            "node",
            "python",
            "rust",
            "browser",
            "web",
            "mobile",
            "ios",
            "android",
            "desktop",
            "cli",
            "mcp",
            "server",
        ],
    ),
    (
        "status",
        &[
            "ok",
            "success",
            "error",
            "failed",
            "timeout",
            "cancelled",
            "partial",
            "accepted",
            "refused",
            "retried",
        ],
    ),
    (
        "feature",
        &[
            "memory",
            "search",
            "chat",
            "ingest",
            "import",
            "export",
            "dashboard",
            "api",
            "sdk",
            "traces",
            "sessions",
            "users",
            "costs",
            "prices",
            "settings",
            "telemetry",
        ],
    ),
    (
        "error_kind",
        &[
            "timeout",
            "rate_limit",
            "network",
            "validation",
            "authentication",
            "permission",
            "not_found",
            "unavailable",
            "internal",
            "unknown",
        ],
    ),
    ("duration_bucket", &DURATIONS),
];
/// Keys that no setting can allow: they are ours, or somebody's.
const RESERVED: [&str; 14] = [
    "developer_id",
    "end_user_id",
    "user_id",
    "external_user_id",
    "distinct_id",
    "session_id",
    "email",
    "name",
    "phone",
    "address",
    "ip",
    "edition",
    "os",
    "version",
];

impl Default for AllowList {
    fn default() -> AllowList {
        let mut rules = BTreeMap::new();
        rules.extend(FLAGS.map(|key| (key.to_owned(), Rule::Flag)));
        rules.extend(NUMBERS.map(|key| (key.to_owned(), Rule::Number)));
        let words = WORDS.map(|(key, words)| {
            (
                key.to_owned(),
                Rule::Words(words.iter().map(|word| (*word).to_owned()).collect()),
            )
        });
        rules.extend(words);
        rules.insert("model".to_owned(), Rule::Model);
        AllowList {
            rules,
            models: PriceBook::builtin()
                .list_builtin()
                .into_iter()
                .map(|entry| &*entry.model)
                .collect(),
        }
    }
}

impl AllowList {
    /// The default list and what a setting adds, parted by commas: `seats`, `plan=free|pro|team`, `signed_up/source=ad|friend`.
    /// Without words a key has flags and numbers.
    ///
    /// # Errors
    /// For the first entry that cannot be allowed.
    pub fn with(setting: &str) -> Result<AllowList, AllowError> {
        let mut list = AllowList::default();
        for entry in setting
            .split(',')
            .map(str::trim)
            .filter(|entry| !entry.is_empty())
        {
            let (key, words) = entry
                .split_once('=')
                .map_or((entry, None), |(key, words)| (key.trim(), Some(words)));
            list.rules.insert(check_key(key)?, read_rule(key, words)?);
        }
        Ok(list)
    }

    /// The value as it may leave; `None`: it may not.
    pub fn pass(&self, event: &str, key: &str, value: &Value) -> Option<Value> {
        let rule = self
            .rules
            .get(&format!("{event}/{key}"))
            .or_else(|| self.rules.get(key))?;
        match (rule, value) {
            (Rule::Flag | Rule::FlagOrNumber, Value::Bool(_)) => Some(value.clone()),
            (Rule::Number | Rule::FlagOrNumber, Value::Number(number)) => {
                is_countable(number).then(|| value.clone())
            }
            (Rule::Words(words), Value::String(word)) => {
                words.contains(word).then(|| value.clone())
            }
            // Without a prefix or suffix that a lookup of prices would overlook: that could be anybody's words.
            (Rule::Model, Value::String(model)) => {
                self.models.contains(model.as_str()).then(|| value.clone())
            }
            _ => None,
        }
    }
}

fn is_countable(number: &Number) -> bool {
    number
        .as_f64()
        .is_some_and(|number| (0.0..=MOST).contains(&number))
}

fn is_key(key: &str) -> bool {
    let is_part = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_');
    (1..=64).contains(&key.len()) && key.bytes().all(is_part)
}

fn check_key(whole: &str) -> Result<String, AllowError> {
    let (event, key) = whole
        .split_once('/')
        .map_or((None, whole), |(event, key)| (Some(event), key));
    let is_event = |name: &str| is_key(&name.replace('.', "_"));
    if !is_key(key) || event.is_some_and(|event| !is_event(event)) {
        return Err(AllowError::Key(whole.to_owned()));
    }
    match RESERVED.contains(&key) {
        true => Err(AllowError::Reserved(whole.to_owned())),
        false => Ok(whole.to_owned()),
    }
}

fn read_rule(key: &str, words: Option<&str>) -> Result<Rule, AllowError> {
    let Some(words) = words else {
        return Ok(Rule::FlagOrNumber);
    };
    let words = words.split('|').map(str::trim);
    let words = words.map(|word| {
        let is_plain =
            (1..=MAX_WORD_CHARS).contains(&word.chars().count()) && find_sensitive(word).is_none();
        let refused = || AllowError::Word {
            key: key.to_owned(),
            word: word.to_owned(),
        };
        is_plain.then(|| word.to_owned()).ok_or_else(refused)
    });
    words.collect::<Result<_, _>>().map(Rule::Words)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::anonymise::anonymise;
    use serde_json::{Map, json};

    fn passes(list: &AllowList, event: &str, key: &str, value: Value) -> bool {
        let passed = list.pass(event, key, &value);
        assert!(passed.as_ref().is_none_or(|passed| *passed == value));
        passed.is_some()
    }

    #[test]
    fn known_keys_have_known_values() {
        let list = AllowList::default();
        for (key, value, is_allowed) in [
            ("type", json!("text"), true),
            ("type", json!("alice"), false),
            ("type", json!(7), false),
            ("has_metadata", json!(true), true),
            ("has_metadata", json!("true"), false),
            ("total_tokens", json!(1500), true),
            ("total_tokens", json!(0.5), true),
            ("total_tokens", json!(-1), false),
            ("total_tokens", json!(14_155_550_100_u64), false),
            ("total_tokens", json!("1500"), false),
            ("total_tokens", json!({"a": 1}), false),
            ("model", json!("gpt-4o"), true),
            ("model", json!("alice/gpt-4o"), false),
            ("duration_bucket", json!("<500ms"), true),
            ("user_name", json!(true), false),
            ("query", json!(1), false),
            ("status", Value::Null, false),
        ] {
            assert_eq!(
                passes(&list, "e", key, value.clone()),
                is_allowed,
                "{key} {value}"
            );
        }
    }

    #[test]
    fn a_setting_adds_keys_of_all_events_or_of_one() {
        let list = AllowList::with(" seats, plan=free|pro ,signed_up/source=ad|friend,").unwrap();
        assert!(passes(&list, "e", "seats", json!(5)));
        assert!(!passes(&list, "e", "seats", json!("five")));
        assert!(passes(&list, "e", "plan", json!("pro")));
        assert!(!passes(&list, "e", "plan", json!("acme")));
        assert!(passes(&list, "signed_up", "source", json!("ad")));
        assert!(!passes(&list, "other", "source", json!("ad")));
        assert!(
            passes(&list, "e", "type", json!("text")),
            "the default list stays"
        );
    }

    #[test]
    fn a_value_is_looked_at_whatever_the_list_says() {
        let mut list = AllowList::default();
        let rule = Rule::Words(vec!["ann@acme.example".into()]);
        list.rules.insert("plan".into(), rule);
        let given = Map::from_iter([("plan".into(), json!("ann@acme.example"))]);
        assert!(passes(&list, "e", "plan", given["plan"].clone()));
        assert!(anonymise("e", &given, &list).properties.is_empty());
    }

    #[test]
    fn a_setting_cannot_let_people_out() {
        for (setting, error) in [
            ("Plan", AllowError::Key("Plan".into())),
            ("a/b/c", AllowError::Key("a/b/c".into())),
            ("signed up/x", AllowError::Key("signed up/x".into())),
            ("email", AllowError::Reserved("email".into())),
            (
                "signed_up/end_user_id=a",
                AllowError::Reserved("signed_up/end_user_id".into()),
            ),
            (
                "plan=a||b",
                AllowError::Word {
                    key: "plan".into(),
                    word: "".into(),
                },
            ),
            (
                "plan=a@b.c",
                AllowError::Word {
                    key: "plan".into(),
                    word: "a@b.c".into(),
                },
            ),
        ] {
            assert_eq!(
                AllowList::with(setting).map(|_| ()),
                Err(error),
                "{setting}"
            );
        }
    }
}
