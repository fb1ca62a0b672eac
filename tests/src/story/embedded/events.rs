//! What the open-source edition writes to disk of an event: nothing that is not on the list.
use crate::harness::Server;
use crate::harness::scan::{contains, read_cells, read_files, unpack_frames};
use crate::harness::wait::wait_until;
use serde_json::json;
use std::time::Duration;

const MARK: &str = "zebra7731";

#[test]
fn what_names_somebody_is_not_on_disk() {
    let server = Server::start();
    let client = server.client();
    let properties = json!({"type": "text", MARK: true, "user_name": MARK, "plan": format!("{MARK}@acme.com"), "deep": [{MARK: MARK}]});
    let event = json!({
        "event": MARK.to_uppercase(), "user_id": "u", "session_id": MARK, "event_id": MARK, "properties": properties,
    });
    let answer = client.post("/v1/events", &event).expect(202).json();
    assert_eq!(answer["results"][0]["stored"], true);
    assert_eq!(client.read("/v1/events/count")["total"], 1);
    for content in read_files(server.data_dir()) {
        let all = [content.bytes.clone(), unpack_frames(&content.bytes)].concat();
        let all = all.to_ascii_lowercase();
        assert!(
            !contains(&all, MARK.as_bytes()),
            "{}",
            content.path.display()
        );
    }
    for cell in read_cells(server.data_dir()) {
        let cell = cell.to_ascii_lowercase();
        assert!(!contains(&cell, MARK.as_bytes()));
    }
}

/// No request moves the clock: the server is stopped, and events are made older in its own database.
#[test]
fn old_events_are_removed_and_counted_as_stored() {
    let mut server = Server::start();
    let events = json!({"events": [{"event": "a"}, {"event": "b"}, {"event": "c"}]});
    server.client().post("/v1/events", &events).expect(202);
    server.stop();
    let database = rusqlite::Connection::open(server.data_dir().join("ledger.db")).unwrap();
    let update = "UPDATE events SET arrived = arrived - (?1 * 86400000000) WHERE name = ?2";
    for (days, name) in [(91, "a"), (89, "b")] {
        assert_eq!(database.execute(update, (days, name)).unwrap(), 1);
    }
    database.close().unwrap();
    server.start_again();
    let client = server.client();
    let removed = wait_until(Duration::from_secs(20), || {
        let counts = client.read("/v1/events/count?groupBy=event");
        (counts["rows"] == json!([{"key": "b", "count": 1}, {"key": "c", "count": 1}]))
            .then_some(())
    });
    assert!(
        removed.is_some(),
        "{}",
        client.read("/v1/events/count?groupBy=event")
    );
    let status = server.run(&["telemetry", "status", "--json"]);
    assert_eq!(status.expect_success().json()["stored"], 3);
}
