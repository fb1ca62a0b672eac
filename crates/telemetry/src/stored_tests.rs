//! What is stored of an event, by edition, and that what was concealed leaves as it was stored.
use super::*;
use crate::anonymise::AllowList;
use crate::edition::Provider;
use crate::pseudonym::Pseudonyms;
use crate::route::{Outgoing, route, route_logged};
use proptest::prelude::*;
use serde_json::json;

const NOW: Micros = Micros(1_767_225_600_123_456);

fn installation(edition: Edition, version: &str) -> Installation {
    Installation {
        edition,
        version: version.to_owned(),
        os: "linux".to_owned(),
        allowed: AllowList::default(),
        pseudonyms: Pseudonyms::new(&[1; 32], Uuid::from_u128(9)),
    }
}

fn project() -> ProjectId {
    ProjectId::new("prj_1")
}

fn event(properties: Value) -> Event {
    Event {
        id: Uuid::from_u128(7),
        name: "memory_created".to_owned(),
        properties: properties.as_object().unwrap().clone(),
        end_user: Some(EndUserId::new("usr_1234")),
        developer: Some(DeveloperId::new("dev_abc123")),
        profile: DeveloperProfile {
            client_type: Some("python".to_owned()),
            ..DeveloperProfile::default()
        },
        session: Some("ses_1".to_owned()),
        at: NOW,
    }
}

#[test]
fn the_cloud_gets_back_what_it_stored() {
    let cloud = installation(Edition::Cloud, "1.0.0");
    let mut event = event(json!({"type": "text", "query": "where is Alice", "nested": {"a": [1]}}));
    for developer in [event.developer.clone(), None] {
        event.developer = developer;
        let stored = store(&event, project(), NOW, &cloud);
        assert_eq!(restore(stored), Logged::Named(event.clone()));
    }
}

#[test]
fn the_open_source_edition_stores_nothing_of_anybody() {
    let open = installation(Edition::OpenSource, "1.0.0");
    let mut event =
        event(json!({"type": "text", "query": "Alice", "email": "a@b.c", "edition": "cloud"}));
    event.profile.client_type = Some("alice's laptop".to_owned());
    let stored = store(&event, project(), NOW, &open);
    let pseudonym = open.pseudonyms.of_end_user(&EndUserId::new("usr_1234"));
    assert_eq!(stored.who, Who::Concealed(pseudonym));
    assert_eq!((stored.session, stored.client_type), (None, None));
    let properties: Value = serde_json::from_str(&stored.properties).unwrap();
    assert_eq!(
        properties,
        json!({"type": "text", "edition": "opensource", "os": "linux", "version": "1.0.0"})
    );
    event.name = "call_4155550100".to_owned();
    event.profile.client_type = Some("python".to_owned());
    let stored = store(&event, project(), NOW, &open);
    assert_eq!(
        (stored.name.as_str(), stored.client_type.as_deref()),
        ("other", Some("python"))
    );
}

#[test]
fn what_was_concealed_stays_so_in_every_edition() {
    let then = installation(Edition::OpenSource, "1.0.0");
    let stored = restore(store(
        &event(json!({"type": "text"})),
        project(),
        NOW,
        &then,
    ));
    let now = installation(Edition::Cloud, "2.0.0");
    for provider in Provider::ALL {
        let out = route_logged(&stored, provider, &now);
        assert!(out.is_anonymous);
        assert_eq!(
            out.primary_id,
            then.pseudonyms.of_end_user(&EndUserId::new("usr_1234"))
        );
        assert_eq!(
            Value::Object(out.properties),
            json!({"type": "text", "edition": "opensource", "os": "linux", "version": "1.0.0"})
        );
    }
}

#[test]
fn what_is_no_context_is_not_told_as_one() {
    let now = installation(Edition::OpenSource, "1.0.0");
    let planted = json!({"edition": "a@b.c", "os": "alice", "version": "10.0.0.17", "plan": "pro"});
    let event = Logged::Concealed(Concealed {
        id: Uuid::from_u128(7),
        name: "x".to_owned(),
        pseudonym: "sha256:a1".to_owned(),
        properties: planted.as_object().unwrap().clone(),
        at: NOW,
    });
    let out = route_logged(&event, Provider::Posthog, &now);
    let ours = json!({"edition": "opensource", "os": "linux", "version": "1.0.0"});
    assert_eq!(Value::Object(out.properties), ours);
    assert!(out.dropped.contains("plan"));
}

#[test]
fn an_id_is_the_client_s_event_or_new() {
    let open = installation(Edition::OpenSource, "1.0.0");
    let id = |given| make_id(&open, &project(), given);
    assert_eq!(id(Some("a")), id(Some("a")));
    assert_ne!(id(Some("a")), id(Some("b")));
    assert_ne!(id(None), id(None));
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(json!("text")),
        Just(json!("cloud")),
        Just(json!("zoe@acme.example")),
        any::<u32>().prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        "[a-zA-Z0-9 @.:/-]{0,20}".prop_map(Value::from),
        Just(json!({"type": ["a"]})),
    ]
}

const KNOWN: [&str; 8] = [
    "type", "model", "status", "count", "edition", "os", "version", "query",
];

fn key() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(&KNOWN[..]).prop_map(str::to_owned),
        "[a-z_]{1,8}"
    ]
}

proptest! {
    #[test]
    fn storing_changes_nothing_of_what_leaves(
        properties in prop::collection::vec((key(), value()), 0..8),
        name in "[a-z_.]{0,12}|[A-Za-z0-9 @.]{0,20}",
        has_user in any::<bool>(),
        has_developer in any::<bool>(),
    ) {
        let open = installation(Edition::OpenSource, "1.0.0");
        let mut event = event(json!({}));
        event.properties = properties.into_iter().collect();
        event.name = name;
        event.end_user = event.end_user.filter(|_| has_user);
        event.developer = event.developer.filter(|_| has_developer);
        let mut stored = restore(store(&event, project(), NOW, &open));
        for provider in Provider::ALL {
            let at_once = Outgoing { dropped: Default::default(), ..route(&event, provider, &open) };
            let later = route_logged(&stored, provider, &open);
            prop_assert_eq!(&later, &at_once);
            // And once more, as often as one likes.
            if let Logged::Concealed(event) = &mut stored {
                event.properties = later.properties;
            }
        }
    }
}
