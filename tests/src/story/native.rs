//! One trace in by `POST /v1/traces`, and everything that can be asked about it afterwards.
use crate::harness::Server;
use crate::harness::sample::{MINUTE_MS, generation, now_ms, trace, with};
use serde_json::json;

#[test]
fn a_trace_makes_a_user_with_tokens_cost_and_latency() {
    let server = Server::start();
    let client = server.client();
    let body = with(
        trace("t-1", "u-1"),
        json!({"session_id": "chat-1", "user": {"id": "u-1", "name": "Ada", "email": "ada@example.com", "plan": "pro", "metadata": {"seats": 3}}}),
    );
    let answer = client.post("/v1/traces", &body).expect(202).json();
    assert_eq!(
        answer,
        json!({"trace_id": "t-1", "span_ids": ["t-1-s"], "success": true, "warnings": []})
    );

    let list = client.read("/v1/users");
    assert_eq!(list["nextCursor"], json!(null));
    let users = list["items"].as_array().unwrap();
    assert_eq!(users.len(), 1);
    let user = &users[0];
    for (field, value) in [
        ("externalId", json!("u-1")),
        ("name", json!("Ada")),
        ("email", json!("ada@example.com")),
        ("metadata", json!({"plan": "pro", "seats": 3})),
        ("traceCount", json!(1)),
        ("spanCount", json!(1)),
        ("sessionCount", json!(1)),
        ("promptTokens", json!(10)),
        ("completionTokens", json!(5)),
        ("totalTokens", json!(15)),
        ("totalCost", json!(0.001)),
        ("totalCostUsd", json!("0.001000000")),
        ("errorCount", json!(0)),
        ("unpricedSpanCount", json!(0)),
        ("avgLatencyMs", json!(1000.0)),
    ] {
        assert_eq!(user[field], value, "{field} of {user}");
    }

    let id = user["id"].as_str().unwrap();
    let detail = client.read(&format!("/v1/users/{id}"));
    assert_eq!(detail["totalCostUsd"], "0.001000000");
    assert_eq!(detail["sessions"][0]["externalId"], "chat-1");
    assert_eq!(detail["sessions"][0]["traceCount"], 1);
    assert_eq!(client.read("/v1/users/by-external-id/u-1"), detail);

    let traces = client.read(&format!("/v1/users/{id}/traces"));
    let item = &traces["items"][0];
    assert_eq!(item["id"], "t-1");
    assert_eq!(item["session"]["externalId"], "chat-1");
    let span = &item["spans"][0];
    assert_eq!(
        (&span["id"], &span["level"], &span["totalTokens"]),
        (&json!("t-1-s"), &json!("DEFAULT"), &json!(15))
    );

    let whole = client.read("/v1/traces/t-1");
    assert_eq!(
        whole["spans"][0]["input"],
        json!([{"role": "user", "content": "hello"}])
    );
    assert_eq!(whole["spans"][0]["output"], json!({"content": "hi"}));

    let days = client.read(&format!("/v1/users/{id}/analytics?days=30"));
    let days = days.as_array().unwrap();
    assert_eq!(days.len(), 30);
    let traces: i64 = days
        .iter()
        .map(|day| day["traceCount"].as_i64().unwrap())
        .sum();
    assert_eq!(traces, 1);

    let summary = client.read("/v1/users/summary?days=7");
    assert_eq!(
        (
            &summary["totalUsers"],
            &summary["activeUsers"],
            &summary["newUsers"]
        ),
        (&json!(1), &json!(1), &json!(1))
    );
    assert_eq!(summary["topUsersByCost"][0]["externalId"], "u-1");
}

#[test]
fn the_same_trace_again_changes_nothing() {
    let server = Server::start();
    let client = server.client();
    let body = trace("t-1", "u-1");
    client.post("/v1/traces", &body).expect(202);
    let once = client.read("/v1/users");
    for _ in 0..5 {
        client.post("/v1/traces", &body).expect(202);
        client
            .post("/v1/traces/batch", &json!({"traces": [body, body]}))
            .expect(202);
    }
    assert_eq!(client.read("/v1/users"), once);
}

#[test]
fn spans_may_come_one_by_one_and_in_any_order() {
    let server = Server::start();
    let client = server.client();
    for n in [3, 1, 2] {
        let body =
            json!({"trace_id": "t-1", "user_id": "u-1", "spans": [generation(&format!("s-{n}"))]});
        client.post("/v1/traces", &body).expect(202);
    }
    let user = client.read("/v1/users/by-external-id/u-1");
    assert_eq!(
        (
            &user["traceCount"],
            &user["spanCount"],
            &user["totalCostUsd"]
        ),
        (&json!(1), &json!(3), &json!("0.003000000"))
    );
}

#[test]
fn a_late_user_id_takes_the_whole_trace_along() {
    let server = Server::start();
    let client = server.client();
    client
        .post(
            "/v1/traces",
            &with(trace("t-1", "x"), json!({"user_id": null})),
        )
        .expect(202);
    client
        .post("/v1/traces", &trace("t-2", "before"))
        .expect(202);
    let costs = client.read("/v1/costs?groupBy=user");
    assert_eq!(costs["unattributed"]["totalCostUsd"], "0.001000000");

    client
        .post(
            "/v1/traces",
            &json!({"trace_id": "t-1", "name": "answer", "user_id": "after", "spans": []}),
        )
        .expect(202);
    client
        .post(
            "/v1/traces",
            &json!({"trace_id": "t-2", "name": "answer", "user_id": "after", "spans": []}),
        )
        .expect(202);
    let after = client.read("/v1/users/by-external-id/after");
    assert_eq!(
        (
            &after["traceCount"],
            &after["totalCostUsd"],
            &after["totalTokens"]
        ),
        (&json!(2), &json!("0.002000000"), &json!(30))
    );
    let before = client.read("/v1/users/by-external-id/before");
    assert_eq!(
        (
            &before["traceCount"],
            &before["totalCostUsd"],
            &before["avgLatencyMs"]
        ),
        (&json!(0), &json!("0.000000000"), &json!(null))
    );
    let costs = client.read("/v1/costs?groupBy=user");
    assert_eq!(
        (
            &costs["unattributed"]["totalCostUsd"],
            &costs["total"]["totalCostUsd"]
        ),
        (&json!("0.000000000"), &json!("0.002000000"))
    );
    server.run(&["verify"]).expect_success();
}

