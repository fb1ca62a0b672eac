//! Product events: one (`{"event": …}`) or many (`{"events": […]}`), as `POST /v1/events` takes them, and as other
//! installations send them on (`{"events": [{"event_name": …}]}`).
//! Invariant: an event is decoded by itself, so a bad one fails alone.

use super::NativeError;
use super::batch::{Split, split};
use crate::json::{Kind, Raw};

/// Most events in one request.
pub const MAX_EVENTS: usize = 10_000;

wire_object! {
    /// One event.
    EventIn {
        /// What happened.
        event = "event",
        /// The same, from other installations.
        event_name = "event_name",
        /// An object.
        properties = "properties",
        /// The client's id of the end user.
        user_id = "user_id",
        /// The client's id of the conversation.
        session_id = "session_id",
        /// RFC 3339 or integer epoch milliseconds.
        timestamp = "timestamp",
        /// The client's id of the event: the same again changes nothing.
        event_id = "event_id",
    }
}

/// The events of a request from cleaned JSON text, in order, each still undecoded; and whether the body is one itself,
/// as it is without `events`.
///
/// # Errors
/// Broken syntax, a body that is no object, `events` that is no array, too many events.
pub fn split_events(text: &str) -> Result<(Vec<Raw<'_>>, bool), NativeError> {
    match split(text, "events", MAX_EVENTS)? {
        Split::Items(events) => Ok((events, false)),
        Split::TooMany => Err(NativeError::TooManyEvents),
        Split::Other(Kind::Absent) => serde_json::from_str(text)
            .map(|whole| (vec![whole], true))
            .map_err(|e| NativeError::from_serde(&e)),
        Split::Other(kind) => Err(NativeError::shape("events", Kind::Array, kind)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_or_many() {
        let (one, is_one) = split_events(r#"{"event":"a","user_id":7}"#).unwrap();
        assert!(is_one);
        let read = EventIn::read(one[0]).unwrap();
        assert_eq!((one.len(), read.event.text()), (1, Some("\"a\"")));
        assert_eq!(read.user_id.text(), Some("7"));
        let (many, is_one) =
            split_events(r#"{"event":"x","events":[{"event_name":"b"},3]}"#).unwrap();
        assert!(!is_one);
        assert_eq!(many.len(), 2);
        let read = EventIn::read(many[0]).unwrap();
        assert_eq!(read.event_name.text(), Some("\"b\""));
        assert!(EventIn::read(many[1]).is_none());
        let (none, is_one) = split_events(r#"{"events":[]}"#).unwrap();
        assert!(none.is_empty() && !is_one);
    }

    #[test]
    fn what_is_no_list_is_refused() {
        for (body, path) in [
            ("[]", ""),
            ("", ""),
            (r#"{"events":null}"#, "events"),
            (r#"{"events":{"event":"a"}}"#, "events"),
        ] {
            assert_eq!(split_events(body).unwrap_err().path(), path, "{body}");
        }
        let body = format!(r#"{{"events":[{}]}}"#, vec!["{}"; MAX_EVENTS + 1].join(","));
        assert!(split_events(&body).unwrap_err().is_too_large());
    }
}
