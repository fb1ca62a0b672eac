//! `move`: an embedded store into PostgreSQL, with everything that hangs on it, also after
//! kills; and what is refused.
mod plant;
mod read;
mod spoiled;

use crate::harness::command::{Printed, find_binary, prepare_command};
use crate::harness::sample::{trace, with};
use crate::harness::wait::wait_until;
use crate::harness::{Client, Server, Setup, run_command};
use cognobserve_servers::{Schema, postgres};
use plant::Plan;
use rand::Rng;
use read::{read_everything, read_lasting};
use serde_json::{Value, json};
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Duration;
use tempfile::TempDir;

fn move_to(url: &str, data_dir: &Path) -> Printed {
    run_command(data_dir, &["move", "--to", url, "--json"], &[], b"")
}

/// A server on the moved store, with a directory of its own.
fn serve_moved(schema: &Schema) -> Server {
    Setup::new()
        .setting("COGNOBSERVE_DATABASE_URL", schema.url())
        .setting("COGNOBSERVE_EDITION", "cloud")
        .start()
}

/// A project with a key of its own.
fn make_project(server: &Server, name: &str, scopes: &str) -> String {
    server.run(&["projects", "create", name]).expect_success();
    let args = ["keys", "create", "--project", name, "--scopes", scopes];
    let made = server.run(&[&args[..], &["--json"]].concat());
    let made = made.expect_success().json();
    made["key"].as_str().expect("the key").to_owned()
}

fn count_rows(data_dir: &Path, table: &str) -> i64 {
    let database = rusqlite::Connection::open(data_dir.join("ledger.db")).unwrap();
    let query = format!("SELECT count(*) FROM {table}");
    database.query_row(&query, [], |row| row.get(0)).unwrap()
}

