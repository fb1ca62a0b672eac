//! `POST /v1/events`: what is taken, refused, kept back and made of it.
use super::{find_developer, find_user, read_names, send};
use crate::harness::openapi::{FIRST_PROJECT, make_key, make_project_of};
use crate::harness::person::Person;
use crate::harness::sample::{trace, with};
use crate::harness::wait::wait_until;
use crate::harness::{Client, Server, Setup};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use std::io::Write;
use std::time::Duration;

fn post(client: &Client, body: &Value) -> Value {
    client.post("/v1/events", body).expect(202).json()
}

#[test]
fn one_event_names_its_developer_and_its_end_user() {
    let server = Server::start_cloud();
    let client = server.client();
    let session = with(trace("t", "alice"), json!({"session_id": "chat"}));
    client.post("/v1/traces", &session).expect(202);
    // Until the trace is booked there is no session.
    client.read("/v1/traces/t");
    let event = json!({
        "event": "memory_created", "properties": {"type": "text", "n": 1.50}, "user_id": " alice ", "session_id": "chat",
        "timestamp": "2026-11-01T10:00:00Z", "event_id": "e-1",
    });
    let headers = [
        ("content-type", "application/json"),
        ("x-cognobserve-client", "python"),
    ];
    let answer = client.send("POST", "/v1/events", &headers, event.to_string().as_bytes());
    let answer = answer.expect(202).json();
    let expected = json!({
        "results": [{"event_id": "e-1", "success": true, "stored": true, "warnings": []}], "success_count": 1, "error_count": 0,
    });
    assert_eq!(answer, expected);
    let list = client.read("/v1/events");
    let stored = &list["items"][0];
    assert_eq!(stored["event"], "memory_created");
    assert_eq!(stored["developerId"], find_developer(&server));
    assert_eq!(stored["endUserId"], find_user(&client, "alice"));
    assert_eq!(stored["properties"], json!({"type": "text", "n": 1.5}));
    assert_eq!(stored["timestamp"], "2026-11-01T10:00:00.000000Z");
    assert_eq!(stored["clientType"], "python");
    let session = stored["sessionId"].as_str().unwrap();
    assert!(session.starts_with("ses_"), "{stored}");
    client.read(&format!("/v1/sessions/{session}"));
    // The client's own id of it is not kept.
    assert!(!list.to_string().contains("e-1"), "{list}");
}

/// A program tells both at once, and the event often comes first.
#[test]
fn an_event_that_comes_before_its_session_is_linked() {
    let server = Server::start_cloud();
    let client = server.client();
    let event = |session: &str| json!({"event": "e", "session_id": session, "user_id": "alice"});
    let told = post(&client, &json!({"events": [event("chat"), event("never")]}));
    let code = &told["results"][0]["warnings"][0]["code"];
    assert_eq!(code, "unknown_session", "{told}");
    let trace = with(trace("t", "alice"), json!({"session_id": "chat"}));
    client.post("/v1/traces", &trace).expect(202);
    let sessions = client.read("/v1/sessions");
    let linked = wait_until(Duration::from_secs(20), || {
        let list = client.read("/v1/events");
        let all = list["items"].as_array().unwrap().iter();
        let found: Vec<Value> = all.map(|it| it["sessionId"].clone()).collect();
        found.contains(&sessions["items"][0]["id"]).then_some(found)
    });
    let linked = linked.expect("the event has its session");
    assert!(linked.contains(&Value::Null), "{linked:?}");
}

