//! A form about a user or a session as the patch that the API takes, and what the API says of it.
use crate::http::problem::Problem;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// `texts`: name, what was typed and what is stored; keys of metadata that are gone are deleted.
/// What was left as it is keeps the time at which it was said.
pub fn write_patch(
    texts: &[(&str, &str, Option<&str>)],
    metadata: &str,
    stored: &[(String, String)],
) -> Result<String, &'static str> {
    type Members = BTreeMap<String, Box<RawValue>>;
    let metadata = match metadata.trim() {
        "" => Members::new(),
        text => serde_json::from_str(text).map_err(|_| "must be a JSON object")?,
    };
    let keys = stored.iter().map(|(key, _)| (key.as_str(), None));
    let mut members: BTreeMap<&str, Option<&RawValue>> = keys.collect();
    for (key, value) in &metadata {
        let mut stored = stored.iter();
        let is_same = stored.any(|(known, json)| known == key && json == value.get());
        match is_same {
            true => members.remove(key.as_str()),
            false => members.insert(key, Some(&**value)),
        };
    }
    let mut patch = serde_json::Map::new();
    for (name, typed, stored) in texts {
        let typed = Some(*typed).filter(|text| !text.is_empty());
        if typed != *stored {
            patch.insert((*name).to_owned(), typed.into());
        }
    }
    let wrong = |_| "must be a JSON object";
    let rest = serde_json::to_string(&patch).map_err(wrong)?;
    let members = serde_json::to_string(&members).map_err(wrong)?;
    let comma = if patch.is_empty() { "" } else { "," };
    Ok(format!(
        "{}{comma}\"metadata\":{members}}}",
        rest.trim_end_matches('}')
    ))
}

/// Field and words; what is wrong with the whole has no field.
pub fn list_faults(problem: Problem) -> Vec<(String, String)> {
    let whole = problem.detail.into_owned();
    if problem.errors.is_empty() {
        return vec![(String::new(), whole)];
    }
    // In a form a field is cleared by emptying it.
    let words = |message: String| message.replace("; null clears it", ", or empty");
    problem
        .errors
        .into_iter()
        .map(|fault| (fault.path, words(fault.message)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patch(name: &str, email: &str, metadata: &str) -> Result<String, &'static str> {
        let stored = [("plan", "\"pro\""), ("seats", "1.10")];
        let stored = stored.map(|(key, json)| (key.to_owned(), json.to_owned()));
        let texts = [("name", name, Some("John")), ("email", email, None)];
        write_patch(&texts, metadata, &stored)
    }

    #[test]
    fn only_what_was_changed_is_said() {
        let same = r#"{"plan": "pro", "seats": 1.10}"#;
        assert_eq!(patch("John", "", same).unwrap(), r#"{"metadata":{}}"#);
        assert_eq!(
            patch("", "j@x.de", same).unwrap(),
            r#"{"name":null,"email":"j@x.de","metadata":{}}"#
        );
        let other = patch("John", "", r#"{"plan": {"a": 2.50}, "new": null}"#).unwrap();
        assert_eq!(
            other,
            r#"{"metadata":{"new":null,"plan":{"a": 2.50},"seats":null}}"#
        );
        assert_eq!(
            patch("John", "", " ").unwrap(),
            r#"{"metadata":{"plan":null,"seats":null}}"#
        );
        // Text that would break out of its place.
        let hostile = patch("}\",\"email\":\"x", "", same).unwrap();
        let read: serde_json::Value = serde_json::from_str(&hostile).unwrap();
        assert_eq!(read["name"], "}\",\"email\":\"x");
        for wrong in ["[]", "1", "{", "{} {}", "{}, \"name\": 1"] {
            assert!(patch("John", "", wrong).is_err(), "{wrong}");
        }
    }
}
