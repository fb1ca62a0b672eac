//! As much of superjson as calls and answers need: what was undefined, and which texts are dates.
use crate::json::Raw;
use serde_json::Value;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Members that are times in whatever is answered.
const TIMES: [&str; 8] = [
    "firstSeenAt",
    "lastSeenAt",
    "createdAt",
    "updatedAt",
    "timestamp",
    "arrivedAt",
    "startTime",
    "endTime",
];
/// Members whose content is the app's own.
const FOREIGN: [&str; 4] = ["metadata", "input", "output", "modelParameters"];

/// `{json, meta}`.
pub(super) struct Sealed<'a> {
    pub json: Raw<'a>,
    meta: Raw<'a>,
}

/// `None`: a plain object. No procedure takes a `json` or a `meta`.
pub(super) fn open<'a>(members: &[(Cow<'a, str>, Raw<'a>)]) -> Option<Sealed<'a>> {
    let mut sealed = Sealed {
        json: Raw::ABSENT,
        meta: Raw::ABSENT,
    };
    for (name, raw) in members {
        match &**name {
            "json" => sealed.json = *raw,
            "meta" => sealed.meta = *raw,
            _ => return None,
        }
    }
    (!members.is_empty()).then_some(sealed)
}

impl Sealed<'_> {
    /// Paths to what was undefined; the empty one is the whole.
    pub fn list_undefined(&self) -> Vec<Vec<String>> {
        let values = self.meta.members().and_then(|members| {
            let mut values = members.into_iter().filter(|(name, _)| name == "values");
            values.next().map(|(_, raw)| raw)
        });
        let Some(values) = values else {
            return Vec::new();
        };
        if is_undefined(values) {
            return vec![Vec::new()];
        }
        let marked = values.members().unwrap_or_default().into_iter();
        let marked = marked.filter(|(_, mark)| is_undefined(*mark));
        marked.map(|(path, _)| split_path(&path)).collect()
    }
}

fn is_undefined(mark: Raw) -> bool {
    let first = mark.items().and_then(|items| items.first().copied());
    first.is_some_and(|first| first.as_str().as_deref() == Some("undefined"))
}

/// Dots part, but for those behind a backslash.
fn split_path(path: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut chars = path.chars();
    while let Some(c) = chars.next() {
        match c {
            '.' => parts.push(String::new()),
            _ => {
                let c = if c == '\\' {
                    chars.next().unwrap_or(c)
                } else {
                    c
                };
                if let Some(last) = parts.last_mut() {
                    last.push(c);
                }
            }
        }
    }
    parts
}

/// Takes a member away, however deep; an item of a list becomes null, as it would in JSON.
pub(super) fn remove(members: &mut BTreeMap<String, String>, path: &[String]) {
    let Some((first, rest)) = path.split_first() else {
        return;
    };
    let Some((last, within)) = rest.split_last() else {
        members.remove(first);
        return;
    };
    let Some(text) = members.get_mut(first) else {
        return;
    };
    let Ok(mut value) = serde_json::from_str::<Value>(text) else {
        return;
    };
    let mut place = Some(&mut value);
    for part in within {
        place = place.and_then(|place| step(place, part));
    }
    match place {
        Some(Value::Object(members)) => {
            members.remove(last);
        }
        Some(list @ Value::Array(_)) => {
            if let Some(item) = step(list, last) {
                *item = Value::Null;
            }
        }
        _ => return,
    }
    *text = value.to_string();
}

fn step<'v>(value: &'v mut Value, part: &str) -> Option<&'v mut Value> {
    match value {
        Value::Object(members) => members.get_mut(part),
        Value::Array(items) => items.get_mut(part.parse::<usize>().ok()?),
        _ => None,
    }
}

/// `{"json": …, "meta": …}` around an answer; `place`: where in `text` our answer is.
pub(super) fn seal(text: &str, place: &[&str]) -> String {
    let mut dates = Vec::new();
    if let Ok(value) = serde_json::from_str::<Value>(text) {
        let mut answer = Some(&value);
        for part in place {
            answer = answer.and_then(|value| match value {
                Value::Array(items) => items.get(part.parse::<usize>().ok()?),
                value => value.get(part),
            });
        }
        if let Some(answer) = answer {
            find_dates(answer, &mut place.join("."), &mut dates);
        }
    }
    if dates.is_empty() {
        return format!("{{\"json\":{text}}}");
    }
    let marked = dates
        .into_iter()
        .map(|path| (path, Value::from(vec!["Date"])));
    let values = Value::Object(marked.collect());
    format!("{{\"json\":{text},\"meta\":{{\"values\":{values},\"v\":1}}}}")
}

fn find_dates(value: &Value, path: &mut String, found: &mut Vec<String>) {
    let length = path.len();
    let mut visit = |name: &str, value: &Value| {
        if !path.is_empty() {
            path.push('.');
        }
        path.push_str(name);
        match value {
            Value::String(_) if TIMES.contains(&name) => found.push(path.clone()),
            _ if FOREIGN.contains(&name) => {}
            value => find_dates(value, path, found),
        }
        path.truncate(length);
    };
    match value {
        // Our own names have no dots; keys of maps that do hold no times.
        Value::Object(members) => members.iter().for_each(|(name, value)| visit(name, value)),
        Value::Array(items) => {
            for (at, value) in items.iter().enumerate() {
                visit(&at.to_string(), value);
            }
        }
        _ => {}
    }
}
