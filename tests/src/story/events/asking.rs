//! Each question about events with its answer: the cloud edition.
use super::{find_developer, find_user, read_names, send};
use crate::harness::openapi::make_project_of;
use crate::harness::{Client, Server};
use serde_json::{Value, json};

/// Five memories of two end users, a search of a third, and one of nobody.
fn plant(client: &Client) {
    let memory = |user: &str, at: &str, kind: &str| json!({"event": "memory_created", "user_id": user, "timestamp": at, "properties": {"type": kind}});
    let events = json!([
        memory("ann", "2026-11-02T10:00:00Z", "text"),
        memory("ann", "2026-11-02T11:00:00Z", "text"),
        memory("ann", "2026-11-03T10:00:00Z", "image"),
        memory("bob", "2026-11-03T23:30:00Z", "text"),
        memory("bob", "2026-11-10T10:00:00Z", "text"),
        {"event": "search", "user_id": "eve", "timestamp": "2026-11-04T10:00:00Z"},
        {"event": "started", "timestamp": "2026-11-05T10:00:00Z"},
    ]);
    send(client, events);
}

#[test]
fn events_are_listed_newest_first_and_page_by_page() {
    let server = Server::start_cloud();
    let client = server.client();
    plant(&client);
    let developer = find_developer(&server);
    let (ann, eve) = (find_user(&client, "ann"), find_user(&client, "eve"));
    let all = client.read(&format!("/v1/events?developerId={developer}"));
    let names = read_names(&all);
    assert_eq!((names.len(), &all["nextCursor"]), (7, &json!(null)));
    assert_eq!(names[1], ("started".to_owned(), json!(null)));
    assert_eq!(names[2], ("search".to_owned(), json!(eve)));

    let mut met = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = client.read(&format!("/v1/events?limit=2{cursor}"));
        met.extend(page["items"].as_array().unwrap().clone());
        let Some(next) = page["nextCursor"].as_str() else {
            break;
        };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(json!(met), all["items"]);
    let wrong = client.get(&format!("/v1/events?event=search{cursor}"));
    wrong.expect_problem(400, "invalid_request");

    let of = |query: &str| read_names(&client.read(&format!("/v1/events?{query}"))).len();
    assert_eq!(of(&format!("endUserId={ann}")), 3);
    assert_eq!(of("event=search"), 1);
    assert_eq!(of("from=2026-11-03&to=2026-11-04"), 2);
    assert_eq!(of("from=2026-11-04&to=2026-11-05&tz=Europe/Berlin"), 2);
    assert_eq!(of("developerId=dev_none"), 0);
    for query in [
        "limit=0",
        "limit=101",
        "from=soon",
        "event=",
        "from=2026-11-04&to=2026-11-03",
    ] {
        let refused = client.get(&format!("/v1/events?{query}"));
        refused.expect_problem(400, "invalid_request");
    }
}

#[test]
fn events_are_counted_in_all_and_by_group() {
    let server = Server::start_cloud();
    let client = server.client();
    plant(&client);
    let developer = find_developer(&server);
    let (ann, bob) = (find_user(&client, "ann"), find_user(&client, "bob"));
    let count = |query: &str| client.read(&format!("/v1/events/count?{query}"));
    let memories = format!("event=memory_created&developerId={developer}");
    assert_eq!(
        count(&memories),
        json!({"rows": [], "other": 0, "total": 5})
    );
    let by_user = count(&format!("{memories}&groupBy=endUser"));
    let expected = json!([{"key": ann, "count": 3}, {"key": bob, "count": 2}]);
    assert_eq!(
        (&by_user["rows"], &by_user["total"]),
        (&expected, &json!(5))
    );
    let rows = |group: &str| count(&format!("groupBy={group}"))["rows"].clone();
    assert_eq!(rows("developer"), json!([{"key": developer, "count": 7}]));
    let kinds = json!([{"key": "text", "count": 4}, {"key": null, "count": 2}, {"key": "image", "count": 1}]);
    assert_eq!(rows("property.type"), kinds);
    let names = rows("event");
    assert_eq!(names[0], json!({"key": "memory_created", "count": 5}));
    for group in ["", "user", "property.", "Event"] {
        let refused = client.get(&format!("/v1/events/count?groupBy={group}"));
        refused.expect_problem(400, "invalid_request");
    }
}

