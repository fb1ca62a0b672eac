//! Why something was left out, as one enum, and where it was.
//!
//! Codes are a contract with clients: add, don't rename. Messages never quote what was sent.
use serde::ser::{Serialize, SerializeStruct, Serializer};
use std::fmt;

/// Most warnings of one trace or request that are told one by one.
const MAX_TOLD: usize = 50;

/// Why a value was left out or changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Empty, or a word like `null` or `undefined`, where an id belongs.
    JunkId,
    /// Longer than ids may be; only where the rest is kept without it.
    IdTooLong,
    /// Not text or a number where an id belongs; only where the rest is kept without it.
    InvalidId,
    /// `user.id` is somebody else than `user_id`.
    ProfileMismatch,
    /// A profile, but nobody whose it is.
    ProfileWithoutId,
    /// A display name that is empty, too long or no text.
    InvalidName,
    /// Does not look like an e-mail address.
    InvalidEmail,
    /// A profile's metadata beyond 64 KiB.
    MetadataTooLarge,
    /// Another JSON type than expected.
    WrongType(&'static str),
    /// Neither RFC 3339 nor epoch milliseconds.
    InvalidTime,
    /// Before 2000 or more than 24 hours ahead.
    TimeOutOfRange,
    /// Not a (whole) number.
    InvalidNumber,
    /// Below zero.
    NegativeNumber,
    /// Larger than can be true.
    NumberTooLarge,
    /// A total below its parts.
    TotalTooSmall,
    /// A part above what includes it; counted as no more than that.
    PartTooLarge,
    /// A word that is none of the known ones.
    UnknownValue,
    /// Cut to the longest length that is kept.
    Truncated,
    /// A user id where the session token says who it is.
    TokenDecides,
    /// A session that no trace has named yet.
    UnknownSession,
    /// The developer wants no events captured.
    OptedOut,
    /// Telemetry is off on this installation.
    SwitchedOff,
    /// So many bare NaN or Infinity tokens were read as null.
    NonFinite(usize),
    /// So many further warnings are not told.
    More(usize),
}

impl Reason {
    /// The stable word.
    pub fn code(self) -> &'static str {
        match self {
            Reason::JunkId => "junk_id",
            Reason::IdTooLong => "id_too_long",
            Reason::InvalidId => "invalid_id",
            Reason::ProfileMismatch => "profile_mismatch",
            Reason::ProfileWithoutId => "profile_without_id",
            Reason::InvalidName => "invalid_name",
            Reason::InvalidEmail => "invalid_email",
            Reason::MetadataTooLarge => "metadata_too_large",
            Reason::WrongType(_) => "wrong_type",
            Reason::InvalidTime => "invalid_time",
            Reason::TimeOutOfRange => "time_out_of_range",
            Reason::InvalidNumber => "invalid_number",
            Reason::NegativeNumber => "negative_number",
            Reason::NumberTooLarge => "number_too_large",
            Reason::TotalTooSmall => "total_too_small",
            Reason::PartTooLarge => "part_too_large",
            Reason::UnknownValue => "unknown_value",
            Reason::Truncated => "truncated",
            Reason::TokenDecides => "token_decides",
            Reason::UnknownSession => "unknown_session",
            Reason::OptedOut => "opted_out",
            Reason::SwitchedOff => "telemetry_off",
            Reason::NonFinite(_) => "non_finite_number",
            Reason::More(_) => "more_warnings",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Reason::JunkId => "not a usable id; taken as not given",
            Reason::IdTooLong => "longer than 255; dropped",
            Reason::InvalidId => "neither text nor a number; dropped",
            Reason::ProfileMismatch => {
                "user.id is not user_id; user_id counts, the profile was ignored"
            }
            Reason::ProfileWithoutId => "a profile without a user id; ignored",
            Reason::InvalidName => "not a name of 1 to 255 characters; dropped",
            Reason::InvalidEmail => "does not look like an e-mail address; dropped",
            Reason::MetadataTooLarge => "more than 64 KiB; dropped",
            Reason::WrongType(expected) => return write!(f, "expected {expected}; dropped"),
            Reason::InvalidTime => {
                "neither RFC 3339 nor integer epoch milliseconds; taken as not given"
            }
            Reason::TimeOutOfRange => "before 2000 or more than 24 hours ahead; taken as not given",
            Reason::InvalidNumber => "not a number of the expected kind; dropped",
            Reason::NegativeNumber => "negative; dropped",
            Reason::NumberTooLarge => "larger than can be true; dropped",
            Reason::TotalTooSmall => "less than prompt or completion; not counted",
            Reason::PartTooLarge => "more than what includes it; counted as no more than that",
            Reason::UnknownValue => "not one of the known values; taken as not given",
            Reason::Truncated => "too long; cut",
            Reason::TokenDecides => "with a session token the account is the end user; ignored",
            Reason::UnknownSession => "no trace has named this session yet; the event is linked to it if one does within 15 minutes",
            Reason::OptedOut => "the developer has opted out of telemetry; not stored",
            Reason::SwitchedOff => "telemetry is switched off on this installation; not stored",
            Reason::NonFinite(count) => {
                return write!(
                    f,
                    "{count} times NaN or Infinity, which JSON has not; read as null"
                );
            }
            Reason::More(count) => return write!(f, "and {count} more warnings"),
        })
    }
}