#[test]
fn everything_is_the_same_after_a_move_and_stays_so() {
    let seed: u64 = rand::random();
    eprintln!("seed {seed}");
    let mut old = Server::start_cloud();
    let mut plan = Plan::new(seed);
    let keys = [
        old.key().to_owned(),
        make_project(&old, "shop", "ingest,read,admin"),
    ];
    let revoked = make_project(&old, "closed", "read");
    let args = ["keys", "list", "--project", "closed", "--json"];
    let listed = old.run(&args).expect_success().json();
    let id = listed[0]["id"].as_str().unwrap().to_owned();
    let args = ["keys", "create", "--project", "closed", "--expires", "400d"];
    old.run(&args).expect_success();
    old.run(&["keys", "revoke", &id]).expect_success();
    plan.keep_only_five_days(&mut old, "shop");
    let gone = make_project(&old, "gone", "ingest,read");
    let gone = old.client().with_key(&gone);
    gone.post("/v1/traces", &trace("t-1", "u-1")).expect(202);
    old.run(&["projects", "delete", "gone", "--yes"])
        .expect_success();
    let clients = |server: &Server| keys.each_ref().map(|key| server.client().with_key(key));
    for client in clients(&old) {
        plan.send_rounds(12, &[&client]);
        plan.send_events(&[&client]);
        plan.change_people(&client);
        plan.send_rounds(4, &[&client]);
    }
    plan.price_house_model(&old);
    plan.send_rounds(2, &clients(&old).each_ref());
    old.stop();
    plant_account(old.data_dir());

    let schema = postgres().make_schema();
    let moved = move_to(schema.url(), old.data_dir()).expect_success();
    let report = moved.json();
    assert_eq!(
        (&report["ok"], &report["rowsBefore"]),
        (&json!(true), &json!(0))
    );
    assert_eq!(report["projects"].as_array().unwrap().len(), 3, "{report}");
    assert_eq!(report["verification"]["differenceCount"], 0, "{report}");
    for (table, other) in [
        ("accounts", "accounts"),
        ("members", "members"),
        ("session_tokens", "session_tokens"),
        ("audit", "audit"),
        ("payloads", "payloads"),
        ("suppressions", "suppressions"),
        ("users", "tracked_users"),
        ("sessions", "trace_sessions"),
        ("models", "models"),
        ("prices", "prices"),
        ("events", "events"),
        ("forgotten", "forgotten"),
    ] {
        let there: i64 = schema.read(&format!("SELECT count(*) FROM {other}"))[0]
            .parse()
            .unwrap();
        assert_eq!(there, count_rows(old.data_dir(), table), "{table}");
        assert!(there > 0 || table == "payloads", "{table}");
    }

    // The old one is as it was, and the new one says the same of everything.
    old.start_again();
    let new = serve_moved(&schema);
    let twins: Vec<(Client, Client)> = clients(&old).into_iter().zip(clients(&new)).collect();
    let at = [("COGNOBSERVE_DATABASE_URL", schema.url())];
    new.client().with_key(&revoked).get("/v1/me").expect(401);
    for args in [
        ["projects", "list", "--json"].as_slice(),
        &["keys", "list", "--json"],
        &["prices", "list", "--project", "default", "--json"],
    ] {
        let theirs = run_command(new.data_dir(), args, &at, b"").expect_success();
        assert_eq!(theirs.json(), old.run(args).json(), "{args:?}");
    }
    let mut known = Vec::new();
    for (before, after) in &twins {
        let said = read_everything(before);
        read::expect_same(&said, &read_everything(after));
        known.push(said);
    }

    // Pieces of moved traces count once: sent again nothing changes, later ones merge.
    for (before, after) in &twins {
        plan.send_again(before);
        let costs = after.read("/v1/costs?groupBy=user&limit=1000");
        assert_ne!(costs["total"]["traceCount"], 0, "{costs}");
        plan.send_again(after);
        assert_eq!(after.read("/v1/costs?groupBy=user&limit=1000"), costs);
    }
    for (before, after) in &twins {
        plan.send_rounds(6, &[before, after]);
        plan.send_news(&[before, after]);
        plan.send_events(&[before, after]);
        read::expect_same(&read_lasting(before), &read_lasting(after));
    }
    for ((_, after), known) in twins.iter().zip(known) {
        read::expect_fresh_ids(&known, &read_everything(after));
    }
    run_command(new.data_dir(), &["verify"], &at, b"").expect_success();
    run_command(new.data_dir(), &["projects", "create", "next"], &at, b"").expect_success();
    let again = schema.read("SELECT count(*) - count(DISTINCT no) FROM audit");
    assert_eq!(again, ["0"]);
}

/// Somebody who may log in, with a token.
fn plant_account(data_dir: &Path) {
    let file = data_dir.join("ledger.db");
    let store = rusqlite::Connection::open(file).expect("the store opens");
    let rows = "INSERT INTO accounts VALUES ('acc_1', 'ann@acme.example', 'Ann', 1, 7, 'hash');
        INSERT INTO members VALUES (1, 'acc_1', 'OWNER', 8);
        INSERT INTO session_tokens VALUES ('tok_1', x'00ff', 'acc_1', 'laptop', 'co_st_', 9, 10, NULL);
        INSERT INTO audit (at, actor, action, detail, workspace_no) VALUES (1, 'acc_1', 'member.join', 'OWNER', 1);";
    store.execute_batch(rows).expect("rows are planted");
}

fn start_move(url: &str, data_dir: &Path) -> Child {
    prepare_command(&find_binary())
        .args(["move", "--to", url])
        .env("COGNOBSERVE_DATA_DIR", data_dir)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts")
}

/// How far a move has come: rows there, all of them `i64::MAX`; nothing before it began.
fn read_progress(schema: &Schema) -> Option<i64> {
    let has_table = "SELECT to_regclass('meta') IS NOT NULL";
    if schema.read(has_table) != ["t"] {
        return None;
    }
    let query = "SELECT convert_from(bytes, 'UTF8') FROM meta WHERE key = 'moving'";
    let mark: Value = serde_json::from_str(schema.read(query).first()?).unwrap();
    match &mark["place"] {
        Value::Null => Some(i64::MAX),
        place => place["rows"].as_i64(),
    }
}

