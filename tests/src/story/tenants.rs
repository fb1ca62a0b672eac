//! Two projects in one store: neither sees, finds, changes or counts anything of the other.
use crate::harness::openapi::{Ids, make_project, make_project_of, read_routes};
use crate::harness::sample::{trace, with};
use crate::harness::{Answer, Client, Server};
use serde_json::{Value, json};

const MARK: &str = "zebra7731";

/// A trace full of the mark; its ids are answered.
fn plant(client: &Client) -> Ids {
    let body = with(
        trace(&format!("trace-{MARK}"), &format!("user-{MARK}")),
        json!({
            "name": format!("name {MARK}"), "session_id": format!("session-{MARK}"), "metadata": {MARK: MARK},
            "user": {"name": format!("Person {MARK}"), "email": format!("{MARK}@example.com"), "metadata": {MARK: MARK, "plan": MARK}},
            "spans": [{"span_id": MARK, "name": MARK, "model": MARK, "input": MARK, "output": MARK, "status_message": MARK, "level": "ERROR",
                       "usage": {"prompt_tokens": 5}, "start_time": "2026-11-01T10:00:00Z", "end_time": "2026-11-01T10:00:01Z"}],
        }),
    );
    client.post("/v1/traces", &body).expect(202);
    let event =
        json!({"event": MARK, "user_id": format!("user-{MARK}"), "properties": {MARK: MARK}});
    client.post("/v1/events", &event).expect(202);
    let user = client.read(&format!("/v1/users/by-external-id/user-{MARK}"));
    Ids {
        user: user["id"].as_str().unwrap().to_owned(),
        external_user: format!("user-{MARK}"),
        session: user["sessions"][0]["id"].as_str().unwrap().to_owned(),
        trace: format!("trace-{MARK}"),
        developer: client.read("/v1/me")["developerId"]
            .as_str()
            .unwrap()
            .to_owned(),
    }
}

/// Ids of the same shape that exist nowhere.
fn make_missing(ids: &Ids) -> Ids {
    let turn = |id: &str| {
        let last = if id.ends_with('0') { '1' } else { '0' };
        format!("{}{last}", &id[..id.len() - 1])
    };
    Ids {
        user: turn(&ids.user),
        external_user: turn(&ids.external_user),
        session: turn(&ids.session),
        trace: turn(&ids.trace),
        developer: turn(&ids.developer),
    }
}

/// All that can tell two answers apart, less what differs between any two.
fn compare_form(mut answer: Answer) -> Answer {
    for name in ["date", "x-request-id"] {
        answer.headers.remove(name);
    }
    answer
}

#[test]
fn foreign_and_missing_ids_get_the_same_answer_on_every_route() {
    let server = Server::start_cloud();
    let mine = server.client();
    let theirs = make_project_of(&server, "strangers", "theirs", "ingest,read,admin");
    let foreign = plant(&theirs);
    mine.post("/v1/traces", &trace("t-1", "u-1")).expect(202);
    let missing = make_missing(&foreign);
    let read_theirs = || -> Vec<Value> {
        let paths = [
            "/v1/users".to_owned(),
            format!("/v1/users/{}", foreign.user),
            format!("/v1/sessions/{}", foreign.session),
            format!("/v1/traces/{}", foreign.trace),
            "/v1/costs?groupBy=user".to_owned(),
            "/v1/events".to_owned(),
            format!("/v1/developers/{}", foreign.developer),
        ];
        paths.iter().map(|path| theirs.read(path)).collect()
    };
    let before = read_theirs();

    let (mut with_ids, mut without) = (0, 0);
    for route in read_routes(&mine) {
        if !route.has_parameters() {
            without += 1;
            let answer = route.call(&mine, &route.path);
            assert!(
                !answer.text().contains(MARK),
                "{route:?}: {}",
                answer.text()
            );
            continue;
        }
        with_ids += 1;
        let strange = compare_form(route.call(&mine, &route.fill(&foreign)));
        let absent = compare_form(route.call(&mine, &route.fill(&missing)));
        assert_eq!(strange, absent, "{route:?}");
        assert_eq!(strange.status, 404, "{route:?}: {}", strange.text());
        assert!(
            !strange.text().contains(MARK),
            "{route:?}: {}",
            strange.text()
        );
    }
    assert!(
        with_ids >= 8 && without >= 8,
        "{with_ids} routes with ids, {without} without"
    );
    assert_eq!(read_theirs(), before, "something of theirs has changed");
}

