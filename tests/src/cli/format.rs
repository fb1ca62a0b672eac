//! Stores of other versions: a newer one is left alone, a damaged one is named.
use crate::harness::sample::trace;
use crate::harness::scan::settle_store;
use crate::harness::{Server, run_command};
use rusqlite::Connection;

#[test]
fn a_store_of_a_newer_version_is_refused_and_not_touched() {
    let mut server = Server::start();
    server
        .client()
        .post("/v1/traces", &trace("t", "u"))
        .expect(202);
    server.stop();
    let file = settle_store(server.data_dir());
    let database = Connection::open(&file).unwrap();
    let format: i64 = database
        .query_row("PRAGMA user_version", [], |row| row.get(0))
        .unwrap();
    database
        .pragma_update(None, "user_version", format + 1)
        .unwrap();
    drop(database);
    settle_store(server.data_dir());
    let bytes = std::fs::read(&file).unwrap();
    for args in [
        &["serve"][..],
        &["verify"],
        &["projects", "create", "x"],
        &["export"],
    ] {
        let printed = run_command(
            server.data_dir(),
            args,
            &[("COGNOBSERVE_LISTEN", "127.0.0.1:0")],
            b"",
        )
        .expect_failure();
        assert!(printed.err.contains("newer"), "{args:?}: {}", printed.err);
    }
    assert!(
        std::fs::read(&file).unwrap() == bytes,
        "the file was changed"
    );
    let database = Connection::open(&file).unwrap();
    database
        .pragma_update(None, "user_version", format)
        .unwrap();
    drop(database);
    server.start_again();
    assert_eq!(
        server.client().read("/v1/users/by-external-id/u")["traceCount"],
        1
    );
}

#[test]
fn a_damaged_store_does_not_start() {
    let mut server = Server::start();
    server
        .client()
        .post("/v1/traces", &trace("t", "u"))
        .expect(202);
    server.stop();
    let file = settle_store(server.data_dir());
    let mut bytes = std::fs::read(&file).unwrap();
    bytes[..16].copy_from_slice(b"something else!!");
    std::fs::write(&file, bytes).unwrap();
    let printed = run_command(
        server.data_dir(),
        &["serve"],
        &[("COGNOBSERVE_LISTEN", "127.0.0.1:0")],
        b"",
    )
    .expect_failure();
    assert!(!printed.err.contains("panicked"), "{}", printed.err);
}
