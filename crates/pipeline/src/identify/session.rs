//! The session that a native trace names: `session_id`, else `session.id`, with what `session` says about it.
//!
//! Session ids are normalised like user ids but bounded in bytes; a session without an id is nothing.
use super::user_id::{is_junk, normalise};
use crate::fault::Fault;
use crate::given::Given;
use crate::normalise::content::keep_object;
use crate::normalise::text::{MAX_NAME_BYTES, read_text};
use crate::warning::{Notes, Place, Reason};
use cognobserve_model::id::MAX_ID_BYTES;
use cognobserve_model::piece::SessionPart;
use cognobserve_wire::json::Raw;
use cognobserve_wire::native::{SessionIn, TraceIn};
use std::borrow::Cow;

/// The session id as it is kept; `Ok(None)` for junk, `Err` if it is too long.
pub fn normalise_session_id(text: &str) -> Result<Option<Cow<'_, str>>, Reason> {
    let id = normalise(text);
    if is_junk(&id) {
        return Ok(None);
    }
    (id.len() <= MAX_ID_BYTES)
        .then_some(Some(id))
        .ok_or(Reason::IdTooLong)
}

/// Reads the session of a trace.
pub fn read_session(
    trace: &TraceIn,
    keeps_payload: bool,
    notes: &mut Notes,
) -> Result<Option<SessionPart>, Fault> {
    let sent = SessionIn::read(trace.session).unwrap_or_else(|| {
        if trace.session.is_given() {
            notes.add(Place::of_trace("session"), Reason::WrongType("an object"));
        }
        SessionIn::default()
    });
    let id = match read_id(trace.session_id, "session_id", notes)? {
        Some(id) => Some(id),
        None => read_id(sent.id, "session.id", notes)?,
    };
    let Some(external_id) = id else {
        return Ok(None);
    };
    let metadata = match keeps_payload {
        true => keep_object(sent.metadata, Place::of_trace("session.metadata"), notes),
        false => None,
    };
    let name = read_text(
        Given::from(sent.name),
        MAX_NAME_BYTES,
        Place::of_trace("session.name"),
        notes,
    );
    Ok(Some(SessionPart {
        external_id,
        name,
        metadata,
    }))
}

fn read_id(raw: Raw, field: &'static str, notes: &mut Notes) -> Result<Option<String>, Fault> {
    let given = Given::from(raw);
    if !given.is_given() {
        return Ok(None);
    }
    let place = Place::of_trace(field);
    let Some(text) = given.into_id_text() else {
        return Err(Fault::invalid(place, "an id is text or a number"));
    };
    match normalise_session_id(&text) {
        Ok(Some(id)) => Ok(Some(id.into_owned())),
        Ok(None) => {
            notes.add(place, Reason::JunkId);
            Ok(None)
        }
        Err(_) => Err(Fault::invalid(
            place,
            "a session id is at most 255 bytes long",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> (Result<Option<SessionPart>, Fault>, usize) {
        let trace = TraceIn::decode(json).unwrap();
        let mut notes = Notes::default();
        (read_session(&trace, true, &mut notes), notes.finish().len())
    }

    #[test]
    fn session_id_comes_before_the_object() {
        let (session, _) =
            read(r#"{"session_id":" a ","session":{"id":"b","name":" N ","metadata":{"k":1}}}"#);
        let session = session.unwrap().unwrap();
        assert_eq!(
            (session.external_id.as_str(), session.name.as_deref()),
            ("a", Some("N"))
        );
        assert_eq!(session.metadata.as_deref(), Some(r#"{"k":1}"#));
        assert_eq!(
            read(r#"{"session_id":null,"session":{"id":7}}"#)
                .0
                .unwrap()
                .unwrap()
                .external_id,
            "7"
        );
    }

    #[test]
    fn junk_is_no_session_and_too_long_is_a_fault() {
        assert_eq!(read(r#"{"session_id":"undefined"}"#), (Ok(None), 1));
        assert_eq!(read(r#"{"session":{"name":"x"}}"#), (Ok(None), 0));
        assert_eq!(read(r#"{"session":"x"}"#), (Ok(None), 1));
        let long = format!(r#"{{"session_id":"{}"}}"#, "x".repeat(256));
        assert_eq!(read(&long).0.unwrap_err().path, "session_id");
    }
}