#[test]
fn developers_are_known_by_their_end_users() {
    let server = Server::start_cloud();
    let client = server.client();
    let developer = find_developer(&server);
    let path = format!("/v1/developers/{developer}");
    let none = client.read(&path);
    let expected = json!({"developerId": developer, "eventCount": 0, "uniqueEndUsers": 0, "firstSeenAt": null, "lastSeenAt": null});
    assert_eq!(none, expected);
    assert_eq!(client.read("/v1/developers")["items"], json!([]));
    plant(&client);
    let expected = json!({
        "developerId": developer, "eventCount": 7, "uniqueEndUsers": 3,
        "firstSeenAt": "2026-11-02T10:00:00.000000Z", "lastSeenAt": "2026-11-10T10:00:00.000000Z",
    });
    assert_eq!(client.read(&path), expected);
    let list = client.read("/v1/developers?sortBy=uniqueEndUsers&limit=1");
    assert_eq!(list, json!({"items": [expected], "nextCursor": null}));
    let of_day = client.read(&format!("{path}?from=2026-11-03&to=2026-11-04"));
    assert_eq!(
        (&of_day["eventCount"], &of_day["uniqueEndUsers"]),
        (&json!(2), &json!(2))
    );
    client
        .get("/v1/developers/dev_none")
        .expect_problem(404, "not_found");
    client
        .get("/v1/developers?sortBy=name")
        .expect_problem(400, "invalid_request");

    // Each sees itself alone.
    let theirs = make_project_of(&server, "others", "theirs", "ingest,read");
    theirs.get(&path).expect_problem(404, "not_found");
    theirs
        .get(&format!("{path}/retention"))
        .expect_problem(404, "not_found");
    assert_eq!(theirs.read("/v1/developers")["items"], json!([]));
}

#[test]
fn retention_is_by_day_and_by_week_of_the_first_event() {
    let server = Server::start_cloud();
    let client = server.client();
    let path = format!("/v1/developers/{}/retention", find_developer(&server));
    let now = i64::try_from(
        std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap()
            .as_millis(),
    )
    .unwrap();
    let day_ms = 86_400_000;
    let at = |user: &str, days: i64| json!({"event": "e", "user_id": user, "timestamp": now - days * day_ms});
    send(
        &client,
        json!([at("ann", 21), at("ann", 0), at("bob", 21), at("bob", 21), at("old", 40), at("old", 7), {"event": "e"}]),
    );
    let told = client.read(&format!("{path}?days=30&tz=UTC"));
    let days: Vec<u64> = told["days"]
        .as_array()
        .unwrap()
        .iter()
        .map(|day| day["endUsers"].as_u64().unwrap())
        .collect();
    let mut expected = [0; 30];
    // Who is older is there, and not new.
    (expected[8], expected[22], expected[29]) = (2, 1, 1);
    assert_eq!(days, expected);
    let cohorts = told["cohorts"].as_array().unwrap();
    assert_eq!(cohorts.len(), 1, "{told}");
    assert_eq!(
        (&cohorts[0]["endUsers"], &cohorts[0]["active"]),
        (&json!(2), &json!([2, 0, 0, 1]))
    );
    let longer = client.read(&format!("{path}?days=60"));
    assert_eq!(longer["cohorts"].as_array().unwrap().len(), 2);
    assert_eq!(longer["days"].as_array().unwrap().len(), 60);
    // Always two days: 25 hours lie between them.
    let today =
        |zone: &str| client.read(&format!("{path}?days=1&tz={zone}"))["days"][0]["date"].clone();
    assert_ne!(today("Pacific/Kiritimati"), today("Pacific/Pago_Pago"));
    for query in ["days=0", "days=367", "tz=Mars"] {
        client
            .get(&format!("{path}?{query}"))
            .expect_problem(400, "invalid_request");
    }
    send(&client, json!([{"event": "f", "user_id": "ann"}]));
    let new_to_it = client.read(&format!("{path}?event=f&days=7"));
    assert_eq!(new_to_it["cohorts"][0]["endUsers"], 1);
    assert_eq!(client.read(&format!("{path}?days=7"))["cohorts"], json!([]));
    let of_other = client.read(&format!("{path}?event=none"));
    assert_eq!(of_other["cohorts"], json!([]));
}

#[test]
fn a_project_is_told_what_becomes_of_its_own_events() {
    let server = Server::start_cloud();
    let client = server.client();
    plant(&client);
    let theirs = make_project_of(&server, "others", "theirs", "ingest,read");
    let status = |client: &Client| -> Value { client.read("/v1/telemetry/status") };
    let expected = |events: u64| json!({"enabled": true, "optedOut": false, "edition": "cloud", "provider": "none", "events": events});
    assert_eq!(
        (status(&client), status(&theirs)),
        (expected(7), expected(0))
    );
}