#[test]
fn a_price_is_found_and_what_has_none_is_named() {
    let server = Server::start();
    let client = server.client();
    let span = |id: &str, model: &str| {
        with(
            generation(id),
            json!({"model": model, "cost": null, "usage": {"prompt_tokens": 1000, "completion_tokens": 100}}),
        )
    };
    let body = json!({"trace_id": "t-1", "user_id": "u-1", "spans": [span("a", "gpt-4o"), span("b", "openai/gpt-4o-2024-11-20"), span("c", "llm-of-nobody")]});
    client.post("/v1/traces", &body).expect(202);
    let user = client.read("/v1/users/by-external-id/u-1");
    // Twice 1,000 at $2.50 and 100 at $10 a million.
    assert_eq!(
        (&user["totalCostUsd"], &user["unpricedSpanCount"]),
        (&json!("0.007000000"), &json!(1))
    );
    let unpriced = client.read("/v1/costs/unpriced").to_string();
    assert!(unpriced.contains("llm-of-nobody"), "{unpriced}");
    assert!(!unpriced.contains("gpt-4o"), "{unpriced}");
}

#[test]
fn errors_and_times_are_counted_as_defined() {
    let server = Server::start();
    let client = server.client();
    let start = now_ms() - 10 * MINUTE_MS;
    let spans = json!([
        {"span_id": "a", "name": "a", "start_time": start, "end_time": start + 500, "level": "ERROR", "status_message": "boom"},
        {"span_id": "b", "name": "b", "start_time": start + 100, "end_time": start + 400},
        {"span_id": "c", "name": "c", "start_time": start, "end_time": start - 1},
        {"span_id": "d", "name": "d", "start_time": start},
    ]);
    client
        .post(
            "/v1/traces",
            &json!({"trace_id": "t-1", "user_id": "u", "spans": spans}),
        )
        .expect(202);
    client.post("/v1/traces", &trace("t-2", "u")).expect(202);
    let user = client.read("/v1/users/by-external-id/u");
    for (field, value) in [
        ("errorCount", json!(1)),
        ("errorRate", json!(20.0)),
        ("errorTraceCount", json!(1)),
        ("errorTraceRate", json!(50.0)),
        ("avgLatencyMs", json!(600.0)),
        ("avgTraceLatencyMs", json!(750.0)),
    ] {
        assert_eq!(user[field].as_f64(), value.as_f64(), "{field} of {user}");
    }
    let failed = client.read(&format!(
        "/v1/users/{}/traces?level=ERROR",
        user["id"].as_str().unwrap()
    ));
    assert_eq!(failed["items"].as_array().unwrap().len(), 1);
    assert_eq!(failed["items"][0]["id"], "t-1");
}

#[test]
fn what_cannot_be_used_is_answered_with_its_place() {
    let server = Server::start();
    let client = server.client();
    let long = "x".repeat(256);
    let problem = client
        .post("/v1/traces", &trace("t-1", &long))
        .expect_problem(400, "invalid_request")
        .json();
    assert!(problem.to_string().contains("user_id"), "{problem}");
    client
        .post("/v1/traces", &json!([]))
        .expect_problem(400, "invalid_request");
    client
        .post("/v1/traces", &json!({"name": "x", "spans": {}}))
        .expect_problem(400, "invalid_request");
    client
        .post_text("/v1/traces", "{\"name\": ")
        .expect_problem(400, "invalid_request");
    client
        .send(
            "POST",
            "/v1/traces",
            &[("content-type", "text/plain")],
            b"{}",
        )
        .expect_problem(415, "unsupported_media_type");
    assert_eq!(client.read("/v1/users")["items"], json!([]));

    let odd = with(
        trace("t-1", "u"),
        json!({"user": {"id": "someone else", "name": "Eve"}, "timestamp": "tomorrow", "spans": [with(generation("s"), json!({"level": "LOUD", "usage": {"prompt_tokens": -1}}))]}),
    );
    let answer = client.post("/v1/traces", &odd).expect(202).json();
    let warnings = answer["warnings"].as_array().unwrap();
    assert!(warnings.len() >= 4, "{answer}");
    for warning in warnings {
        assert!(
            warning["code"].is_string()
                && warning["path"].is_string()
                && warning["message"].is_string(),
            "{warning}"
        );
    }
    assert_eq!(
        client.read("/v1/users/by-external-id/u")["name"],
        json!(null)
    );
    for junk in ["null", "undefined", "  ", "[object Object]", "NaN", "None"] {
        let answer = client
            .post("/v1/traces", &trace(&format!("t {junk}"), junk))
            .expect(202)
            .json();
        assert_ne!(answer["warnings"], json!([]), "{junk}");
    }
    assert_eq!(
        client.read("/v1/users")["items"].as_array().unwrap().len(),
        1
    );
}
