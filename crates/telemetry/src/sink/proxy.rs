//! Another installation's `POST {base}/v1/telemetry/events`, which conceals again whatever it is sent.
use super::batch::Limits;
use super::{Answer, DropReason, Verdict};
use crate::route::Outgoing;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::time::Duration;
use uuid::Uuid;

pub const PATH: &str = "/v1/telemetry/events";
/// Under the 100 events and 256 KiB that it takes.
pub const LIMITS: Limits = Limits {
    events: 100,
    bytes: 250_000,
};
#[derive(Serialize)]
struct EventOut<'a> {
    event_name: &'a str,
    properties: &'a Map<String, Value>,
    user_id: &'a str,
    /// Milliseconds since 1970.
    timestamp: i64,
    /// The same at each try, so that the receiver knows a repeat.
    event_id: Uuid,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct AnswerIn {
    success: bool,
}

/// One event as it stands in a request.
pub fn write_event(event: &Outgoing) -> String {
    let out = EventOut {
        event_name: &event.name,
        properties: &event.properties,
        user_id: &event.primary_id,
        timestamp: event.at.0.div_euclid(1000),
        event_id: event.id,
    };
    // Texts, numbers and JSON have no way to fail.
    serde_json::to_string(&out).unwrap_or_default()
}

/// A request's body. `events`: as [`write_event`] wrote them; `anonymous_id`: of this process.
pub fn write_body(events: &[String], anonymous_id: &str) -> Vec<u8> {
    let (events, anonymous_id) = (events.join(","), Value::from(anonymous_id));
    format!(r#"{{"events":[{events}],"anonymous_id":{anonymous_id}}}"#).into_bytes()
}

/// What becomes of the events of a request.
pub fn read_answer(answer: Answer<'_>) -> Verdict {
    let told: AnswerIn = serde_json::from_slice(answer.body).unwrap_or_default();
    let wait = Duration::from_secs(answer.retry_after_s.unwrap_or(0));
    match answer.status {
        200..=299 if told.success => Verdict::Taken,
        // It takes part and sends nothing on: what it does not keep is not sent.
        200..=299 => Verdict::Again(wait),
        // Not offered there, or no longer: it may come back.
        404 | 408 | 429 | 500.. => Verdict::Again(wait),
        413 => Verdict::Halved(DropReason::TooLarge),
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
        let body = write_body(&[write_event(&outgoing("sha256:a1"))], "anonymous-7");
        let expected = r#"{"events":[{"event_name":"memory_created","properties":{"type":"text"},"user_id":"sha256:a1","timestamp":1767225600123,"event_id":"00000000-0000-0000-0000-000000000007"}],"anonymous_id":"anonymous-7"}"#;
        assert_eq!(String::from_utf8(body).unwrap(), expected);
    }

    #[test]
    fn only_a_success_is_one() {
        let read = |status, body: &str| {
            read_answer(Answer {
                status,
                retry_after_s: None,
                body: body.as_bytes(),
            })
        };
        assert_eq!(
            read(200, r#"{"success":true,"events_received":1}"#),
            Verdict::Taken
        );
        for body in [
            r#"{"success":false,"message":"not configured"}"#,
            "<html>",
            "",
        ] {
            assert_eq!(read(200, body), Verdict::Again(Duration::ZERO), "{body}");
        }
        for status in [404, 429, 503] {
            assert_eq!(read(status, ""), Verdict::Again(Duration::ZERO), "{status}");
        }
        assert_eq!(read(413, ""), Verdict::Halved(DropReason::TooLarge));
        assert_eq!(read(422, ""), Verdict::Halved(DropReason::Refused));
    }
}
