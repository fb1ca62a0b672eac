//! `GET /v1/costs`: rows, unattributed and total balance, in JSON and CSV.
use crate::app::App;
use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};

async fn start() -> App {
    let app = App::start().await;
    for (n, user) in [Some("=cmd()"), Some("anna"), None, Some("anna")]
        .into_iter()
        .enumerate()
    {
        let metadata = if user == Some("anna") {
            json!({"plan": "pro"})
        } else {
            json!({})
        };
        let mut trace = json!({"trace_id": format!("t{n}"), "name": "chat", "timestamp": format!("2026-03-{:02}T23:30:00Z", 10 + n), "session_id": format!("s{}", n / 2),
            "spans": [{"span_id": "1", "name": "call", "type": "generation", "model": "unknown-model", "total_cost": 0.1, "usage": {"prompt_tokens": 5, "completion_tokens": 1}},
                {"span_id": "2", "name": "call", "type": "generation", "model": "nobody-knows", "usage": {"total_tokens": n + 1}}]});
        if let Some(user) = user {
            trace["user"] = json!({"id": user, "metadata": metadata});
        }
        app.take(trace).await;
    }
    app
}

fn nanos(row: &Value) -> i128 {
    row["totalCostUsd"]
        .as_str()
        .unwrap()
        .replace('.', "")
        .parse()
        .unwrap()
}

#[tokio::test]
async fn every_grouping_balances() {
    let app = start().await;
    for group in ["user", "model", "day", "session", "metadata.plan"] {
        let report = app
            .get(&format!("/v1/costs?groupBy={group}&tz=Asia/Kathmandu"))
            .await
            .expect(200);
        let rows = report["rows"].as_array().unwrap();
        let sum: i128 = rows.iter().map(nanos).sum();
        assert_eq!(
            sum + nanos(&report["unattributed"]),
            nanos(&report["total"]),
            "{group}"
        );
        let spans: i64 = rows
            .iter()
            .map(|row| row["spanCount"].as_i64().unwrap())
            .sum();
        assert_eq!(
            spans + report["unattributed"]["spanCount"].as_i64().unwrap(),
            8,
            "{group}"
        );
        assert_eq!(report["nextCursor"], Value::Null);
        assert!(
            rows.windows(2)
                .all(|pair| nanos(&pair[0]) >= nanos(&pair[1])),
            "{group}"
        );
    }
    let days = app
        .get("/v1/costs?groupBy=day&tz=Asia/Kathmandu")
        .await
        .expect(200);
    assert_eq!(days["rows"][0]["date"], "2026-03-11");
    assert_eq!(days["unattributed"]["traceCount"], 0);
    let plans = app.get("/v1/costs?groupBy=metadata.plan").await.expect(200);
    assert_eq!(
        (&plans["rows"][0]["value"], &plans["rows"][0]["traceCount"]),
        (&json!("pro"), &json!(2))
    );
}

#[tokio::test]
async fn pages_meet_every_row_once() {
    let app = start().await;
    let mut seen = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = app
            .get(&format!("/v1/costs?groupBy=user&limit=1{cursor}"))
            .await
            .expect(200);
        seen.extend(
            page["rows"]
                .as_array()
                .unwrap()
                .iter()
                .map(|row| row["externalId"].as_str().unwrap().to_owned()),
        );
        assert_eq!(page["total"]["traceCount"], 4);
        match page["nextCursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(seen, ["anna", "=cmd()"]);
    app.get(&format!("/v1/costs?groupBy=day{cursor}"))
        .await
        .expect_problem(400, "invalid_request");
}

#[tokio::test]
async fn csv_has_all_rows_and_no_formulas() {
    let app = start().await;
    let request = Request::builder()
        .uri("/v1/costs?groupBy=user&limit=1")
        .header("x-api-key", &app.key)
        .header("accept", "text/csv");
    let answer = app.send(request.body(Body::empty()).unwrap()).await;
    assert!(
        answer.headers["content-type"]
            .to_str()
            .unwrap()
            .starts_with("text/csv")
    );
    let mut reader = csv::Reader::from_reader(&answer.bytes[..]);
    let header = reader.headers().unwrap().clone();
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let column = |name: &str| header.iter().position(|column| column == name).unwrap();
    let ids: Vec<&str> = rows.iter().map(|row| &row[column("externalId")]).collect();
    assert_eq!(ids, ["anna", "'=cmd()", ""]);
    let costs: Vec<&str> = rows
        .iter()
        .map(|row| &row[column("totalCostUsd")])
        .collect();
    assert_eq!(costs, ["0.200000000", "0.100000000", "0.100000000"]);
    assert!(!header.iter().any(|name| name == "totalCost"));
}

#[tokio::test]
async fn questions_are_read_strictly() {
    let app = start().await;
    assert_eq!(
        app.get("/v1/costs")
            .await
            .expect_problem(400, "invalid_request"),
        ["groupBy"]
    );
    assert_eq!(
        app.get("/v1/costs?groupBy=week")
            .await
            .expect_problem(400, "invalid_request"),
        ["groupBy"]
    );
    assert_eq!(
        app.get("/v1/costs?groupBy=day&tz=Nowhere&limit=10001")
            .await
            .expect_problem(400, "invalid_request"),
        ["tz", "limit"]
    );
    let none = app
        .get("/v1/costs?groupBy=user&from=2027-01-01&to=2027-01-01")
        .await
        .expect(200);
    assert_eq!(
        (&none["rows"], &none["total"]["spanCount"]),
        (&json!([]), &json!(0))
    );
}

#[tokio::test]
async fn unpriced_models_are_named() {
    let app = start().await;
    let list = app.get("/v1/costs/unpriced").await.expect(200);
    assert_eq!(
        list,
        json!({"items": [{"model": "nobody-knows", "spanCount": 4, "totalTokens": 10}], "nextCursor": null})
    );
}

#[tokio::test]
async fn days_are_those_of_the_project_unless_another_zone_is_asked_for() {
    let app = App::start().await;
    app.set(|settings| settings.time_zone = "Pacific/Auckland".into())
        .await;
    app.take(json!({"name": "late", "timestamp": "2026-03-10T13:00:00Z", "user_id": "anna"}))
        .await;
    for (query, day) in [("", "2026-03-11"), ("&tz=UTC", "2026-03-10")] {
        let report = app
            .get(&format!("/v1/costs?groupBy=day{query}"))
            .await
            .expect(200);
        assert_eq!(report["rows"][0]["date"], day, "{query}");
    }
    // A date is read there too: Auckland's 11th has begun, that of UTC has not.
    let counted = async |query: &str| {
        let path = format!("/v1/costs?groupBy=user&from=2026-03-11{query}");
        app.get(&path).await.expect(200)["total"]["traceCount"].clone()
    };
    assert_eq!(
        (counted("").await, counted("&tz=UTC").await),
        (json!(1), json!(0))
    );
}
