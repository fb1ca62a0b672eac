//! Whose a native trace is, and what it says of that person.
//!
//! `user_id` before `user.id`, compared only after both are normalised; a profile is never put on somebody else.
use super::user_id::normalise_user_id;
use crate::fault::Fault;
use crate::given::Given;
use crate::normalise::profile::{ProfileFields, read_profile};
use crate::warning::{Notes, Place, Reason};
use cognobserve_wire::json::Raw;
use cognobserve_wire::native::{TraceIn, UserIn};

/// The person of a trace.
#[derive(Debug, Default, PartialEq)]
pub struct Person {
    /// External id, normalised.
    pub user: Option<String>,
    /// Says nothing unless there is a user.
    pub profile: ProfileFields,
}

/// Reads the person of a trace.
///
/// # Errors
/// An id that is too long, or neither text nor a number.
pub fn read_person(trace: &TraceIn, notes: &mut Notes) -> Result<Person, Fault> {
    let sent = UserIn::read(trace.user).unwrap_or_else(|| {
        if trace.user.is_given() {
            notes.add(Place::of_trace("user"), Reason::WrongType("an object"));
        }
        UserIn::default()
    });
    let outer = read_id(trace.user_id, "user_id", notes)?;
    let inner = read_id(sent.id, "user.id", notes)?;
    let is_mismatch = outer.is_some() && inner.is_some() && outer != inner;
    let user = outer.or(inner);
    let says_something = sent.name.text().is_some()
        || sent.email.text().is_some()
        || sent.metadata.is_given()
        || !sent.extra.is_empty();
    if is_mismatch {
        notes.add(Place::of_trace("user"), Reason::ProfileMismatch);
    } else if user.is_none() && says_something {
        notes.add(Place::of_trace("user"), Reason::ProfileWithoutId);
    }
    let profile = match says_something && user.is_some() && !is_mismatch {
        true => read_profile(sent.name, sent.email, sent.metadata, sent.extra, notes),
        false => ProfileFields::default(),
    };
    Ok(Person { user, profile })
}

fn read_id(raw: Raw, field: &'static str, notes: &mut Notes) -> Result<Option<String>, Fault> {
    let given = Given::from(raw);
    if !given.is_given() {
        return Ok(None);
    }
    let place = Place::of_trace(field);
    let Some(text) = given.into_id_text() else {
        return Err(Fault::invalid(place, "a user id is text or a number"));
    };
    match normalise_user_id(&text) {
        Ok(Some(id)) => Ok(Some(id.into_owned())),
        Ok(None) => {
            notes.add(place, Reason::JunkId);
            Ok(None)
        }
        Err(error) => Err(Fault::invalid(place, &format!("the user id is {error}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> (Person, Vec<&'static str>) {
        let trace = TraceIn::decode(json).unwrap();
        let mut notes = Notes::default();
        let person = read_person(&trace, &mut notes).unwrap();
        (person, notes.finish().iter().map(|w| w.code()).collect())
    }

    fn name(person: &Person) -> Option<&str> {
        person.profile.name.as_ref()?.as_deref()
    }

    #[test]
    fn user_id_comes_first_and_user_id_inside_is_enough() {
        assert_eq!(read(r#"{"user_id":"a"}"#).0.user.as_deref(), Some("a"));
        assert_eq!(read(r#"{"user":{"id":"a"}}"#).0.user.as_deref(), Some("a"));
        let (person, codes) = read(r#"{"user_id":" a ","user":{"id":"a","name":"N"}}"#);
        assert_eq!(
            (person.user.as_deref(), name(&person)),
            (Some("a"), Some("N"))
        );
        assert!(codes.is_empty());
        assert_eq!(
            name(&read(r#"{"user_id":"a","user":{"name":"N"}}"#).0),
            Some("N")
        );
        assert_eq!(read(r#"{"user_id":12,"user":{"id":"12"}}"#).1, [""; 0]);
    }

    #[test]
    fn a_profile_of_somebody_else_is_ignored() {
        let (person, codes) = read(r#"{"user_id":"a","user":{"id":"b","name":"B"}}"#);
        assert_eq!((person.user.as_deref(), name(&person)), (Some("a"), None));
        assert_eq!(codes, ["profile_mismatch"]);
    }

    #[test]
    fn junk_counts_as_not_given() {
        let (person, codes) = read(r#"{"user_id":"undefined","user":{"id":"b","name":"B"}}"#);
        assert_eq!(
            (person.user.as_deref(), name(&person)),
            (Some("b"), Some("B"))
        );
        assert_eq!(codes, ["junk_id"]);
        let (person, codes) = read(r#"{"user_id":"a","user":{"id":"null","name":"A"}}"#);
        assert_eq!(
            (person.user.as_deref(), name(&person)),
            (Some("a"), Some("A"))
        );
        assert_eq!(codes, ["junk_id"]);
        assert_eq!(
            read(r#"{"user_id":null,"user":{"id":null}}"#),
            (Person::default(), vec![])
        );
    }

    #[test]
    fn a_profile_needs_somebody() {
        let (person, codes) = read(r#"{"user":{"name":"N","plan":"pro"}}"#);
        assert_eq!(person, Person::default());
        assert_eq!(codes, ["profile_without_id"]);
        assert_eq!(read(r#"{"user":"a"}"#).1, ["wrong_type"]);
        assert_eq!(read(r#"{"user":{}}"#).1, [""; 0]);
    }

    #[test]
    fn impossible_ids_are_faults() {
        let long = "x".repeat(256);
        for json in [
            format!(r#"{{"user_id":"{long}"}}"#),
            format!(r#"{{"user":{{"id":"{long}"}}}}"#),
            r#"{"user_id":true}"#.into(),
            r#"{"user_id":{}}"#.into(),
        ] {
            let trace = TraceIn::decode(&json).unwrap();
            let fault = read_person(&trace, &mut Notes::default()).unwrap_err();
            assert!(fault.path.starts_with("user"), "{json}");
        }
    }
}
