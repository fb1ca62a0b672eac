//! Amplitude's HTTP V2 API: `POST {base}/batch`, which takes the same body as `/2/httpapi` and more events of one user.
//! <https://amplitude.com/docs/apis/analytics/http-v2>
use super::batch::Limits;
use super::{Answer, DropReason, Verdict};
use crate::route::Outgoing;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use uuid::Uuid;

pub const PATH: &str = "/batch";
/// Under 1 MB with the envelope, and under 2,000 events.
pub const LIMITS: Limits = Limits {
    events: 1_999,
    bytes: 990_000,
};
/// What a user who sends too fast waits for.
const THROTTLED: Duration = Duration::from_secs(30);

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

/// Positions of events by field or id.
type Positions = BTreeMap<String, Vec<usize>>;

#[derive(Default, Deserialize)]
#[serde(default)]
struct AnswerIn {
    error: String,
    missing_field: Option<String>,
    events_with_invalid_fields: Positions,
    events_with_missing_fields: Positions,
    events_with_invalid_id_lengths: Positions,
    silenced_events: Vec<usize>,
    throttled_events: Vec<usize>,
    exceeded_daily_quota_users: BTreeMap<String, Value>,
    exceeded_daily_quota_devices: BTreeMap<String, Value>,
}

/// What becomes of the `events` of a request.
pub fn read_answer(answer: Answer<'_>, events: &[Outgoing]) -> Verdict {
    let told: AnswerIn = serde_json::from_slice(answer.body).unwrap_or_default();
    let wait = Duration::from_secs(answer.retry_after_s.unwrap_or(0));
    match answer.status {
        200..=299 => Verdict::Taken,
        400 => read_refusal(&told, events.len()),
        401 | 403 => Verdict::Stopped("the API key is refused"),
        413 => Verdict::TooLarge,
        429 => read_throttling(&told, events, wait),
        408 | 500.. => Verdict::Again(wait),
        _ => drop_all(events.len()),
    }
}

fn drop_all(count: usize) -> Verdict {
    Verdict::Narrowed {
        dropped: (0..count).map(|at| (at, DropReason::Refused)).collect(),
        later: Vec::new(),
        wait: Duration::ZERO,
    }
}

/// Whose fault a 400 is: the key's, that of events which are named, or of all.
fn read_refusal(told: &AnswerIn, count: usize) -> Verdict {
    let is_about_key = told.error.to_lowercase().contains("api key")
        || told.missing_field.as_deref() == Some("api_key");
    if is_about_key {
        return Verdict::Stopped("the API key is refused");
    }
    let lists = [
        &told.events_with_invalid_fields,
        &told.events_with_missing_fields,
        &told.events_with_invalid_id_lengths,
    ];
    let named = lists
        .into_iter()
        .flat_map(BTreeMap::values)
        .flatten()
        .chain(&told.silenced_events);
    let named: BTreeSet<usize> = named.copied().filter(|at| *at < count).collect();
    if named.is_empty() {
        return drop_all(count);
    }
    Verdict::Narrowed {
        dropped: named
            .into_iter()
            .map(|at| (at, DropReason::Invalid))
            .collect(),
        later: Vec::new(),
        wait: Duration::ZERO,
    }
}

fn read_throttling(told: &AnswerIn, events: &[Outgoing], wait: Duration) -> Verdict {
    let is_over = |id: &str| {
        told.exceeded_daily_quota_users.contains_key(id)
            || told.exceeded_daily_quota_devices.contains_key(id)
    };
    let over = events
        .iter()
        .enumerate()
        .filter(|(_, event)| is_over(&event.primary_id));
    let dropped: Vec<(usize, DropReason)> =
        over.map(|(at, _)| (at, DropReason::OverQuota)).collect();
    let is_dropped = |at: &usize| dropped.iter().any(|(dropped, _)| dropped == at);
    let throttled: BTreeSet<usize> = told
        .throttled_events
        .iter()
        .copied()
        .filter(|at| *at < events.len() && !is_dropped(at))
        .collect();
    if dropped.is_empty() && throttled.is_empty() {
        return Verdict::Again(wait.max(THROTTLED));
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