#[test]
fn filters_by_foreign_ids_find_what_missing_ones_find() {
    let server = Server::start_cloud();
    let mine = server.client();
    let theirs = make_project_of(&server, "strangers", "theirs", "ingest,read,admin");
    let foreign = plant(&theirs);
    let missing = make_missing(&foreign);
    mine.post("/v1/traces", &trace("t-1", "u-1")).expect(202);
    let paths = |ids: &Ids| {
        [
            format!("/v1/traces?user={}", ids.user),
            format!("/v1/traces?session={}", ids.session),
            format!("/v1/sessions?user={}", ids.user),
            format!("/v1/users?search={}", ids.external_user),
            format!("/v1/users?search={MARK}"),
            format!("/v1/users?metadata.{MARK}={MARK}"),
            format!("/v1/traces?search={MARK}"),
            format!("/v1/traces?model={MARK}"),
            "/v1/costs?groupBy=model".to_owned(),
            "/v1/costs?groupBy=session".to_owned(),
            "/v1/costs?groupBy=metadata.plan".to_owned(),
            "/v1/costs/unpriced".to_owned(),
            "/v1/users/summary".to_owned(),
            format!("/v1/events?developerId={}", ids.developer),
            format!("/v1/events?endUserId={}", ids.user),
            format!("/v1/events/count?developerId={}", ids.developer),
            "/v1/events/count?groupBy=endUser".to_owned(),
            format!("/v1/events/count?groupBy=property.{MARK}"),
            "/v1/developers".to_owned(),
        ]
    };
    for (strange, absent) in paths(&foreign).iter().zip(paths(&missing)) {
        let strange_answer = compare_form(mine.get(strange));
        assert_eq!(strange_answer, compare_form(mine.get(&absent)), "{strange}");
        assert!(
            !strange_answer.text().contains(MARK),
            "{strange}: {}",
            strange_answer.text()
        );
    }
    let cursor = mine.read("/v1/users?limit=1");
    assert_eq!(cursor["nextCursor"], json!(null));
    let resolved = mine
        .post(
            "/v1/users/resolve",
            &json!({"externalIds": [foreign.external_user]}),
        )
        .expect(200)
        .json();
    assert_eq!(resolved["users"][&foreign.external_user], json!(null));
    mine.get(&format!(
        "/v1/users?projectId={}",
        theirs.read("/v1/me")["project"]["id"]
            .as_str()
            .unwrap_or("none")
    ))
    .expect_problem(404, "not_found");
}

#[test]
fn the_same_ids_in_two_projects_are_two_things() {
    let server = Server::start();
    let mine = server.client();
    let theirs = make_project(&server, "theirs", "ingest,read,admin");
    for client in [&mine, &theirs, &mine] {
        client
            .post(
                "/v1/traces",
                &with(trace("same", "same"), json!({"session_id": "same"})),
            )
            .expect(202);
    }
    theirs
        .post(
            "/v1/traces",
            &with(trace("same", "same"), json!({"user": {"name": "Theirs"}})),
        )
        .expect(202);
    let (left, right) = (
        mine.read("/v1/users/by-external-id/same"),
        theirs.read("/v1/users/by-external-id/same"),
    );
    assert_ne!(left["id"], right["id"]);
    assert_ne!(left["projectId"], right["projectId"]);
    assert_eq!(
        (&left["name"], &right["name"]),
        (&json!(null), &json!("Theirs"))
    );
    for user in [&left, &right] {
        assert_eq!(
            (
                &user["traceCount"],
                &user["sessionCount"],
                &user["totalCostUsd"]
            ),
            (&json!(1), &json!(1), &json!("0.001000000"))
        );
    }
    mine.delete("/v1/traces/same").expect(200);
    mine.delete(&format!("/v1/users/{}", left["id"].as_str().unwrap()))
        .expect(200);
    assert_eq!(theirs.read("/v1/users/by-external-id/same"), right);
    assert_eq!(theirs.read("/v1/traces/same")["id"], "same");
}
