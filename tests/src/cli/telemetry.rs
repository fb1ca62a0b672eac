//! `telemetry`: an event is explained as the door takes it, and what is said of a switch and of choices is so.
use crate::harness::Server;
use crate::harness::command::Printed;
use serde_json::{Value, json};

/// Of the command: a cloud with one provider.
const CLOUD: [(&str, &str); 4] = [
    ("COGNOBSERVE_EDITION", "cloud"),
    ("TELEMETRY_PROVIDER", "amplitude"),
    ("COGNOBSERVE_AMPLITUDE_API_KEY", "key-7"),
    ("COGNOBSERVE_AMPLITUDE_URL", "http://127.0.0.1:9"),
];

fn explain(server: &Server, event: &Value, more: &[&str]) -> Printed {
    let file = server.home().join("event.json");
    std::fs::write(&file, event.to_string()).unwrap();
    let args = ["telemetry", "explain", file.to_str().unwrap()];
    server.run_with(&[&args, more].concat(), &CLOUD)
}

/// The event in the only provider's body.
fn read_told(printed: Printed) -> Value {
    let told = printed.expect_success().json();
    let body = told[0]["body"].as_str().unwrap();
    serde_json::from_str::<Value>(body).unwrap()["events"][0].clone()
}

#[test]
fn an_event_is_explained_as_the_door_takes_it() {
    let server = Server::start_cloud();
    let client = server.client();
    client
        .post("/v1/events", &json!({"event": "a", "user_id": 4711}))
        .expect(202);
    let known = client.read("/v1/users/by-external-id/4711")["id"].clone();
    let at = 1_790_000_000_123_u64;
    let older = json!({
        "event": " memory_created ", "user_id": "undefined", "session_id": "unknown", "timestamp": at, "event_id": 12,
        "source": "a further field", "properties": {"type": "text", "external_user_id": 4711},
    });
    let printed = explain(&server, &older, &["--json", "--client-type", "python"]);
    for warning in ["user_id: not a usable id", "session_id: "] {
        assert!(printed.err.contains(warning), "{}", printed.err);
    }
    assert!(!printed.out.contains("external_user_id"), "{}", printed.out);
    let told = read_told(printed);
    assert_eq!(
        (&told["event_type"], &told["time"]),
        (&json!("memory_created"), &json!(at))
    );
    let properties = &told["event_properties"];
    assert_eq!(
        (&properties["end_user_id"], &properties["type"]),
        (&known, &json!("text"))
    );
    assert_eq!(properties["client_type"], "python");
    // Somebody new, by a text: no trace of what the developer calls them.
    let newer = json!({"event": "x", "properties": {"external_user_id": "zebra7731"}});
    let printed = explain(&server, &newer, &[]).expect_success();
    assert!(
        printed.out.contains("usr_0000000000000000"),
        "{}",
        printed.out
    );
    assert!(!printed.out.contains("zebra7731") && !printed.out.contains("client_type"));
    client.get("/v1/users/by-external-id/zebra7731").expect(404);
}

#[test]
fn what_the_door_refuses_is_refused_for_its_reason() {
    let server = Server::start_cloud();
    for event in [
        json!({"event": " "}),
        json!({"event": "x", "properties": []}),
        json!({"event": "x", "user_id": {}}),
        json!({"event": "x", "event_id": []}),
        json!([]),
    ] {
        let refused = server.client().post("/v1/events", &event).expect(400);
        let reason = refused.json()["detail"].as_str().unwrap().to_owned();
        let printed = explain(&server, &event, &[]).expect_failure();
        assert!(printed.err.contains(&reason), "{reason}: {}", printed.err);
        assert_eq!(printed.out, "");
    }
}

#[test]
fn a_switch_that_is_off_is_not_called_on() {
    let server = Server::start();
    let me = server.client().read("/v1/me");
    let choose = |word: &str, settings: &[(&str, &str)]| {
        let printed = server.run_with(&["telemetry", word, "--json"], settings);
        let mut told = printed.expect_success().json();
        assert!(told["workspace"].is_string());
        told.as_object_mut().unwrap().remove("workspace");
        told
    };
    let untracked = [("DO_NOT_TRACK", "1")];
    let said = |enabled: bool, out: bool, by: Option<&str>| json!({"enabled": enabled, "optedOut": out, "switchedOffBy": by});
    let by = Some("environment DO_NOT_TRACK");
    assert_eq!(choose("disable", &[]), said(false, true, None));
    assert_eq!(choose("disable", &untracked), said(false, true, by));
    assert_eq!(choose("enable", &untracked), said(false, false, by));
    assert_eq!(choose("enable", &[]), said(true, false, None));
    let off = [("TELEMETRY_ENABLED", "0")];
    let printed = server.run_with(&["telemetry", "enable"], &off);
    let text = printed.expect_success().out;
    assert!(text.contains("none of its events are captured"), "{text}");
    assert!(text.contains("TELEMETRY_ENABLED"), "{text}");
    let text = server.run(&["telemetry", "enable"]).expect_success().out;
    assert!(
        text.contains("are captured") && !text.contains("none"),
        "{text}"
    );
    assert_eq!(server.client().read("/v1/me"), me);
}

#[test]
fn the_status_says_who_has_opted_out_and_where_settings_come_from() {
    let server = Server::start();
    let read = |settings: &[(&str, &str)]| {
        let printed = server.run_with(&["telemetry", "status", "--json"], settings);
        printed.expect_success().json()
    };
    let none = read(&[]);
    assert_eq!(
        (&none["optedOut"], &none["moreOptedOut"]),
        (&json!([]), &json!(false))
    );
    assert_eq!(none["origins"]["edition"], "default");
    let create = |name: &str, workspace: &str| {
        let args = ["projects", "create", name, "--workspace", workspace];
        server.run(&args).expect_success();
    };
    create("one", "zoo");
    create("two", "zoo");
    create("three", "acme");
    create("four", "others");
    for project in ["one", "three"] {
        let args = ["telemetry", "disable", "--project", project];
        server.run(&args).expect_success();
    }
    let told = read(&CLOUD);
    assert_eq!(told["optedOut"], json!(["acme", "zoo"]));
    let origins = json!({
        "enabled": "default", "edition": "environment COGNOBSERVE_EDITION", "providers": "environment TELEMETRY_PROVIDER",
    });
    assert_eq!(told["origins"], origins);
    let text = server.run_with(&["telemetry", "status"], &CLOUD);
    let text = text.expect_success().out;
    for part in [
        "opted out: acme, zoo",
        "not asked of the server",
        "edition by environment COGNOBSERVE_EDITION",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
}
