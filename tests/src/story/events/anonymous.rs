//! The open-source edition: sums can be asked for, people not, and nothing in the store names anybody.
use super::send;
use crate::harness::Server;
use serde_json::{Value, json};

/// A user-level question has no answer.
#[test]
fn nobody_can_be_asked_for() {
    let server = Server::start();
    let client = server.client();
    send(
        &client,
        json!([{"event": "memory_created", "user_id": "ann", "properties": {"type": "text"}}]),
    );
    let me = client.read("/v1/me");
    let developer = me["developerId"].as_str().unwrap();
    for path in [
        "/v1/events".to_owned(),
        format!("/v1/events?developerId={developer}"),
        "/v1/events/count?groupBy=endUser".to_owned(),
        "/v1/events/count?groupBy=developer".to_owned(),
        format!("/v1/events/count?developerId={developer}"),
        "/v1/events/count?endUserId=usr_1".to_owned(),
        "/v1/developers".to_owned(),
        format!("/v1/developers/{developer}"),
        format!("/v1/developers/{developer}/retention"),
    ] {
        client.get(&path).expect_problem(403, "anonymous_edition");
    }
}

#[test]
fn sums_can() {
    let server = Server::start();
    let client = server.client();
    let memory = |kind: &str| json!({"event": "memory_created", "user_id": "ann", "properties": {"type": kind, "total_tokens": 7}});
    send(
        &client,
        json!([memory("text"), memory("text"), memory("image"), {"event": "Search for Ann!"}]),
    );
    let rows = |group: &str| -> Value {
        client.read(&format!("/v1/events/count?groupBy={group}"))["rows"].clone()
    };
    assert_eq!(
        rows("event"),
        json!([{"key": "memory_created", "count": 3}, {"key": "other", "count": 1}])
    );
    assert_eq!(
        rows("property.edition"),
        json!([{"key": "opensource", "count": 4}])
    );
    assert_eq!(
        rows("property.os"),
        json!([{"key": std::env::consts::OS, "count": 4}])
    );
    assert_eq!(
        rows("property.total_tokens"),
        json!([{"key": "7", "count": 3}, {"key": null, "count": 1}])
    );
    assert_eq!(client.read("/v1/events/count")["total"], 4);
    assert_eq!(client.read("/v1/telemetry/status")["edition"], "opensource");
}

/// What is not on the list is not even stored.
#[test]
fn what_names_somebody_is_not_stored() {
    let server = Server::start();
    let client = server.client();
    let properties =
        json!({"type": "text", "user_name": "zebra7731", "plan": "zebra7731@acme.com"});
    send(
        &client,
        json!([{"event": "e", "user_id": "u", "session_id": "zebra7731", "properties": properties}]),
    );
    let rows = |key: &str| -> Value {
        client.read(&format!("/v1/events/count?groupBy=property.{key}"))["rows"].clone()
    };
    assert_eq!(rows("type"), json!([{"key": "text", "count": 1}]));
    for key in ["user_name", "plan", "developer_id", "end_user_id"] {
        assert_eq!(rows(key), json!([{"key": null, "count": 1}]), "{key}");
    }
}
