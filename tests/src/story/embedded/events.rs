//! What the open-source edition writes to disk of an event: nothing that is not on the list.
use crate::harness::Server;
use crate::harness::scan::{contains, read_cells, read_files, unpack_frames};
use serde_json::json;

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
