//! Unknown paths, methods, headers, and what machines watch.
use crate::app::App;
use axum::body::Body;
use axum::http::{Method, Request};
use cognobserve_server::config::Roles;

#[tokio::test]
async fn unknown_paths_and_methods_are_problems() {
    let app = App::start().await;
    app.get("/v1/nothing")
        .await
        .expect_problem(404, "not_found");
    app.get("/nothing").await.expect_problem(404, "not_found");
    let answer = app.call_as(&app.key, Method::PUT, "/v1/users", None).await;
    answer.expect_problem(405, "method_not_allowed");
    assert!(answer.headers["allow"].to_str().unwrap().contains("GET"));
    app.call_as(&app.key, Method::GET, "/v1/traces/batch/", None)
        .await
        .expect_problem(404, "not_found");
}

#[tokio::test]
async fn below_the_path_of_trpc_all_is_said_in_its_shape() {
    let mut app = App::start().await;
    app.router = app.router_of(&Roles::parse("ingest,web").unwrap());
    for path in ["/api/trpc", "/api/trpc/users.list"] {
        let body = app.get(path).await.expect(404);
        assert_eq!(body["error"]["data"]["code"], "NOT_FOUND", "{path}");
        assert_eq!(body["error"]["json"]["data"]["code"], "NOT_FOUND", "{path}");
        let words = body["error"]["message"].as_str().unwrap();
        assert!(words.contains("ingest,web"), "{words}");
    }
    let elsewhere = app.get("/api/trpcs").await;
    elsewhere.expect_problem(404, "not_found");
}

#[tokio::test]
async fn every_answer_carries_the_security_headers() {
    let app = App::start().await;
    for path in [
        "/v1/users",
        "/v1/nothing",
        "/healthz",
        "/docs",
        "/openapi.json",
        "/v1/users?limit=0",
    ] {
        let answer = app.get(path).await;
        assert_eq!(
            answer.headers["x-content-type-options"], "nosniff",
            "{path}"
        );
        assert_eq!(answer.headers["referrer-policy"], "no-referrer", "{path}");
        assert!(
            answer.headers["content-security-policy"]
                .to_str()
                .unwrap()
                .contains("frame-ancestors 'none'"),
            "{path}"
        );
        assert!(
            !answer.headers.contains_key("access-control-allow-origin"),
            "{path}"
        );
    }
    let preflight = Request::builder()
        .method("OPTIONS")
        .uri("/v1/traces")
        .header("origin", "https://evil.example");
    let answer = app
        .send(
            preflight
                .header("access-control-request-method", "POST")
                .body(Body::empty())
                .unwrap(),
        )
        .await;
    assert!(!answer.headers.contains_key("access-control-allow-origin"));
}

#[tokio::test]
async fn watchers_need_no_key_and_learn_no_names() {
    let app = App::start().await;
    app.take(serde_json::json!({"name": "x", "user_id": "john"}))
        .await;
    let expected = [
        ("/healthz", serde_json::json!({"status": "ok"})),
        (
            "/readyz",
            serde_json::json!({"status": "ok", "warnings": []}),
        ),
    ];
    for (path, told) in expected {
        let answer = app
            .send(Request::builder().uri(path).body(Body::empty()).unwrap())
            .await;
        assert_eq!(answer.expect(200), told, "{path}");
    }
    let answer = app
        .send(
            Request::builder()
                .uri("/metrics")
                .body(Body::empty())
                .unwrap(),
        )
        .await;
    assert!(
        answer
            .text()
            .contains("cognobserve_ingest_traces_total 1\n")
    );
    assert!(
        answer
            .text()
            .contains("cognobserve_http_requests_total{area=\"ingest\",status=\"202\"} 1\n")
    );
    assert!(!answer.text().contains("prj_") && !answer.text().contains("john"));
}

#[tokio::test]
async fn every_documented_route_exists() {
    let app = App::start().await;
    let document = app.get("/openapi.json").await.expect(200);
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys() {
            let path = path.replace(['{', '}'], "");
            let request = Request::builder()
                .method(method.to_uppercase().as_str())
                .uri(&path)
                .body(Body::empty())
                .unwrap();
            let answer = app.send(request).await;
            assert_ne!(answer.status, 405, "{method} {path}");
            // As if it were not there, unless a setting offers it: the stories of relaying have that.
            if path == "/v1/telemetry/events" {
                answer.expect_problem(404, "not_found");
                continue;
            }
            // Without a key an existing route is 401, or open.
            assert!(
                [200, 401].contains(&answer.status.as_u16()),
                "{method} {path}: {}",
                answer.status
            );
        }
    }
}
