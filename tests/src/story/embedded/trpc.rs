//! Procedures on a store that takes no writes for a while: in tRPC's shape, with a time to come again.
use super::disk::{let_writes_fail, start_unstoppable};
use crate::harness::client::encode;
use crate::harness::sample::trace;
use crate::harness::wait::wait_until;
use serde_json::{Value, json};
use std::time::Duration;

/// Fails unless a call was put off.
#[track_caller]
fn expect_put_off(outcome: &Value) {
    let data = &outcome["error"]["data"];
    assert_eq!(data["code"], "SERVICE_UNAVAILABLE", "{outcome}");
    assert_eq!(data["httpStatus"], 503, "{outcome}");
    assert_eq!(data["problem"]["code"], "overloaded", "{outcome}");
}

#[test]
fn changes_are_put_off_and_queries_answered_while_nothing_can_be_written() {
    let server = start_unstoppable();
    let client = server.client();
    client.post("/v1/traces", &trace("t", "u")).expect(202);
    let user = client.read("/v1/users/by-external-id/u")["id"].clone();
    let change = json!({"id": user, "name": "Ann"});
    let list = format!("/api/trpc/users.list?input={}", encode("{}"));
    let_writes_fail(&server, true);
    let answer = client.post("/api/trpc/users.update", &change).expect(503);
    expect_put_off(&answer.json());
    let wait_s = answer.header("retry-after").parse::<u32>();
    assert!(wait_s.is_ok_and(|seconds| seconds > 0));
    let both = json!({"0": {}, "1": change, "2": {"id": user}});
    let path = "/api/trpc/users.list,users.update,users.delete?batch=1";
    let answer = client.post(path, &both).expect(207);
    assert!(answer.header("retry-after").parse::<u32>().is_ok());
    let outcomes = answer.json();
    let items = &outcomes[0]["result"]["data"]["items"];
    assert_eq!(items[0]["externalId"], "u", "{outcomes}");
    expect_put_off(&outcomes[1]);
    expect_put_off(&outcomes[2]);
    client.get(&list).expect(200);
    let_writes_fail(&server, false);
    let again = wait_until(Duration::from_secs(30), || {
        let answer = client.post("/api/trpc/users.update", &change);
        (answer.status == 200).then(|| answer.json())
    });
    let again = again.expect("it does not recover");
    assert_eq!(again["result"]["data"]["name"], "Ann");
}
