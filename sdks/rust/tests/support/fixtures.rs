//! The golden requests that all SDKs share, and the normalisation under which they are compared.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

use serde_json::Value;

pub fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../fixtures")
}

fn read(path: &str) -> Value {
    serde_json::from_slice(&std::fs::read(folder().join(path)).unwrap()).unwrap()
}

pub fn read_fixture(name: &str) -> Vec<String> {
    let fixture = read(&format!("{name}.json"));
    fixture["requests"]
        .as_array()
        .unwrap()
        .iter()
        .map(write)
        .collect()
}

pub fn read_answer(name: &str) -> Value {
    read(&format!("answers/{name}.json"))
}

/// Ids become places, times become `"time"`, keys are sorted.
pub fn normalise(bodies: &[Value]) -> Vec<String> {
    let mut places: HashMap<String, String> = HashMap::new();
    let (mut traces, mut spans) = (0, 0);
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    for body in bodies {
        for (at, event) in list(&body["events"]).iter().enumerate() {
            let id = event["event_id"].as_str().unwrap();
            places.insert(id.to_owned(), format!("event-{}", at + 1));
        }
    }
    for trace in bodies.iter().flat_map(|body| list(&body["traces"])) {
        places
            .entry(trace["trace_id"].as_str().unwrap().to_owned())
            .or_insert_with(|| {
                traces += 1;
                format!("trace-{traces}")
            });
        for span in list(&trace["spans"]) {
            places
                .entry(span["span_id"].as_str().unwrap().to_owned())
                .or_insert_with(|| {
                    spans += 1;
                    format!("span-{spans}")
                });
        }
    }
    bodies
        .iter()
        .map(|body| write(&replace(body, "", &places)))
        .collect()
}

fn replace(value: &Value, key: &str, places: &HashMap<String, String>) -> Value {
    if matches!(key, "start_time" | "end_time" | "timestamp") {
        return "time".into();
    }
    match value {
        Value::Object(object) => Value::Object(
            object
                .iter()
                .map(|(key, one)| (key.clone(), replace(one, key, places)))
                .collect(),
        ),
        Value::Array(list) => list.iter().map(|one| replace(one, "", places)).collect(),
        Value::String(text) => places.get(text).unwrap_or(text).clone().into(),
        other => other.clone(),
    }
}

/// Sorted keys, compact.
fn write(value: &Value) -> String {
    match value {
        Value::Object(object) => {
            let sorted: BTreeMap<&String, String> =
                object.iter().map(|(key, one)| (key, write(one))).collect();
            let fields: Vec<String> = sorted
                .into_iter()
                .map(|(key, one)| format!("{}:{one}", Value::from(key.as_str())))
                .collect();
            format!("{{{}}}", fields.join(","))
        }
        Value::Array(list) => format!("[{}]", list.iter().map(write).collect::<Vec<_>>().join(",")),
        other => other.to_string(),
    }
}