#[test]
fn what_comes_again_is_stored_once() {
    let server = Server::start_cloud();
    let client = server.client();
    let event = |n: u32| json!({"event": format!("e{n}"), "event_id": "same"});
    for n in [1, 2] {
        let body = json!({"events": [event(n), {"event": "new"}]});
        let results = post(&client, &body);
        assert_eq!(results["success_count"], 2);
    }
    let batch = json!({"events": [{"event": "a"}, {"event": "b"}]}).to_string();
    let key = [
        ("content-type", "application/json"),
        ("idempotency-key", "k-1"),
    ];
    for _ in 0..2 {
        let answer = client.send("POST", "/v1/events", &key, batch.as_bytes());
        answer.expect(202);
    }
    let counts = client.read("/v1/events/count?groupBy=event");
    let expected = json!([
        {"key": "new", "count": 2}, {"key": "a", "count": 1}, {"key": "b", "count": 1}, {"key": "e1", "count": 1},
    ]);
    assert_eq!(counts["rows"], expected);
}

#[test]
fn a_bad_event_fails_alone_and_a_bad_request_as_a_whole() {
    let server = Server::start_cloud();
    let client = server.client();
    let long = "x".repeat(300);
    let body = json!({"events": [
        {"event": "good", "user_id": "undefined", "session_id": "nowhere"}, {"event": ""}, {"event": "e", "user_id": long}, 7,
    ]});
    let answer = post(&client, &body);
    assert_eq!(
        (&answer["success_count"], &answer["error_count"]),
        (&json!(1), &json!(3))
    );
    let results = answer["results"].as_array().unwrap();
    let warnings = results[0]["warnings"].as_array().unwrap().iter();
    let codes: Vec<&Value> = warnings.map(|warning| &warning["code"]).collect();
    assert_eq!(codes, ["junk_id", "unknown_session"]);
    let paths: Vec<&Value> = results[1..].iter().map(|it| &it["error"]["path"]).collect();
    assert_eq!(paths, ["event", "user_id", ""]);
    let noted = client.read("/v1/me")["recentWarnings"].to_string();
    assert!(noted.contains("unknown_session"), "{noted}");

    let one = json!({"event": "e", "user_id": "x".repeat(300)});
    let refused = client.post("/v1/events", &one);
    let refused = refused.expect_problem(400, "invalid_request").json();
    assert_eq!(refused["errors"][0]["path"], "user_id");
    for body in ["", "[]", "{\"events\":{}}", "{\"event\":"] {
        let json = [("content-type", "application/json")];
        let refused = client.send("POST", "/v1/events", &json, body.as_bytes());
        refused.expect_problem(400, "invalid_request");
    }
    let many = json!({"events": vec![json!({"event": "e"}); 10_001]});
    client
        .post("/v1/events", &many)
        .expect_problem(413, "payload_too_large");
    let protobuf = [("content-type", "application/x-protobuf")];
    let refused = client.send("POST", "/v1/events", &protobuf, b"");
    refused.expect_problem(415, "unsupported_media_type");
    assert_eq!(client.read("/v1/events/count")["total"], 1);
    let none = post(&client, &json!({"events": []}));
    assert_eq!(none["results"], json!([]));
}