/// Where in the request: a span or the trace, and the field in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    span: Option<usize>,
    field: &'static str,
}

impl Place {
    /// A field of the trace itself; empty for the whole.
    pub fn of_trace(field: &'static str) -> Place {
        Place { span: None, field }
    }

    /// A field of the span at that position.
    pub fn of_span(index: usize, field: &'static str) -> Place {
        Place {
            span: Some(index),
            field,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.span, self.field) {
            (None, field) => f.write_str(field),
            (Some(index), "") => write!(f, "spans[{index}]"),
            (Some(index), field) => write!(f, "spans[{index}].{field}"),
        }
    }
}

/// One thing that was left out or changed. Serialises as `{code, path, message}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Warning {
    pub place: Place,
    pub reason: Reason,
}

impl Warning {
    pub fn code(&self) -> &'static str {
        self.reason.code()
    }
}

impl Serialize for Warning {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut object = to.serialize_struct("Warning", 3)?;
        object.serialize_field("code", self.code())?;
        object.serialize_field("path", &self.place.to_string())?;
        object.serialize_field("message", &self.reason.to_string())?;
        object.end()
    }
}

/// Gathers warnings while a request is read; bounded, whatever the request.
#[derive(Clone, Debug, Default)]
pub struct Notes {
    told: Vec<Warning>,
    untold: usize,
}

impl Notes {
    pub fn add(&mut self, place: Place, reason: Reason) {
        if self.told.len() < MAX_TOLD {
            self.told.push(Warning { place, reason });
        } else {
            self.untold += 1;
        }
    }

    /// The value, or nothing and a warning.
    pub fn keep<T>(&mut self, place: Place, read: Result<Option<T>, Reason>) -> Option<T> {
        read.unwrap_or_else(|reason| {
            self.add(place, reason);
            None
        })
    }

    /// All warnings, with a last one for those that were too many.
    pub fn finish(mut self) -> Vec<Warning> {
        if self.untold > 0 {
            self.told.push(Warning {
                place: Place::of_trace(""),
                reason: Reason::More(self.untold),
            });
        }
        self.told
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warnings_look_as_documented() {
        let warning = Warning {
            place: Place::of_span(3, "usage.total_tokens"),
            reason: Reason::NegativeNumber,
        };
        assert_eq!(
            serde_json::to_string(&warning).unwrap(),
            r#"{"code":"negative_number","path":"spans[3].usage.total_tokens","message":"negative; dropped"}"#
        );
        assert_eq!(Place::of_span(0, "").to_string(), "spans[0]");
        assert_eq!(Place::of_trace("user.email").to_string(), "user.email");
    }

    #[test]
    fn warnings_are_bounded() {
        let mut notes = Notes::default();
        for at in 0..10_000 {
            notes.add(Place::of_span(at, "level"), Reason::UnknownValue);
        }
        let warnings = notes.finish();
        assert_eq!(warnings.len(), MAX_TOLD + 1);
        assert_eq!(warnings[MAX_TOLD].reason, Reason::More(10_000 - MAX_TOLD));
    }
}
