//! Projects and keys, made and revoked beside a running server.
use crate::harness::openapi::{make_key, make_project};
use crate::harness::sample::trace;
use crate::harness::wait::wait_until;
use crate::harness::{Server, run_command};
use cognobserve_model::time::Micros;
use serde_json::{Value, json};
use std::time::Duration;
use tempfile::TempDir;

#[test]
fn a_key_made_while_the_server_runs_works_at_once() {
    let server = Server::start();
    for n in 0..5 {
        let name = format!("shop-{n}");
        let client = make_project(&server, &name, "ingest,read");
        client.post("/v1/traces", &trace("t", "u")).expect(202);
        assert_eq!(
            client.read("/v1/users")["items"].as_array().unwrap().len(),
            1
        );
        assert_eq!(client.read("/v1/me")["project"]["name"], name);
        client
            .delete("/v1/traces/t")
            .expect_problem(403, "forbidden");
        make_key(&server, &name, "admin")
            .delete("/v1/traces/t")
            .expect(200);
    }
    let projects = server
        .run(&["projects", "list", "--json"])
        .expect_success()
        .json();
    let names: Vec<&str> = projects
        .as_array()
        .unwrap()
        .iter()
        .map(|project| project["name"].as_str().unwrap())
        .collect();
    assert_eq!(
        names,
        ["default", "shop-0", "shop-1", "shop-2", "shop-3", "shop-4"]
    );
    server
        .run(&["projects", "create", "shop-0"])
        .expect_failure();
}

#[test]
fn what_all_projects_hold_is_counted_beside_the_server() {
    let server = Server::start();
    let shop = make_project(&server, "shop", "ingest,read");
    shop.post("/v1/traces", &trace("t", "u")).expect(202);
    shop.post("/v1/traces", &trace("t2", "u")).expect(202);
    let spans = shop.read("/v1/users/by-external-id/u")["spanCount"].clone();
    let counts = server.run(&["projects", "counts", "--json"]);
    let counts = counts.expect_success().json();
    assert_eq!(
        (&counts["accountCount"], &counts["workspaceCount"]),
        (&json!(0), &json!(1))
    );
    let projects = counts["projects"].as_array().unwrap();
    assert_eq!((projects.len(), &projects[0]["traceCount"]), (2, &json!(0)));
    assert_eq!(projects[0]["lastTraceAt"], Value::Null);
    let shop = &projects[1];
    assert_eq!(
        (&shop["name"], &shop["workspace"]),
        (&json!("shop"), &json!("default"))
    );
    let numbers = (&shop["userCount"], &shop["traceCount"], &shop["spanCount"]);
    assert_eq!(numbers, (&json!(1), &json!(2), &spans));
    assert!(shop["lastTraceAt"].is_string());
    let table = server.run(&["projects", "counts"]).expect_success().out;
    assert!(
        table.contains("LAST TRACE") && table.contains("shop"),
        "{table}"
    );
}

#[test]
fn keys_are_shown_once_and_listed_without_their_secret() {
    let server = Server::start();
    let made = server
        .run(&[
            "keys",
            "create",
            "--project",
            "default",
            "--scopes",
            "read,ingest",
            "--name",
            "backend",
            "--json",
        ])
        .expect_success()
        .json();
    let key = made["key"].as_str().unwrap();
    assert!(
        key.starts_with("co_sk_")
            && key.len() == 49
            && key[6..].bytes().all(|byte| byte.is_ascii_alphanumeric()),
        "{key}"
    );
    assert_eq!(
        (&made["project"], &made["scopes"]),
        (&json!("default"), &json!(["ingest", "read"]))
    );
    let list = server
        .run(&["keys", "list", "--project", "default", "--json"])
        .expect_success();
    assert!(!list.out.contains(key), "{}", list.out);
    let list = list.json();
    let entry = list
        .as_array()
        .unwrap()
        .iter()
        .find(|entry| entry["id"] == made["id"])
        .expect("it is listed");
    assert_eq!(
        (&entry["name"], &entry["revokedAt"]),
        (&json!("backend"), &Value::Null)
    );
    server
        .run(&["keys", "revoke", made["id"].as_str().unwrap()])
        .expect_success();
    server
        .run(&["keys", "revoke", "key_that_is_not"])
        .expect_failure();
    server
        .run(&["keys", "create", "--project", "nowhere"])
        .expect_failure();
    // Only its first characters and a hash of it are anywhere in the store, and no longer part of it.
    for file in crate::harness::scan::read_files(server.data_dir()) {
        assert!(
            !crate::harness::scan::contains(&file.bytes, &key.as_bytes()[10..38]),
            "{}",
            file.path.display()
        );
    }
}

