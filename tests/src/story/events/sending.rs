//! From the request to the bytes that a provider gets, and who says no on the way.
use super::{find_developer, find_user, send};
use crate::harness::outlet::Outlet;
use crate::harness::person::Person;
use crate::harness::wait::wait_until;
use crate::harness::{Server, Setup};
use cognobserve_servers::outlet::Received;
use serde_json::{Value, json};
use std::time::Duration;

fn start(edition: &str, outlet: &Outlet) -> Server {
    Setup::new()
        .setting("COGNOBSERVE_EDITION", edition)
        .setting("COGNOBSERVE_LOG_FILTER", "info,cognobserve_telemetry=debug")
        .setting("TELEMETRY_PROVIDER", "amplitude")
        .setting("COGNOBSERVE_AMPLITUDE_API_KEY", "key-7")
        .setting("COGNOBSERVE_AMPLITUDE_URL", &outlet.url)
        .start()
}

fn memory() -> Value {
    json!([{"event": "memory_created", "user_id": "alice", "event_id": "m-1",
            "properties": {"type": "text", "has_metadata": true, "user_email": "alice@acme.example"}}])
}

/// What the command says of the provider.
fn read_books(server: &Server) -> Value {
    let status = server.run(&["telemetry", "status", "--json"]);
    let status = status.expect_success().json();
    let mut sinks = status["sinks"].as_array().unwrap().iter();
    let sink = sinks.find(|sink| sink["provider"] == "amplitude");
    sink.cloned().unwrap_or_default()
}

#[test]
fn the_cloud_tells_the_developer_and_their_end_user() {
    let outlet = Outlet::open();
    let server = start("cloud", &outlet);
    let client = server.client();
    send(&client, memory());
    let event = outlet.wait_for(1)[0].clone();
    let (developer, user) = (find_developer(&server), find_user(&client, "alice"));
    assert_eq!(
        (&event["user_id"], &event["event_type"]),
        (&json!(developer), &json!("memory_created"))
    );
    let properties = json!({"type": "text", "has_metadata": true, "end_user_id": user, "developer_id": developer});
    assert_eq!(event["event_properties"], properties);
    let sent = wait_until(Duration::from_secs(10), || {
        let books = read_books(&server);
        (books["sent"] == 1 && books["waiting"] == 0).then_some(())
    });
    assert!(sent.is_some(), "{}", read_books(&server));
    // The log shows what leaves, not what was captured.
    let log = server.read_log();
    let mut shown = log.lines().filter(|line| line.contains("memory_created"));
    let line = shown.next().unwrap_or_default();
    assert!(line.contains("cloud") && line.contains(&developer), "{log}");
    assert!(!log.contains("alice"), "{log}");
    let status = client.read("/v1/telemetry/status");
    assert_eq!(
        (&status["edition"], &status["provider"]),
        (&json!("cloud"), &json!("amplitude"))
    );
    let metrics = client.get("/metrics").expect(200).text();
    for line in [
        "cognobserve_ingest_events_total 1",
        r#"cognobserve_telemetry_sent_total{provider="amplitude"} 1"#,
        r#"cognobserve_telemetry_dropped_total{provider="amplitude",reason="invalid"} 0"#,
    ] {
        assert!(
            metrics.lines().any(|found| found == line),
            "{line} in {metrics}"
        );
    }
}

