//! Many traces in one request: each stands for itself.
use crate::harness::Server;
use crate::harness::sample::{trace, with};
use serde_json::{Value, json};

#[test]
fn a_bad_trace_fails_alone_and_results_keep_the_order() {
    let server = Server::start();
    let client = server.client();
    let traces = json!([trace("t-0", "a"), 17, trace("t-2", &"x".repeat(300)), with(trace("t-3", "b"), json!({"spans": [1]})), trace("t-4", "b"), {"name": "no id"}, {}]);
    let answer = client
        .post("/v1/traces/batch", &json!({"traces": traces}))
        .expect(202)
        .json();
    let results = answer["results"].as_array().unwrap();
    let success: Vec<bool> = results
        .iter()
        .map(|result| result["success"].as_bool().unwrap())
        .collect();
    assert_eq!(
        success,
        [true, false, false, false, true, true, false],
        "{answer}"
    );
    assert_eq!(
        (&answer["success_count"], &answer["error_count"]),
        (&json!(3), &json!(4))
    );
    assert_eq!(results[4]["trace_id"], "t-4");
    assert_eq!(results[1]["trace_id"], Value::Null);
    for (result, good) in results.iter().zip(success) {
        assert_eq!(
            result.get("error").is_some_and(Value::is_object),
            !good,
            "{result}"
        );
        assert!(result["warnings"].is_array(), "{result}");
    }
    assert!(
        results[5]["trace_id"]
            .as_str()
            .is_some_and(|id| id.len() == 32),
        "{answer}"
    );
    let names: Vec<String> = names_of_users(&client.read("/v1/users"));
    assert_eq!(names, ["a", "b"]);
    assert_eq!(
        client.read("/v1/costs?groupBy=user")["total"]["traceCount"],
        3
    );
}

#[test]
fn nothing_in_or_only_bad_ones_is_still_an_answer() {
    let server = Server::start();
    let client = server.client();
    let answer = client
        .post("/v1/traces/batch", &json!({"traces": []}))
        .expect(202)
        .json();
    assert_eq!(
        answer,
        json!({"results": [], "success_count": 0, "error_count": 0})
    );
    let answer = client
        .post("/v1/traces/batch", &json!({"traces": [1, null, "x"]}))
        .expect(202)
        .json();
    assert_eq!(answer["error_count"], 3);
    client
        .post("/v1/traces/batch", &json!({}))
        .expect_problem(400, "invalid_request");
    let many: Vec<Value> = vec![json!({}); 10_001];
    client
        .post("/v1/traces/batch", &json!({"traces": many}))
        .expect_problem(413, "payload_too_large");
    assert_eq!(
        client.read("/v1/costs?groupBy=user")["total"]["traceCount"],
        0
    );
}

fn names_of_users(list: &Value) -> Vec<String> {
    let items = list["items"].as_array().unwrap();
    let mut names: Vec<String> = items
        .iter()
        .map(|user| user["externalId"].as_str().unwrap().to_owned())
        .collect();
    names.sort();
    names
}
