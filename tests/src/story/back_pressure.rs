//! More than the server takes: it says when to come again, and forgets nothing it took.
use crate::harness::books::Books;
use crate::harness::openapi::FIRST_PROJECT;
use crate::harness::profile::Backing;
use crate::harness::sample::trace;
use crate::harness::server::make_key;
use crate::harness::wait::wait_until;
use crate::harness::{Answer, Server, Setup};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::Write;
use std::net::TcpStream;
use std::time::Duration;

/// Fails unless the client is told when to try again.
#[track_caller]
fn expect_wait(answer: Answer, statuses: &[u16]) -> u64 {
    assert!(
        statuses.contains(&answer.status),
        "{}: {}",
        answer.status,
        answer.text()
    );
    answer
        .header("retry-after")
        .parse()
        .unwrap_or_else(|_| panic!("no Retry-After: {:?}", answer.headers))
}

#[test]
fn bodies_that_fill_the_memory_are_put_off() {
    let server = Setup::new()
        .setting("COGNOBSERVE_LIMITS_IN_FLIGHT_MIB", "64")
        .start();
    let client = server.client();
    client.post("/v1/traces", &trace("before", "u")).expect(202);
    // Slow clients that hold most of what may be in flight.
    let part = vec![b' '; 1 << 20];
    let mut slow = Vec::new();
    let refused = (0..8).find_map(|_| {
        let mut stream = TcpStream::connect(("127.0.0.1", server.port())).unwrap();
        let head = format!("POST /v1/traces HTTP/1.1\r\nhost: x\r\nx-api-key: {}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n", server.key(), 60 << 20);
        stream.write_all(head.as_bytes()).unwrap();
        for _ in 0..12 {
            stream.write_all(&part).ok()?;
        }
        slow.push(stream);
        let big = trace("big", &" ".repeat(100)).to_string() + &" ".repeat(20 << 20);
        let answer = client.post_text("/v1/traces", &big);
        (answer.status != 202).then_some(answer)
    });
    expect_wait(refused.expect("nothing is put off"), &[429, 503]);
    client.get("/healthz").expect(200);
    client.get("/v1/users").expect(200);
    drop(slow);
    let again = wait_until(Duration::from_secs(20), || {
        (client.post("/v1/traces", &trace("after", "u")).status == 202).then_some(())
    });
    assert!(again.is_some(), "it does not recover");
    assert_eq!(client.read("/v1/users/by-external-id/u")["traceCount"], 2);
}

#[test]
fn a_project_above_its_rate_is_told_to_wait() {
    let server = Server::start();
    let client = server.client();
    client.post("/v1/traces", &trace("before", "u")).expect(202);
    server
        .run(&[
            "projects",
            "set",
            FIRST_PROJECT,
            "--max-spans-per-second",
            "5",
        ])
        .expect_success();
    // Settings of the command line are seen within seconds.
    let mut taken = Vec::new();
    let mut count = 0;
    let wait_s = wait_until(Duration::from_secs(20), || {
        count += 1;
        let traces: Vec<Value> = (0..20)
            .map(|n| trace(&format!("t-{count}-{n}"), "u"))
            .collect();
        let answer = client.post("/v1/traces/batch", &json!({"traces": traces}));
        if answer.status == 202 {
            taken.push(count);
            return None;
        }
        answer.clone().expect_problem(429, "rate_limited");
        Some(expect_wait(answer, &[429]))
    });
    let wait_s = wait_s.expect("it is never limited");
    assert!((1..=60).contains(&wait_s), "{wait_s}");
    let sums = Books::read(&client).total();
    assert_eq!(
        sums.traces,
        1 + 20 * taken.len() as i64,
        "what was refused is not counted"
    );
    client.get("/v1/users").expect(200);
    server
        .run(&[
            "projects",
            "set",
            FIRST_PROJECT,
            "--max-spans-per-second",
            "none",
        ])
        .expect_success();
    let again = wait_until(Duration::from_secs(10), || {
        (client.post("/v1/traces", &trace("after", "u")).status == 202).then_some(())
    });
    assert!(again.is_some(), "it stays limited");
}

/// Where the door knows the ledger it says so; behind a queue the ledger keeps what it refused
/// for the operator, who raises the limit and lets it in.
#[test]
fn a_project_with_too_many_users_takes_no_new_ones() {
    let backing = Backing::of_profile();
    let server = Setup::new().start_over(&backing, &make_key());
    let client = server.client();
    let limit = |most: &str| {
        server
            .run(&["projects", "set", FIRST_PROJECT, "--max-users", most])
            .expect_success();
        let wanted = most.parse().map_or(Value::Null, |most: u64| json!(most));
        let known = wait_until(Duration::from_secs(10), || {
            (client.read("/v1/me")["limits"]["maxUsers"] == wanted).then_some(())
        });
        assert!(known.is_some(), "the limit is never known");
    };
    let list = || {
        let found = client.read("/v1/users?limit=100&sortBy=traceCount");
        let items = found["items"].as_array().expect("users").clone();
        let ids = items
            .iter()
            .map(|user| user["externalId"].as_str().expect("an id").to_owned());
        ids.collect::<BTreeSet<String>>()
    };
    limit("3");
    let sent: Vec<Answer> = (0..5)
        .map(|n| {
            let answer = client.post("/v1/traces", &trace(&format!("t-{n}"), &format!("u-{n}")));
            // The order in which they are booked decides who comes in.
            list();
            answer
        })
        .collect();
    // Those that are known go on.
    client.post("/v1/traces", &trace("more", "u-1")).expect(202);
    assert_eq!(
        list(),
        BTreeSet::from(["u-0", "u-1", "u-2"].map(str::to_owned))
    );
    let (known, new) = sent.split_at(3);
    assert!(known.iter().all(|answer| answer.status == 202));
    if !backing.has_queue() {
        for answer in new {
            expect_wait(answer.clone().expect_problem(429, "rate_limited"), &[429]);
        }
        return;
    }
    assert!(new.iter().all(|answer| answer.status == 202));
    let dead = server.run(&["queue", "list", "--json"]).expect_success();
    let dead = dead.json().as_array().expect("letters").clone();
    assert_eq!(dead.len(), 2);
    let reason = dead[0]["reason"].as_str().expect("a reason");
    assert!(
        reason.contains("as many users as its settings allow"),
        "{reason}"
    );
    limit("none");
    server.run(&["queue", "replay", "--all"]).expect_success();
    assert_eq!(list().len(), 5);
}

#[test]
fn many_at_once_are_all_answered() {
    let server = Server::start();
    let answers: usize = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..32)
            .map(|thread| {
                let client = server.client();
                scope.spawn(move || {
                    (0..25)
                        .filter(|n| {
                            client
                                .post("/v1/traces", &trace(&format!("t-{thread}-{n}"), "u"))
                                .status
                                == 202
                        })
                        .count()
                })
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .sum()
    });
    assert_eq!(answers, 800);
    assert_eq!(
        server.client().read("/v1/users/by-external-id/u")["traceCount"],
        800
    );
}