#[test]
fn the_open_source_edition_tells_nobody_who_and_the_same_after_a_restart() {
    let outlet = Outlet::open();
    let mut server = start("opensource", &outlet);
    send(&server.client(), memory());
    outlet.wait_for(1);
    server.stop();
    server.start_again();
    let mut again = memory();
    again[0]["event_id"] = json!("m-2");
    send(&server.client(), again);
    let events = outlet.wait_for(2);
    assert_eq!(events[0]["user_id"], events[1]["user_id"]);
    assert_ne!(events[0]["insert_id"], events[1]["insert_id"]);
    let name = events[0]["user_id"].as_str().unwrap();
    assert!(name.starts_with("sha256:") && name.len() == 71, "{name}");
    let version = env!("CARGO_PKG_VERSION");
    let properties = json!({"type": "text", "has_metadata": true, "edition": "opensource", "os": std::env::consts::OS, "version": version});
    assert_eq!(events[0]["event_properties"], properties);
    for Received { body, .. } in outlet.received() {
        for word in ["alice", "usr_", "dev_", "m-1", "default"] {
            assert!(!body.contains(word), "{word} in {body}");
        }
    }
    // The log shows what leaves, and no more.
    let log = server.read_log();
    let shown = log.lines().filter(|line| line.contains("memory_created"));
    let shown: Vec<&str> = shown.collect();
    assert!(!shown.is_empty(), "{log}");
    for line in shown {
        assert!(line.contains("opensource") && line.contains(name), "{line}");
        assert!(!line.contains("alice") && !line.contains("usr_"), "{line}");
    }
}

#[test]
fn a_developer_who_opts_out_is_not_told_of_and_it_is_written_down() {
    let outlet = Outlet::open();
    outlet.answer(503);
    let server = start("cloud", &outlet);
    let mut owner = Person::set_up(&server);
    let client = server.client();
    send(&client, memory());
    let tried = wait_until(Duration::from_secs(20), || {
        (!outlet.received().is_empty()).then_some(())
    });
    assert!(tried.is_some());
    server.run(&["telemetry", "disable"]).expect_success();
    let answer = client.post("/v1/events", &json!({"event": "search", "user_id": "bob"}));
    let result = answer.expect(202).json()["results"][0].clone();
    assert_eq!(
        (&result["success"], &result["stored"]),
        (&json!(true), &json!(false))
    );
    assert_eq!(result["warnings"][0]["code"], "opted_out");
    client.get("/v1/users/by-external-id/bob").expect(404);
    let status = client.read("/v1/telemetry/status");
    assert_eq!(
        (&status["enabled"], &status["optedOut"]),
        (&json!(false), &json!(true))
    );
    let dropped = wait_until(Duration::from_secs(30), || {
        let dropped = read_books(&server)["dropped"]["opted_out"].clone();
        (dropped == 1).then_some(())
    });
    assert!(dropped.is_some(), "{}", read_books(&server));
    server.run(&["telemetry", "enable"]).expect_success();
    send(&client, json!([{"event": "search", "user_id": "bob"}]));
    let me = client.read("/v1/me");
    let audit = format!("/audit?projectId={}", me["project"]["id"].as_str().unwrap());
    let audit = owner.open(&audit).expect(200).text();
    for action in ["telemetry.disable", "telemetry.enable"] {
        assert!(audit.contains(action), "{action}");
    }
}

#[test]
fn who_is_erased_leaves_no_event() {
    for edition in ["cloud", "opensource"] {
        let server = Setup::new().setting("COGNOBSERVE_EDITION", edition).start();
        let client = server.client();
        let events = json!([
            {"event": "a", "user_id": "ann"}, {"event": "b", "user_id": "ann"}, {"event": "c", "user_id": "bob"}, {"event": "d"},
        ]);
        send(&client, events);
        let ann = find_user(&client, "ann");
        client
            .delete(&format!("/v1/users/{ann}?mode=erase"))
            .expect(200);
        let counts = client.read("/v1/events/count?groupBy=event");
        let left = json!([{"key": "c", "count": 1}, {"key": "d", "count": 1}]);
        assert_eq!(counts["rows"], left, "{edition}");
        // What comes later is counted, and says nothing.
        send(
            &client,
            json!([{"event": "later", "user_id": "ann", "properties": {"type": "text"}}]),
        );
        let kinds = client.read("/v1/events/count?event=later&groupBy=property.type");
        assert_eq!(kinds["rows"], json!([{"key": null, "count": 1}]));
        if edition == "cloud" {
            let later = client.read("/v1/events?event=later")["items"][0].clone();
            assert_eq!(later["endUserId"], json!(null));
        }
    }
}
