//! `users`, `events`, `developers`: the same answers as the API, asked from the shell.
use crate::harness::command::Printed;
use crate::harness::person::Person;
use crate::harness::sample::{trace, with};
use crate::harness::{Server, run_command};
use serde_json::{Value, json};

fn ask(server: &Server, args: &[&str]) -> Printed {
    let settings = [
        ("COGNOBSERVE_ENDPOINT", server.url()),
        ("COGNOBSERVE_API_KEY", server.key().to_owned()),
    ];
    let settings: Vec<(&str, &str)> = settings
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    run_command(server.data_dir(), args, &settings, b"")
}

#[test]
fn events_and_developers_are_asked_for() {
    let server = Server::start_cloud();
    let client = server.client();
    let event = |name: &str, user: &str| json!({"event": name, "user_id": user, "properties": {"type": "text"}});
    let events = json!({"events": [event("a", "ann"), event("a", "bob"), event("b", "ann")]});
    client.post("/v1/events", &events).expect(202);
    let me = client.read("/v1/me");
    let developer = me["developerId"].as_str().unwrap();
    let read = |args: &[&str]| {
        ask(&server, &[args, &["--json"]].concat())
            .expect_success()
            .json()
    };
    let path = format!("/v1/developers/{developer}");
    for (args, path) in [
        (vec!["events", "list"], "/v1/events".to_owned()),
        (
            vec!["events", "count", "--event", "a"],
            "/v1/events/count?event=a".to_owned(),
        ),
        (
            vec!["events", "count", "--by", "property.type"],
            "/v1/events/count?groupBy=property.type".to_owned(),
        ),
        (
            vec!["developers", "list", "--sort", "eventCount"],
            "/v1/developers".to_owned(),
        ),
        (vec!["developers", "get", developer], path.clone()),
        (
            vec!["developers", "retention", developer, "--days", "7"],
            format!("{path}/retention?days=7"),
        ),
        (
            vec!["developers", "retention", developer, "--event", "b"],
            format!("{path}/retention?event=b"),
        ),
    ] {
        assert_eq!(read(&args), client.read(&path), "{args:?}");
    }
    assert_eq!(
        read(&["events", "list", "--user", "ann"])["items"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    let table = ask(&server, &["events", "count", "--by", "event"])
        .expect_success()
        .out;
    assert!(table.contains("(total)") && table.contains('3'), "{table}");
    let table = ask(&server, &["developers", "retention", developer])
        .expect_success()
        .out;
    assert!(table.contains("END USERS"), "{table}");
    ask(&server, &["events", "list", "--user", "nobody"]).expect_failure();
}

#[test]
fn events_of_one_of_our_own_ids_are_chosen() {
    let server = Server::start_cloud();
    let mut owner = Person::set_up(&server);
    let client = server.client();
    let events = json!({"events": [{"event": "a", "user_id": "ann"}, {"event": "a"}]});
    client.post("/v1/events", &events).expect(202);
    let project = client.read("/v1/me")["project"]["id"].clone();
    let token = owner.make_token();
    let headers = [
        ("x-session-token", token.as_str()),
        ("x-project-id", project.as_str().unwrap()),
        ("content-type", "application/json"),
    ];
    let event = json!({"event": "b"}).to_string();
    let sent = client
        .anonymous()
        .send("POST", "/v1/events", &headers, event.as_bytes());
    sent.expect(202);
    let listed = ask(&server, &["events", "list", "--json"]).expect_success();
    let listed = listed.json()["items"].as_array().unwrap().clone();
    let find = |event: &str| {
        let found = listed
            .iter()
            .find(|it| it["event"] == event && !it["endUserId"].is_null());
        found.unwrap()["endUserId"].as_str().unwrap().to_owned()
    };
    let (ann, account) = (find("a"), find("b"));
    assert!(ann.starts_with("usr_") && account.starts_with("acc_"));
    for (id, event) in [(&ann, "a"), (&account, "b")] {
        let args = ["events", "list", "--user-id", id, "--json"];
        let items = ask(&server, &args).expect_success().json()["items"].clone();
        assert_eq!(items.as_array().unwrap().len(), 1, "{id}");
        assert_eq!(items[0]["event"], event);
        let args = ["events", "count", "--user-id", id, "--json"];
        assert_eq!(ask(&server, &args).expect_success().json()["total"], 1);
    }
    let both = ["events", "list", "--user-id", &ann, "--user", "ann"];
    ask(&server, &both).expect_failure();
}

/// The two zones have different dates at any moment, so no third zone has both.
#[test]
fn days_without_a_zone_are_those_of_the_project() {
    let server = Server::start_cloud();
    for zone in ["Pacific/Kiritimati", "Pacific/Niue"] {
        let run = |args: &[&str]| server.run(args).expect_success();
        run(&["projects", "create", zone]);
        run(&["projects", "set", zone, "--time-zone", zone]);
        let made = run(&[
            "keys",
            "create",
            "--project",
            zone,
            "--scopes",
            "ingest,read",
            "--json",
        ]);
        let key = made.json()["key"].as_str().unwrap().to_owned();
        let client = server.client().with_key(&key);
        client.post("/v1/traces", &trace("t", "ann")).expect(202);
        let developer = client.read("/v1/me")["developerId"]
            .as_str()
            .unwrap()
            .to_owned();
        let read = |args: &[&str]| {
            let args = [args, &["--key", &key, "--json"]].concat();
            ask(&server, &args).expect_success().json()
        };
        for (args, list) in [
            (["users", "analytics", "ann"], ""),
            (["developers", "retention", &developer], "/days"),
        ] {
            let here = read(&args);
            let there = read(&[&args[..], &["--tz", zone]].concat());
            let dates = |answer: &Value| -> Vec<Value> {
                let days = answer.pointer(list).unwrap().as_array().unwrap();
                days.iter().map(|day| day["date"].clone()).collect()
            };
            assert_eq!(dates(&here).len(), 30);
            assert_eq!(dates(&here), dates(&there), "{args:?} {zone}");
        }
    }
}

#[test]
fn users_are_read_and_changed() {
    let server = Server::start();
    let client = server.client();
    for n in 0..130 {
        client
            .post(
                "/v1/traces",
                &with(
                    trace(&format!("t-{n}"), &format!("u-{n:03}")),
                    json!({"user": {"name": format!("Name {n}")}}),
                ),
            )
            .expect(202);
    }
    let all = ask(&server, &["users", "list", "--limit", "0", "--json"])
        .expect_success()
        .json();
    assert_eq!(all["items"].as_array().unwrap().len(), 130);
    let table = ask(
        &server,
        &[
            "users",
            "list",
            "--search",
            "Name 12",
            "--sort",
            "totalCost",
        ],
    )
    .expect_success()
    .out;
    assert!(
        table.contains("u-012") && table.contains("u-129") && !table.contains("u-011"),
        "{table}"
    );
    let one = ask(&server, &["users", "get", "u-007", "--json"])
        .expect_success()
        .json();
    assert_eq!(one, client.read("/v1/users/by-external-id/u-007"));
    ask(
        &server,
        &[
            "users",
            "update",
            "u-007",
            "--name",
            "Seven",
            "--metadata",
            "plan=pro",
            "--metadata",
            "seats=3",
        ],
    )
    .expect_success();
    let changed = client.read("/v1/users/by-external-id/u-007");
    assert_eq!(
        (&changed["name"], &changed["metadata"]),
        (&json!("Seven"), &json!({"plan": "pro", "seats": 3}))
    );
    let traces = ask(&server, &["users", "traces", "u-007", "--json"])
        .expect_success()
        .json();
    assert_eq!(traces["items"][0]["id"], "t-7");
    let days = ask(
        &server,
        &["users", "analytics", "u-007", "--days", "3", "--json"],
    )
    .expect_success()
    .json();
    assert_eq!(days.as_array().unwrap().len(), 3);
    ask(&server, &["users", "delete", "u-007", "--yes"]).expect_success();
    ask(&server, &["users", "get", "u-007"]).expect_failure();
    let wrong = run_command(
        server.data_dir(),
        &[
            "users",
            "list",
            "--url",
            &server.url(),
            "--key",
            "co_sk_wrong",
        ],
        &[],
        b"",
    )
    .expect_failure();
    assert!(
        wrong.err.contains("401") && !wrong.err.contains("co_sk_wrong"),
        "{}",
        wrong.err
    );
    let nowhere = run_command(
        server.data_dir(),
        &[
            "users",
            "list",
            "--url",
            "http://127.0.0.1:9",
            "--key",
            server.key(),
        ],
        &[],
        b"",
    )
    .expect_failure();
    assert!(nowhere.err.contains("127.0.0.1:9"), "{}", nowhere.err);
}

#[test]
fn control_characters_of_users_do_not_reach_the_terminal() {
    let server = Server::start();
    let body = with(
        trace("t", "u"),
        json!({"user": {"name": "red\u{1b}[31m\u{7}alert"}}),
    );
    server.client().post("/v1/traces", &body).expect(202);
    let table = ask(&server, &["users", "list"]).expect_success().out;
    assert!(
        table.contains("alert") && !table.contains('\u{1b}') && !table.contains('\u{7}'),
        "{table:?}"
    );
}
