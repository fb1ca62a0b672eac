//! The users list and its neighbours: sorting, searching, paging, changing, deleting.
use crate::harness::client::encode;
use crate::harness::sample::{DAY_MS, generation, now_ms, trace, with};
use crate::harness::{Client, Server};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Users u-00 … u-39: the n-th has n % 7 + 1 traces of n cents; every fourth has a name.
fn plant_forty(client: &Client) {
    let mut traces = Vec::new();
    for n in 0..40 {
        for k in 0..n % 7 + 1 {
            let at = now_ms() - DAY_MS * i64::from(n % 10) - 60_000;
            let mut body = trace(&format!("t-{n}-{k}"), &format!("u-{n:02}"));
            body["timestamp"] = json!(at);
            body["spans"][0]["cost"] = json!({"total": format!("0.{n:02}")});
            body["spans"][0]["start_time"] = json!(at);
            body["spans"][0]["end_time"] = json!(at + i64::from(n) * 10);
            if n % 4 == 0 {
                body["user"] = json!({"id": format!("u-{n:02}"), "name": format!("Zoë 100%_{n}"), "tier": if n % 8 == 0 { "gold" } else { "tin" }});
            }
            traces.push(body);
        }
    }
    let answer = client
        .post("/v1/traces/batch", &json!({"traces": traces}))
        .expect(202)
        .json();
    assert_eq!(answer["error_count"], 0, "{answer}");
}

fn read_all(client: &Client, query: &str, limit: usize) -> Vec<Value> {
    let mut users = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = client.read(&format!("/v1/users?{query}&limit={limit}{cursor}"));
        users.extend(page["items"].as_array().unwrap().iter().cloned());
        let Some(next) = page["nextCursor"].as_str() else {
            return users;
        };
        cursor = format!("&cursor={}", encode(next));
        assert!(users.len() <= 1000, "paging does not end");
    }
}

#[test]
fn every_order_is_that_of_the_whole_list_and_pages_meet_everyone_once() {
    let server = Server::start();
    let client = server.client();
    plant_forty(&client);
    for sort in [
        "lastSeenAt",
        "firstSeenAt",
        "traceCount",
        "totalCost",
        "totalTokens",
        "errorCount",
        "errorTraceRate",
        "avgLatencyMs",
        "sessionCount",
    ] {
        for order in ["asc", "desc"] {
            let query = format!("sortBy={sort}&sortOrder={order}");
            let whole = read_all(&client, &query, 100);
            assert_eq!(whole.len(), 40, "{query}");
            assert_eq!(read_all(&client, &query, 7), whole, "{query}");
            let ids: BTreeSet<&str> = whole
                .iter()
                .map(|user| user["externalId"].as_str().unwrap())
                .collect();
            assert_eq!(ids.len(), 40, "{query}");
            let sorted = |pair: &[Value]| {
                let order_of = |user: &Value| match &user[sort] {
                    Value::String(time) => time.clone(),
                    number => format!("{:030.9}", number.as_f64().unwrap_or(f64::INFINITY)),
                };
                let (left, right) = (order_of(&pair[0]), order_of(&pair[1]));
                let tie = pair[0]["externalId"].as_str() < pair[1]["externalId"].as_str();
                if left == right {
                    tie
                } else {
                    (left < right) == (order == "asc")
                }
            };
            assert!(whole.windows(2).all(sorted), "{query}");
        }
    }
}

