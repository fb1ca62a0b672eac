//! The same spans in any order, in any pieces, any number of times: the same books.
use crate::harness::books::{Books, read_sums, write_usd};
use crate::harness::sample::{DAY_MS, now_ms};
use crate::harness::{Server, sized};
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};

/// Traces, and the same spans as pieces: shuffled, some twice, the user on one piece only.
fn make_deliveries(random: &mut StdRng, traces: usize) -> (Books, Vec<Value>) {
    let (mut books, mut pieces) = (Books::default(), Vec::new());
    for n in 0..traces {
        let user = if random.random_range(0..6) == 0 {
            String::new()
        } else {
            format!("u-{}", random.random_range(0..9))
        };
        let at = now_ms() - DAY_MS * random.random_range(0..25) - 3_600_000;
        let count = random.random_range(1..8);
        let (mut tokens, mut cost, mut errors) = (0, 0, 0);
        let mut spans: Vec<Value> = (0..count)
            .map(|k| {
                let (prompt, nanos, failed) = (random.random_range(0..9999), random.random_range(0..3_000_000_000_i128), random.random_range(0..5) == 0);
                tokens += prompt;
                cost += nanos;
                errors += i64::from(failed);
                json!({
                    "span_id": format!("s-{k}"), "name": format!("step {k}"), "type": "generation", "model": if k % 2 == 0 { "gpt-4o" } else { "o3-mini" },
                    "start_time": at + k, "end_time": at + k + 40, "usage": {"prompt_tokens": prompt}, "total_cost": write_usd(nanos),
                    "level": if failed { "ERROR" } else { "DEFAULT" },
                })
            })
            .collect();
        books.enter(&user, count, tokens, cost, errors);
        spans.shuffle(random);
        let envelope = json!({"trace_id": format!("t-{n}"), "name": "n", "timestamp": at, "session_id": format!("c-{}", n % 50), "user_id": user});
        pieces.push(envelope);
        for chunk in spans.chunks(random.random_range(1..4)) {
            for _ in 0..random.random_range(1..3) {
                pieces.push(json!({"trace_id": format!("t-{n}"), "spans": chunk}));
            }
        }
    }
    pieces.shuffle(random);
    (books, pieces)
}

#[test]
fn any_order_any_pieces_any_repeats_give_the_same_books() {
    let seed: u64 = rand::random();
    eprintln!("seed {seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let (expected, mut pieces) = make_deliveries(&mut random, sized(400, 20_000));
    let server = Server::start();
    let client = server.client();
    for round in 0..2 {
        let mut batches: Vec<&[Value]> = Vec::new();
        let mut rest = pieces.as_slice();
        while !rest.is_empty() {
            let (batch, others) = rest.split_at(random.random_range(1..200).min(rest.len()));
            batches.push(batch);
            rest = others;
        }
        let share = batches.len().div_ceil(3);
        std::thread::scope(|scope| {
            for batches in batches.chunks(share) {
                let client = client.clone();
                scope.spawn(move || {
                    for batch in batches {
                        let answer = client
                            .post("/v1/traces/batch", &json!({"traces": batch}))
                            .expect(202)
                            .json();
                        assert_eq!(answer["error_count"], 0, "{answer}");
                    }
                });
            }
        });
        expected.expect_equal(&Books::read(&client));
        if round == 0 {
            pieces.shuffle(&mut random);
        }
    }
    // Every way to cut the whole adds up to it.
    for group in [
        "user",
        "day&tz=America/New_York",
        "day&tz=Asia/Kathmandu",
        "day&tz=Australia/Lord_Howe",
        "session",
        "metadata.plan",
    ] {
        let report = client.read(&format!("/v1/costs?groupBy={group}"));
        let mut sums = read_sums(&report["unattributed"]);
        for row in report["rows"].as_array().unwrap() {
            let row = read_sums(row);
            sums.traces += row.traces;
            sums.spans += row.spans;
            sums.tokens += row.tokens;
            sums.cost_nanos += row.cost_nanos;
            sums.errors += row.errors;
        }
        assert_eq!(sums, read_sums(&report["total"]), "by {group}");
        assert_eq!(sums, expected.total(), "by {group}");
    }
    let models = client.read("/v1/costs?groupBy=model");
    let tokens: i64 = models["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["totalTokens"].as_i64().unwrap())
        .sum();
    assert_eq!(tokens, expected.total().tokens);
    server.run(&["verify"]).expect_success();
}
