//! Amplitude's HTTP V2 API: `POST {base}/batch`, which takes the same body as `/2/httpapi` and more events of one user.
//! <https://amplitude.com/docs/apis/analytics/http-v2>
use super::batch::Limits;
use super::{Answer, DropReason, Verdict};
use crate::route::Outgoing;
use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use std::time::Duration;
use uuid::Uuid;

pub const PATH: &str = "/batch";
/// Under 1 MB with the envelope, and under 2,000 events.
pub const LIMITS: Limits = Limits {
    events: 1_999,
    bytes: 990_000,
};
/// What a user who sends too fast waits for while others do not.
const THROTTLED: Duration = Duration::from_secs(30);
/// Under which a 400 names events.
const NAMING: [&str; 4] = [
    "events_with_invalid_fields",
    "events_with_missing_fields",
    "events_with_invalid_id_lengths",
    "silenced_events",
];
/// Under which a 429 names who sends nothing more today.
const OVER_QUOTA: [&str; 2] = ["exceeded_daily_quota_users", "exceeded_daily_quota_devices"];

#[derive(Serialize)]
struct EventOut<'a> {
    user_id: &'a str,
    event_type: &'a str,
    /// Milliseconds since 1970.
    time: i64,
    insert_id: Uuid,
    event_properties: &'a Map<String, Value>,
}

/// One event as it stands in a request.
pub fn write_event(event: &Outgoing) -> String {
    let out = EventOut {
        user_id: &event.primary_id,
        event_type: &event.name,
        time: event.at.0.div_euclid(1000),
        insert_id: event.id,
        event_properties: &event.properties,
    };
    // Texts, numbers and JSON have no way to fail.
    serde_json::to_string(&out).unwrap_or_default()
}

/// A request's body. `events`: as [`write_event`] wrote them.
pub fn write_body(key: &str, events: &[String]) -> Vec<u8> {
    let key = Value::from(key);
    let events = events.join(",");
    format!(r#"{{"api_key":{key},"events":[{events}],"options":{{"min_id_length":1}}}}"#)
        .into_bytes()
}

/// What an answer says, as far as it can be read: a field of another form says nothing, and hides no other.
struct Told(Map<String, Value>);

impl Told {
    fn read(body: &[u8]) -> Told {
        Told(serde_json::from_slice(body).unwrap_or_default())
    }

    /// The positions under a name, of those that the request had: a list, or lists by field.
    fn positions(&self, name: &str, count: usize) -> BTreeSet<usize> {
        let lists = match self.0.get(name) {
            Some(Value::Object(by_field)) => by_field.values().collect(),
            Some(list) => vec![list],
            None => Vec::new(),
        };
        let numbers = lists.into_iter().filter_map(Value::as_array).flatten();
        let positions = numbers.filter_map(|at| usize::try_from(at.as_u64()?).ok());
        positions.filter(|at| *at < count).collect()
    }

    fn has(&self, name: &str, id: &str) -> bool {
        let ids = self.0.get(name).and_then(Value::as_object);
        ids.is_some_and(|ids| ids.contains_key(id))
    }

    fn is_about_key(&self) -> bool {
        let text = |name| self.0.get(name).and_then(Value::as_str).unwrap_or_default();
        text("error").to_lowercase().contains("api key") || text("missing_field") == "api_key"
    }
}

/// What becomes of the `events` of a request.
pub fn read_answer(answer: Answer<'_>, events: &[Outgoing]) -> Verdict {
    let told = Told::read(answer.body);
    let wait = Duration::from_secs(answer.retry_after_s.unwrap_or(0));
    match answer.status {
        200..=299 => Verdict::Taken,
        400 => read_refusal(&told, events.len()),
        401 | 403 => Verdict::Stopped("the API key is refused"),
        413 => Verdict::Halved(DropReason::TooLarge),
        429 => read_throttling(&told, events, wait),
        408 | 500.. => Verdict::Again(wait),
        _ => Verdict::Halved(DropReason::Refused),
    }
}

/// Whose fault a 400 is: that of events which are named, the key's, or of some that are not named.
fn read_refusal(told: &Told, count: usize) -> Verdict {
    let named: BTreeSet<usize> = NAMING
        .iter()
        .flat_map(|name| told.positions(name, count))
        .collect();
    if !named.is_empty() {
        let invalid = |at| (at, DropReason::Invalid);
        return Verdict::Narrowed {
            dropped: named.into_iter().map(invalid).collect(),
            later: Vec::new(),
            wait: Duration::ZERO,
        };
    }
    match told.is_about_key() {
        true => Verdict::Stopped("the API key is refused"),
        false => Verdict::Halved(DropReason::Refused),
    }
}

/// Who is over their quota is dropped, who is too fast is held back, all others are sent again at once; where everybody
/// is too fast, or nobody is named, all wait as after any failure.
fn read_throttling(told: &Told, events: &[Outgoing], wait: Duration) -> Verdict {
    let is_over = |id: &str| OVER_QUOTA.iter().any(|name| told.has(name, id));
    let over = events
        .iter()
        .enumerate()
        .filter(|(_, event)| is_over(&event.primary_id));
    let dropped: Vec<(usize, DropReason)> =
        over.map(|(at, _)| (at, DropReason::OverQuota)).collect();
    let mut throttled = told.positions("throttled_events", events.len());
    for (at, _) in &dropped {
        throttled.remove(at);
    }
    let is_everybody = throttled.len() == events.len();
    if dropped.is_empty() && (throttled.is_empty() || is_everybody) {
        return Verdict::Again(wait);
    }
    Verdict::Narrowed {
        dropped,
        later: throttled.into_iter().collect(),
        wait: wait.max(THROTTLED),
    }
}

#[cfg(test)]
#[path = "amplitude_tests.rs"]
mod tests;