#[test]
fn search_and_filters_mean_what_they_say() {
    let server = Server::start();
    let client = server.client();
    plant_forty(&client);
    let count = |query: &str| {
        client.read(&format!("/v1/users?limit=100&{query}"))["items"]
            .as_array()
            .unwrap()
            .len()
    };
    assert_eq!(count("search=U-0"), 10);
    assert_eq!(count(&format!("search={}", encode("zOË"))), 10);
    assert_eq!(count(&format!("search={}", encode("100%_"))), 10);
    assert_eq!(count(&format!("search={}", encode("100_%"))), 0);
    assert_eq!(count(&format!("search={}", encode("%"))), 10);
    assert_eq!(count("search=nobody"), 0);
    assert_eq!(count("search="), 40);
    assert_eq!(count("metadata.tier=gold"), 5);
    let from = client.read("/v1/users?limit=1")["items"][0]["lastSeenAt"]
        .as_str()
        .unwrap()
        .to_owned();
    let oldest = client.read("/v1/users?limit=1&sortOrder=asc")["items"][0]["lastSeenAt"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(count(&format!("from={from}")) >= 1, "inclusive");
    assert_eq!(
        count(&format!("from={oldest}&to={from}")),
        40,
        "inclusive at both ends"
    );
    for bad in [
        "limit=0".to_owned(),
        "limit=101".to_owned(),
        "limit=x".to_owned(),
        "sortBy=nickname".to_owned(),
        "sortOrder=up".to_owned(),
        "cursor=@@@".to_owned(),
        "cursor=AAAA".to_owned(),
        "from=yesterday".to_owned(),
        format!("from={from}&to={oldest}"),
        format!("search={}", "x".repeat(256)),
    ] {
        client
            .get(&format!("/v1/users?{bad}"))
            .expect_problem(400, "invalid_request");
    }
    let first = client.read("/v1/users?limit=5&sortBy=totalCost");
    let cursor = encode(first["nextCursor"].as_str().unwrap());
    client
        .get(&format!(
            "/v1/users?limit=5&sortBy=totalCost&cursor={cursor}"
        ))
        .expect(200);
    client
        .get(&format!(
            "/v1/users?limit=9&sortBy=totalCost&cursor={cursor}"
        ))
        .expect(200);
    client
        .get(&format!(
            "/v1/users?limit=5&sortBy=traceCount&cursor={cursor}"
        ))
        .expect_problem(400, "invalid_request");
    client
        .get(&format!(
            "/v1/users?limit=5&sortBy=totalCost&search=u&cursor={cursor}"
        ))
        .expect_problem(400, "invalid_request");
}

#[test]
fn a_period_changes_the_numbers_and_not_who_is_listed() {
    let server = Server::start();
    let client = server.client();
    let now = now_ms();
    for (id, user, days_ago) in [("t-1", "a", 1), ("t-2", "a", 5), ("t-3", "b", 5)] {
        let at = now - DAY_MS * days_ago;
        let mut body = trace(id, user);
        body["timestamp"] = json!(at);
        client.post("/v1/traces", &body).expect(202);
    }
    let from = now - 2 * DAY_MS;
    let page = client.read(&format!(
        "/v1/users?sortBy=traceCount&statsFrom={}",
        encode(&to_text(from))
    ));
    let rows: Vec<(&str, i64)> = page["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|user| {
            (
                user["externalId"].as_str().unwrap(),
                user["traceCount"].as_i64().unwrap(),
            )
        })
        .collect();
    assert_eq!(rows, [("a", 1), ("b", 0)]);
    let page = client.read(&format!(
        "/v1/users?sortBy=traceCount&statsTo={}",
        encode(&to_text(from))
    ));
    let rows: Vec<(&str, i64)> = page["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|user| {
            (
                user["externalId"].as_str().unwrap(),
                user["traceCount"].as_i64().unwrap(),
            )
        })
        .collect();
    assert_eq!(rows, [("a", 1), ("b", 1)]);
}

/// RFC 3339 of milliseconds since 1970.
fn to_text(ms: i64) -> String {
    cognobserve_model::time::Micros(ms * 1000).to_string()
}

#[test]
fn profiles_merge_and_are_patched() {
    let server = Server::start();
    let client = server.client();
    let profile = |id: &str, user: Value| {
        client
            .post("/v1/traces", &with(trace(id, "u"), json!({"user": user})))
            .expect(202)
    };
    profile(
        "t-1",
        json!({"name": " Ada ", "email": "ada@example.com", "metadata": {"a": 1, "b": 2}}),
    );
    profile(
        "t-2",
        json!({"name": null, "email": "not an address", "metadata": {"a": null, "c": 3}}),
    );
    let user = client.read("/v1/users/by-external-id/u");
    assert_eq!(
        (&user["name"], &user["email"], &user["metadata"]),
        (
            &json!(null),
            &json!("ada@example.com"),
            &json!({"b": 2, "c": 3})
        )
    );

    let path = format!("/v1/users/{}", user["id"].as_str().unwrap());
    let answer = client
        .patch(
            &path,
            &json!({"name": "Grace", "metadata": {"b": null, "d": [1]}}),
        )
        .expect(200)
        .json();
    assert_eq!(
        (&answer["name"], &answer["metadata"]),
        (&json!("Grace"), &json!({"c": 3, "d": [1]}))
    );
    assert_eq!(client.read(&path)["name"], "Grace");
    client
        .patch(&path, &json!({"email": "nope"}))
        .expect_problem(400, "invalid_request");
    client.patch(&path, &json!({"email": null})).expect(200);
    assert_eq!(client.read(&path)["email"], json!(null));
    // An older fact does not overwrite a newer one.
    let old = with(
        trace("t-3", "u"),
        json!({"timestamp": now_ms() - 40 * DAY_MS, "user": {"name": "Old"}}),
    );
    client.post("/v1/traces", &old).expect(202);
    assert_eq!(client.read(&path)["name"], "Grace");
}

