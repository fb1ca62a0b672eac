//! Erasing a person reaches what the ledger refused and the queue keeps, also from a process
//! that only answers questions.
use crate::harness::profile::Backing;
use crate::harness::sample::{now_ms, trace};
use crate::harness::server::make_key;
use crate::harness::{Server, Setup};
use cognobserve_servers::{postgres, redis};
use serde_json::{Value, json};

fn count_letters(server: &Server) -> usize {
    let listed = server.run(&["queue", "list", "--json"]).expect_success();
    listed.json().as_array().expect("letters").len()
}

fn make_span(user: &str) -> Value {
    json!({
        "traceId": "5b8efff798038103d269b633813fc60c", "spanId": if user == "ann" { "eee19b7ec3c1b174" } else { "eee19b7ec3c1b175" },
        "name": "said by both", "startTimeUnixNano": format!("{}000000", now_ms() - 5000),
        "attributes": [{"key": "user.id", "value": {"stringValue": user}}],
    })
}

#[test]
fn an_erased_person_is_in_no_dead_letter() {
    let backing = Backing::of_stream(postgres(), redis().url());
    let key = make_key();
    let start = |roles: &str| {
        let setup = Setup::new().setting("COGNOBSERVE_ROLES", roles);
        setup.start_over(&backing, &key)
    };
    let front = start("ingest,worker");
    let desk = start("api");
    let (door, client) = (front.client(), desk.client());
    door.post("/v1/traces", &trace("first", "ann")).expect(202);
    let id = client.read("/v1/users/by-external-id/ann")["id"].clone();
    let limit = ["projects", "set", "default", "--max-users", "1"];
    front.run(&limit).expect_success();
    // Refused as a whole, for one of the two.
    let spans: Vec<_> = ["ann", "bob"].iter().map(|user| make_span(user)).collect();
    let both = json!({"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]});
    door.post("/v1/traces", &both).expect(200);
    door.post("/v1/traces", &trace("another", "cid"))
        .expect(202);
    backing.settle();
    let before = count_letters(&front);
    let path = format!("/v1/users/{}?mode=erase", id.as_str().expect("an id"));
    client.delete(&path).expect(200);
    assert_eq!(before - count_letters(&front), 1, "of {before}");
    front.run(&["verify"]).expect_success();
}
