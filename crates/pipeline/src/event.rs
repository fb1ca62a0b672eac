//! Product events, step by step: decode, normalise. Each is taken or refused by itself.
use crate::fault::Fault;
use crate::given::Given;
use crate::identify::own_id::read_own_id;
use crate::identify::session::normalise_session_id;
use crate::identify::user_id::normalise_user_id;
use crate::normalise::time::read_time;
use crate::warning::{Notes, Place, Reason, Warning};
use cognobserve_model::time::Micros;
use cognobserve_wire::json::{Kind, Raw, Sanitized};
use cognobserve_wire::native::{EventIn, split_events};
use serde_json::{Map, Value};
use std::borrow::Cow;

/// Longest name, in bytes. What leaves the installation is shorter still.
pub const MAX_EVENT_NAME_BYTES: usize = 255;
/// Most bytes of an event's properties.
pub const MAX_PROPERTIES_BYTES: usize = 64 << 10;

/// Where older clients put the end user's id.
const OLD_USER_KEY: &str = "external_user_id";

/// An event that is taken; its times and ids are the client's.
#[derive(Debug, PartialEq)]
pub struct AcceptedEvent {
    pub name: String,
    /// Without the end user's id.
    pub properties: Map<String, Value>,
    /// The end user's external id, normalised.
    pub user: Option<String>,
    /// The session's external id, normalised.
    pub session: Option<String>,
    pub at: Option<Micros>,
    pub event_id: Option<String>,
    pub warnings: Vec<Warning>,
}

/// The events of a request, in the order sent.
#[derive(Debug)]
pub struct AcceptedEvents {
    pub items: Vec<Result<AcceptedEvent, Fault>>,
    /// The body is one event, and no list.
    pub is_one: bool,
}

/// Reads the body of `POST /v1/events`.
///
/// # Errors
/// A body that is no event and no list of events.
pub fn accept_events(body: &Sanitized, now: Micros) -> Result<AcceptedEvents, Fault> {
    let (items, is_one) = split_events(body.text())?;
    let read = items.into_iter().map(|item| {
        let sent =
            EventIn::read(item).ok_or_else(|| Fault::invalid("", "an event is an object"))?;
        let non_finite = item.text().map_or(0, |text| body.non_finite_in(text));
        accept_event(&sent, non_finite, now)
    });
    Ok(AcceptedEvents {
        items: read.collect(),
        is_one,
    })
}

fn accept_event(sent: &EventIn, non_finite: usize, now: Micros) -> Result<AcceptedEvent, Fault> {
    let mut notes = Notes::default();
    if non_finite > 0 {
        notes.add(Place::of_trace(""), Reason::NonFinite(non_finite));
    }
    let mut properties = read_properties(sent.properties)?;
    let old_user = properties.shift_remove(OLD_USER_KEY);
    let old_user = old_user.map_or(Given::Absent, |value| match value {
        Value::String(text) => Given::Text(text.into()),
        Value::Number(number) => number.as_i64().map_or(Given::Other, Given::Int),
        Value::Null => Given::Null,
        _ => Given::Other,
    });
    let user = match read_user(Given::from(sent.user_id), "user_id", &mut notes)? {
        Some(user) => Some(user),
        None => read_user(old_user, "properties.external_user_id", &mut notes)?,
    };
    let at = read_time(&Given::from(sent.timestamp), now);
    Ok(AcceptedEvent {
        name: read_name(sent)?,
        session: read_session(Given::from(sent.session_id), &mut notes),
        at: notes.keep(Place::of_trace("timestamp"), at),
        event_id: read_own_id(sent.event_id, Place::of_trace("event_id"), &mut notes)?,
        properties,
        user,
        warnings: notes.finish(),
    })
}

fn read_name(sent: &EventIn) -> Result<String, Fault> {
    let (raw, path) = match sent.event.is_given() {
        true => (sent.event, "event"),
        false => (sent.event_name, "event"),
    };
    let name = raw.as_str().unwrap_or_default();
    let name = name.trim();
    if name.is_empty() {
        return Err(Fault::invalid(path, "an event needs a name"));
    }
    if name.len() > MAX_EVENT_NAME_BYTES {
        return Err(Fault::invalid(path, "a name is at most 255 bytes long"));
    }
    Ok(name.to_owned())
}

fn read_properties(raw: Raw) -> Result<Map<String, Value>, Fault> {
    let fault = |message| Fault::invalid("properties", message);
    match raw.kind() {
        Kind::Absent | Kind::Null => return Ok(Map::new()),
        Kind::Object => {}
        _ => return Err(fault("must be an object")),
    }
    let text = raw.text().unwrap_or("{}");
    if text.len() > MAX_PROPERTIES_BYTES {
        return Err(fault("more than 64 KiB"));
    }
    serde_json::from_str(text).map_err(|_| fault("must be an object"))
}