#[test]
fn a_deleted_user_goes_and_the_books_stay() {
    let server = Server::start();
    let client = server.client();
    for n in 0..3 {
        client
            .post(
                "/v1/traces",
                &with(trace(&format!("t-{n}"), "u"), json!({"session_id": "s"})),
            )
            .expect(202);
    }
    client
        .post("/v1/traces", &trace("t-9", "other"))
        .expect(202);
    let id = client.read("/v1/users/by-external-id/u")["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let answer = client.delete(&format!("/v1/users/{id}")).expect(200).json();
    assert_eq!(
        answer,
        json!({"success": true, "tracesUnlinked": 3, "sessionsUnlinked": 1})
    );
    client
        .delete(&format!("/v1/users/{id}"))
        .expect_problem(404, "not_found");
    client
        .get("/v1/users/by-external-id/u")
        .expect_problem(404, "not_found");
    let costs = client.read("/v1/costs?groupBy=user");
    assert_eq!(
        (
            &costs["unattributed"]["traceCount"],
            &costs["total"]["totalCostUsd"]
        ),
        (&json!(3), &json!("0.004000000"))
    );
    // Unlinked stays unlinked, even when it is sent again; a new trace makes a new person.
    client.post("/v1/traces", &trace("t-0", "u")).expect(202);
    assert_eq!(
        client.read("/v1/costs?groupBy=user")["unattributed"]["traceCount"],
        3
    );
    client.post("/v1/traces", &trace("t-10", "u")).expect(202);
    let again = client.read("/v1/users/by-external-id/u");
    assert_ne!(again["id"], json!(id));
    assert_eq!(again["traceCount"], 1);
    server.run(&["verify"]).expect_success();
}

#[test]
fn external_ids_are_resolved_exactly() {
    let server = Server::start();
    let client = server.client();
    client
        .post("/v1/traces", &trace("t-1", "Known"))
        .expect(202);
    let answer = client
        .post(
            "/v1/users/resolve",
            &json!({"externalIds": ["Known", "known", "new", "null"]}),
        )
        .expect(200)
        .json();
    let users = &answer["users"];
    assert!(users["Known"].is_string());
    assert_eq!(
        (&users["known"], &users["new"], &users["null"]),
        (&json!(null), &json!(null), &json!(null))
    );
    let made = client
        .post(
            "/v1/users/resolve",
            &json!({"externalIds": ["new", "Known"], "create": true}),
        )
        .expect(200)
        .json();
    assert!(made["users"]["new"].is_string());
    assert_eq!(made["users"]["Known"], users["Known"]);
    assert_eq!(client.read("/v1/users/by-external-id/new")["traceCount"], 0);
    let many: Vec<String> = (0..1001).map(|n| n.to_string()).collect();
    client
        .post("/v1/users/resolve", &json!({"externalIds": many}))
        .expect_problem(400, "invalid_request");
}

#[test]
fn resolving_by_many_at_once_makes_one_person() {
    let server = Server::start();
    let ids: Vec<Value> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|_| {
                let client = server.client();
                scope.spawn(move || {
                    client
                        .post(
                            "/v1/users/resolve",
                            &json!({"externalIds": ["same"], "create": true}),
                        )
                        .expect(200)
                        .json()["users"]["same"]
                        .clone()
                })
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    assert!(
        ids.iter().all(|id| id.is_string() && *id == ids[0]),
        "{ids:?}"
    );
    assert_eq!(
        server.client().read("/v1/users")["items"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[test]
fn a_session_belongs_to_its_latest_identified_user() {
    let server = Server::start();
    let client = server.client();
    let now = now_ms();
    for (id, user, ago) in [("t-1", "a", 3), ("t-2", "b", 2), ("t-3", "", 1)] {
        let at = now - ago * 60_000;
        let span = with(
            generation(id),
            json!({"start_time": at, "end_time": at + 5}),
        );
        client.post("/v1/traces", &json!({"trace_id": id, "user_id": user, "session_id": "shared", "timestamp": at, "spans": [span]})).expect(202);
    }
    assert_eq!(client.read("/v1/users/by-external-id/a")["sessionCount"], 0);
    assert_eq!(client.read("/v1/users/by-external-id/b")["sessionCount"], 1);
    let sessions = client.read("/v1/sessions");
    assert_eq!(sessions["items"].as_array().unwrap().len(), 1);
    assert_eq!(sessions["items"][0]["traceCount"], 3);
    let id = sessions["items"][0]["id"].as_str().unwrap();
    let timeline = client.read(&format!("/v1/sessions/{id}/timeline"));
    let order: Vec<&str> = timeline["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|trace| trace["id"].as_str().unwrap())
        .collect();
    assert_eq!(order, ["t-1", "t-2", "t-3"]);
}
