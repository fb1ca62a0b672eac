//! Who may do what, and in which order it is refused.
use crate::app::App;
use axum::body::Body;
use axum::http::{Method, Request};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cognobserve_ports::{Accounts, Actor};
use serde_json::json;

fn request(method: &str, path: &str, header: &str, value: &str) -> Request<Body> {
    Request::builder()
        .method(method)
        .uri(path)
        .header(header, value)
        .body(Body::empty())
        .unwrap()
}

#[tokio::test]
async fn every_credential_works_where_it_should() {
    let app = App::start().await;
    let basic = format!("Basic {}", STANDARD.encode(format!("pk-lf-x:{}", app.key)));
    let bearer = format!("Bearer {}", app.key);
    for (header, value) in [("x-api-key", &app.key), ("authorization", &bearer)] {
        assert_eq!(
            app.send(request("GET", "/v1/users", header, value))
                .await
                .status,
            200
        );
    }
    let answer = app
        .send(request("GET", "/v1/users", "authorization", &basic))
        .await;
    answer.expect_problem(401, "unauthorized");
    assert_eq!(answer.headers["www-authenticate"], "Bearer");
    let request = Request::builder()
        .method("POST")
        .uri("/v1/traces")
        .header("authorization", &basic);
    let request = request
        .header("content-type", "application/json")
        .body(r#"{"name":"x"}"#.into())
        .unwrap();
    app.send(request).await.expect(202);
}

#[tokio::test]
async fn the_first_credential_decides() {
    let app = App::start().await;
    let wrong = format!("co_sk_{}", "x".repeat(43));
    let build = |key: &str, bearer: &str| {
        let request = Request::builder()
            .uri("/v1/users")
            .header("x-api-key", key)
            .header("authorization", format!("Bearer {bearer}"));
        request.body(Body::empty()).unwrap()
    };
    assert_eq!(app.send(build(&app.key, &wrong)).await.status, 200);
    app.send(build(&wrong, &app.key))
        .await
        .expect_problem(401, "unauthorized");
    app.send(build("nonsense", &app.key))
        .await
        .expect_problem(401, "unauthorized");
}

#[tokio::test]
async fn scopes_are_refused_before_objects_are_looked_for() {
    let app = App::start().await;
    let (ingest, read) = (app.key_with("ingest").await, app.key_with("read").await);
    for path in [
        "/v1/users",
        "/v1/users/usr_none",
        "/v1/traces/none",
        "/v1/costs?groupBy=user",
        "/v1/me",
        "/v1/sessions",
    ] {
        app.call_as(&ingest, Method::GET, path, None)
            .await
            .expect_problem(403, "forbidden");
    }
    for method in [Method::PATCH, Method::DELETE] {
        app.call_as(&read, method, "/v1/users/usr_none", Some(&json!({})))
            .await
            .expect_problem(403, "forbidden");
    }
    app.call_as(
        &read,
        Method::POST,
        "/v1/traces",
        Some(&json!({"name": "x"})),
    )
    .await
    .expect_problem(403, "forbidden");
    app.call_as("", Method::DELETE, "/v1/users/usr_none", None)
        .await
        .expect_problem(401, "unauthorized");
    app.delete("/v1/users/usr_none")
        .await
        .expect_problem(404, "not_found");
}

#[tokio::test]
async fn another_projects_things_are_not_there() {
    let app = App::start().await;
    app.take(json!({"trace_id": "t", "name": "x", "user_id": "john", "session_id": "s"}))
        .await;
    let user = app.user_id("john").await;
    let session = app.get("/v1/sessions").await.expect(200)["items"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let missing = app
        .call_as(&app.other_key, Method::GET, "/v1/users/usr_none", None)
        .await;
    for path in [
        format!("/v1/users/{user}"),
        format!("/v1/users/{user}/traces"),
        format!("/v1/users/{user}/sessions"),
        format!("/v1/users/{user}/analytics"),
        "/v1/users/by-external-id/john".to_owned(),
        format!("/v1/sessions/{session}"),
        format!("/v1/sessions/{session}/timeline"),
        format!("/v1/traces?user={user}"),
        format!("/v1/traces?session={session}"),
        format!("/v1/sessions?user={user}"),
        "/v1/traces/t".to_owned(),
    ] {
        assert_eq!(app.get(&path).await.status, 200, "{path}");
        let foreign = app.call_as(&app.other_key, Method::GET, &path, None).await;
        assert_eq!(
            (foreign.status, &foreign.bytes),
            (missing.status, &missing.bytes),
            "{path}"
        );
    }
    for path in [
        format!("/v1/users/{user}"),
        format!("/v1/sessions/{session}"),
        "/v1/traces/t".to_owned(),
    ] {
        let foreign = app
            .call_as(&app.other_key, Method::DELETE, &path, None)
            .await;
        assert_eq!(
            (foreign.status, &foreign.bytes),
            (missing.status, &missing.bytes),
            "{path}"
        );
    }
    app.get("/v1/traces/t").await.expect(200);
}

#[tokio::test]
async fn a_key_names_no_project_but_its_own() {
    let app = App::start().await;
    let own = app.project.to_string();
    assert_eq!(
        app.get(&format!("/v1/users?projectId={own}")).await.status,
        200
    );
    app.get("/v1/users?projectId=prj_other")
        .await
        .expect_problem(404, "not_found");
    let named = |project: &str| {
        let request = Request::builder()
            .uri("/v1/users")
            .header("x-api-key", &app.key)
            .header("x-project-id", project);
        request.body(Body::empty()).unwrap()
    };
    assert_eq!(app.send(named(&own)).await.status, 200);
    app.send(named("prj_other"))
        .await
        .expect_problem(404, "not_found");
}

#[tokio::test]
async fn a_new_key_works_at_once_and_a_revoked_one_soon_no_more() {
    let app = App::start().await;
    let key = app.key_with("read").await;
    assert_eq!(
        app.call_as(&key, Method::GET, "/v1/users", None)
            .await
            .status,
        200
    );
    let keys = app.store.list_keys(&app.project).await.unwrap();
    let id = &keys
        .iter()
        .find(|stored| key.starts_with(&stored.prefix))
        .unwrap()
        .id;
    app.store
        .revoke_key(&app.project, id, &Actor::Operator)
        .await
        .unwrap();
    let start = std::time::Instant::now();
    while app
        .call_as(&key, Method::GET, "/v1/users", None)
        .await
        .status
        != 401
    {
        assert!(start.elapsed().as_secs() < 5, "still valid");
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
}
