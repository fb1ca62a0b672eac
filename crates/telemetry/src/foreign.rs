//! Events of other installations, as the proxy route takes them: whoever they name is named anew, also if the name is a
//! pseudonym already, and everything is anonymised again, whatever the edition.
use crate::anonymise::{anonymise, clean_name};
use crate::pseudonym::Kind;
use crate::route::{CONTEXT, Installation, is_context};
use crate::stored::{make_id, write};
use cognobserve_model::event::{EventId, StoredEvent, Who};
use cognobserve_model::id::ProjectId;
use cognobserve_model::time::Micros;
use serde_json::{Map, Value};
use uuid::Uuid;

/// An event as another installation sent it.
#[derive(Clone, Debug)]
pub struct Foreign<'e> {
    pub name: &'e str,
    pub properties: &'e Map<String, Value>,
    /// Whom it is of, by whatever name.
    pub person: Option<&'e str>,
    pub at: Micros,
    /// What its sender knows it by.
    pub id: Option<&'e str>,
}

/// A sender's id is the same at each try: so is ours, which is made of it. Only random ones are heeded, which two
/// senders do not share.
fn make_foreign_id(id: Option<&str>, project: &ProjectId, installation: &Installation) -> Uuid {
    let own = id.and_then(|id| Uuid::try_parse(id).ok());
    let own = own.filter(|id| !id.is_nil() && !id.is_max());
    make_id(
        installation,
        project,
        own.map(|id| format!("foreign\0{id}")).as_deref(),
    )
}

/// What may be kept of it. Edition, system and version are the sender's, where they are such.
pub fn store_foreign(
    event: &Foreign,
    project: ProjectId,
    arrived: Micros,
    installation: &Installation,
) -> StoredEvent {
    let mut given = event.properties.clone();
    let context = CONTEXT.map(|key| (key, given.shift_remove(key)));
    let mut kept = anonymise(event.name, &given, &installation.allowed).properties;
    for (key, value) in context {
        if let Some(value) = value.filter(|value| is_context(key, value)) {
            kept.insert(key.to_owned(), value);
        }
    }
    let pseudonyms = &installation.pseudonyms;
    let person = event.person.map(|name| pseudonyms.of(Kind::Foreign, name));
    StoredEvent {
        id: EventId(make_foreign_id(event.id, &project, installation).into_bytes()),
        project,
        who: Who::Concealed(person.unwrap_or_else(|| pseudonyms.anonymous().to_owned())),
        name: clean_name(event.name).to_owned(),
        session: None,
        awaited: None,
        client_type: None,
        properties: write(&kept),
        at: event.at,
        arrived,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::anonymise::AllowList;
    use crate::edition::Edition;
    use crate::pseudonym::Pseudonyms;
    use serde_json::json;

    fn installation(edition: Edition) -> Installation {
        Installation {
            edition,
            version: "2.0.0".into(),
            os: "linux".into(),
            allowed: AllowList::default(),
            pseudonyms: Pseudonyms::new(&[3; 32], Uuid::from_u128(1)),
        }
    }

    #[test]
    fn all_is_anonymised_again_in_every_edition() {
        let given = json!({
            "type": "text", "user_email": "zoe@acme.example", "edition": "opensource", "os": "macos", "version": "zoe",
            "end_user_id": "usr_zoe",
        });
        let hashed = format!("sha256:{}", "ab".repeat(32));
        for edition in [Edition::Cloud, Edition::OpenSource] {
            let installation = installation(edition);
            for person in [Some("zoe"), Some(hashed.as_str()), None] {
                let event = Foreign {
                    name: "call zoe",
                    properties: given.as_object().unwrap(),
                    person,
                    at: Micros(1),
                    id: None,
                };
                let project = ProjectId::new("prj_1");
                let stored = store_foreign(&event, project, Micros(2), &installation);
                let Who::Concealed(name) = &stored.who else {
                    panic!("{stored:?}")
                };
                match person {
                    Some(person) => {
                        let pseudonyms = &installation.pseudonyms;
                        assert_eq!(*name, pseudonyms.of(Kind::Foreign, person));
                        assert_ne!(name, person);
                    }
                    None => assert_eq!(name, installation.pseudonyms.anonymous()),
                }
                assert_eq!(stored.name, "other");
                let kept: Value = serde_json::from_str(&stored.properties).unwrap();
                let expected = json!({"type": "text", "edition": "opensource", "os": "macos"});
                assert_eq!(kept, expected);
            }
        }
    }

    /// A request that is sent again is one that is known, and ids that many choose are none.
    #[test]
    fn a_repeat_has_the_id_that_it_had() {
        let (installation, project) = (installation(Edition::Cloud), ProjectId::new("prj_1"));
        let make = |id| make_foreign_id(id, &project, &installation);
        let (one, other) = (Uuid::new_v4().to_string(), Uuid::new_v4().to_string());
        assert_eq!(make(Some(&one)), make(Some(&one)));
        assert_ne!(make(Some(&one)), make(Some(&other)));
        assert_ne!(make(Some(&one)).to_string(), one);
        for common in [
            None,
            Some("1"),
            Some("00000000-0000-0000-0000-000000000000"),
        ] {
            assert_ne!(make(common), make(common), "{common:?}");
        }
    }
}
