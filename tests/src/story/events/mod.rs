//! Product events, from the client's request to the answers about them.
mod anonymous;
mod asking;
mod choosing;
mod killed;
mod memories;
mod notices;
mod operating;
mod planted;
mod relaying;
mod returning;
mod sending;
mod taking;

use crate::harness::client::encode;
use crate::harness::{Client, Server};
use serde_json::{Value, json};

/// Sends events that must all be stored.
#[track_caller]
fn send(client: &Client, events: Value) {
    let body = json!({"events": events});
    let answer = client.post("/v1/events", &body).expect(202).json();
    for result in answer["results"].as_array().expect("results") {
        assert_eq!(result["stored"], true, "{answer}");
    }
}

/// All that are stored, newest first.
fn list_all(client: &Client) -> Vec<Value> {
    let (mut all, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = client.read(&format!("/v1/events?limit=100{cursor}"));
        all.extend(page["items"].as_array().expect("items").iter().cloned());
        let Some(next) = page["nextCursor"].as_str() else {
            return all;
        };
        cursor = format!("&cursor={}", encode(next));
    }
}

/// The first developer.
fn find_developer(server: &Server) -> String {
    let me = server.client().read("/v1/me");
    me["developerId"].as_str().expect("a developer").to_owned()
}

/// Our id of a user.
fn find_user(client: &Client, external_id: &str) -> String {
    let user = client.read(&format!("/v1/users/by-external-id/{external_id}"));
    user["id"].as_str().expect("an id").to_owned()
}

/// The events of a list, by name and end user.
fn read_names(list: &Value) -> Vec<(String, Value)> {
    let items = list["items"].as_array().expect("items").iter();
    items
        .map(|it| {
            let name = it["event"].as_str().expect("a name").to_owned();
            (name, it["endUserId"].clone())
        })
        .collect()
}
