//! Changing and deleting users, sessions and traces.
use crate::app::App;
use serde_json::{Value, json};

async fn start_with_john() -> (App, String) {
    let app = App::start().await;
    app.take(json!({"trace_id": "t1", "name": "chat", "user_id": "john", "session_id": "s", "user": {"name": "John", "email": "john@acme.com", "plan": "pro"},
        "spans": [{"span_id": "1", "name": "call", "type": "generation", "total_cost": 0.5}]})).await;
    let id = app.user_id("john").await;
    (app, id)
}

#[tokio::test]
async fn a_patch_sets_clears_and_merges() {
    let (app, id) = start_with_john().await;
    let path = format!("/v1/users/{id}");
    let user = app
        .patch(
            &path,
            &json!({"name": " Johnny ", "email": null, "metadata": {"plan": null, "seats": 3}}),
        )
        .await
        .expect(200);
    assert_eq!(
        (&user["name"], &user["email"]),
        (&json!("Johnny"), &Value::Null)
    );
    assert_eq!(user["metadata"], json!({"seats": 3}));
    assert_eq!(user["traceCount"], 1);
    let same = app.patch(&path, &json!({"unknown": 1})).await.expect(200);
    assert_eq!(same["name"], "Johnny");
    app.patch("/v1/users/usr_none", &json!({"name": "X"}))
        .await
        .expect_problem(404, "not_found");
    app.patch("/v1/users/usr_none", &json!({"metadata": {"a": 1}}))
        .await
        .expect_problem(404, "not_found");
}

#[tokio::test]
async fn a_bad_patch_names_every_field_and_changes_nothing() {
    let (app, id) = start_with_john().await;
    let path = format!("/v1/users/{id}");
    let answer = app
        .patch(
            &path,
            &json!({"name": "", "email": "nobody", "metadata": []}),
        )
        .await;
    assert_eq!(
        answer.expect_problem(400, "invalid_request"),
        ["name", "email", "metadata"]
    );
    let large = json!({"metadata": {"a": "x".repeat(40_000)}});
    app.patch(&path, &large).await.expect(200);
    let more = json!({"metadata": {"b": "x".repeat(40_000)}, "name": "Other"});
    assert_eq!(
        app.patch(&path, &more)
            .await
            .expect_problem(400, "invalid_request"),
        ["metadata"]
    );
    assert_eq!(app.get(&path).await.expect(200)["name"], "John");
}

#[tokio::test]
async fn an_unlinked_user_is_gone_and_the_spend_unattributed() {
    let (app, id) = start_with_john().await;
    let deleted = app.delete(&format!("/v1/users/{id}")).await.expect(200);
    assert_eq!(
        deleted,
        json!({"success": true, "tracesUnlinked": 1, "sessionsUnlinked": 1})
    );
    app.delete(&format!("/v1/users/{id}"))
        .await
        .expect_problem(404, "not_found");
    app.get(&format!("/v1/users/{id}"))
        .await
        .expect_problem(404, "not_found");
    let costs = app.get("/v1/costs?groupBy=user").await.expect(200);
    assert_eq!(costs["rows"], json!([]));
    assert_eq!(costs["unattributed"]["totalCostUsd"], "0.500000000");
}

#[tokio::test]
async fn an_erased_user_leaves_an_anonymous_row() {
    let (app, id) = start_with_john().await;
    app.delete(&format!("/v1/users/{id}?mode=everything"))
        .await
        .expect_problem(400, "invalid_request");
    app.delete(&format!("/v1/users/{id}?mode=erase"))
        .await
        .expect(200);
    let costs = app.get("/v1/costs?groupBy=user").await.expect(200);
    let row = &costs["rows"][0];
    assert_eq!(
        (&row["externalId"], &row["erased"], &row["totalCost"]),
        (&Value::Null, &json!(true), &json!(0.5))
    );
    assert!(row.get("name").is_none());
    assert_eq!(app.get("/v1/users").await.expect(200)["items"], json!([]));
}

#[tokio::test]
async fn a_deleted_trace_takes_its_counts_back() {
    let (app, id) = start_with_john().await;
    assert_eq!(
        app.delete("/v1/traces/t1").await.expect(200),
        json!({"success": true})
    );
    app.delete("/v1/traces/t1")
        .await
        .expect_problem(404, "not_found");
    let user = app.get(&format!("/v1/users/{id}")).await.expect(200);
    assert_eq!(
        (&user["traceCount"], &user["totalCostUsd"]),
        (&json!(0), &json!("0.000000000"))
    );
}

#[tokio::test]
async fn sessions_are_renamed_and_unlinked() {
    let (app, _) = start_with_john().await;
    let id = app.get("/v1/sessions").await.expect(200)["items"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let path = format!("/v1/sessions/{id}");
    let session = app
        .patch(
            &path,
            &json!({"name": "First call", "metadata": {"topic": "onboarding"}}),
        )
        .await
        .expect(200);
    assert_eq!(
        (&session["name"], &session["metadata"]),
        (&json!("First call"), &json!({"topic": "onboarding"}))
    );
    assert_eq!(
        app.patch(&path, &json!({"name": null})).await.expect(200)["name"],
        Value::Null
    );
    assert_eq!(
        app.patch(&path, &json!({"name": 1}))
            .await
            .expect_problem(400, "invalid_request"),
        ["name"]
    );
    let large = json!({"metadata": {"a": "x".repeat(40_000)}});
    app.patch(&path, &large).await.expect(200);
    let more = json!({"metadata": {"b": "x".repeat(40_000)}, "name": "Other"});
    let refused = app.patch(&path, &more).await;
    assert_eq!(
        refused.expect_problem(400, "invalid_request"),
        ["metadata"],
        "too large with what is stored"
    );
    assert_eq!(app.delete(&path).await.expect(200)["tracesUnlinked"], 1);
    app.get(&path).await.expect_problem(404, "not_found");
    assert_eq!(
        app.get("/v1/traces/t1").await.expect(200)["sessionId"],
        Value::Null
    );
}
