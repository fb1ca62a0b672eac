//! Every edition with every provider, on the bytes that a server got.
use crate::rig::{Rig, map};
use cognobserve_model::id::DeveloperId;
use cognobserve_servers::outlet::{Outlet, Received, taken};
use cognobserve_telemetry::edition::{Edition, Provider};
use cognobserve_telemetry::event::EndUserId;
use serde_json::{Value, json};
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

/// The event of the seed's example, with what must not leave planted beside.
async fn tell(edition: Edition, provider: Provider) -> (Rig, Value, String) {
    let rig = Rig::new(edition);
    let outlet = Outlet::open(|_| taken());
    let running = rig.serve("a", &[(provider, &outlet.url)]);
    let telemetry = rig.track_in();
    let given = map(json!({
        "type": "text", "has_metadata": true, "user_email": "zoe@acme.example", "auth": "sk-proj-Qu1llQu1ll",
        "developer_id": "dev_evil", "end_user_id": "mallory",
    }));
    let before = given.clone();
    let (user, developer) = (EndUserId::new("user_1234"), DeveloperId::new("dev_abc123"));
    telemetry.track("memory_created", &given, Some(user), Some(developer));
    assert_eq!(given, before);
    let progress = rig.settled(provider, 1).await;
    assert_eq!(progress.sent, 1);
    let received = outlet.received();
    assert_eq!(received.len(), 1);
    let path = match provider {
        Provider::Amplitude => "/batch",
        Provider::Posthog => "/batch/",
        Provider::Proxy => "/v1/telemetry/events",
    };
    assert_eq!(received[0].path, path);
    assert_eq!(received[0].is_packed, provider == Provider::Posthog);
    running.shutdown(crate::rig::PATIENCE).await;
    let body = received[0].body.clone();
    (rig, received[0].events()[0].clone(), body)
}

#[tokio::test]
async fn the_cloud_tells_amplitude_who_and_nobody_else() {
    for provider in Provider::ALL {
        let (rig, event, body) = tell(Edition::Cloud, provider).await;
        assert!(
            !body.contains("zoe@") && !body.contains("sk-proj") && !body.contains("evil"),
            "{body}"
        );
        if provider == Provider::Amplitude {
            assert_eq!(event["user_id"], "dev_abc123");
            assert_eq!(
                event["event_properties"],
                json!({
                    "type": "text", "has_metadata": true, "end_user_id": "user_1234", "developer_id": "dev_abc123",
                    "email": "developer@company.com",
                })
            );
        } else {
            check_concealed(&rig, &event, &body, provider, "cloud");
        }
        let looked_up = rig.accounts.0.load(Relaxed);
        assert_eq!(looked_up > 0, provider == Provider::Amplitude);
    }
}

#[tokio::test]
async fn the_open_source_edition_tells_nobody_who() {
    for provider in Provider::ALL {
        let (rig, event, body) = tell(Edition::OpenSource, provider).await;
        check_concealed(&rig, &event, &body, provider, "opensource");
        assert_eq!(rig.accounts.0.load(Relaxed), 0);
        // Nor does the log know.
        let stored = format!("{:?}", rig.memory.events());
        assert!(
            !stored.contains("user_1234")
                && !stored.contains("dev_abc123")
                && !stored.contains("zoe@")
        );
    }
}

/// Failures leave as kinds and times as buckets, in every edition.
#[tokio::test]
async fn failures_and_times_are_told_by_kind_and_bucket() {
    for edition in [Edition::Cloud, Edition::OpenSource] {
        let rig = Rig::new(edition);
        let outlet = Outlet::open(|_| taken());
        let running = rig.serve("a", &[(Provider::Amplitude, &outlet.url)]);
        let telemetry = rig.track_in();
        telemetry.track_error("timeout", None, None);
        telemetry.track_performance("search", Duration::from_millis(120), None, None);
        rig.settled(Provider::Amplitude, 2).await;
        running.shutdown(crate::rig::PATIENCE).await;
        let received = outlet.received();
        let told: Vec<Value> = received.iter().flat_map(Received::events).collect();
        let properties = |at: usize, key: &str| told[at]["event_properties"][key].clone();
        assert_eq!(told[0]["event_type"], "error");
        assert_eq!(properties(0, "error_kind"), "timeout");
        assert_eq!(properties(0, "status"), "error");
        assert_eq!(told[1]["event_type"], "performance");
        assert_eq!(properties(1, "feature"), "search");
        assert_eq!(properties(1, "duration_bucket"), "<500ms");
    }
}

fn check_concealed(rig: &Rig, event: &Value, body: &str, provider: Provider, edition: &str) {
    let (id, properties) = match provider {
        Provider::Amplitude => (&event["user_id"], &event["event_properties"]),
        Provider::Posthog => (&event["distinct_id"], &event["properties"]),
        Provider::Proxy => (&event["user_id"], &event["properties"]),
    };
    let pseudonyms = &rig.installation.pseudonyms;
    assert_eq!(*id, pseudonyms.of_end_user(&EndUserId::new("user_1234")));
    let mut expected = json!({"type": "text", "has_metadata": true, "edition": edition, "os": "linux", "version": "1.0.0"});
    if provider == Provider::Posthog {
        expected["$geoip_disable"] = json!(true);
        expected["$process_person_profile"] = json!(false);
    }
    assert_eq!(properties, &expected);
    for word in [
        "1234",
        "abc123",
        "company",
        "developer",
        "mallory",
        "zoe",
        "sk-proj",
    ] {
        assert!(!body.contains(word), "{word} in {body}");
    }
}
