//! Names that say nothing: keyed by the installation's secret, so that no dictionary undoes them and no two
//! installations agree; tagged by kind, so that a developer and an end user of one id do not meet.
use crate::event::EndUserId;
use cognobserve_model::event::EventId;
use cognobserve_model::id::{DeveloperId, ProjectId};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::fmt;
use uuid::Uuid;

/// Before 64 hex digits.
const PREFIX: &str = "sha256:";
/// Parts these pseudonyms from whatever else the secret keys.
const PURPOSE: &[u8] = b"telemetry/1";
/// Parts ids of events from them.
const EVENT: &[u8] = b"telemetry-event/1";

/// Whom a pseudonym stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    EndUser,
    Developer,
    /// An id that another installation sent, a pseudonym already or not.
    Foreign,
}

impl Kind {
    fn tag(self) -> &'static [u8] {
        match self {
            Kind::EndUser => b"end_user",
            Kind::Developer => b"developer",
            Kind::Foreign => b"foreign",
        }
    }
}

/// Makes pseudonyms with an installation's secret.
#[derive(Clone)]
pub struct Pseudonyms {
    keyed: Hmac<Sha256>,
    /// For whoever has no id at all: of this process.
    anonymous: String,
}

impl fmt::Debug for Pseudonyms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pseudonyms(…)")
    }
}

impl Pseudonyms {
    /// `process`: random, and made anew with each process.
    pub fn new(secret: &[u8; 32], process: Uuid) -> Pseudonyms {
        let anonymous = format!("anonymous-{}", process.simple());
        // A key that is shorter than a block is filled up with zeros.
        let mut block = [0; 64];
        block[..secret.len()].copy_from_slice(secret);
        Pseudonyms {
            keyed: Hmac::<Sha256>::new(&block.into()),
            anonymous,
        }
    }

    /// For this process, whose anonymous id is made now.
    pub fn of_process(secret: &[u8; 32]) -> Pseudonyms {
        Pseudonyms::new(secret, Uuid::new_v4())
    }

    pub fn of_end_user(&self, id: &EndUserId) -> String {
        self.of(Kind::EndUser, id.as_str())
    }

    pub fn of_developer(&self, id: &DeveloperId) -> String {
        self.of(Kind::Developer, id.as_str())
    }

    pub fn of(&self, kind: Kind, id: &str) -> String {
        let digest = self.digest([PURPOSE, kind.tag(), id.as_bytes()]);
        let hex = digest.iter().map(|byte| format!("{byte:02x}"));
        PREFIX.to_owned() + &hex.collect::<String>()
    }

    /// The id of an event that a client named: the same at each delivery, and telling nothing of that name. In the
    /// shape of random ones, since providers refuse what looks unusual.
    pub fn of_event(&self, project: &ProjectId, given: &str) -> EventId {
        let digest = self.digest([EVENT, project.as_str().as_bytes(), given.as_bytes()]);
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&digest[..16]);
        EventId(
            uuid::Builder::from_random_bytes(bytes)
                .into_uuid()
                .into_bytes(),
        )
    }

    fn digest(&self, parts: [&[u8]; 3]) -> [u8; 32] {
        let mut mac = self.keyed.clone();
        for part in parts {
            // With its length, so that no two lists of parts are one text.
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }

    /// Stands for this process where nobody is named.
    pub fn anonymous(&self) -> &str {
        &self.anonymous
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn made(secret: u8, process: u128) -> Pseudonyms {
        Pseudonyms::new(&[secret; 32], Uuid::from_u128(process))
    }

    #[test]
    fn they_have_the_documented_form_and_last() {
        let pseudonym = made(7, 1).of_end_user(&EndUserId::new("usr_1"));
        let hex = pseudonym.strip_prefix("sha256:").unwrap();
        assert_eq!(hex.len(), 64);
        assert!(
            hex.bytes()
                .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        );
        // Over a restart the secret stays and the process does not.
        assert_eq!(made(7, 2).of_end_user(&EndUserId::new("usr_1")), pseudonym);
        assert_ne!(made(7, 2).anonymous(), made(7, 1).anonymous());
        // One that was sent to users must never change.
        assert_eq!(
            pseudonym,
            "sha256:14bd91c4d2ee04a36f1e73398f37ffcc13b61c68748ee3cdd17d9db33b8eac38"
        );
    }

    #[test]
    fn an_event_that_a_client_named_has_one_id() {
        let id = |secret, project: &str, given| {
            made(secret, 1).of_event(&ProjectId::new(project), given).0
        };
        let first = id(7, "prj_1", "order-17");
        assert_eq!(id(7, "prj_1", "order-17"), first);
        for other in [
            id(8, "prj_1", "order-17"),
            id(7, "prj_2", "order-17"),
            id(7, "prj_1", "order-18"),
        ] {
            assert_ne!(other, first);
        }
        assert_eq!(Uuid::from_bytes(first).get_version_num(), 4);
        // One that was stored must never change.
        assert_eq!(
            Uuid::from_bytes(first).to_string(),
            "511fdcf7-17d8-4f8d-ba84-efd4c1a208af"
        );
    }

    proptest! {
        #[test]
        fn kinds_installations_and_ids_have_nothing_in_common(id in ".{0,40}", other in ".{0,40}") {
            let (here, there) = (made(1, 1), made(2, 1));
            let kinds = [Kind::EndUser, Kind::Developer, Kind::Foreign];
            let mut all: Vec<String> = kinds.iter().flat_map(|kind| [here.of(*kind, &id), there.of(*kind, &id)]).collect();
            if id != other {
                all.push(here.of(Kind::EndUser, &other));
            }
            let count = all.len();
            all.sort();
            all.dedup();
            prop_assert_eq!(all.len(), count);
            prop_assert!(id.len() < 4 || !all.iter().any(|it| it.contains(&id)));
        }
    }
}
