//! The example service in front of a real server, and what leaves of one memory, edition by edition.
use super::{find_developer, find_user};
use crate::harness::client::Client;
use crate::harness::command::{find_binary, prepare_command};
use crate::harness::outlet::Outlet;
use crate::harness::person::Person;
use crate::harness::server::find_port;
use crate::harness::wait::wait_until;
use crate::harness::{Answer, Server, Setup};
use cognobserve_servers::outlet::Received;
use serde_json::{Value, json};
use std::process::Child;
use std::time::Duration;

/// The service's process.
struct Memories {
    child: Child,
    client: Client,
}

impl Memories {
    #[track_caller]
    fn start(server: &Server) -> Memories {
        let url = format!("127.0.0.1:{}", find_port());
        let child = prepare_command(&find_binary().with_file_name("memory-service"))
            .env("COGNOBSERVE_ENDPOINT", server.url())
            .env("MEMORY_LISTEN", &url)
            .spawn()
            .expect("the service starts");
        let client = Client::new(&format!("http://{url}"), None);
        let memories = Memories { child, client };
        let ready = wait_until(Duration::from_secs(30), || {
            let answer = memories.client.try_send("GET", "/v1/memories", &[], b"");
            (answer.ok()?.status == 401).then_some(())
        });
        assert!(ready.is_some(), "the service does not answer");
        memories
    }

    #[track_caller]
    fn keep(&self, key: &str, path: &str, memory: &Value) -> Answer {
        self.client.with_key(key).post(path, memory)
    }
}

