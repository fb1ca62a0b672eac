//! Traces: what is sent comes back, token for token; lists and filters.
use crate::app::App;
use axum::http::Request;
use serde_json::{Value, json};

#[tokio::test]
async fn a_trace_comes_back_with_everything() {
    let app = App::start().await;
    let body = r#"{"trace_id":"a/b","name":"chat","timestamp":"2026-05-01T10:00:00.123456789Z","metadata":{"z":1.0,"a":"x"},"session_id":"s","user":{"id":"u"},
        "spans":[{"span_id":"1","name":"llm","type":"generation","start_time":"2026-05-01T10:00:00Z","end_time":"2026-05-01T10:00:01.5Z","model":"gpt-4o",
        "input": { "b":1.50, "big":12345678901234567890123, "a":[null , true] },"output":"\u00e4\ud83d\ude00","model_parameters":{"temperature":0.70},
        "usage":{"prompt_tokens":10,"completion_tokens":5,"cached_tokens":4},"cost":{"total":"0.0000015"},"status_message":"fine"},
        {"span_id":"2","parent_span_id":"1","name":"tool","level":"ERROR"}]}"#;
    let request = Request::builder()
        .method("POST")
        .uri("/v1/traces")
        .header("x-api-key", &app.key)
        .header("content-type", "application/json");
    app.send(request.body(body.into()).unwrap())
        .await
        .expect(202);
    let answer = app.get("/v1/traces/a%2Fb").await;
    let trace = answer.expect(200);
    assert!(
        answer
            .text()
            .contains(r#""input":{ "b":1.50, "big":12345678901234567890123, "a":[null , true] }"#),
        "{}",
        answer.text()
    );
    assert!(answer.text().contains(r#""temperature":0.70"#));
    assert_eq!(trace["timestamp"], "2026-05-01T10:00:00.123456Z");
    assert_eq!(
        (
            &trace["latencyMs"],
            &trace["spanCount"],
            &trace["errorCount"],
            &trace["totalTokens"]
        ),
        (&json!(1500.0), &json!(2), &json!(1), &json!(15))
    );
    assert_eq!(
        (&trace["totalCost"], &trace["totalCostUsd"]),
        (&json!(0.0000015), &json!("0.000001500"))
    );
    assert_eq!(
        (&trace["externalUserId"], &trace["session"]["externalId"]),
        (&json!("u"), &json!("s"))
    );
    let spans = trace["spans"].as_array().unwrap();
    let llm = spans.iter().find(|span| span["id"] == "1").unwrap();
    assert_eq!(
        (
            &llm["type"],
            &llm["model"],
            &llm["costSource"],
            &llm["counted"]
        ),
        (
            &json!("generation"),
            &json!("gpt-4o"),
            &json!("client"),
            &json!(true)
        )
    );
    assert_eq!(
        (&llm["startTime"], &llm["latencyMs"], &llm["cachedTokens"]),
        (
            &json!("2026-05-01T10:00:00.000000Z"),
            &json!(1500.0),
            &json!(4)
        )
    );
    assert_eq!(
        (&llm["output"], &llm["statusMessage"]),
        (&json!("ä😀"), &json!("fine"))
    );
    let tool = spans.iter().find(|span| span["id"] == "2").unwrap();
    assert_eq!(
        (
            &tool["parentSpanId"],
            &tool["level"],
            &tool["totalCost"],
            &tool["input"]
        ),
        (&json!("1"), &json!("ERROR"), &Value::Null, &Value::Null)
    );
}

#[tokio::test]
async fn lists_filter_and_carry_spans() {
    let app = App::start().await;
    for n in 0..6 {
        let level = if n == 2 { "ERROR" } else { "DEFAULT" };
        app.take(json!({"trace_id": format!("t{n}"), "name": if n % 2 == 0 { "even" } else { "odd" }, "timestamp": format!("2026-05-0{}T00:00:00Z", n + 1), "user_id": "u",
            "spans": [{"span_id": "s", "name": format!("Step {n}"), "level": level, "model": if n == 1 { "gpt-4o" } else { "other" },
                "start_time": 1_780_000_000_000i64, "end_time": 1_780_000_000_000i64 + n * 100}]})).await;
    }
    let ids = async |query: &str| -> Vec<String> {
        let list = app.get(&format!("/v1/traces?{query}")).await.expect(200);
        list["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|trace| trace["id"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(ids("").await, ["t5", "t4", "t3", "t2", "t1", "t0"]);
    assert_eq!(ids("level=ERROR").await, ["t2"]);
    assert_eq!(ids("model=gpt-4o").await, ["t1"]);
    assert_eq!(ids("name=odd").await, ["t5", "t3", "t1"]);
    assert_eq!(ids("search=STEP%203").await, ["t3"]);
    assert_eq!(ids("from=2026-05-02&to=2026-05-04").await, ["t2", "t1"]);
    assert_eq!(ids("minLatencyMs=400").await, ["t5", "t4"]);
    let user = app.user_id("u").await;
    let list = app
        .get(&format!("/v1/users/{user}/traces?level=ERROR"))
        .await
        .expect(200);
    let trace = &list["items"][0];
    assert_eq!(
        trace["spans"],
        json!([{"id": "s", "name": "Step 2", "level": "ERROR", "totalTokens": 0, "totalCost": null}])
    );
    assert_eq!(trace["session"], Value::Null);
    for bad in [
        "level=LOUD",
        "minLatencyMs=-1",
        "minLatencyMs=1.5",
        "limit=1000",
    ] {
        app.get(&format!("/v1/traces?{bad}"))
            .await
            .expect_problem(400, "invalid_request");
    }
    app.get("/v1/traces?user=usr_none")
        .await
        .expect_problem(404, "not_found");
    app.get(&format!("/v1/users/{}/traces", "usr_none"))
        .await
        .expect_problem(404, "not_found");
}

#[tokio::test]
async fn strange_characters_do_not_fail_a_trace() {
    let app = App::start().await;
    let body = r#"{"trace_id":"t","name":"nul \u0000 lone \ud800","spans":[{"span_id":"s","input":"\udc00"}]}"#;
    let request = Request::builder()
        .method("POST")
        .uri("/v1/traces")
        .header("x-api-key", &app.key)
        .header("content-type", "application/json");
    app.send(request.body(body.into()).unwrap())
        .await
        .expect(202);
    let trace = app.get("/v1/traces/t").await.expect(200);
    assert_eq!(trace["name"], "nul \u{fffd} lone \u{fffd}");
    assert_eq!(trace["spans"][0]["input"], "\u{fffd}");
}