/// A user's id decides whose event it is: one that cannot be kept refuses the event.
fn read_user(given: Given, path: &'static str, notes: &mut Notes) -> Result<Option<String>, Fault> {
    if !given.is_given() {
        return Ok(None);
    }
    let Some(text) = given.into_id_text() else {
        return Err(Fault::invalid(path, "an id is text or a number"));
    };
    match normalise_user_id(&text) {
        Ok(Some(id)) => Ok(Some(id.into_owned())),
        Ok(None) => {
            notes.add(Place::of_trace(path), Reason::JunkId);
            Ok(None)
        }
        Err(_) => Err(Fault::invalid(path, "an id is at most 255 characters long")),
    }
}

/// Without its session the rest is still right.
fn read_session(given: Given, notes: &mut Notes) -> Option<String> {
    if !given.is_given() {
        return None;
    }
    let place = Place::of_trace("session_id");
    let Some(text) = given.into_id_text() else {
        notes.add(place, Reason::InvalidId);
        return None;
    };
    let read = normalise_session_id(&text).map(|id| id.map(Cow::into_owned));
    notes.keep(place, read)
}

#[cfg(test)]
mod tests {
    use super::*;
    use cognobserve_wire::json::sanitize;

    const NOW: Micros = Micros(1_790_000_000_000_000);

    fn read(body: &str) -> Vec<Result<AcceptedEvent, Fault>> {
        let body = sanitize(body.as_bytes()).unwrap();
        accept_events(&body, NOW).unwrap().items
    }

    #[test]
    fn all_of_an_event_is_read() {
        let read = read(
            r#"{"event":" memory_created ","properties":{"type":"text","n":1.50},"user_id":" ann ","session_id":7,
                "timestamp":1789999999999,"event_id":"e-1","other":1}"#,
        );
        let event = read[0].as_ref().unwrap();
        assert_eq!(event.name, "memory_created");
        assert_eq!(event.properties.len(), 2);
        assert_eq!(event.user.as_deref(), Some("ann"));
        assert_eq!(event.session.as_deref(), Some("7"));
        assert_eq!(event.at, Some(Micros(1_789_999_999_999_000)));
        assert_eq!(event.event_id.as_deref(), Some("e-1"));
        assert!(event.warnings.is_empty());
    }

    #[test]
    fn the_old_place_of_the_user_is_read_and_emptied() {
        for (body, user) in [
            (
                r#"{"event":"a","properties":{"external_user_id":"bob","x":1}}"#,
                Some("bob"),
            ),
            (
                r#"{"event":"a","properties":{"external_user_id":12,"x":1}}"#,
                Some("12"),
            ),
            (
                r#"{"event":"a","user_id":"ann","properties":{"external_user_id":"bob","x":1}}"#,
                Some("ann"),
            ),
            (
                r#"{"event":"a","user_id":"null","properties":{"external_user_id":null,"x":1}}"#,
                None,
            ),
        ] {
            let read = read(body);
            let event = read[0].as_ref().unwrap();
            assert_eq!(event.user.as_deref(), user, "{body}");
            assert_eq!(event.properties.keys().collect::<Vec<_>>(), ["x"]);
        }
    }

    #[test]
    fn a_bad_event_fails_alone() {
        let long = "x".repeat(300);
        let large = "x".repeat(MAX_PROPERTIES_BYTES);
        let body = format!(
            r#"{{"events":[{{"event":"good"}},7,{{}},{{"event":5}},{{"event":"{long}"}},{{"event":"a","user_id":"{long}"}},
               {{"event":"a","user_id":{{}}}},{{"event":"a","properties":[]}},{{"event":"a","properties":{{"k":"{large}"}}}},
               {{"event":"a","event_id":[]}},{{"event_name":"kept","session_id":"{long}","timestamp":"once","user_id":"undefined"}}]}}"#
        );
        let read = read(&body);
        let paths = read.iter().map(|read| match read {
            Ok(event) => event.name.as_str(),
            Err(fault) => fault.path.as_str(),
        });
        let expected = [
            "good",
            "",
            "event",
            "event",
            "event",
            "user_id",
            "user_id",
            "properties",
            "properties",
            "event_id",
            "kept",
        ];
        assert_eq!(paths.collect::<Vec<_>>(), expected);
        let kept = read[10].as_ref().unwrap();
        let codes = kept.warnings.iter().map(Warning::code);
        assert_eq!(
            codes.collect::<Vec<_>>(),
            ["junk_id", "id_too_long", "invalid_time"]
        );
        assert_eq!((&kept.session, &kept.user, kept.at), (&None, &None, None));
    }
}
