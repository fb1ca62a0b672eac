//! One fixed set of data gives the same bytes on every profile, but for ids and for times of
//! arrival.
mod data;

use crate::harness::{Client, Server};
use serde_json::Value;
use std::collections::BTreeMap;

const MOST_PAGES: usize = 50;
/// The first year in which something may have arrived; the data is older.
const ARRIVALS: &str = "2026";
const IDS: [&str; 4] = ["usr_", "ses_", "prj_", "dev_"];

/// Questions; `{user}` and `{session}` stand for our id of `user-2` and of a session.
const LISTS: [&str; 17] = [
    "/v1/users?limit=3",
    "/v1/users?sortBy=totalCost&sortOrder=asc",
    "/v1/users?sortBy=avgLatencyMs&from=2025-03-02T00:00:00Z&to=2025-03-06T12:34:56Z",
    "/v1/users?search=NAME",
    "/v1/users?sortBy=errorTraceRate",
    "/v1/users/{user}/traces?limit=2",
    "/v1/users/{user}/sessions",
    "/v1/sessions?limit=4",
    "/v1/sessions/{session}/timeline",
    "/v1/traces?limit=7",
    "/v1/traces?hasError=true",
    "/v1/traces?model=gpt-4o&from=2025-03-03T00:00:00Z",
    "/v1/costs?groupBy=user&limit=3",
    "/v1/costs?groupBy=session&limit=5",
    "/v1/costs?groupBy=model",
    "/v1/costs?groupBy=day&from=2025-03-01T00:00:00Z&to=2025-03-08T00:00:00Z",
    "/v1/costs?groupBy=user&from=2025-03-02T00:00:00Z&to=2025-03-05T00:00:00Z",
];
const SINGLE: [&str; 14] = [
    "/v1/me",
    "/v1/users/summary",
    "/v1/users/{user}",
    "/v1/users/by-external-id/new%20one",
    "/v1/users/by-external-id/user-4",
    "/v1/users/by-external-id/user-5",
    "/v1/sessions/{session}",
    "/v1/traces/trace-05",
    "/v1/traces/trace-20",
    "/v1/traces/trace-30",
    "/v1/costs/unpriced",
    "/v1/users?limit=0",
    "/v1/users?sortBy=luck",
    "/v1/costs?groupBy=user&from=yesterday",
];

const CSV: &str = "/v1/costs?groupBy=session";

#[test]
fn the_same_data_gives_the_same_answers() {
    let server = Server::start();
    let client = server.client();
    data::plant(&client);
    let user = client.read("/v1/users/by-external-id/user-2")["id"].clone();
    let session = client.read("/v1/sessions?search=session-6")["items"][0]["id"].clone();
    let fill = |path: &str| {
        let path = path.replace("{user}", user.as_str().expect("an id"));
        path.replace("{session}", session.as_str().expect("an id"))
    };
    let mut told = String::new();
    for path in LISTS {
        for (page, text) in read_pages(&client, &fill(path)).iter().enumerate() {
            told += &format!("{path} page {page}\n{text}\n\n");
        }
    }
    for path in SINGLE {
        let answer = client.get(&fill(path));
        let (status, kind) = (answer.status, answer.header("content-type"));
        told += &format!("{path} {status} {kind}\n{}\n\n", answer.text());
    }
    let csv = client.send("GET", CSV, &[("accept", "text/csv")], b"");
    told += &format!("{CSV} as CSV\n{}\n", csv.expect(200).text());
    // A line per item, to be read by people.
    insta::assert_snapshot!(mask(&told).replace("},{", "},\n{"));
    server.run(&["verify"]).expect_success();
}

fn read_pages(client: &Client, path: &str) -> Vec<String> {
    let mut pages = Vec::new();
    let mut next = path.to_owned();
    for _ in 0..MOST_PAGES {
        let answer = client.get(&next).expect(200);
        pages.push(answer.text());
        match &answer.json()["nextCursor"] {
            Value::String(cursor) => next = format!("{path}&cursor={cursor}"),
            _ => return pages,
        }
        if !path.contains('?') {
            next = next.replacen('&', "?", 1);
        }
    }
    panic!("{path} has no last page");
}

/// Our ids by the order in which they occur, cursors and times of arrival by a word.
fn mask(text: &str) -> String {
    let mut numbers = BTreeMap::new();
    let (mut masked, mut rest) = (String::new(), text);
    let mut after_cursor = false;
    while !rest.is_empty() {
        let is_part = |c: char| c.is_ascii_alphanumeric() || "_-:.".contains(c);
        let length = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
        let word = &rest[..length];
        let kind = IDS.iter().find(|id| word.starts_with(**id));
        // What was erased is known by the hash of its id, under the store's own secret.
        let is_hash = word.len() == 64 && word.chars().all(|c| c.is_ascii_hexdigit());
        if let Some(kind) = kind.or(is_hash.then_some(&"hash_")) {
            let next = numbers.len();
            let number = numbers.entry(word.to_owned()).or_insert(next);
            masked += &format!("{kind}{number}");
        } else if word.starts_with(ARRIVALS) && word.contains('T') {
            masked += "(arrival)";
        } else if after_cursor && !["", ":", ":null"].contains(&word) {
            masked += "(cursor)";
        } else {
            masked += word;
        }
        if length > 0 {
            after_cursor = word == "nextCursor" || (after_cursor && word == ":");
        }
        rest = &rest[length..];
        if let Some(other) = rest.chars().next() {
            masked.push(other);
            rest = &rest[other.len_utf8()..];
        }
    }
    masked
}