#[test]
fn a_packed_body_and_many_at_once_are_taken() {
    let server = Server::start_cloud();
    let client = server.client();
    let events: Vec<Value> = (0..3_000)
        .map(|n| json!({"event": "e", "user_id": format!("u-{}", n % 50), "properties": {"n": n}}))
        .collect();
    let body = json!({"events": events}).to_string();
    let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
    packer.write_all(body.as_bytes()).unwrap();
    let packed = packer.finish().unwrap();
    let headers = [
        ("content-type", "application/json"),
        ("content-encoding", "gzip"),
    ];
    let answer = client
        .send("POST", "/v1/events", &headers, &packed)
        .expect(202);
    assert_eq!(answer.json()["success_count"], 3_000);
    // First seen by many at once, and one person each.
    std::thread::scope(|scope| {
        for n in 0..16 {
            let client = client.clone();
            scope.spawn(move || {
                let events = (0..4).map(|at| json!({"event": "many", "user_id": format!("new-{at}"), "properties": {"n": n}}));
                send(&client, events.collect());
            });
        }
    });
    let counts = client.read("/v1/events/count?event=many&groupBy=endUser");
    let rows = counts["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 4, "{counts}");
    assert!(rows.iter().all(|row| row["count"] == 16), "{counts}");
    assert_eq!(client.read("/v1/events/count")["total"], 3_064);
}

/// The same external id under two developers is two people.
#[test]
fn two_developers_share_nobody() {
    let server = Server::start_cloud();
    let mine = server.client();
    let theirs = make_project_of(&server, "others", "theirs", "ingest,read");
    for client in [&mine, &theirs] {
        send(
            client,
            json!([{"event": "e", "user_id": "john", "event_id": "1"}]),
        );
    }
    let of = |client: &Client| client.read("/v1/events")["items"].clone();
    let (left, right) = (of(&mine), of(&theirs));
    for key in ["id", "developerId", "endUserId"] {
        assert_ne!(left[0][key], right[0][key], "{key}");
    }
    assert_eq!(
        (
            left.as_array().unwrap().len(),
            right.as_array().unwrap().len()
        ),
        (1, 1)
    );
}

#[test]
fn with_a_session_token_the_developer_is_the_end_user() {
    let server = Server::start_cloud();
    let mut owner = Person::set_up(&server);
    let me = server.client().read("/v1/me");
    let project = me["project"]["id"].as_str().unwrap().to_owned();
    let token = owner.make_token();
    let headers = [
        ("x-session-token", token.as_str()),
        ("x-project-id", project.as_str()),
        ("content-type", "application/json"),
    ];
    let body = json!({"event": "opened", "user_id": "somebody"}).to_string();
    let client = server.client().anonymous();
    let answer = client.send("POST", "/v1/events", &headers, body.as_bytes());
    let answer = answer.expect(202).json();
    assert_eq!(answer["results"][0]["warnings"][0]["code"], "token_decides");
    let stored = server.client().read("/v1/events")["items"][0].clone();
    assert_eq!(stored["developerId"], stored["endUserId"], "{stored}");
    assert!(stored["endUserId"].as_str().unwrap().starts_with("acc_"));
    let me = client
        .send("GET", "/v1/me", &headers, b"")
        .expect(200)
        .json();
    let both = (&stored["developerId"], &stored["endUserId"]);
    assert_eq!((&me["developerId"], &me["endUserId"]), both);
    let nobody = server.client().get("/v1/users/by-external-id/somebody");
    nobody.expect(404);
}

#[test]
fn who_may_not_ingest_stores_nothing() {
    let server = Server::start_cloud();
    let reader = make_key(&server, FIRST_PROJECT, "read");
    let body = json!({"event": "e", "user_id": "u"});
    reader
        .post("/v1/events", &body)
        .expect_problem(403, "forbidden");
    let sender = make_key(&server, FIRST_PROJECT, "ingest");
    sender.post("/v1/events", &body).expect(202);
    sender.get("/v1/events").expect_problem(403, "forbidden");
    let list = reader.read("/v1/events");
    assert_eq!(read_names(&list).len(), 1);
}

#[test]
fn switched_off_nothing_is_stored_and_nobody_is_made() {
    for (name, value) in [
        ("TELEMETRY_ENABLED", "off"),
        ("DO_NOT_TRACK", "1"),
        ("COGNOBSERVE_TELEMETRY_ENABLED", "false"),
    ] {
        let cloud = Setup::new().setting("COGNOBSERVE_EDITION", "cloud");
        let server = cloud.setting(name, value).start();
        let client = server.client();
        let answer = post(&client, &json!({"event": "e", "user_id": "ann"}));
        let result = &answer["results"][0];
        assert_eq!(
            (&result["success"], &result["stored"]),
            (&json!(true), &json!(false))
        );
        assert_eq!(result["warnings"][0]["code"], "telemetry_off");
        client.get("/v1/users/by-external-id/ann").expect(404);
        assert_eq!(client.read("/v1/events/count")["total"], 0);
        assert_eq!(client.read("/v1/telemetry/status")["enabled"], false);
    }
}
