//! Who may call what: every route against no key, wrong keys and each scope alone.
use crate::harness::Server;
use crate::harness::openapi::{FIRST_PROJECT, Ids, Route, make_key, read_routes};
use crate::harness::sample::trace;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::json;

/// The scope that a route asks for.
fn find_scope(route: &Route) -> &'static str {
    match (route.method.as_str(), route.path.as_str()) {
        ("GET", _) | ("POST", "/v1/users/resolve") => "read",
        ("POST", _) => "ingest",
        _ => "admin",
    }
}

#[test]
fn every_route_asks_for_its_scope_and_no_other() {
    let server = Server::start_cloud();
    let client = server.client();
    client.post("/v1/traces", &trace("t", "u")).expect(202);
    let scopes = ["ingest", "read", "admin"];
    let keys = scopes.map(|scope| make_key(&server, FIRST_PROJECT, scope));
    let none = Ids {
        user: "none".into(),
        external_user: "none".into(),
        session: "none".into(),
        trace: "none".into(),
        developer: "none".into(),
    };
    for route in read_routes(&client) {
        let path = route.fill(&none);
        if route.is_public() {
            // Events of other installations are taken where a setting offers it.
            let is_offered = route.path != "/v1/telemetry/events";
            let status = if is_offered { 200 } else { 404 };
            route.call(&client.anonymous(), &path).expect(status);
            continue;
        }
        let answer = route.call(&client.anonymous(), &path);
        assert_eq!(answer.status, 401, "{route:?} without a key");
        assert!(
            !answer
                .header("www-authenticate")
                .to_lowercase()
                .contains("basic"),
            "{route:?}"
        );
        for wrong in [
            "",
            "co_sk_",
            "nonsense",
            &format!("co_sk_{}", "A".repeat(43)),
            &server.key().to_lowercase(),
            &format!("{} ", &server.key()[..48]),
        ] {
            assert_eq!(
                route.call(&client.with_key(wrong), &path).status,
                401,
                "{route:?} with {wrong:?}"
            );
        }
        for (scope, key) in scopes.iter().zip(&keys) {
            let status = route.call(key, &path).status;
            if *scope == find_scope(&route) {
                assert!(
                    ![401, 403].contains(&status),
                    "{route:?} with {scope}: {status}"
                );
            } else {
                assert_eq!(status, 403, "{route:?} with {scope}");
            }
        }
    }
    let create = json!({"externalIds": ["new"], "create": true});
    keys[0].post("/v1/users/resolve", &create).expect(200);
    keys[1]
        .post("/v1/users/resolve", &create)
        .expect_problem(403, "forbidden");
}

#[test]
fn a_key_may_come_in_three_ways_and_the_first_decides() {
    let server = Server::start();
    let client = server.client().anonymous();
    let basic = |key: &str| format!("Basic {}", BASE64.encode(format!("pk:{key}")));
    let bearer = format!("Bearer {}", server.key());
    client
        .send("GET", "/v1/users", &[("authorization", &bearer)], b"")
        .expect(200);
    client
        .send(
            "GET",
            "/v1/users",
            &[("authorization", &bearer.replace("Bearer", "bearer"))],
            b"",
        )
        .expect(200);
    let json = ("content-type", "application/json");
    let body = trace("t", "u").to_string();
    client
        .send(
            "POST",
            "/v1/traces",
            &[("authorization", &basic(server.key())), json],
            body.as_bytes(),
        )
        .expect(202);
    client
        .send(
            "POST",
            "/v1/traces",
            &[("authorization", &basic("wrong")), json],
            body.as_bytes(),
        )
        .expect(401);
    client
        .send(
            "GET",
            "/v1/users",
            &[("authorization", &basic(server.key()))],
            b"",
        )
        .expect(401);
    client
        .send(
            "GET",
            "/v1/users",
            &[("x-api-key", "co_sk_wrong"), ("authorization", &bearer)],
            b"",
        )
        .expect(401);
    client
        .send(
            "GET",
            "/v1/users",
            &[
                ("x-api-key", server.key()),
                ("authorization", "Bearer wrong"),
            ],
            b"",
        )
        .expect(200);
}

#[test]
fn a_revoked_key_is_wrong_at_once() {
    let server = Server::start();
    let made = server
        .run(&["keys", "create", "--project", FIRST_PROJECT, "--json"])
        .expect_success()
        .json();
    assert_eq!(made["scopes"], json!(["ingest", "read"]));
    let client = server.client().with_key(made["key"].as_str().unwrap());
    client.get("/v1/users").expect(200);
    server
        .run(&["keys", "revoke", made["id"].as_str().unwrap()])
        .expect_success();
    let gone = crate::harness::wait::wait_until(std::time::Duration::from_secs(5), || {
        (client.get("/v1/users").status == 401).then_some(())
    });
    assert!(gone.is_some(), "it still opens after 5 s");
}
