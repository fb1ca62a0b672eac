//! Every edition with every provider, and what hostile properties leave, on the bytes that would be sent.
use super::*;
use crate::anonymise::AllowList;
use crate::edition::Edition;
use crate::event::{DeveloperProfile, EndUserId};
use crate::pseudonym::Pseudonyms;
use cognobserve_model::id::DeveloperId;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};
use uuid::Uuid;

const NOW: Micros = Micros(1_767_225_600_123_456);

fn installation(edition: Edition, secret: u8) -> Installation {
    Installation {
        edition,
        version: "1.0.0".to_owned(),
        os: "linux".to_owned(),
        allowed: AllowList::default(),
        pseudonyms: Pseudonyms::new(&[secret; 32], Uuid::from_u128(9)),
    }
}

fn sink(provider: Provider) -> Sink {
    Sink {
        provider,
        base_url: "https://sink.example".to_owned(),
        key: "key-7".to_owned(),
    }
}

fn map(value: Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

/// The event of the seed's examples.
fn memory_created() -> Event {
    Event {
        id: Uuid::from_u128(7),
        name: "memory_created".to_owned(),
        properties: map(json!({"type": "text", "has_metadata": true})),
        end_user: Some(EndUserId::new("user_1234")),
        developer: Some(DeveloperId::new("dev_abc123")),
        profile: DeveloperProfile {
            email: Some("developer@company.com".to_owned()),
            country: Some("US".to_owned()),
            client_type: Some("api".to_owned()),
        },
        session: Some("ses_0123456789abcdef".to_owned()),
        at: NOW,
    }
}

/// The one event in a body, whichever provider's it is.
fn sent(event: &Event, provider: Provider, edition: Edition) -> (Value, String) {
    let body = write_request(
        std::slice::from_ref(event),
        &sink(provider),
        &installation(edition, 1),
        NOW,
    );
    let text = String::from_utf8(body).unwrap();
    let body: Value = serde_json::from_str(&text).unwrap();
    let events = if provider == Provider::Posthog {
        &body["batch"]
    } else {
        &body["events"]
    };
    assert_eq!(events.as_array().map(Vec::len), Some(1));
    (events[0].clone(), text)
}

#[test]
fn the_cloud_tells_amplitude_the_developer_and_their_end_user() {
    let (event, _) = sent(&memory_created(), Provider::Amplitude, Edition::Cloud);
    assert_eq!(
        event,
        json!({
            "user_id": "dev_abc123", "event_type": "memory_created", "time": 1_767_225_600_123_i64,
            "insert_id": "00000000-0000-0000-0000-000000000007",
            "event_properties": {
                "end_user_id": "user_1234", "developer_id": "dev_abc123", "type": "text", "has_metadata": true,
                "email": "developer@company.com", "country": "US", "client_type": "api",
            },
        })
    );
}

#[test]
fn every_other_pair_is_told_a_pseudonym_and_nothing_of_anybody() {
    let pairs = [
        (Edition::Cloud, Provider::Posthog),
        (Edition::Cloud, Provider::Proxy),
        (Edition::OpenSource, Provider::Amplitude),
        (Edition::OpenSource, Provider::Posthog),
        (Edition::OpenSource, Provider::Proxy),
    ];
    for (edition, provider) in pairs {
        let (event, text) = sent(&memory_created(), provider, edition);
        let (id, properties) = match provider {
            Provider::Amplitude => (&event["user_id"], &event["event_properties"]),
            Provider::Posthog => (&event["distinct_id"], &event["properties"]),
            Provider::Proxy => (&event["user_id"], &event["properties"]),
        };
        let pseudonym = installation(edition, 1)
            .pseudonyms
            .of_end_user(&EndUserId::new("user_1234"));
        assert_eq!(id, &json!(pseudonym));
        let mut expected = json!({"type": "text", "has_metadata": true, "edition": edition.as_str(), "os": "linux", "version": "1.0.0"});
        if provider == Provider::Posthog {
            expected["$geoip_disable"] = json!(true);
            expected["$process_person_profile"] = json!(false);
        }
        assert_eq!(properties, &expected, "{edition:?} {provider:?}");
        for word in ["user_1234", "abc123", "company", "developer", "US", "ses_"] {
            assert!(
                !text.contains(word),
                "{edition:?} {provider:?}: {word} in {text}"
            );
        }
    }
}

#[test]
fn whoever_is_not_named_is_the_next_who_is() {
    let of = |end_user: bool, developer: bool, provider, edition| {
        let mut event = memory_created();
        event.end_user = event.end_user.filter(|_| end_user);
        event.developer = event.developer.filter(|_| developer);
        let (event, _) = sent(&event, provider, edition);
        event
    };
    let cloud = |end_user, developer| of(end_user, developer, Provider::Amplitude, Edition::Cloud);
    let alone = cloud(false, true);
    assert_eq!(alone["user_id"], "dev_abc123");
    assert_eq!(alone["event_properties"]["developer_id"], "dev_abc123");
    assert!(alone["event_properties"].get("end_user_id").is_none());
    let orphan = cloud(true, false);
    assert_eq!(orphan["user_id"], "user_1234");
    assert!(orphan["event_properties"].get("end_user_id").is_none());
    let pseudonyms = installation(Edition::OpenSource, 1).pseudonyms;
    assert_eq!(cloud(false, false)["user_id"], pseudonyms.anonymous());
    let open = |end_user, developer| {
        of(end_user, developer, Provider::Posthog, Edition::OpenSource)["distinct_id"].clone()
    };
    let developer = DeveloperId::new("dev_abc123");
    assert_eq!(
        open(false, true),
        json!(pseudonyms.of_developer(&developer))
    );
    assert_eq!(open(false, false), json!(pseudonyms.anonymous()));
}

#[test]
fn what_is_ours_cannot_be_put_there_by_others() {
    let mut event = memory_created();
    event.properties = map(json!({
        "developer_id": "dev_evil", "end_user_id": "mallory", "email": "mallory", "country": "XX", "edition": "cloud", "os": "x", "version": "0",
    }));
    let (cloud, _) = sent(&event, Provider::Amplitude, Edition::Cloud);
    assert_eq!(cloud["event_properties"]["developer_id"], "dev_abc123");
    assert_eq!(cloud["event_properties"]["end_user_id"], "user_1234");
    assert_eq!(cloud["event_properties"]["email"], "developer@company.com");
    assert_eq!(cloud["event_properties"]["country"], "US");
    let (open, text) = sent(&event, Provider::Posthog, Edition::OpenSource);
    for (key, ours) in [
        ("edition", "opensource"),
        ("os", "linux"),
        ("version", "1.0.0"),
    ] {
        assert_eq!(open["properties"][key], ours, "{key}");
    }
    assert!(
        !text.contains("mallory") && !text.contains("dev_evil"),
        "{text}"
    );
    event.developer = None;
    let (orphan, text) = sent(&event, Provider::Amplitude, Edition::Cloud);
    assert!(
        orphan["event_properties"].get("developer_id").is_none(),
        "{text}"
    );
    assert!(!text.contains("dev_evil"), "{text}");
    let end_user = orphan["event_properties"].get("end_user_id");
    assert!(end_user.is_none(), "{text}");
}

/// What no list knows leaves the cloud as it was given; nowhere else does it leave.
#[test]
fn the_cloud_sends_properties_that_are_on_no_list() {
    let mut event = memory_created();
    event.properties = map(json!({"plan": "gold", "deep": {"kinds": ["a", 1.5, null]}}));
    let (cloud, _) = sent(&event, Provider::Amplitude, Edition::Cloud);
    for (key, value) in &event.properties {
        assert_eq!(cloud["event_properties"][key], *value, "{key}");
    }
    let (open, text) = sent(&event, Provider::Amplitude, Edition::OpenSource);
    let mut left: Vec<&String> = open["event_properties"]
        .as_object()
        .unwrap()
        .keys()
        .collect();
    left.sort();
    assert_eq!(left, ["edition", "os", "version"], "{text}");
}

#[test]
fn one_person_twice_has_two_names() {
    let mut event = memory_created();
    event.end_user = Some(EndUserId::new("same"));
    event.developer = Some(DeveloperId::new("same"));
    let both = sent(&event, Provider::Posthog, Edition::OpenSource).0["distinct_id"].clone();
    event.end_user = None;
    let developer = sent(&event, Provider::Posthog, Edition::OpenSource).0["distinct_id"].clone();
    assert_ne!(both, developer);
}

/// What must never leave; each is unlike any word that the product itself sends.
const PLANTED: [&str; 14] = [
    "zoe.quill@acme-corp.example",
    "+49 89 5550 1234",
    "(415) 555-0199",
    "Zoe Quill",
    "quillzoe",
    "sk-proj-Qu1llQu1llQu1ll",
    "co_sk_QuillQuill12",
    "eyJhbGciOiJIUzI1NiJ9.cXVpbGw",
    "/srv/zquill/notes.txt",
    "C:\\Users\\ZQuill",
    "https://acme-corp.example/u/zquill",
    "203.0.113.77",
    "2001:db8::5a0e",
    "17 Quill Street",
];
const KEYS: [&str; 14] = [
    "type",
    "has_metadata",
    "total_tokens",
    "model",
    "status",
    "feature",
    "client_type",
    "edition",
    "os",
    "metadata",
    "query",
    "user_name",
    "content",
    "duration_bucket",
];

fn leaf() -> impl Strategy<Value = Value> {
    prop_oneof![
        select(&PLANTED[..]).prop_map(Value::from),
        (select(&PLANTED[..]), "[a-z ]{0,8}", "[a-z ]{0,8}")
            .prop_map(|(word, before, after)| Value::from(format!("{before}{word}{after}"))),
        any::<bool>().prop_map(Value::from),
        (0..2_000_u32).prop_map(Value::from),
        Just(Value::Null),
        Just(Value::from("text")),
    ]
}

fn key() -> impl Strategy<Value = String> {
    prop_oneof![
        select(&KEYS[..]).prop_map(str::to_owned),
        select(&PLANTED[..]).prop_map(str::to_owned)
    ]
}

fn hostile() -> impl Strategy<Value = Map<String, Value>> {
    let value = leaf().prop_recursive(3, 24, 6, |inner| {
        let members = prop::collection::vec((key(), inner.clone()), 0..5);
        prop_oneof![
            prop::collection::vec(inner, 0..5).prop_map(Value::from),
            members.prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    });
    prop::collection::vec((key(), value), 0..10).prop_map(|members| members.into_iter().collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn nothing_planted_leaves_the_open_source_edition(properties in hostile(), session in select(&PLANTED[..]), planted_ids in any::<bool>()) {
        let mut event = memory_created();
        event.properties = properties;
        event.properties.insert("total_tokens".to_owned(), json!(1500));
        event.properties.insert("has_metadata".to_owned(), json!(true));
        event.properties.insert("type".to_owned(), json!("text"));
        event.session = Some(session.to_owned());
        if planted_ids {
            event.end_user = Some(EndUserId::new(PLANTED[0]));
            event.developer = Some(DeveloperId::new(PLANTED[4]));
        }
        let before = event.clone();
        for provider in Provider::ALL {
            let (sent, text) = sent(&event, provider, Edition::OpenSource);
            for word in PLANTED {
                let escaped = serde_json::to_string(word).unwrap();
                prop_assert!(!text.contains(word) && !text.contains(escaped.trim_matches('"')), "{}", text);
            }
            let properties = if provider == Provider::Amplitude { &sent["event_properties"] } else { &sent["properties"] };
            prop_assert_eq!(&properties["total_tokens"], 1500);
            prop_assert_eq!(&properties["has_metadata"], true);
            prop_assert_eq!(&properties["type"], "text");
        }
        prop_assert_eq!(event, before);
    }

    #[test]
    fn no_secret_and_no_email_leaves_the_cloud(properties in hostile()) {
        let mut event = memory_created();
        event.properties = properties;
        let (_, text) = sent(&event, Provider::Amplitude, Edition::Cloud);
        for word in [PLANTED[0], PLANTED[5], PLANTED[6], PLANTED[7]] {
            prop_assert!(!text.contains(word), "{}", text);
        }
    }

    #[test]
    fn an_installation_keeps_its_names_and_shares_none(id in "[a-z0-9_]{1,20}") {
        let mut event = memory_created();
        event.end_user = Some(EndUserId::new(id));
        let name = |secret| {
            let body = write_request(std::slice::from_ref(&event), &sink(Provider::Posthog), &installation(Edition::OpenSource, secret), NOW);
            let body: Value = serde_json::from_slice(&body).unwrap();
            body["batch"][0]["distinct_id"].clone()
        };
        prop_assert_eq!(name(1), name(1));
        prop_assert_ne!(name(1), name(2));
    }
}
