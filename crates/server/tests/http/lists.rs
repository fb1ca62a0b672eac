//! Lists of users: shape, order, filters, paging, strictness.
use crate::app::App;
use serde_json::{Value, json};

async fn start_with_users(count: usize) -> App {
    let app = App::start().await;
    let traces: Vec<Value> = (0..count).map(|n| json!({
        "trace_id": format!("t{n}"), "name": "chat", "timestamp": format!("2026-05-01T00:00:{:02}.5Z", n % 7),
        "user": {"id": format!("user-{n:03}"), "name": format!("Näme {n}"), "email": format!("u{n}@acme.com"), "metadata": {"plan": if n % 2 == 0 { "pro" } else { "free" }}},
        "spans": [{"span_id": "s", "name": "call", "total_cost": n % 3, "level": if n % 4 == 0 { "ERROR" } else { "DEFAULT" }}],
    })).collect();
    app.post("/v1/traces/batch", &json!({"traces": traces}))
        .await
        .expect(202);
    app
}

fn ids(list: &Value) -> Vec<String> {
    list["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|user| user["externalId"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn a_user_has_every_documented_field() {
    let app = start_with_users(1).await;
    let list = app.get("/v1/users").await.expect(200);
    let user = list["items"][0].as_object().unwrap();
    for field in [
        "id",
        "projectId",
        "externalId",
        "name",
        "email",
        "metadata",
        "firstSeenAt",
        "lastSeenAt",
        "createdAt",
        "updatedAt",
        "traceCount",
        "spanCount",
        "sessionCount",
        "promptTokens",
        "completionTokens",
        "cachedTokens",
        "reasoningTokens",
        "totalTokens",
        "totalCost",
        "totalCostUsd",
        "unpricedSpanCount",
        "errorCount",
        "errorRate",
        "errorTraceCount",
        "errorTraceRate",
        "avgLatencyMs",
        "avgTraceLatencyMs",
    ] {
        assert!(user.contains_key(field), "{field}");
    }
    assert_eq!(
        (&user["lastSeenAt"], &user["metadata"]),
        (
            &json!("2026-05-01T00:00:00.500000Z"),
            &json!({"plan": "pro"})
        )
    );
    assert_eq!(
        (&user["errorRate"], &user["avgLatencyMs"]),
        (&json!(100.0), &Value::Null)
    );
    assert_eq!(list["nextCursor"], Value::Null);
    let detail = app
        .get(&format!("/v1/users/{}", user["id"].as_str().unwrap()))
        .await
        .expect(200);
    assert_eq!(detail["sessions"], json!([]));
    for (field, value) in user {
        assert_eq!(&detail[field], value, "{field}");
    }
}

#[tokio::test]
async fn paging_meets_every_user_once_in_every_order() {
    let app = start_with_users(25).await;
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
            let base = format!("/v1/users?sortBy={sort}&sortOrder={order}");
            let whole = ids(&app.get(&base).await.expect(200));
            let mut paged = Vec::new();
            let mut path = format!("{base}&limit=4");
            loop {
                let page = app.get(&path).await.expect(200);
                paged.extend(ids(&page));
                let Some(next) = page["nextCursor"].as_str() else {
                    break;
                };
                path = format!("{base}&limit=7&cursor={next}");
            }
            assert_eq!(paged, whole, "{sort} {order}");
            assert_eq!(whole.len(), 25);
        }
    }
}

#[tokio::test]
async fn a_cursor_fits_only_the_same_question() {
    let app = start_with_users(5).await;
    let page = app
        .get("/v1/users?limit=2&sortBy=totalCost")
        .await
        .expect(200);
    let cursor = page["nextCursor"].as_str().unwrap();
    for other in [
        "sortBy=traceCount",
        "sortBy=totalCost&sortOrder=asc",
        "sortBy=totalCost&search=a",
        "sortBy=totalCost&metadata.plan=pro",
        "sortBy=totalCost&statsFrom=2026-01-01",
        "",
    ] {
        assert_eq!(
            app.get(&format!("/v1/users?{other}&cursor={cursor}"))
                .await
                .expect_problem(400, "invalid_request"),
            ["cursor"],
            "{other}"
        );
    }
    let foreign = app
        .call_as(
            &app.other_key,
            axum::http::Method::GET,
            &format!("/v1/users?sortBy=totalCost&cursor={cursor}"),
            None,
        )
        .await;
    foreign.expect_problem(400, "invalid_request");
    assert_eq!(
        app.get(&format!(
            "/v1/users?limit=100&sortBy=totalCost&cursor={cursor}"
        ))
        .await
        .expect(200)["items"]
            .as_array()
            .unwrap()
            .len(),
        3
    );
}

