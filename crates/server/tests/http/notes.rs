//! `GET /v1/me`: the key, and why something is missing.
use crate::app::App;
use cognobserve_model::account::Capture;
use serde_json::{Value, json};

#[tokio::test]
async fn me_tells_what_the_key_is() {
    let app = App::start().await;
    app.set(|settings| settings.max_users = Some(7)).await;
    let key = app.key_with("read").await;
    let me = app
        .call_as(&key, axum::http::Method::GET, "/v1/me", None)
        .await
        .expect(200);
    assert_eq!(
        (&me["project"]["id"], &me["project"]["name"]),
        (&json!(app.project.as_str()), &json!("one"))
    );
    assert!(me["developerId"].as_str().unwrap().starts_with("dev_"));
    assert_eq!(
        (
            &me["scopes"],
            &me["limits"]["maxUsers"],
            &me["limits"]["maxSpansPerSecond"]
        ),
        (&json!(["read"]), &json!(7), &Value::Null)
    );
    assert_eq!(me["recentWarnings"], json!([]));
}

#[tokio::test]
async fn warnings_are_told_at_once_and_remembered() {
    let app = App::start().await;
    let answer = app.take(json!({"trace_id": "t", "name": "x", "user_id": "null", "spans": [{"span_id": "s", "level": "FATAL"}]})).await;
    let codes: Vec<&str> = answer["warnings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|warning| warning["code"].as_str().unwrap())
        .collect();
    assert_eq!(codes.len(), 2, "{answer}");
    assert!(
        answer["warnings"]
            .as_array()
            .unwrap()
            .iter()
            .all(|warning| warning["path"].is_string() && warning["message"].is_string())
    );
    app.post(
        "/v1/traces",
        &json!({"name": "x", "user_id": "y".repeat(256)}),
    )
    .await
    .expect_problem(400, "invalid_request");
    app.post(
        "/v1/traces/batch",
        &json!({"traces": [{"trace_id": "b", "name": "x", "user_id": "y".repeat(256)}]}),
    )
    .await
    .expect(202);
    let me = app.get("/v1/me").await.expect(200);
    let notes = me["recentWarnings"].as_array().unwrap();
    assert_eq!(notes.len(), 4);
    assert_eq!(
        (&notes[0]["traceId"], &notes[0]["code"], &notes[0]["path"]),
        (&json!("b"), &json!("invalid_request"), &json!("user_id"))
    );
    assert_eq!(notes[1]["code"], "invalid_request");
    assert_eq!(notes[3]["traceId"], "t");
    let other = app
        .call_as(&app.other_key, axum::http::Method::GET, "/v1/me", None)
        .await
        .expect(200);
    assert_eq!(other["recentWarnings"], json!([]));
}

#[tokio::test]
async fn without_capture_nothing_readable_is_kept() {
    let app = App::start().await;
    app.set(|settings| settings.capture = Capture::None).await;
    app.take(json!({"trace_id": "t", "name": "x", "metadata": {"a": "planted"}, "spans": [{"span_id": "s", "name": "n", "input": "planted", "output": "planted", "metadata": {"b": "planted"},
        "usage": {"prompt_tokens": 3, "completion_tokens": 1}}]})).await;
    let trace = app.get("/v1/traces/t").await;
    assert_eq!(trace.expect(200)["totalTokens"], 4);
    assert!(!trace.text().contains("planted"));
}
