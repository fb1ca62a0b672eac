//! `backup` beside a server under load, `restore` into an empty directory, `verify` of both.
use crate::harness::books::Books;
use crate::harness::sample::{trace, with};
use crate::harness::scan::settle_store;
use crate::harness::{Client, Server, Setup, run_command};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, Ordering};
use tempfile::TempDir;

fn plant(client: &Client, first: usize, count: usize) {
    let traces: Vec<Value> = (first..first + count)
        .map(|n| {
            with(
                trace(&format!("t-{n}"), &format!("u-{}", n % 11)),
                json!({"session_id": format!("s-{}", n % 30)}),
            )
        })
        .collect();
    client
        .post("/v1/traces/batch", &json!({"traces": traces}))
        .expect(202);
}

#[test]
fn a_backup_is_the_store_at_one_moment() {
    let server = Server::start();
    plant(&server.client(), 0, 500);
    let before = Books::read(&server.client());
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("copy.db");
    server
        .run(&["backup", file.to_str().unwrap()])
        .expect_success();
    plant(&server.client(), 500, 100);
    server
        .run(&["backup", file.to_str().unwrap()])
        .expect_failure();

    let restored_dir = dir.path().join("restored");
    run_command(
        &restored_dir,
        &["restore", file.to_str().unwrap()],
        &[],
        b"",
    )
    .expect_success();
    run_command(&restored_dir, &["verify"], &[], b"").expect_success();
    // Never over a store that is there.
    run_command(
        server.data_dir(),
        &["restore", file.to_str().unwrap()],
        &[],
        b"",
    )
    .expect_failure();
    let restored = Setup::new().data_dir(&restored_dir).start();
    let client = restored.client().with_key(server.key());
    before.expect_equal(&Books::read(&client));
    plant(&client, 500, 100);
    Books::read(&server.client()).expect_equal(&Books::read(&client));
    assert_eq!(
        client.read("/v1/traces/t-77"),
        server.client().read("/v1/traces/t-77")
    );
}

#[test]
fn a_backup_under_load_is_whole() {
    let server = Server::start();
    plant(&server.client(), 0, 200);
    let dir = TempDir::new().unwrap();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let client = server.client();
        let done = &done;
        scope.spawn(move || {
            let mut first = 1000;
            while !done.load(Ordering::Relaxed) {
                plant(&client, first, 20);
                first += 20;
            }
        });
        for n in 0..5 {
            let made = server
                .run(&["backup", dir.path().to_str().unwrap(), "--json"])
                .expect_success()
                .json();
            let restored = dir.path().join(format!("restored-{n}"));
            let file = made["file"].as_str().unwrap().to_owned();
            run_command(&restored, &["restore", &file], &[], b"").expect_success();
            std::fs::remove_file(&file).unwrap();
            run_command(&restored, &["verify"], &[], b"").expect_success();
        }
        done.store(true, Ordering::Relaxed);
    });
    server.run(&["verify"]).expect_success();
}

#[test]
fn what_is_no_backup_is_refused() {
    let dir = TempDir::new().unwrap();
    let (file, data) = (dir.path().join("file"), dir.path().join("data"));
    std::fs::write(&file, b"not a store at all, but long enough to look at").unwrap();
    run_command(&data, &["restore", file.to_str().unwrap()], &[], b"").expect_failure();
    run_command(
        &data,
        &["restore", dir.path().join("absent").to_str().unwrap()],
        &[],
        b"",
    )
    .expect_failure();
    let server = Server::start();
    plant(&server.client(), 0, 100);
    let whole = dir.path().join("whole.db");
    server
        .run(&["backup", whole.to_str().unwrap()])
        .expect_success();
    let bytes = std::fs::read(&whole).unwrap();
    std::fs::write(&file, &bytes[..bytes.len() / 3]).unwrap();
    run_command(&data, &["restore", file.to_str().unwrap()], &[], b"").expect_failure();
    assert!(
        !data.join("ledger.db").exists(),
        "half a store is left behind"
    );
}

#[test]
fn verify_finds_a_wrong_sum() {
    let mut server = Server::start();
    plant(&server.client(), 0, 50);
    let found = server.run(&["verify", "--json"]).expect_success().json();
    assert_eq!(
        (&found["traces"], &found["differenceCount"]),
        (&json!(50), &json!(0))
    );
    server.stop();
    let file = settle_store(server.data_dir());
    let whole = std::fs::read(&file).unwrap();
    let tables = list_rollups(&file);
    assert!(tables.len() >= 4, "{tables:?}");
    for table in tables {
        let database = rusqlite::Connection::open(&file).unwrap();
        let rows = database
            .execute(&format!("DELETE FROM {table}"), [])
            .unwrap();
        assert!(rows >= 1, "{table}");
        drop(database);
        let found = run_command(server.data_dir(), &["verify", "--json"], &[], b"")
            .expect_failure()
            .json();
        assert!(
            found["differenceCount"].as_i64().unwrap() >= 1,
            "{table}: {found}"
        );
        assert!(!found["differences"].as_array().unwrap().is_empty());
        std::fs::write(&file, &whole).unwrap();
    }
    run_command(server.data_dir(), &["verify"], &[], b"").expect_success();
}

/// The tables that hold sums, of sessions apart.
fn list_rollups(file: &std::path::Path) -> Vec<String> {
    let database = rusqlite::Connection::open(file).unwrap();
    let query = "SELECT tables.name FROM sqlite_schema tables, pragma_table_info(tables.name) columns \
                 WHERE tables.type = 'table' AND columns.name = 'measures' AND tables.name <> 'sessions'";
    let mut statement = database.prepare(query).unwrap();
    statement
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect()
}
