//! What whoever runs the installation is told of all its developers.
use super::{find_developer, send};
use crate::harness::openapi::make_project_of;
use crate::harness::person::Person;
use crate::harness::{Server, Setup};
use serde_json::{Value, json};
use std::io::Write;
use tempfile::NamedTempFile;

const QUESTION: [&str; 3] = ["telemetry", "developers", "--json"];

fn write_settings(edition: &str) -> NamedTempFile {
    let mut file = NamedTempFile::new().expect("a file");
    writeln!(file, "edition = \"{edition}\"").expect("it is written");
    file
}

/// Three events of one end user, and two of two others' in another workspace.
fn plant(server: &Server) -> String {
    let event = |user: &str| json!({"event": "e", "user_id": user});
    send(
        &server.client(),
        json!([event("ann"), event("ann"), event("ann")]),
    );
    let theirs = make_project_of(server, "others", "theirs", "ingest,read");
    send(&theirs, json!([event("bob"), event("eve")]));
    let me = theirs.read("/v1/me");
    me["developerId"].as_str().expect("an id").to_owned()
}

#[test]
fn the_operator_sees_every_developer_at_the_command_line() {
    let server = Server::start_cloud();
    let (others, own) = (plant(&server), find_developer(&server));
    let settings = write_settings("cloud");
    let ask = |more: &[&str]| -> Value {
        let path = settings.path().to_str().expect("a path");
        let args = [&QUESTION[..], &["--config", path], more].concat();
        server.run(&args).expect_success().json()
    };
    let all = ask(&[]);
    let told = |at: usize, key: &str| all[at][key].clone();
    assert_eq!(all.as_array().map(Vec::len), Some(2), "{all}");
    assert_eq!(
        (told(0, "developerId"), told(0, "workspace")),
        (json!(others), json!("others"))
    );
    assert_eq!(
        (told(0, "uniqueEndUsers"), told(0, "eventCount")),
        (json!(2), json!(2))
    );
    assert_eq!(
        (told(1, "developerId"), told(1, "workspace")),
        (json!(own), json!("default"))
    );
    let ids = |more: &[&str]| -> Vec<Value> {
        let told = ask(more);
        let all = told.as_array().expect("a list").iter();
        all.map(|it| it["developerId"].clone()).collect()
    };
    assert_eq!(
        ids(&["--sort-by", "eventCount"]),
        [json!(own), json!(others)]
    );
    assert_eq!(ids(&["--limit", "1"]), [json!(others)]);
    assert_eq!(ids(&["--to", "2026-01-01"]), [json!(null); 0]);
    assert_eq!(ids(&["--from", "2026-01-01"]).len(), 2);
    let path = settings.path().to_str().expect("a path");
    let wrong = [
        "telemetry",
        "developers",
        "--config",
        path,
        "--sort-by",
        "name",
    ];
    server.run(&wrong).expect_failure();
}

#[test]
fn the_page_of_the_installation_lists_those_with_the_most_end_users() {
    let server = Server::start_cloud();
    let (others, own) = (plant(&server), find_developer(&server));
    let mut owner = Person::set_up(&server);
    let page = owner.open("/installation").expect(200).text();
    let (_, list) = page.split_once("id=\"h-developers\"").expect("the table");
    let places = [&others, &own].map(|id| list.find(id.as_str()).expect("the developer"));
    assert!(places[0] < places[1], "{list}");
    assert!(list.contains("<span>others</span>") && list.contains("<span>default</span>"));
    // A project's owner who does not run the installation has no such page.
    let mut other = Person::join(&server, "olga@acme.example", "others", "OWNER");
    other.open("/installation").expect(404);
}

#[test]
fn the_open_source_edition_says_why_it_cannot_tell() {
    let server = Setup::new()
        .setting("COGNOBSERVE_EDITION", "opensource")
        .start();
    plant(&server);
    let refused = server.run(&QUESTION).expect_failure();
    assert!(
        refused.err.contains("without the people they are of"),
        "{}",
        refused.err
    );
    let mut owner = Person::set_up(&server);
    let page = owner.open("/installation").expect(200).text();
    let (_, list) = page.split_once("id=\"h-developers\"").expect("the section");
    assert!(
        list.contains("nobody can say here which developer"),
        "{list}"
    );
    assert!(!list.contains("<table") && !list.contains("dev_"), "{list}");
}

/// A project that the installation made for itself does not make "the project" ambiguous.
#[test]
fn the_project_of_others_events_needs_no_naming_of_the_own_one() {
    let server = Setup::new()
        .setting("COGNOBSERVE_TELEMETRY_PROXY", "on")
        .start();
    let made = server
        .run(&["keys", "create", "--json"])
        .expect_success()
        .json();
    assert_eq!(made["project"], "default");
    server.run(&["telemetry", "disable"]).expect_success();
    assert_eq!(
        server.client().read("/v1/telemetry/status")["optedOut"],
        true
    );
    server
        .run(&["keys", "create", "--project", "telemetry-proxy"])
        .expect_success();
    server
        .run(&["projects", "create", "second"])
        .expect_success();
    let refused = server.run(&["keys", "create"]).expect_failure();
    assert!(refused.err.contains("several projects"), "{}", refused.err);
}
