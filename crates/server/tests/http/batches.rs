//! `POST /v1/traces/batch`: items succeed and fail by themselves.
use crate::app::App;
use serde_json::json;

#[tokio::test]
async fn one_bad_trace_fails_alone_and_order_is_kept() {
    let app = App::start().await;
    let body = json!({"traces": [
        {"trace_id": "a", "name": "first", "spans": [{"span_id": "s1", "name": "s"}]},
        {"trace_id": "b", "name": "bad", "user_id": "x".repeat(300)},
        7,
        {"name": "fourth", "spans": [{"name": "s"}]},
    ]});
    let answer = app.post("/v1/traces/batch", &body).await.expect(202);
    assert_eq!(
        (&answer["success_count"], &answer["error_count"]),
        (&json!(2), &json!(2))
    );
    let results = answer["results"].as_array().unwrap();
    assert_eq!(
        results[0],
        json!({"trace_id": "a", "span_ids": ["s1"], "success": true, "warnings": []})
    );
    assert_eq!(
        (&results[1]["trace_id"], &results[1]["success"]),
        (&json!("b"), &json!(false))
    );
    assert_eq!(results[1]["error"]["code"], "invalid_request");
    assert_eq!(results[1]["error"]["path"], "user_id");
    assert!(results[1]["error"]["message"].is_string());
    assert_eq!(
        (&results[2]["trace_id"], &results[2]["span_ids"]),
        (&json!(null), &json!([]))
    );
    assert_eq!(results[3]["trace_id"].as_str().unwrap().len(), 32);
    assert_eq!(
        app.get("/v1/traces").await.expect(200)["items"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
}

#[tokio::test]
async fn empty_and_all_bad_batches_are_taken() {
    let app = App::start().await;
    let answer = app
        .post("/v1/traces/batch", &json!({"traces": []}))
        .await
        .expect(202);
    assert_eq!(
        answer,
        json!({"results": [], "success_count": 0, "error_count": 0})
    );
    let answer = app
        .post("/v1/traces/batch", &json!({"traces": [null]}))
        .await
        .expect(202);
    assert_eq!(answer["error_count"], 1);
}

#[tokio::test]
async fn what_is_no_batch_is_refused() {
    let app = App::start().await;
    assert_eq!(
        app.post("/v1/traces/batch", &json!({"traces": {}}))
            .await
            .expect_problem(400, "invalid_request"),
        ["traces"]
    );
    app.post("/v1/traces/batch", &json!([]))
        .await
        .expect_problem(400, "invalid_request");
    let many = json!({"traces": vec![json!({"name": "x"}); 10_001]});
    app.post("/v1/traces/batch", &many)
        .await
        .expect_problem(413, "payload_too_large");
}

#[tokio::test]
async fn an_idempotency_key_makes_missing_ids_repeatable() {
    let app = App::start().await;
    let send = async |key: &str| {
        let request = axum::http::Request::builder()
            .method("POST")
            .uri("/v1/traces/batch")
            .header("x-api-key", &app.key);
        let request = request
            .header("content-type", "application/json")
            .header("idempotency-key", key);
        let body =
            json!({"traces": [{"name": "a", "spans": [{"name": "s"}]}, {"name": "b"}]}).to_string();
        let answer = app
            .send(request.body(body.into()).unwrap())
            .await
            .expect(202);
        [answer["results"][0].clone(), answer["results"][1].clone()]
    };
    let first = send("k-1").await;
    assert_eq!(first, send("k-1").await);
    assert_ne!(first[0]["trace_id"], first[1]["trace_id"]);
    assert_ne!(first[0]["trace_id"], send("k-2").await[0]["trace_id"]);
    assert_eq!(
        app.get("/v1/traces").await.expect(200)["items"]
            .as_array()
            .unwrap()
            .len(),
        4
    );
}
