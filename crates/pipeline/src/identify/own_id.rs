//! The client's own ids of traces, spans and responses: opaque, kept to the byte, 1 to 255 bytes.
//!
//! They are not trimmed or folded: they are given back as they came. Junk counts as not given.
use super::user_id::is_junk;
use crate::fault::Fault;
use crate::given::Given;
use crate::warning::{Notes, Place, Reason};
use cognobserve_model::id::MAX_ID_BYTES;
use cognobserve_wire::json::Raw;

/// Reads an id that decides what belongs together.
///
/// # Errors
/// Too long, or neither text nor a number: leaving it out would tear things apart.
pub fn read_own_id(raw: Raw, place: Place, notes: &mut Notes) -> Result<Option<String>, Fault> {
    let given = Given::from(raw);
    if !given.is_given() {
        return Ok(None);
    }
    let Some(id) = given.into_id_text() else {
        return Err(Fault::invalid(place, "an id is text or a number"));
    };
    if is_junk(id.trim()) {
        notes.add(place, Reason::JunkId);
        return Ok(None);
    }
    if id.len() > MAX_ID_BYTES {
        return Err(Fault::invalid(place, "an id is at most 255 bytes long"));
    }
    Ok(Some(id.into_owned()))
}

/// Reads an id without which the rest is still right.
pub fn read_id_or_drop(given: Given, place: Place, notes: &mut Notes) -> Option<String> {
    if !given.is_given() {
        return None;
    }
    let reason = match given.into_id_text() {
        None => Reason::InvalidId,
        Some(id) if is_junk(id.trim()) => return None,
        Some(id) if id.len() > MAX_ID_BYTES => Reason::IdTooLong,
        Some(id) => return Some(id.into_owned()),
    };
    notes.add(place, reason);
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> (Result<Option<String>, Fault>, usize) {
        let mut notes = Notes::default();
        let raw = serde_json::from_str(json).unwrap();
        let id = read_own_id(raw, Place::of_span(1, "span_id"), &mut notes);
        (id, notes.finish().len())
    }

    #[test]
    fn keeps_ids_as_they_came() {
        assert_eq!(read("\" a B \"").0.unwrap().as_deref(), Some(" a B "));
        assert_eq!(read("12").0.unwrap().as_deref(), Some("12"));
        assert_eq!(read("null"), (Ok(None), 0));
        assert_eq!(read("\"undefined\""), (Ok(None), 1));
        assert_eq!(read("\"\""), (Ok(None), 1));
    }

    #[test]
    fn refuses_what_would_tear_things_apart() {
        let long = format!("\"{}\"", "é".repeat(128));
        assert_eq!(read(&long).0.unwrap_err().path, "spans[1].span_id");
        assert!(read("{}").0.is_err());
        let mut notes = Notes::default();
        let given = Given::Text("x".repeat(256).into());
        assert_eq!(
            read_id_or_drop(given, Place::of_span(0, "response_id"), &mut notes),
            None
        );
        assert_eq!(notes.finish()[0].reason, Reason::IdTooLong);
    }
}
