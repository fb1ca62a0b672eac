//! `POST /v1/telemetry/events`: an installation that sends others' events on.
use super::send;
use crate::harness::outlet::Outlet;
use crate::harness::{Answer, Server, Setup};
use cognobserve_servers::outlet::Received;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use std::io::Write;

fn start(outlet: Option<&Outlet>) -> Server {
    set_up(outlet).start()
}

fn set_up(outlet: Option<&Outlet>) -> Setup {
    let setup = Setup::new().setting("COGNOBSERVE_TELEMETRY_PROXY", "on");
    match outlet {
        Some(outlet) => setup
            .setting("COGNOBSERVE_EDITION", "cloud")
            .setting("COGNOBSERVE_TELEMETRY_PROVIDERS", "posthog")
            .setting("COGNOBSERVE_POSTHOG_API_KEY", "phc_key")
            .setting("COGNOBSERVE_POSTHOG_HOST", &outlet.url),
        None => setup,
    }
}

fn relay(server: &Server, body: &Value) -> Answer {
    server
        .client()
        .anonymous()
        .post("/v1/telemetry/events", body)
}

#[test]
fn events_of_others_go_on_concealed_again() {
    let outlet = Outlet::open();
    let server = start(Some(&outlet));
    let one = json!({"events": [{
        "event_name": "memory_created", "user_id": "zoe", "timestamp": 1_790_000_000_000_i64,
        "properties": {"content": "zebra7731", "query": "zebra7731", "email": "zoe@acme.example", "type": "text", "has_metadata": true,
                       "edition": "opensource", "os": "macos", "version": "0.9.0"},
    }]});
    let told = relay(&server, &one).expect(200).json();
    let numbers = |told: &Value| {
        (
            told["success"].clone(),
            told["events_received"].clone(),
            told["events_processed"].clone(),
        )
    };
    assert_eq!(numbers(&told), (json!(true), json!(1), json!(1)), "{told}");
    let hashed = format!("sha256:{}", "ab".repeat(32));
    let two = json!({"events": [{"event_name": "a"}, {"event_name": "b", "user_id": hashed}, {"event_name": ""}], "anonymous_id": "box-7"});
    let told = relay(&server, &two).expect(200).json();
    assert_eq!(numbers(&told), (json!(true), json!(3), json!(2)), "{told}");
    let events = outlet.wait_for(3);
    let first = &events[0]["properties"];
    assert_eq!(
        (&first["type"], &first["has_metadata"]),
        (&json!("text"), &json!(true))
    );
    assert_eq!(
        (&first["edition"], &first["os"], &first["version"]),
        (&json!("opensource"), &json!("macos"), &json!("0.9.0"))
    );
    for event in &events {
        let name = event["distinct_id"].as_str().unwrap();
        assert!(name.starts_with("sha256:") && name != hashed, "{name}");
    }
    // A provider that refuses the key is our matter, not the sender's.
    outlet.answer(401);
    let told = relay(&server, &one).expect(200).json();
    assert_eq!(numbers(&told), (json!(true), json!(1), json!(1)), "{told}");
    for Received { body, .. } in outlet.received() {
        for word in ["zoe", "zebra7731", "box-7", &hashed] {
            assert!(!body.contains(word), "{word} in {body}");
        }
    }
    let counts = crate::harness::openapi::make_key(&server, "telemetry-proxy", "read");
    assert_eq!(counts.read("/v1/events/count")["total"], 4);
    assert_eq!(server.client().read("/v1/events/count")["total"], 0);
}

#[test]
fn what_it_cannot_do_it_says() {
    let server = start(None);
    let one = json!({"events": [{"event_name": "a"}]});
    let told = relay(&server, &one).expect(200).json();
    assert_eq!(
        (
            &told["success"],
            &told["events_received"],
            &told["events_processed"]
        ),
        (&json!(false), &json!(1), &json!(0))
    );
    assert!(
        told["message"].as_str().unwrap().contains("not configured"),
        "{told}"
    );
    for body in [
        json!({}),
        json!({"events": null}),
        json!({"events": {}}),
        json!({"event_name": "a"}),
    ] {
        relay(&server, &body).expect(422);
    }
    let many = json!({"events": vec![json!({"event_name": "a"}); 101]});
    relay(&server, &many).expect_problem(413, "payload_too_large");
    let large = json!({"events": [{"event_name": "a", "properties": {"k": "x".repeat(300_000)}}]});
    relay(&server, &large).expect_problem(413, "payload_too_large");
    // Not offered: as if it were not there.
    let other = Server::start();
    relay(&other, &one).expect_problem(404, "not_found");
}

