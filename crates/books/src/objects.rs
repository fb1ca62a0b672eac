//! JSON object texts of metadata: split by key, put together, compared.
use cognobserve_model::profile::Profile;
use std::collections::BTreeMap;

/// The keys of a JSON object text with their JSON texts; `null` deletes.
pub fn split_object(object: &str) -> Vec<(String, Option<String>)> {
    let keys: BTreeMap<String, &serde_json::value::RawValue> =
        serde_json::from_str(object).unwrap_or_default();
    let text = |value: &serde_json::value::RawValue| {
        (value.get() != "null").then(|| value.get().to_owned())
    };
    keys.into_iter()
        .map(|(key, value)| (key, text(value)))
        .collect()
}

/// JSON object text of a profile's live metadata, keys sorted.
pub fn metadata_json(profile: &Profile) -> String {
    let mut json = String::from("{");
    for (key, value) in profile.metadata() {
        if json.len() > 1 {
            json.push(',');
        }
        json.push_str(&serde_json::Value::from(key).to_string());
        json.push(':');
        json.push_str(value);
    }
    json.push('}');
    json
}

/// How a metadata value compares and groups: a JSON string by its content, else its text.
pub fn value_text(json: &str) -> String {
    serde_json::from_str::<String>(json).unwrap_or_else(|_| json.to_owned())
}
