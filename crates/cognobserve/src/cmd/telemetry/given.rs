//! An event out of a file, read as `POST /v1/events` reads it: what is refused there is refused here, for the same reason.
use anyhow::{Context, anyhow, bail, ensure};
use cognobserve_model::time::Micros;
use cognobserve_pipeline::{AcceptedEvent, Fault, Warning, accept_events};
use cognobserve_wire::json::sanitize;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// Largest file; an event is much smaller.
const MAX_BYTES: u64 = 1 << 20;
/// Longest `X-Cognobserve-Client` that is kept.
const MAX_CLIENT_BYTES: usize = 64;

/// `now`: when it arrives.
pub fn read_event(path: &Path, now: Micros) -> anyhow::Result<AcceptedEvent> {
    let cannot = || format!("cannot read {}", path.display());
    let file = File::open(path).with_context(cannot)?;
    let mut body = Vec::new();
    let read = file.take(MAX_BYTES + 1).read_to_end(&mut body);
    read.with_context(cannot)?;
    take(&body, now).with_context(|| format!("{} would not be taken", path.display()))
}

fn take(body: &[u8], now: Micros) -> anyhow::Result<AcceptedEvent> {
    ensure!(body.len() as u64 <= MAX_BYTES, "more than 1 MiB");
    let accepted = accept_events(&sanitize(body)?, now).map_err(describe)?;
    let mut items = accepted.items.into_iter();
    match (items.next(), items.len()) {
        (Some(event), 0) => event.map_err(describe),
        (_, more) => bail!("one event at a time is explained, and there are {more} more"),
    }
}

fn describe(fault: Fault) -> anyhow::Error {
    match fault.path.is_empty() {
        true => anyhow!(fault.message),
        false => fault.into(),
    }
}

/// A warning as a line for a person.
pub fn warn(Warning { place, reason }: &Warning) {
    match place.to_string().as_str() {
        "" => eprintln!("warning: {reason}"),
        place => eprintln!("warning: {place}: {reason}"),
    }
}

/// What the door keeps of `X-Cognobserve-Client`.
pub fn read_client_type(text: &str) -> Result<String, String> {
    let word = text.trim();
    let is_word = (1..=MAX_CLIENT_BYTES).contains(&word.len())
        && word.bytes().all(|byte| byte.is_ascii_graphic());
    match is_word {
        true => Ok(word.to_owned()),
        false => Err("not a word of 1 to 64 ASCII characters without blanks".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Micros = Micros(1_790_000_000_000_000);

    fn refuse(body: &str) -> String {
        take(body.as_bytes(), NOW).unwrap_err().to_string()
    }

    #[test]
    fn an_event_is_read_as_the_door_reads_it() {
        let body = r#"{"events": [{"event": "x", "user_id": "undefined", "timestamp": 1789999999999, "more": 1,
                        "properties": {"external_user_id": 7, "type": "text"}}]}"#;
        let event = take(body.as_bytes(), NOW).unwrap();
        assert_eq!(event.user.as_deref(), Some("7"));
        assert_eq!(event.properties.keys().collect::<Vec<_>>(), ["type"]);
        assert_eq!(event.at, Some(Micros(1_789_999_999_999_000)));
        assert_eq!(event.warnings[0].code(), "junk_id");
    }

    #[test]
    fn what_the_door_refuses_is_refused_for_its_reason() {
        assert_eq!(refuse("{}"), "event: an event needs a name");
        let wrong = r#"{"event": "x", "user_id": {}}"#;
        assert_eq!(refuse(wrong), "user_id: an id is text or a number");
        assert_eq!(refuse(r#"{"events": [7]}"#), "an event is an object");
        assert!(refuse(r#"{"events": [{"event": "a"}, {"event": "b"}]}"#).contains("1 more"));
        refuse(r#"{"events": []}"#);
        refuse(&" ".repeat(2 << 20));
    }

    #[test]
    fn a_type_of_client_is_a_word() {
        assert_eq!(read_client_type(" python "), Ok("python".to_owned()));
        for wrong in ["", "two words", "é", &"x".repeat(65)] {
            assert!(read_client_type(wrong).is_err(), "{wrong}");
        }
    }
}
