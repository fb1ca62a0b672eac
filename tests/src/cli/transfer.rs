//! `export` and `import`: out and in again with the same books; bulk loads that can go on.
use crate::harness::books::Books;
use crate::harness::openapi::make_project;
use crate::harness::sample::{DAY_MS, generation, now_ms, trace, with};
use crate::harness::{Client, Server, run_command};
use serde_json::{Value, json};
use tempfile::TempDir;

/// Traces of every kind that export has to carry over.
fn plant(client: &Client) {
    let traces: Vec<Value> = (0..450)
        .map(|n| {
            let at = now_ms() - DAY_MS * (n % 20) - 60_000;
            let mut span = with(generation("model"), json!({"start_time": at, "end_time": at + 100 + n, "parent_span_id": "outer"}));
            if n % 3 == 0 {
                span = with(span, json!({"cost": null, "usage": {"prompt_tokens": 100 + n, "cached_tokens": 50, "completion_tokens": 7, "reasoning_tokens": 3}}));
            }
            if n % 7 == 0 {
                span = with(span, json!({"model": "unheard-of", "cost": null}));
            }
            if n % 5 == 0 {
                span["level"] = json!("ERROR");
                span["status_message"] = json!("it, \"failed\"\nagain");
            }
            // The outer span repeats the usage; it must not count twice, here or there.
            let outer = json!({"span_id": "outer", "name": "agent", "start_time": at, "end_time": at + 500, "usage": {"prompt_tokens": 10, "completion_tokens": 5}});
            let user = if n % 10 == 0 { json!(null) } else { json!(format!("u-{}", n % 23)) };
            with(
                trace(&format!("t-{n}"), "x"),
                json!({"user_id": user, "session_id": if n % 4 == 0 { json!(null) } else { json!(format!("s-{}", n % 60)) }, "timestamp": at, "metadata": {"n": n},
                       "user": {"name": format!("Ünïcode {}", n % 23), "plan": "pro"}, "spans": [outer, span]}),
            )
        })
        .collect();
    let answer = client
        .post("/v1/traces/batch", &json!({"traces": traces}))
        .expect(202)
        .json();
    assert_eq!(answer["error_count"], 0, "{answer}");
}

/// What two stores must have in common.
fn read_reports(client: &Client) -> Vec<Value> {
    let mut reports: Vec<Value> = ["day", "model", "day&tz=America/Sao_Paulo"]
        .iter()
        .map(|group| client.read(&format!("/v1/costs?groupBy={group}")))
        .collect();
    let mut users = client.read("/v1/users?limit=100&sortBy=firstSeenAt")["items"].clone();
    for user in users.as_array_mut().unwrap() {
        for field in ["id", "projectId", "createdAt", "updatedAt"] {
            user.as_object_mut().unwrap().remove(field);
        }
    }
    reports.push(users);
    reports
}

#[test]
fn what_is_exported_and_imported_gives_the_same_books() {
    let server = Server::start();
    plant(&server.client());
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("all.ndjson");
    server
        .run(&[
            "export",
            "--project",
            "default",
            "--output",
            file.to_str().unwrap(),
        ])
        .expect_success();
    let lines = std::fs::read_to_string(&file).unwrap();
    assert_eq!(lines.lines().count(), 450);
    let other = make_project(&server, "other", "ingest,read");
    let key = read_key(&other, &server);
    for _ in 0..2 {
        run_command(
            server.data_dir(),
            &[
                "import",
                "--url",
                &server.url(),
                "--key",
                &key,
                file.to_str().unwrap(),
            ],
            &[],
            b"",
        )
        .expect_success();
        Books::read(&server.client()).expect_equal(&Books::read(&other));
        assert_eq!(read_reports(&other), read_reports(&server.client()));
    }
    let strip = |trace: Value| {
        let mut trace = trace;
        for field in ["userId", "sessionId", "arrivedAt", "user", "session"] {
            trace.as_object_mut().unwrap().remove(field);
        }
        trace
    };
    for n in [0, 3, 7, 15, 21] {
        let (mine, theirs) = (
            server.client().read(&format!("/v1/traces/t-{n}")),
            other.read(&format!("/v1/traces/t-{n}")),
        );
        assert_eq!(
            strip(mine)["spans"][1]["input"],
            strip(theirs)["spans"][1]["input"]
        );
    }
    server.run(&["verify"]).expect_success();
}

/// A key of the same project as the client's, for the command line.
fn read_key(client: &Client, server: &Server) -> String {
    let project = client.read("/v1/me")["project"]["name"]
        .as_str()
        .unwrap()
        .to_owned();
    let made = server
        .run(&["keys", "create", "--project", &project, "--json"])
        .expect_success()
        .json();
    made["key"].as_str().unwrap().to_owned()
}

#[test]
fn users_are_exported_as_csv_that_a_spreadsheet_may_open() {
    let server = Server::start();
    let client = server.client();
    client
        .post(
            "/v1/traces",
            &with(
                trace("t-1", "=cmd()"),
                json!({"user": {"name": "a \"quoted\", name"}}),
            ),
        )
        .expect(202);
    client
        .post("/v1/traces", &trace("t-2", "plain"))
        .expect(202);
    let csv = server
        .run(&["export", "--users", "--format", "csv"])
        .expect_success()
        .out;
    assert_eq!(csv.lines().count(), 3, "{csv}");
    assert!(
        csv.contains("'=cmd()") && csv.contains("\"a \"\"quoted\"\", name\""),
        "{csv}"
    );
    let lines = server.run(&["export", "--users"]).expect_success().out;
    let users: Vec<Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(users.len(), 2);
    assert!(
        users
            .iter()
            .any(|user| user["externalId"] == "=cmd()" && user["totalCostUsd"] == "0.001000000"),
        "{lines}"
    );
}

#[test]
fn an_import_may_be_repeated_and_bad_lines_are_named() {
    let server = Server::start();
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("mixed.ndjson");
    // Without ids: they are derived from the file, so that a repeat meets itself.
    let anonymous =
        json!({"name": "n", "user_id": "u", "spans": [{"name": "s", "total_cost": "0.5"}]});
    let text = format!(
        "{anonymous}\n{anonymous}\n\n{}\nthis is no trace\n{}\n",
        trace("t-1", "u"),
        trace("t-2", "u")
    );
    std::fs::write(&file, text).unwrap();
    let import = |input: &[u8], name: &str| {
        run_command(
            server.data_dir(),
            &[
                "import",
                "--url",
                &server.url(),
                "--key",
                server.key(),
                name,
            ],
            &[],
            input,
        )
    };
    let printed = import(b"", file.to_str().unwrap()).expect_failure();
    assert!(
        printed.err.contains("record 4"),
        "the record is named: {}",
        printed.err
    );
    for _ in 0..2 {
        import(b"", file.to_str().unwrap());
    }
    let user = server.client().read("/v1/users/by-external-id/u");
    assert_eq!(
        (&user["traceCount"], &user["totalCostUsd"]),
        (&json!(4), &json!("1.002000000"))
    );
    import(
        format!("[{}, {}]", trace("t-3", "v"), trace("t-4", "v")).as_bytes(),
        "-",
    )
    .expect_success();
    assert_eq!(
        server.client().read("/v1/users/by-external-id/v")["traceCount"],
        2
    );
    import(b"", dir.path().join("absent").to_str().unwrap()).expect_failure();
}
