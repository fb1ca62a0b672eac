//! Every answer of the API about one project, by path, to lay two servers side by side.
use crate::harness::Client;
use crate::harness::client::encode;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

pub type Answers = BTreeMap<String, Value>;

const SORTS: [&str; 9] = [
    "lastSeenAt",
    "firstSeenAt",
    "traceCount",
    "totalCost",
    "totalTokens",
    "errorCount",
    "errorTraceRate",
    "avgLatencyMs",
    "sessionCount",
];

fn read_pages(client: &Client, answers: &mut Answers, path: &str, list: &str) -> Vec<Value> {
    let join = if path.contains('?') { '&' } else { '?' };
    let (mut all, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = client.read(&format!("{path}{join}limit=37{cursor}"));
        all.extend(page[list].as_array().expect("a list").iter().cloned());
        let Some(next) = page["nextCursor"].as_str() else {
            answers.insert(path.to_owned(), Value::Array(all.clone()));
            return all;
        };
        cursor = format!("&cursor={}", encode(next));
    }
}

fn list_ids(items: &[Value]) -> Vec<String> {
    let ids = items.iter().map(|item| item["id"].as_str().expect("an id"));
    ids.map(str::to_owned).collect()
}

/// All that can be asked, by path.
pub fn read_everything(client: &Client) -> Answers {
    let mut answers = Answers::new();
    let mut read = |path: String| {
        let answer = client.read(&path);
        answers.insert(path, answer);
    };
    read("/v1/me".into());
    read("/v1/users/summary".into());
    read("/v1/costs/unpriced".into());
    for group in ["day", "model", "user", "session", "metadata.plan"] {
        read(format!("/v1/costs?groupBy={group}&limit=1000"));
        read(format!(
            "/v1/costs?groupBy={group}&limit=1000&tz=America/Sao_Paulo"
        ));
    }
    for group in ["event", "developer", "endUser", "property.plan"] {
        read(format!("/v1/events/count?groupBy={group}"));
    }
    for path in ["/v1/telemetry/status", "/v1/developers"] {
        read(path.into());
    }
    read_pages(client, &mut answers, "/v1/events", "items");
    let users = read_pages(client, &mut answers, "/v1/users", "items");
    for sort in SORTS {
        for order in ["asc", "desc"] {
            let path = format!("/v1/users?sortBy={sort}&sortOrder={order}");
            read_pages(client, &mut answers, &path, "items");
        }
    }
    for search in ["zo%C3%AB", "example", "%25_"] {
        read_pages(
            client,
            &mut answers,
            &format!("/v1/users?search={search}"),
            "items",
        );
    }
    for user in &users {
        let id = user["id"].as_str().expect("an id");
        let external_id = encode(user["externalId"].as_str().expect("an external id"));
        for path in [
            format!("/v1/users/{id}"),
            format!("/v1/users/by-external-id/{external_id}"),
            format!("/v1/users/{id}/analytics?days=14"),
        ] {
            let answer = client.read(&path);
            answers.insert(path, answer);
        }
        read_pages(
            client,
            &mut answers,
            &format!("/v1/users/{id}/traces"),
            "items",
        );
        read_pages(
            client,
            &mut answers,
            &format!("/v1/users/{id}/sessions"),
            "items",
        );
    }
    let sessions = read_pages(client, &mut answers, "/v1/sessions", "items");
    for id in list_ids(&sessions) {
        let path = format!("/v1/sessions/{id}");
        answers.insert(path.clone(), client.read(&path));
        read_pages(client, &mut answers, &format!("{path}/timeline"), "items");
    }
    let traces = read_pages(client, &mut answers, "/v1/traces", "items");
    for id in list_ids(&traces) {
        let path = format!("/v1/traces/{}", encode(&id));
        answers.insert(path.clone(), client.read(&path));
    }
    answers
}

/// What two servers must have in common that went on by themselves: without our ids and
/// the times at which something came.
pub fn read_lasting(client: &Client) -> Answers {
    let answers = read_everything(client).into_iter();
    let lasting = answers.filter(|(path, _)| !is_of_our_id(path) && path != "/v1/me");
    let mut lasting: Answers = lasting.collect();
    lasting.values_mut().for_each(strip);
    lasting
}

fn is_of_our_id(path: &str) -> bool {
    path.contains("/usr_") || path.contains("/ses_")
}

fn strip(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|name, _| {
                !["createdAt", "updatedAt", "arrivedAt", "receivedAt"].contains(&name.as_str())
            });
            fields.values_mut().for_each(strip);
        }
        Value::Array(items) => items.iter_mut().for_each(strip),
        Value::String(text) if text.starts_with("usr_") || text.starts_with("ses_") => {
            text.truncate(4);
        }
        _ => {}
    }
}

#[track_caller]
pub fn expect_same(before: &Answers, after: &Answers) {
    let paths = |answers: &Answers| answers.keys().cloned().collect::<BTreeSet<String>>();
    assert_eq!(paths(before), paths(after));
    for (path, answer) in before {
        assert_eq!(answer, &after[path], "{path}");
    }
}

/// Nobody who came later has an id that somebody had, and nobody has got another.
#[track_caller]
pub fn expect_fresh_ids(before: &Answers, after: &Answers) {
    for path in ["/v1/users", "/v1/sessions"] {
        let ids = |answers: &Answers| -> BTreeMap<String, String> {
            let items = answers[path].as_array().expect("a list").iter();
            let text = |item: &Value, field: &str| item[field].as_str().expect("text").to_owned();
            let pairs = items.map(|item| (text(item, "externalId"), text(item, "id")));
            pairs.collect()
        };
        let (before, after) = (ids(before), ids(after));
        assert!(after.len() > before.len(), "{path}");
        let different: BTreeSet<&String> = after.values().collect();
        assert_eq!(different.len(), after.len(), "{path}");
        for (external_id, id) in &before {
            assert_eq!(after.get(external_id), Some(id), "{path} {external_id}");
        }
    }
}
