//! Sessions: lists, one, timeline.
use crate::app::App;
use serde_json::json;

async fn start() -> App {
    let app = App::start().await;
    for n in 0..5 {
        let trace = json!({"trace_id": format!("t{n}"), "name": format!("turn {n}"), "timestamp": format!("2026-05-01T0{n}:00:00Z"),
            "session": {"id": if n < 4 { "chat" } else { "Other" }, "name": "A talk"}, "user_id": if n == 4 { "b" } else { "a" },
            "spans": [{"span_id": "s", "name": "call", "input": {"q": n}, "output": [1.50, "ä"], "total_cost": "0.25"}]});
        app.take(trace).await;
    }
    app
}

#[tokio::test]
async fn sessions_are_listed_latest_first() {
    let app = start().await;
    let list = app.get("/v1/sessions").await.expect(200);
    let items = list["items"].as_array().unwrap();
    assert_eq!(
        (&items[0]["externalId"], &items[1]["externalId"]),
        (&json!("Other"), &json!("chat"))
    );
    assert_eq!(
        (
            &items[1]["traceCount"],
            &items[1]["totalCostUsd"],
            &items[1]["externalUserId"]
        ),
        (&json!(4), &json!("1.000000000"), &json!("a"))
    );
    assert_eq!(
        (&items[1]["name"], &items[1]["metadata"]),
        (&json!("A talk"), &json!({}))
    );
    assert_eq!(
        app.get("/v1/sessions?search=CHA").await.expect(200)["items"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    let user = app.user_id("a").await;
    assert_eq!(
        app.get(&format!("/v1/users/{user}/sessions"))
            .await
            .expect(200)["items"][0],
        items[1]
    );
    assert_eq!(
        app.get(&format!("/v1/users/{user}")).await.expect(200)["sessions"][0]["traceCount"],
        4
    );
    let page = app.get("/v1/sessions?limit=1").await.expect(200);
    let next = page["nextCursor"].as_str().unwrap();
    assert_eq!(
        app.get(&format!("/v1/sessions?limit=1&cursor={next}"))
            .await
            .expect(200)["items"][0]["externalId"],
        "chat"
    );
    app.get("/v1/sessions?user=usr_none")
        .await
        .expect_problem(404, "not_found");
}

#[tokio::test]
async fn a_timeline_is_in_the_order_of_events_with_everything() {
    let app = start().await;
    let id = app.get("/v1/sessions?search=chat").await.expect(200)["items"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(
        app.get(&format!("/v1/sessions/{id}")).await.expect(200)["externalId"],
        "chat"
    );
    let mut names = Vec::new();
    let mut query = "limit=3".to_owned();
    loop {
        let page = app
            .get(&format!("/v1/sessions/{id}/timeline?{query}"))
            .await
            .expect(200);
        for trace in page["items"].as_array().unwrap() {
            names.push(trace["name"].as_str().unwrap().to_owned());
            assert_eq!(trace["spans"][0]["output"], json!([1.5, "ä"]));
        }
        let Some(next) = page["nextCursor"].as_str() else {
            break;
        };
        query = format!("limit=3&cursor={next}");
    }
    assert_eq!(names, ["turn 0", "turn 1", "turn 2", "turn 3"]);
    app.get("/v1/sessions/ses_none")
        .await
        .expect_problem(404, "not_found");
    app.get("/v1/sessions/ses_none/timeline")
        .await
        .expect_problem(404, "not_found");
}