/// Kills a move once it has come further than `before`, and a moment longer; how far it
/// came. `None`: it came to its end before.
fn kill_further(schema: &Schema, data_dir: &Path, before: i64) -> Option<i64> {
    let mut child = start_move(&name_url(schema), data_dir);
    let further = wait_until(Duration::from_secs(60), || {
        let has_ended = child.try_wait().expect("it can be asked").is_some();
        let is_further = read_progress(schema).is_some_and(|rows| rows > before);
        (has_ended || is_further).then_some(())
    });
    assert!(further.is_some(), "it does not go on");
    let moment = rand::rng().random_range(0..60_000);
    std::thread::sleep(Duration::from_micros(moment));
    child.kill().expect("it can be killed");
    let status = child.wait().expect("it ends");
    assert!(status.success() || status.code().is_none(), "{status}");
    read_progress(schema)
}

/// With a name of its own for its connections, which tells them from those of other tests.
fn name_url(schema: &Schema) -> String {
    format!("{}&application_name={}", schema.url(), schema.name())
}

/// Of a store that nobody has used.
fn make_tables(schema: &Schema) {
    let settings = cognobserve_postgres::Settings::new(schema.url());
    let opening = cognobserve_postgres::PostgresStore::open(&settings);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime starts");
    // Refused if a move has begun; the tables are there then.
    let _ = runtime.block_on(opening);
}

/// Has `what` done before a statement writes to one of these tables.
fn interfere(schema: &Schema, what: &str, tables: &[&str]) {
    make_tables(schema);
    schema.execute(&format!(
        "CREATE FUNCTION interfere() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {what}; RETURN NULL; END $$"
    ));
    for table in tables {
        schema.execute(&format!(
            "CREATE TRIGGER interfering BEFORE INSERT ON {table} EXECUTE FUNCTION interfere()"
        ));
    }
}

#[test]
fn a_move_that_is_killed_goes_on_where_it_was() {
    let mut old = Server::start_cloud();
    let mut plan = Plan::new(rand::random());
    plan.send_rounds(4, &[&old.client()]);
    plan.send_events(&[&old.client()]);
    plan.change_people(&old.client());
    plan.send_many(&old.client(), 3_000);
    plan.price_house_model(&old);
    old.stop();
    let schema = postgres().make_schema();
    let mut child = start_move(&name_url(&schema), old.data_dir());
    std::thread::sleep(Duration::from_millis(rand::rng().random_range(0..80)));
    child.kill().expect("it can be killed");
    child.wait().expect("it ends");
    let tables = [
        "audit",
        "projects",
        "tracked_users",
        "models",
        "trace_sessions",
        "traces",
        "payloads",
        "user_days",
        "project_quarters",
        "model_quarters",
        "events",
        "forgotten",
        "api_keys",
    ];
    interfere(&schema, "PERFORM pg_sleep(0.05)", &tables);
    let at = [("COGNOBSERVE_DATABASE_URL", schema.url())];
    let (mut kills, mut rows) = (0, read_progress(&schema).unwrap_or(-1));
    while rows < i64::MAX {
        let Some(came) = kill_further(&schema, old.data_dir(), rows) else {
            break;
        };
        assert!(came > rows, "{came} after {rows}");
        rows = came;
        kills += 1;
        // Half a store serves nobody.
        let refused = run_command(old.home(), &["projects", "list"], &at, b"").expect_failure();
        assert!(refused.err.contains("being moved"), "{}", refused.err);
    }
    eprintln!("{kills} kills");
    assert!(kills >= 5, "{kills}");
    if read_progress(&schema).is_some() {
        let report = move_to(&name_url(&schema), old.data_dir());
        let report = report.expect_success().json();
        assert!(report["rowsBefore"].as_i64() > Some(0), "{report}");
        assert_eq!(report["ok"], true, "{report}");
    }
    assert_eq!(read_progress(&schema), None);
    old.start_again();
    let new = serve_moved(&schema);
    read::expect_same(
        &read_everything(&old.client()),
        &read_everything(&new.client().with_key(old.key())),
    );
}

