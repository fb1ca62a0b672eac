//! `POST /v1/users/resolve`.
use crate::app::App;
use axum::http::Method;
use serde_json::{Value, json};

#[tokio::test]
async fn keys_come_back_as_given() {
    let app = App::start().await;
    app.take(json!({"name": "x", "user_id": "john"})).await;
    let john = app.user_id("john").await;
    let answer = app
        .post(
            "/v1/users/resolve",
            &json!({"externalIds": [" john ", "john", "nobody", "null", "", "john"]}),
        )
        .await
        .expect(200);
    assert_eq!(
        answer,
        json!({"users": {" john ": john, "john": john, "nobody": null, "null": null, "": null}})
    );
}

#[tokio::test]
async fn missing_users_are_made_on_demand() {
    let app = App::start().await;
    let made = app
        .post(
            "/v1/users/resolve",
            &json!({"externalIds": ["a", "b", "undefined"], "create": true}),
        )
        .await
        .expect(200);
    assert!(made["users"]["a"].is_string() && made["users"]["b"].is_string());
    assert_ne!(made["users"]["a"], made["users"]["b"]);
    assert_eq!(made["users"]["undefined"], Value::Null);
    let again = app
        .post(
            "/v1/users/resolve",
            &json!({"externalIds": ["b", "a"], "create": true}),
        )
        .await
        .expect(200);
    assert_eq!(again["users"]["a"], made["users"]["a"]);
    let user = app.get("/v1/users/by-external-id/a").await.expect(200);
    assert_eq!(
        (&user["traceCount"], &user["firstSeenAt"]),
        (&json!(0), &user["createdAt"])
    );
}

#[tokio::test]
async fn scopes_follow_what_is_done() {
    let app = App::start().await;
    let (ingest, read) = (app.key_with("ingest").await, app.key_with("read").await);
    let call = async |key: &str, create: bool| {
        let body = json!({"externalIds": ["a"], "create": create});
        app.call_as(key, Method::POST, "/v1/users/resolve", Some(&body))
            .await
            .status
            .as_u16()
    };
    assert_eq!(
        [call(&ingest, true).await, call(&ingest, false).await],
        [200, 403]
    );
    assert_eq!(
        [call(&read, true).await, call(&read, false).await],
        [403, 200]
    );
}

#[tokio::test]
async fn bad_bodies_are_400() {
    let app = App::start().await;
    let resolve = async |body: Value| {
        app.post("/v1/users/resolve", &body)
            .await
            .expect_problem(400, "invalid_request")
    };
    assert_eq!(resolve(json!({})).await, ["externalIds"]);
    assert_eq!(resolve(json!({"externalIds": "a"})).await, ["externalIds"]);
    assert_eq!(
        resolve(json!({"externalIds": ["a", [], "x".repeat(256)]})).await,
        ["externalIds[1]", "externalIds[2]"]
    );
    assert_eq!(
        resolve(json!({"externalIds": [], "create": "yes"})).await,
        ["create"]
    );
    resolve(json!({"externalIds": vec!["a"; 1001]})).await;
}