/// The entry of a key in `keys list --json`.
fn find_listed(server: &Server, id: &Value) -> Value {
    let list = server.run(&["keys", "list", "--json"]).expect_success();
    let list = list.json();
    let mut entries = list.as_array().unwrap().iter();
    let entry = entries.find(|entry| entry["id"] == *id);
    entry.expect("it is listed").clone()
}

#[test]
fn a_key_works_until_it_expires_and_says_when_it_was_used() {
    let server = Server::start();
    let make = |expires: &str| {
        let args = ["keys", "create", "--expires", expires, "--json"];
        server.run(&args).expect_success().json()
    };
    let made = make("90d");
    let entry = find_listed(&server, &made["id"]);
    assert_eq!(entry["expiresAt"], made["expiresAt"]);
    assert_eq!(entry["createdBy"], "operator");
    assert_eq!(entry["lastUsedAt"], Value::Null);
    let client = server.client().with_key(made["key"].as_str().unwrap());
    client.get("/v1/me").expect(200);
    let used = wait_until(Duration::from_secs(10), || {
        let entry = find_listed(&server, &made["id"]);
        entry["lastUsedAt"].as_str().map(str::to_owned)
    });
    let used = used.expect("its use is noted");
    assert!(used.ends_with(":00.000000Z"), "{used}");

    assert_eq!(
        make("2199-12-31")["expiresAt"],
        "2199-12-31T00:00:00.000000Z"
    );
    let soon = Micros(Micros::now().0 + 2_000_000);
    let brief = make(&soon.to_string());
    assert_eq!(brief["expiresAt"], soon.to_string());
    let client = server.client().with_key(brief["key"].as_str().unwrap());
    let ended = wait_until(Duration::from_secs(20), || {
        (client.get("/v1/me").status == 401).then_some(Micros::now())
    });
    assert!(ended.expect("it stops to work") >= soon);
    let table = server.run(&["keys", "list"]).expect_success().out;
    assert!(table.contains("expired 20"), "{table}");

    for wrong in ["0d", "4000d", "-1d", "2020-01-01", "soon", "90"] {
        let args = ["keys", "create", "--expires", wrong];
        server.run(&args).expect_failure();
    }
}

#[test]
fn a_deleted_project_takes_everything_with_it() {
    let server = Server::start();
    let client = make_project(&server, "gone", "ingest,read,admin");
    for n in 0..50 {
        client
            .post(
                "/v1/traces",
                &trace(&format!("t-{n}"), &format!("zebra{n}")),
            )
            .expect(202);
    }
    server
        .client()
        .post("/v1/traces", &trace("t", "stays"))
        .expect(202);
    server
        .run(&["projects", "delete", "gone", "--yes"])
        .expect_success();
    let closed = wait_until(Duration::from_secs(10), || {
        (client.get("/v1/users").status == 401).then_some(())
    });
    assert!(closed.is_some(), "its keys still open");
    assert!(client.post("/v1/traces", &trace("t-0", "zebra")).status == 401);
    assert_eq!(
        server.client().read("/v1/users/by-external-id/stays")["traceCount"],
        1
    );
    server.run(&["verify"]).expect_success();
    // The same name again is another project.
    let client = make_project(&server, "gone", "ingest,read");
    assert_eq!(client.read("/v1/users")["items"], json!([]));
    client.post("/v1/traces", &trace("t-0", "new")).expect(202);
    assert_eq!(
        client.read("/v1/costs?groupBy=user")["total"]["traceCount"],
        1
    );
    server.run(&["verify"]).expect_success();
}

#[test]
fn a_store_can_be_prepared_before_the_first_start() {
    let dir = TempDir::new().unwrap();
    let data = dir.path().join("data");
    run_command(&data, &["projects", "create", "shop"], &[], b"").expect_success();
    let made = run_command(&data, &["keys", "create", "--json"], &[], b"")
        .expect_success()
        .json();
    let server = crate::harness::Setup::new().data_dir(&data).start();
    let client = server.client().with_key(made["key"].as_str().unwrap());
    client.post("/v1/traces", &trace("t", "u")).expect(202);
    assert_eq!(client.read("/v1/me")["project"]["name"], "shop");
}