#[test]
fn what_is_no_empty_database_is_refused() {
    let mut old = Server::start();
    let client = old.client();
    client.post("/v1/traces", &trace("t-1", "u-1")).expect(202);
    let schema = postgres().make_schema();
    let refuse = |url: &str, dir: &Path, why: &str| {
        let refused = move_to(url, dir).expect_failure();
        assert!(refused.err.contains(why), "{}", refused.err);
    };
    refuse(schema.url(), old.data_dir(), "another process serves");
    old.stop();
    let nowhere = TempDir::new().unwrap();
    refuse(schema.url(), nowhere.path(), "there is no store");
    refuse("mysql://me:s3cret@x/y", old.data_dir(), "postgres");
    let refused = move_to("postgres://me:s3cret@127.0.0.1:1/y", old.data_dir()).expect_failure();
    assert!(!refused.err.contains("s3cret"), "{}", refused.err);

    // Begun, and then the store is used again.
    let full = "RAISE disk_full USING MESSAGE = 'no room'";
    interfere(&schema, full, &["api_keys"]);
    refuse(&name_url(&schema), old.data_dir(), "no room");
    assert!(read_progress(&schema).is_some_and(|rows| rows > 0));
    let mut other = Server::start();
    other.stop();
    refuse(schema.url(), other.data_dir(), "another store");
    run_command(old.data_dir(), &["projects", "create", "late"], &[], b"").expect_success();
    refuse(schema.url(), old.data_dir(), "changed since");

    // Looked at, but without anything in it.
    let seen = postgres().make_schema();
    let at = [("COGNOBSERVE_DATABASE_URL", seen.url())];
    let refused = run_command(nowhere.path(), &["projects", "list"], &at, b"").expect_failure();
    assert!(
        refused.err.contains("there is no store at"),
        "{}",
        refused.err
    );
    assert_eq!(seen.read("SELECT to_regclass('meta') IS NULL"), ["t"]);
    make_tables(&seen);
    let url = name_url(&seen);
    std::thread::scope(|scope| {
        let held = format!(
            "SET application_name = '{}'; SELECT pg_sleep(8)",
            seen.name()
        );
        let seen = &seen;
        scope.spawn(move || seen.execute(&held));
        let count = format!(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = '{}'",
            seen.name()
        );
        wait_until(Duration::from_secs(5), || {
            (seen.read(&count) == ["1"]).then_some(())
        })
        .expect("it is connected");
        refuse(&url, old.data_dir(), "connected");
    });
    let file = nowhere.path().join("url");
    std::fs::write(&file, format!("{url}\n")).unwrap();
    let args = ["move", "--to-file", file.to_str().unwrap()];
    let moved = run_command(old.data_dir(), &args, &[], b"").expect_success();
    assert!(moved.out.contains("default/late"), "{}", moved.out);
    assert!(
        moved.err.contains("COGNOBSERVE_DATABASE_URL"),
        "{}",
        moved.err
    );
    refuse(seen.url(), old.data_dir(), "moved into it already");
    refuse(seen.url(), other.data_dir(), "another store");
    let new = serve_moved(&seen);
    let client = new.client().with_key(old.key());
    let piece = with(trace("t-1", "u-1"), json!({"user_id": "u-2"}));
    client.post("/v1/traces", &piece).expect(202);
    assert_eq!(client.read("/v1/traces/t-1")["externalUserId"], "u-2");
}
