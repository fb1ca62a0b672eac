//! PostHog's `POST {host}/batch/`. <https://posthog.com/docs/api/capture>
use super::batch::Limits;
use super::{Answer, DropReason, Verdict};
use crate::route::Outgoing;
use cognobserve_model::time::Micros;
use serde::Serialize;
use serde_json::{Map, Value};
use std::time::Duration;
use uuid::Uuid;

pub const PATH: &str = "/batch/";
/// Well under the 20 MiB that a request may have.
pub const LIMITS: Limits = Limits {
    events: 2_000,
    bytes: 4 << 20,
};

#[derive(Serialize)]
struct EventOut<'a> {
    event: &'a str,
    distinct_id: &'a str,
    timestamp: String,
    uuid: Uuid,
    properties: PropertiesOut<'a>,
}

#[derive(Serialize)]
struct PropertiesOut<'a> {
    #[serde(flatten)]
    given: &'a Map<String, Value>,
    /// Where a server stands says nothing of whom it serves.
    #[serde(rename = "$geoip_disable")]
    is_place_left_out: bool,
    #[serde(rename = "$process_person_profile")]
    makes_profile: bool,
}

/// One event as it stands in a request.
pub fn write_event(event: &Outgoing) -> String {
    let out = EventOut {
        event: &event.name,
        distinct_id: &event.primary_id,
        timestamp: event.at.to_string(),
        uuid: event.id,
        properties: PropertiesOut {
            given: &event.properties,
            is_place_left_out: true,
            makes_profile: !event.is_anonymous,
        },
    };
    // Texts, numbers and JSON have no way to fail.
    serde_json::to_string(&out).unwrap_or_default()
}

/// A request's body. `events`: as [`write_event`] wrote them.
pub fn write_body(key: &str, events: &[String], sent_at: Micros) -> Vec<u8> {
    let key = Value::from(key);
    let events = events.join(",");
    format!(r#"{{"api_key":{key},"historical_migration":false,"sent_at":"{sent_at}","batch":[{events}]}}"#).into_bytes()
}

/// What becomes of the events of a request.
pub fn read_answer(answer: Answer<'_>) -> Verdict {
    let wait = Duration::from_secs(answer.retry_after_s.unwrap_or(0));
    match answer.status {
        200..=299 => Verdict::Taken,
        401 | 403 => Verdict::Stopped("the API key is refused"),
        413 => Verdict::Halved(DropReason::TooLarge),
        408 | 429 | 500.. => Verdict::Again(wait),
        // Whose fault it is, is not said.
        _ => Verdict::Halved(DropReason::Refused),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sink::tests::outgoing;

    #[test]
    fn a_body_is_this_to_the_byte() {
        let event = Outgoing {
            is_anonymous: true,
            ..outgoing("sha256:a1")
        };
        let body = write_body("phc_key", &[write_event(&event)], event.at);
        let one = r#"{"event":"memory_created","distinct_id":"sha256:a1","timestamp":"2026-01-01T00:00:00.123456Z","uuid":"00000000-0000-0000-0000-000000000007","properties":{"type":"text","$geoip_disable":true,"$process_person_profile":false}}"#;
        let expected = format!(
            r#"{{"api_key":"phc_key","historical_migration":false,"sent_at":"2026-01-01T00:00:00.123456Z","batch":[{one}]}}"#
        );
        assert_eq!(String::from_utf8(body).unwrap(), expected);
    }

    #[test]
    fn answers_are_of_the_whole_batch() {
        let read = |status, retry_after_s| {
            read_answer(Answer {
                status,
                retry_after_s,
                body: b"",
            })
        };
        assert_eq!(read(200, None), Verdict::Taken);
        assert_eq!(read(413, None), Verdict::Halved(DropReason::TooLarge));
        for status in [408, 429, 500, 503] {
            assert_eq!(
                read(status, Some(4)),
                Verdict::Again(Duration::from_secs(4)),
                "{status}"
            );
        }
        assert!(matches!(read(401, None), Verdict::Stopped(_)));
        assert_eq!(read(400, None), Verdict::Halved(DropReason::Refused));
    }
}
