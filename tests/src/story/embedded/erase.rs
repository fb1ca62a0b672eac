//! Erasing a person: no byte that was theirs is left in the data directory, and the books
//! still balance, with them as nobody in particular.
use crate::harness::books::read_sums;
use crate::harness::sample::{now_ms, prose};
use crate::harness::scan::{contains, read_cells, read_files, unpack_frames};
use crate::harness::{Client, Server};
use rand::Rng;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;

/// Words that occur nowhere else.
struct Plants(Vec<String>);

impl Plants {
    fn make(&mut self, what: &str) -> String {
        let mut random = rand::rng();
        let tail: String = (0..24)
            .map(|_| char::from(random.random_range(b'a'..=b'z')))
            .collect();
        let word = format!("{what}{tail}");
        self.0.push(word.clone());
        word
    }

    /// Those that are found, with the file.
    fn find(&self, dir: &Path) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        for file in read_files(dir) {
            let unpacked = unpack_frames(&file.bytes);
            for word in &self.0 {
                if contains(&file.bytes, word.as_bytes()) || contains(&unpacked, word.as_bytes()) {
                    found.insert(format!("{word} in {}", file.path.display()));
                }
            }
        }
        for cell in read_cells(dir) {
            let unpacked = unpack_frames(&cell);
            for word in &self.0 {
                if contains(&cell, word.as_bytes()) || contains(&unpacked, word.as_bytes()) {
                    found.insert(format!("{word} in a table"));
                }
            }
        }
        found
    }
}

/// A trace with a plant in every place that holds text.
fn make_trace(plants: &mut Plants, user: &str, payload_bytes: usize) -> Value {
    let at = now_ms() - 600_000;
    let spans: Vec<Value> = (0..3)
        .map(|n| {
            json!({
                "span_id": plants.make("spanid"), "parent_span_id": plants.make("parentid"), "name": plants.make("spanname"), "type": "generation",
                "start_time": at + n, "end_time": at + n + 10, "model": "gpt-4o", "usage": {"prompt_tokens": 10}, "cost": {"total": 0.25},
                "level": "ERROR", "status_message": plants.make("status"), "response_id": plants.make("response"),
                "model_parameters": {"stop": plants.make("parameter")},
                "input": {"text": format!("{} {} {}", prose(n as u64, payload_bytes / 2), plants.make("input"), prose(n as u64 + 7, payload_bytes / 2))},
                "output": format!("{} {}", plants.make("output"), prose(n as u64, payload_bytes)),
                "metadata": {plants.make("metakey"): plants.make("metavalue")},
            })
        })
        .collect();
    json!({
        "trace_id": plants.make("traceid"), "name": plants.make("tracename"), "timestamp": at, "user_id": user,
        "session": {"id": plants.make("sessionid"), "name": plants.make("sessionname"), "metadata": {"k": plants.make("sessionmeta")}},
        "metadata": {plants.make("tracekey"): plants.make("tracevalue")},
        "user": {"name": plants.make("name"), "email": format!("{}@example.com", plants.make("mail")), "metadata": {plants.make("userkey"): plants.make("uservalue")}},
        "spans": spans,
    })
}

/// The same trace in two requests, the second with other payloads for the same spans.
fn split(whole: &Value, plants: &mut Plants) -> [Value; 2] {
    let (mut first, mut second) = (whole.clone(), whole.clone());
    first["spans"].as_array_mut().unwrap().truncate(2);
    first["user_id"] = Value::Null;
    for span in second["spans"].as_array_mut().unwrap() {
        span["input"] = json!({"corrected": plants.make("corrected")});
    }
    [first, second]
}

fn send(client: &Client, body: &Value) {
    let answer = client.post("/v1/traces", body).expect(202).json();
    assert_eq!(answer["success"], true, "{answer}");
}