/// A no of whoever sends events on is one for others' events, too.
#[test]
fn who_says_no_keeps_no_events_of_others() {
    let outlet = Outlet::open();
    let one = json!({"events": [{"event_name": "a", "user_id": "zoe"}]});
    let check = |server: &Server| {
        let told = relay(server, &one).expect(200).json();
        assert_eq!(
            (&told["success"], &told["events_processed"]),
            (&json!(false), &json!(0)),
            "{told}"
        );
        let counts = crate::harness::openapi::make_key(server, "telemetry-proxy", "read");
        assert_eq!(counts.read("/v1/events/count")["total"], 0);
    };
    check(&set_up(Some(&outlet)).setting("DO_NOT_TRACK", "1").start());
    let server = start(Some(&outlet));
    let disable = ["telemetry", "disable", "--project", "telemetry-proxy"];
    server.run(&disable).expect_success();
    check(&server);
    assert!(outlet.received().is_empty());
}

#[test]
fn a_loud_address_has_to_wait() {
    let outlet = Outlet::open();
    let server = start(Some(&outlet));
    let many = json!({"events": vec![json!({"event_name": "a"}); 100]});
    relay(&server, &many).expect(200);
    let refused = relay(&server, &many).expect_problem(429, "rate_limited");
    assert!(refused.header("retry-after").parse::<u32>().unwrap() >= 1);
}

/// To come again later does not help who sends too much.
#[test]
fn too_large_is_said_before_too_often() {
    let outlet = Outlet::open();
    let server = start(Some(&outlet));
    let events = |count| json!({"events": vec![json!({"event_name": "a"}); count]});
    relay(&server, &events(100)).expect(200);
    for count in [101, 10_001] {
        relay(&server, &events(count)).expect_problem(413, "payload_too_large");
    }
    let tiny = format!("{{\"events\":[{}0]}}", "0,".repeat(100_000));
    relay_bytes(&server, None, tiny.as_bytes()).expect_problem(413, "payload_too_large");
    relay(
        &server,
        &json!({"events": [{"event_name": "a", "properties": {"k": "x".repeat(300_000)}}]}),
    )
    .expect_problem(413, "payload_too_large");
    relay(&server, &json!({})).expect_problem(429, "rate_limited");
}

/// What is counted is counted before it is stored.
#[test]
fn of_many_at_once_one_passes() {
    let outlet = Outlet::open();
    let server = start(Some(&outlet));
    let many = json!({"events": vec![json!({"event_name": "a"}); 100]});
    let passed: usize = std::thread::scope(|scope| {
        let ask = || usize::from(relay(&server, &many).status == 200);
        let asked: Vec<_> = (0..16).map(|_| scope.spawn(ask)).collect();
        asked
            .into_iter()
            .map(|it| it.join().expect("an answer"))
            .sum()
    });
    assert_eq!(passed, 1);
}

#[test]
fn a_packed_request_is_bounded_as_it_unpacks() {
    let outlet = Outlet::open();
    let server = start(Some(&outlet));
    let one = json!({"events": [{"event_name": "a", "properties": {"type": "text"}}]}).to_string();
    let told = relay_bytes(&server, Some("gzip"), &pack(one.as_bytes())).expect(200);
    assert_eq!(told.json()["events_processed"], 1);
    assert_eq!(outlet.wait_for(1)[0]["properties"]["type"], "text");
    let bomb = pack(&[one.into_bytes(), vec![b' '; 300_000]].concat());
    assert!(bomb.len() < 4_000);
    let refused = relay_bytes(&server, Some("gzip"), &bomb);
    let refused = refused.expect_problem(413, "payload_too_large");
    assert!(refused.text().contains("256 KiB"), "{}", refused.text());
    relay_bytes(&server, Some("gzip"), b"{}").expect_problem(400, "invalid_request");
    relay_bytes(&server, Some("rot13"), b"{}").expect_problem(415, "unsupported_media_type");
}

fn pack(bytes: &[u8]) -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::default());
    packer.write_all(bytes).expect("memory");
    packer.finish().expect("memory")
}

fn relay_bytes(server: &Server, encoding: Option<&str>, body: &[u8]) -> Answer {
    let mut headers = vec![("content-type", "application/json")];
    headers.extend(encoding.map(|encoding| ("content-encoding", encoding)));
    let client = server.client().anonymous();
    client.send("POST", "/v1/telemetry/events", &headers, body)
}

/// The whole chain: an open-source installation, the proxy, a provider.
#[test]
fn an_installation_tells_through_another() {
    let outlet = Outlet::open();
    let proxy = start(Some(&outlet));
    let server = Setup::new()
        .setting("COGNOBSERVE_TELEMETRY_PROVIDERS", "proxy")
        .setting("COGNOBSERVE_TELEMETRY_URL", &proxy.url())
        .start();
    send(
        &server.client(),
        json!([{"event": "memory_created", "user_id": "alice", "properties": {"type": "text"}}]),
    );
    let event = outlet.wait_for(1)[0].clone();
    assert_eq!(
        (&event["event"], &event["properties"]["type"]),
        (&json!("memory_created"), &json!("text"))
    );
    assert_eq!(event["properties"]["edition"], "opensource");
}