#[tokio::test]
async fn filters_narrow_the_list() {
    let app = start_with_users(20).await;
    let count =
        async |query: &str| ids(&app.get(&format!("/v1/users?{query}")).await.expect(200)).len();
    assert_eq!(count("search=N%C3%84ME%201").await, 11);
    assert_eq!(count("search=user-01").await, 10);
    assert_eq!(count("search=%25").await, 0);
    assert_eq!(count("search=%20").await, 20);
    assert_eq!(count("metadata.plan=pro").await, 10);
    assert_eq!(count("metadata.plan=pro&metadata.x=1").await, 0);
    assert_eq!(
        count("from=2026-05-01T00:00:02.5Z&to=2026-05-01T00:00:03.5Z").await,
        6
    );
    assert_eq!(
        count("from=2026-05-01T00:00:02.500001Z&to=2026-05-01T00:00:03.499999Z").await,
        0
    );
    assert_eq!(count("unknown=1&limit=3").await, 3);
}

#[tokio::test]
async fn stats_of_a_period_leave_everybody_listed() {
    let app = start_with_users(3).await;
    let list = app.get("/v1/users?statsFrom=2026-05-01T00:00:01Z&statsTo=2026-05-01T00:00:02Z&sortBy=totalCost").await.expect(200);
    let counts: Vec<&Value> = list["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|user| &user["traceCount"])
        .collect();
    assert_eq!(counts, [&json!(1), &json!(0), &json!(0)]);
}

#[tokio::test]
async fn bad_questions_are_400_with_every_reason() {
    let app = start_with_users(1).await;
    for (query, path) in [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=ten", "limit"),
        ("sortBy=nickname", "sortBy"),
        ("sortOrder=up", "sortOrder"),
        ("from=yesterday", "from"),
        ("from=2026-02-02&to=2026-02-01", "from"),
        ("statsFrom=2026-13-01", "statsFrom"),
        ("tz=Moon", "tz"),
        ("cursor=abc", "cursor"),
        ("limit=1&limit=2", "limit"),
    ] {
        assert_eq!(
            app.get(&format!("/v1/users?{query}"))
                .await
                .expect_problem(400, "invalid_request"),
            [path],
            "{query}"
        );
    }
    let user = app.user_id("user-000").await;
    for query in ["days=0", "days=367", "days=x"] {
        app.get(&format!("/v1/users/{user}/analytics?{query}"))
            .await
            .expect_problem(400, "invalid_request");
    }
}

#[tokio::test]
async fn external_ids_in_paths_are_decoded_and_normalised() {
    let app = App::start().await;
    app.take(json!({"name": "x", "user_id": "a/b c?é"})).await;
    let user = app
        .get("/v1/users/by-external-id/%20a%2Fb%20c%3Fe%CC%81")
        .await
        .expect(200);
    assert_eq!(user["externalId"], "a/b c?é");
    for nobody in ["null", "%20", "nobody", &"x".repeat(300), "%FF"] {
        app.get(&format!("/v1/users/by-external-id/{nobody}"))
            .await
            .expect_problem(404, "not_found");
    }
}

#[tokio::test]
async fn analytics_are_dense_and_end_today() {
    let app = App::start().await;
    app.take(json!({"name": "x", "user_id": "u"})).await;
    let user = app.user_id("u").await;
    for (query, days) in [
        ("", 30),
        ("days=1", 1),
        ("days=366&tz=America/St_Johns", 366),
    ] {
        let list = app
            .get(&format!("/v1/users/{user}/analytics?{query}"))
            .await
            .expect(200);
        let list = list.as_array().unwrap();
        assert_eq!(list.len(), days);
        assert!(
            list.windows(2)
                .all(|pair| pair[0]["date"].as_str() < pair[1]["date"].as_str())
        );
        assert_eq!(list.last().unwrap()["traceCount"], 1);
    }
    app.get("/v1/users/usr_none/analytics")
        .await
        .expect_problem(404, "not_found");
}

#[tokio::test]
async fn the_summary_counts_and_ranks() {
    let app = start_with_users(8).await;
    app.take(json!({"name": "now", "user_id": "fresh"})).await;
    let summary = app.get("/v1/users/summary?days=7").await.expect(200);
    assert_eq!(
        (
            &summary["totalUsers"],
            &summary["activeUsers"],
            &summary["newUsers"]
        ),
        (&json!(9), &json!(1), &json!(1))
    );
    let top = summary["topUsersByCost"].as_array().unwrap();
    assert_eq!(top.len(), 5);
    assert_eq!(
        (&top[0]["externalId"], &top[0]["totalCost"], &top[0]["name"]),
        (&json!("user-002"), &json!(2.0), &json!("Näme 2"))
    );
}