#[test]
fn nothing_of_an_erased_person_is_left_on_the_disk() {
    let mut server = Server::start();
    let client = server.client();
    let mut plants = Plants(Vec::new());
    let mut others = Plants(Vec::new());
    let user = plants.make("user");
    let mut sent = Vec::new();
    for bytes in [10, 3_000, 200_000] {
        for _ in 0..3 {
            let whole = make_trace(&mut plants, &user, bytes);
            send(&client, &make_trace(&mut others, "somebody else", bytes));
            if bytes == 3_000 {
                split(&whole, &mut plants)
                    .iter()
                    .for_each(|half| send(&client, half));
            } else {
                send(&client, &whole);
            }
            sent.push(whole);
        }
        // What is stored differently after a while or a restart has to go as well.
        server.stop();
        server.start_again();
    }
    let client = server.client();
    let before = client.read("/v1/costs?groupBy=user");
    let mine = client.read(&format!("/v1/users/by-external-id/{user}"));
    assert_eq!(mine["traceCount"], 9);
    let seen = plants.find(server.data_dir()).len();
    assert!(
        seen > plants.0.len() / 2,
        "the scan is blind: it finds {seen} of {}",
        plants.0.len()
    );
    let other_words = others.find(server.data_dir());
    let cells_before = read_cells(server.data_dir());

    let answer = client
        .delete(&format!(
            "/v1/users/{}?mode=erase",
            mine["id"].as_str().unwrap()
        ))
        .expect(200)
        .json();
    assert_eq!(answer["success"], true, "{answer}");

    let left = plants.find(server.data_dir());
    assert!(left.is_empty(), "{} left: {left:#?}", left.len());
    expect_no_remains(server.data_dir(), &cells_before);
    let other_words_after: BTreeSet<String> = others.find(server.data_dir());
    assert!(
        other_words_after
            .iter()
            .filter(|word| word.ends_with("table"))
            .count()
            >= other_words
                .iter()
                .filter(|word| word.ends_with("table"))
                .count(),
        "others lost something"
    );

    // The books balance; the spend has no name.
    let after = client.read("/v1/costs?groupBy=user");
    assert_eq!(after["total"], before["total"]);
    assert_eq!(
        read_sums(&after["unattributed"]),
        read_sums(&before["unattributed"])
    );
    let tombstone = after["rows"]
        .as_array()
        .unwrap()
        .iter()
        .find(|row| row["erased"] == true)
        .expect("a tombstone");
    assert_eq!(tombstone["externalId"], Value::Null);
    assert_eq!(
        (
            tombstone["traceCount"].as_i64(),
            tombstone["totalCostUsd"].as_str()
        ),
        (Some(9), Some("6.750000000"))
    );
    let list = client.read("/v1/users");
    assert_eq!(list["items"].as_array().unwrap().len(), 1, "{list}");
    client
        .get(&format!("/v1/users/by-external-id/{user}"))
        .expect_problem(404, "not_found");
    for whole in &sent {
        // Whoever still has the id may learn that it was counted, and no word of what it said.
        let answer = client.get(&format!(
            "/v1/traces/{}",
            whole["trace_id"].as_str().unwrap()
        ));
        assert!([200, 404].contains(&answer.status), "{}", answer.text());
        assert!(
            !plants.0.iter().any(|word| answer.text().contains(word)),
            "{}",
            answer.text()
        );
    }
    server.run(&["verify"]).expect_success();

    // Sent again, and something new of the same person: nothing comes back.
    for whole in &sent {
        send(&client, whole);
    }
    assert_eq!(
        client.read("/v1/costs?groupBy=user")["total"]["traceCount"],
        before["total"]["traceCount"],
        "a repeat counts nothing"
    );
    let later = make_trace(&mut plants, &user, 500);
    send(&client, &later);
    let costs = client.read("/v1/costs?groupBy=user");
    let traces = |row: &Value| row["traceCount"].as_i64().unwrap();
    assert_eq!(traces(&costs["total"]), traces(&before["total"]) + 1);
    assert_eq!(
        client.read("/v1/users")["items"].as_array().unwrap().len(),
        1
    );
    server.stop();
    server.start_again();
    let left = plants.find(server.data_dir());
    assert!(
        left.is_empty(),
        "after a repeat {} are left: {left:#?}",
        left.len()
    );
    server.run(&["verify"]).expect_success();
}

/// Fails if a long cell that was removed has left a stretch of its bytes in any file: an
/// overwritten page, a log, a free page.
fn expect_no_remains(dir: &Path, before: &BTreeSet<Vec<u8>>) {
    const STRETCH: usize = 40;
    let after = read_cells(dir);
    let kept: Vec<u8> = after.iter().flatten().copied().collect();
    let files = read_files(dir);
    let mut looked_for = 0;
    for cell in before
        .difference(&after)
        .filter(|cell| cell.len() >= 4 * STRETCH)
    {
        for from in [cell.len() / 4, cell.len() / 2, cell.len() - STRETCH - 1] {
            let stretch = &cell[from..from + STRETCH];
            let distinct: BTreeSet<u8> = stretch.iter().copied().collect();
            // Numbers and zeros look alike in every row; text of somebody else stays.
            if distinct.len() < 20 || contains(&kept, stretch) {
                continue;
            }
            looked_for += 1;
            for file in &files {
                assert!(
                    !contains(&file.bytes, stretch),
                    "bytes of a removed cell are left in {}",
                    file.path.display()
                );
            }
        }
    }
    assert!(looked_for > 10, "only {looked_for} stretches to look for");
}
