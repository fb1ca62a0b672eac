//! What the documents tell to write in Rust, built and run as it is printed.
//!
//! Around a block comes only what a reader has. The first block of the SDK's own page is `examples/quick_start.rs`.

mod support;

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};
use support::project::{build, here, make_home, run};
use support::receiver::Receiver;

const OWN_PAGE: &str = "sdks/rust/README.md";

fn find_repository() -> PathBuf {
    here().join("../..")
}

/// The blocks of Rust in a document, as functions that end each line of an example as a statement.
fn read_blocks(document: &str) -> Vec<String> {
    let text = fs::read_to_string(find_repository().join(document)).unwrap();
    let mut blocks = Vec::new();
    let mut lines = text.lines();
    while lines.any(|line| line.trim_start() == "```rust") {
        let block = lines.by_ref().take_while(|line| line.trim() != "```");
        blocks.push(block.map(close).collect::<Vec<_>>().join("\n"));
    }
    blocks
}

/// An expression that stands alone for its form is a statement.
fn close(line: &str) -> String {
    let code = line.split(" //").next().unwrap_or_default().trim_end();
    let is_open = code.ends_with(')') || code.ends_with(".await");
    format!("{code}{}", if is_open { ";" } else { "" })
}

/// All documents of the repository that have such blocks.
fn find_documents() -> Vec<String> {
    let repository = find_repository();
    let list = |folder: &str| {
        let names = fs::read_dir(repository.join(folder)).unwrap();
        let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names
            .map(|name| format!("{folder}{name}"))
            .collect::<Vec<_>>()
    };
    let sdks = list("sdks/")
        .into_iter()
        .map(|sdk| format!("{sdk}/README.md"));
    let pages = list("").into_iter().chain(list("docs/")).chain(sdks);
    let mut found: Vec<String> = pages
        .filter(|page| page.ends_with(".md") && repository.join(page).is_file())
        .filter(|page| !read_blocks(page).is_empty())
        .collect();
    found.sort();
    found
}

const GIVEN: &str = r#"
#![allow(unused)]
use std::io::Error;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use cognobserve_sdk::*;
use futures_util::stream;
use serde_json::{Value, json};
use tracing::{Instrument, info_span};
use tracing_subscriber::prelude::*;

type Answer = Result<Value, Error>;
struct Provider;
impl Provider {
    fn chat(&self) -> Self { Self }
    async fn create(&self, _: Value) -> Answer { Ok(json!({"hello": 1})) }
}
struct Named { id: &'static str }
async fn search(query: &str) -> usize { query.len() }
fn rank(found: Vec<i32>) -> usize { found.len() }
async fn job() {}
static HAS_WORKED: AtomicBool = AtomicBool::new(false);
async fn work() {
    log("at work", (), Level::Default);
    HAS_WORKED.store(true, Ordering::SeqCst);
}
/// What a task does counts if it is done before the end of `main`.
async fn wait_for_work() {
    while !HAS_WORKED.load(Ordering::SeqCst) { tokio::time::sleep(Duration::from_millis(1)).await }
}
async fn handle(_: &str) {}
"#;

#[test]
fn every_block_builds_and_records_what_it_says() {
    assert_eq!(
        find_documents(),
        ["README.md", "docs/sdks.md", "docs/telemetry.md", OWN_PAGE]
    );
    let [first] = read_blocks("README.md").try_into().unwrap();
    let [all_sdks] = read_blocks("docs/sdks.md").try_into().unwrap();
    let [telemetry] = read_blocks("docs/telemetry.md").try_into().unwrap();
    // A new block belongs into one of these functions.
    let [_, what, events, tasks, layer] = read_blocks(OWN_PAGE).try_into().unwrap();
    let program = format!(
        r#"{GIVEN}
async fn first() -> Result<(), Error> {{
    let (client, request) = (Provider, json!([]));
    {first}
    Ok(())
}}
async fn all_sdks() -> Result<(), Error> {{
    let (client, messages) = (Provider, json!([]));
    {all_sdks}
    Ok(())
}}
async fn telemetry() {{
    {telemetry}
}}
async fn own_page() {{
    let _client = init(Config::new());
    let (query, found, stream) = ("invoice".to_owned(), vec![1], stream::iter(["a"]));
    {{ {what} }}
    {events}
    with_user("tasks", async {{ {tasks} }}).await;
    wait_for_work().await;
    let (user, chat, question) = (Named {{ id: "john" }}, Named {{ id: "chat-1" }}, "Hi");
    {layer}
}}
#[tokio::main]
async fn main() {{
    first().await.unwrap();
    all_sdks().await.unwrap();
    telemetry().await;
    own_page().await;
}}
"#
    );
    let sdk = format!(
        "path = {:?}, features = [\"tracing\"]",
        here().to_str().unwrap()
    );
    let more = "futures-util = { version = \"0.3\", default-features = false, features = [\"std\"] }\n\
        tracing = { version = \"0.1\", default-features = false, features = [\"std\"] }\n\
        tracing-subscriber = { version = \"0.3\", default-features = false, features = [\"registry\", \"std\"] }\n";
    let home = make_home("documents");
    let built = build(&home, "documents", &sdk, more, &program);
    let server = Receiver::start(0);
    let output = run(Command::new(built)
        .env("COGNOBSERVE_API_KEY", "k")
        .env("COGNOBSERVE_ENDPOINT", server.url()));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    let traces = server.traces();
    let has = |name: &str, user: Value| {
        let mut named = traces.iter().filter(|trace| trace["name"] == name);
        assert!(
            named.any(|trace| trace["user_id"] == user || trace["user"]["id"] == user),
            "{name}: {traces:?}"
        );
    };
    has("chat", json!("john"));
    has("answer", json!("john"));
    has("search", Value::Null);
    has("nightly", json!("user-123"));
    has("at work", json!("tasks"));
    has("request", json!("john"));
    let told = server.events();
    let told: Vec<_> = told
        .iter()
        .map(|event| (&event["event"], &event["user_id"], &event["event_id"]))
        .collect();
    let name = json!("memory_created");
    for (user, id) in [("alice", "m-1"), ("john", "memory-17")] {
        assert!(
            told.contains(&(&name, &json!(user), &json!(id))),
            "{told:?}"
        );
    }
    assert_eq!(told.len(), 3, "{told:?}");
}