impl Drop for Memories {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn start(edition: &str, provider: &str, outlet: &Outlet) -> Server {
    let name = provider.to_uppercase();
    let address = match provider {
        "posthog" => "COGNOBSERVE_POSTHOG_HOST",
        _ => "COGNOBSERVE_AMPLITUDE_URL",
    };
    Setup::new()
        .setting("PAPR_EDITION", edition)
        .setting("TELEMETRY_PROVIDER", provider)
        .setting(&format!("COGNOBSERVE_{name}_API_KEY"), "provider-key")
        .setting(address, &outlet.url)
        .start()
}

/// As an older client sends it.
fn notes() -> Value {
    json!({"content": "Meeting notes", "type": "text",
           "metadata": {"external_user_id": "alice_from_dev_system", "topic": "standup"}})
}

/// What the providers' formats have beside the event: ids, times and flags.
fn without(mut event: Value, keys: &[&str]) -> Value {
    for key in keys {
        let known = event.as_object_mut().and_then(|it| it.shift_remove(*key));
        assert!(known.is_some(), "no {key} in {event}");
    }
    event
}

#[test]
fn the_cloud_tells_amplitude_the_developer_with_their_end_user() {
    let outlet = Outlet::open();
    let server = start("cloud", "amplitude", &outlet);
    let owner = Person::set_up(&server);
    let memories = Memories::start(&server);
    let kept = memories.keep(server.key(), "/v1/memories", &notes());
    let kept = kept.expect(201).json();
    let client = server.client();
    let developer = find_developer(&server);
    let user = find_user(&client, "alice_from_dev_system");
    let ours = json!([kept["developer_id"], kept["end_user_id"], kept["metadata"]]);
    assert_eq!(ours, json!([developer, user, {"topic": "standup"}]));

    let event = outlet.wait_for(1)[0].clone();
    let told = json!({
        "user_id": developer, "event_type": "memory_created",
        "event_properties": {
            "end_user_id": user, "developer_id": developer, "type": "text", "has_metadata": true,
            "email": owner.email, "client_type": "api",
        },
    });
    assert_eq!(without(event, &["insert_id", "time"]), told);
    for Received { path, body, .. } in outlet.received() {
        assert!(["/batch", "/2/httpapi"].contains(&path.as_str()), "{path}");
        for word in ["alice_from", "Meeting", "standup", server.key()] {
            assert!(!body.contains(word), "{word} in {body}");
        }
    }
    let stored = client.read("/v1/events")["items"][0].clone();
    let stored = json!([
        stored["event"],
        stored["developerId"],
        stored["endUserId"],
        stored["properties"]
    ]);
    let properties = json!({"type": "text", "has_metadata": true});
    assert_eq!(
        stored,
        json!(["memory_created", developer, user, properties])
    );
}

#[test]
fn the_open_source_edition_tells_posthog_nobody() {
    let outlet = Outlet::open();
    let server = start("opensource", "posthog", &outlet);
    Person::set_up(&server);
    let memories = Memories::start(&server);
    let kept = memories.keep(server.key(), "/v1/memories", &notes());
    let user = kept.expect(201).json()["end_user_id"].clone();

    let event = outlet.wait_for(1)[0].clone();
    let name = event["distinct_id"].as_str().unwrap().to_owned();
    let digits = name.strip_prefix("sha256:").expect("a pseudonym");
    let is_hex = |letter: char| letter.is_ascii_digit() || ('a'..='f').contains(&letter);
    assert!(digits.len() == 64 && digits.chars().all(is_hex), "{name}");
    let told = json!({
        "distinct_id": name, "event": "memory_created",
        "properties": {
            "type": "text", "has_metadata": true, "edition": "opensource", "os": std::env::consts::OS,
            "version": env!("CARGO_PKG_VERSION"), "$geoip_disable": true, "$process_person_profile": false,
        },
    });
    assert_eq!(without(event, &["uuid", "timestamp"]), told);
    let user = user.as_str().expect("an id");
    for Received { path, body, .. } in outlet.received() {
        assert_eq!(path, "/batch/");
        for word in [
            "alice",
            "Meeting",
            "standup",
            "acme",
            "usr_",
            "dev_",
            server.key(),
            user,
        ] {
            assert!(!body.contains(word), "{word} in {body}");
        }
    }
    let kinds = server
        .client()
        .read("/v1/events/count?groupBy=property.type");
    assert_eq!(kinds["rows"], json!([{"key": "text", "count": 1}]));
}

/// What is stored of memories, latest last: whose, by the developer's id, and whether there was metadata.
fn read_memories(server: &Server, count: usize) -> Vec<(Value, Value)> {
    let client = server.client();
    let found = wait_until(Duration::from_secs(20), || {
        let events = client.read("/v1/events?event=memory_created")["items"].clone();
        let events = events.as_array().unwrap().clone();
        (events.len() == count).then_some(events)
    });
    let mut found = found.expect("all are stored");
    found.reverse();
    let name = |id: &Value| match id.as_str() {
        Some(id) => client.read(&format!("/v1/users/{id}"))["externalId"].clone(),
        None => Value::Null,
    };
    found
        .iter()
        .map(|event| {
            (
                name(&event["endUserId"]),
                event["properties"]["has_metadata"].clone(),
            )
        })
        .collect()
}

#[test]
fn what_names_nobody_counts_as_not_given() {
    let server = Server::start_cloud();
    let memories = Memories::start(&server);
    let older = json!({"external_user_id": "alice"});
    let wanted = [
        (json!({"metadata": older}), json!("alice"), true),
        (
            json!({"user_id": "", "metadata": older}),
            json!("alice"),
            true,
        ),
        (
            json!({"user_id": "  ", "metadata": older}),
            json!("alice"),
            true,
        ),
        (
            json!({"user_id": null, "metadata": older}),
            json!("alice"),
            true,
        ),
        (
            json!({"user_id": 4711, "metadata": older}),
            json!("4711"),
            true,
        ),
        (
            json!({"user_id": 4711, "metadata": null}),
            json!("4711"),
            false,
        ),
        (
            json!({"user_id": "", "metadata": {"external_user_id": 12}}),
            json!("12"),
            true,
        ),
        (json!({"user_id": "", "metadata": {}}), json!(null), false),
    ];
    let mut before = 0;
    for (memory, user, has_metadata) in &wanted {
        let mut memory = memory.clone();
        memory["content"] = json!("notes");
        let kept = memories.keep(server.key(), "/v1/memories", &memory);
        let kept = kept.expect(201).json();
        assert_eq!(kept["end_user_id"].is_null(), user.is_null(), "{memory}");
        assert_eq!(kept["metadata"], json!({}), "{memory}");
        before += 1;
        let stored = read_memories(&server, before).pop().unwrap();
        assert_eq!(stored, (user.clone(), json!(has_metadata)), "{memory}");
    }
    let wrong = json!({"content": "notes", "user_id": {}});
    memories
        .keep(server.key(), "/v1/memories", &wrong)
        .expect(422);
}

#[test]
fn nobody_is_made_by_asking_and_has_nobody_else_s_memories() {
    let server = Server::start_cloud();
    let memories = Memories::start(&server);
    memories
        .keep(server.key(), "/v1/memories", &notes())
        .expect(201);
    let nobodys = json!({"content": "of nobody"});
    memories
        .keep(server.key(), "/v1/memories", &nobodys)
        .expect(201);
    let client = memories.client.with_key(server.key());
    let list = |user: &str| client.read(&format!("/v1/memories?user_id={user}"))["items"].clone();
    assert_eq!(list("alice_from_dev_system")[0]["content"], "Meeting notes");
    assert_eq!(list("%20")[0]["content"], "of nobody");
    for user in ["eve", "undefined"] {
        assert_eq!(list(user), json!([]), "{user}");
    }
    let ours = server.client();
    // Also when all that was asked is told of.
    let wait_told = || {
        let told = wait_until(Duration::from_secs(20), || {
            (ours.read("/v1/events/count?event=search")["total"] == 4).then_some(())
        });
        assert!(told.is_some());
    };
    wait_told();
    ours.get("/v1/users/by-external-id/eve").expect(404);
    // Erased, and with them what they had asked.
    let alice = find_user(&ours, "alice_from_dev_system");
    ours.delete(&format!("/v1/users/{alice}?mode=erase"))
        .expect(200);
    assert_eq!(list("alice_from_dev_system"), json!([]));
    wait_told();
}

#[test]
fn who_calls_is_who_the_key_is_of_and_sees_their_own() {
    let server = Server::start_cloud();
    let memories = Memories::start(&server);
    let refused = memories.keep("co_sk_nobody", "/v1/memories", &notes());
    refused.expect(401);
    // The other name of the route, the newer place of the id, which goes before the older one.
    let mut memory = notes();
    memory["user_id"] = json!("bob");
    let kept = memories.keep(server.key(), "/v1/memory", &memory);
    let bob = find_user(&server.client(), "bob");
    assert_eq!(kept.expect(201).json()["end_user_id"], bob);
    let client = memories.client.with_key(server.key());
    let count = |path: &str| client.read(path)["items"].as_array().unwrap().len();
    assert_eq!(count("/v1/memories?user_id=bob&query=Meeting"), 1);
    assert_eq!(count("/v1/memories?user_id=bob&query=absent"), 0);
    assert_eq!(count("/v1/memories?user_id=eve"), 0);
    let owner = server.run(&[
        "projects",
        "create",
        "other",
        "--workspace",
        "elsewhere",
        "--json",
    ]);
    assert_eq!(owner.code, Some(0), "{}", owner.err);
    let stranger = server.run(&[
        "keys",
        "create",
        "--project",
        "other",
        "--scopes",
        "ingest,read",
        "--json",
    ]);
    let stranger = stranger.expect_success().json();
    let stranger = memories.client.with_key(stranger["key"].as_str().unwrap());
    assert_eq!(
        stranger.read("/v1/memories?user_id=bob")["items"],
        json!([])
    );
    let wanted = json!([{"key": "search", "count": 4}, {"key": "memory_created", "count": 2}]);
    // What names no end user is its developer's, too.
    memory.as_object_mut().unwrap().remove("user_id");
    memory["metadata"] = json!({});
    memories
        .keep(server.key(), "/v1/memory", &memory)
        .expect(201);
    assert_eq!(count("/v1/memories"), 1);
    assert_eq!(stranger.read("/v1/memories")["items"], json!([]));
    let counted = wait_until(Duration::from_secs(20), || {
        let rows = server.client().read("/v1/events/count?groupBy=event");
        (rows["rows"] == wanted).then_some(())
    });
    assert!(counted.is_some());
}
