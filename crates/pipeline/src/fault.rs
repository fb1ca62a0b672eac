//! Why a trace or a whole request is not taken at all.
//!
//! A fault is the client's to mend: sending the same again fails the same. It never quotes what was sent.
use cognobserve_wire::native::NativeError;
use serde::ser::{Serialize, SerializeStruct, Serializer};

/// What kind of fault, as the stable word of the API's errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// Malformed or invalid: 400.
    Invalid,
    /// More than one request may hold: 413.
    TooLarge,
}

/// A trace or request that is not taken. Serialises as `{code, message, path}`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {message}")]
pub struct Fault {
    pub kind: FaultKind,
    /// Like `spans[3].name`; empty for the whole.
    pub path: String,
    /// For humans.
    pub message: String,
}

impl Fault {
    pub(crate) fn invalid(path: impl ToString, message: &str) -> Fault {
        Fault {
            kind: FaultKind::Invalid,
            path: path.to_string(),
            message: message.to_owned(),
        }
    }

    pub fn code(&self) -> &'static str {
        match self.kind {
            FaultKind::Invalid => "invalid_request",
            FaultKind::TooLarge => "payload_too_large",
        }
    }
}

impl From<NativeError> for Fault {
    fn from(error: NativeError) -> Fault {
        let kind = if error.is_too_large() {
            FaultKind::TooLarge
        } else {
            FaultKind::Invalid
        };
        Fault {
            kind,
            path: error.path().to_owned(),
            message: error.to_string(),
        }
    }
}

impl Serialize for Fault {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut object = to.serialize_struct("Fault", 3)?;
        object.serialize_field("code", self.code())?;
        object.serialize_field("message", &self.message)?;
        object.serialize_field("path", &self.path)?;
        object.end()
    }
}
