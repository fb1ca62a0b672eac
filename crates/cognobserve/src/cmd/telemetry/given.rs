//! An event as clients send it, out of a file.
use anyhow::Context;
use cognobserve_model::time::{Micros, parse_rfc3339};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::path::Path;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Given {
    pub event: String,
    #[serde(default)]
    pub properties: Map<String, Value>,
    /// As the developer calls their user.
    #[serde(default)]
    pub user_id: Option<String>,
    #[serde(default)]
    pub session_id: Option<String>,
    #[serde(default)]
    timestamp: Option<String>,
    #[serde(default)]
    pub event_id: Option<String>,
}

impl Given {
    /// When it happened; without a time: now.
    pub fn at(&self, now: Micros) -> anyhow::Result<Micros> {
        let Some(text) = &self.timestamp else {
            return Ok(now);
        };
        parse_rfc3339(text).with_context(|| format!("timestamp: {text:?} is no time"))
    }

    /// The older way to name a user stands in the properties.
    pub fn user(&self) -> Option<&str> {
        let older = || self.properties.get("external_user_id")?.as_str();
        let given = self.user_id.as_deref().map(str::trim);
        given.filter(|id| !id.is_empty()).or_else(older)
    }
}

pub fn read_event(path: &Path) -> anyhow::Result<Given> {
    let text =
        std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    serde_json::from_str(&text).with_context(|| format!("{} is not an event", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> anyhow::Result<Given> {
        let file = tempfile::NamedTempFile::new()?;
        std::fs::write(file.path(), text)?;
        read_event(file.path())
    }

    #[test]
    fn an_event_needs_a_name_and_no_more() {
        let now = Micros(7);
        let given = read(r#"{"event": "memory_created"}"#).unwrap();
        assert_eq!((given.at(now).unwrap(), given.user()), (now, None));
        let older = r#"{"event": "x", "user_id": " ", "properties": {"external_user_id": "john"}}"#;
        assert_eq!(read(older).unwrap().user(), Some("john"));
        let at = read(r#"{"event": "x", "timestamp": "2026-01-01T00:00:00Z"}"#).unwrap();
        assert_eq!(at.at(now).unwrap(), Micros(1_767_225_600_000_000));
        for wrong in ["{}", "[]", "", r#"{"event": "x", "propertys": {}}"#] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
        assert!(
            read(r#"{"event": "x", "timestamp": "soon"}"#)
                .unwrap()
                .at(now)
                .is_err()
        );
    }
}
