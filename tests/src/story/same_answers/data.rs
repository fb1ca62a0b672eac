//! The fixed data: small enough to read its answers, with everything in it that moves sums.
use crate::harness::Client;
use serde_json::{Value, json};

/// 1 March 2025, midnight, in milliseconds.
const MARCH: i64 = 1_740_787_200_000;
const MINUTE: i64 = 60_000;
const MODELS: [&str; 4] = [
    "gpt-4o",
    "claude-3-5-sonnet-20241022",
    "nobody-knows",
    "gpt-4o-mini",
];

/// Trace `n` of 40: ten days, seven users of very different weight and nobody, twelve sessions.
fn make_trace(n: i64) -> Value {
    let at = MARCH + n * 367 * MINUTE;
    let spans: Vec<Value> = (0..=n % 3)
        .map(|part| {
            let start = at + part * 1500;
            json!({
                "span_id": format!("s{part}"), "parent_span_id": (part > 0).then_some("s0"), "name": (["answer", "search", "rank"][part as usize]),
                "type": (["generation", "tool", "embedding"][part as usize]), "start_time": start, "end_time": start + 250 + n * 17,
                "model": (part != 1).then(|| MODELS[(n % 4) as usize]), "level": if (n + part) % 6 == 5 { "ERROR" } else { "DEFAULT" },
                "status_message": ((n + part) % 6 == 5).then_some("the tool said \"no\""),
                "usage": {"prompt_tokens": 100 + n * n, "completion_tokens": 7 * n + part, "cached_tokens": n},
                "input": {"question": format!("ünïcode {n}"), "list": [1, 2.50, null]}, "output": format!("answer {n}"), "response_id": format!("r-{n}-{part}"),
            })
        })
        .collect();
    let mut trace = json!({
        "trace_id": format!("trace-{n:02}"), "name": format!("chat {}", n % 5), "timestamp": at, "spans": spans,
        "metadata": {"plan": (["free", "pro"][(n % 2) as usize]), "n": n},
    });
    // The sum of the digits in base 3 is as uneven as usage is.
    let user = n % 3 + n / 3 % 3 + n / 9 % 3 + n / 27;
    if n % 8 != 7 {
        trace["user_id"] = json!(format!("user-{user}"));
        trace["user"] = json!({"name": format!("Name {n}"), "email": format!("{user}@example.com"), "metadata": {"seat": n, "tier": {"level": n % 2}}});
    }
    if n % 4 != 3 {
        trace["session"] = json!({"id": format!("session-{}", n % 12), "name": (n % 5 == 0).then(|| format!("Talk {n}"))});
    }
    trace
}

/// Sends all of it, then what changes it. What one step says is booked before the next.
pub fn plant(client: &Client) {
    let settle = || client.read("/v1/users?limit=1");
    let all: Vec<Value> = (0..40).map(make_trace).collect();
    for part in all.chunks(9) {
        client
            .post("/v1/traces/batch", &json!({"traces": part}))
            .expect(202);
    }
    client.post("/v1/traces", &all[4]).expect(202);
    settle();
    // Late identity, a correction, a profile alone, what a span says.
    let late = [
        json!({"trace_id": "trace-07", "user_id": "user-1"}),
        json!({"trace_id": "trace-12", "user_id": "user-6"}),
        json!({"trace_id": "trace-20", "spans": [{"span_id": "s0", "usage": {"prompt_tokens": 4321}, "cost": {"total": "0.123456789"}}]}),
        json!({"trace_id": "trace-41", "timestamp": MARCH + 5 * MINUTE, "user": {"id": "new one", "name": null, "metadata": {"seat": "none"}}}),
        json!({"trace_id": "trace-42", "timestamp": MARCH + 20_000 * MINUTE, "spans": [{"span_id": "x", "name": "nobody's", "level": "WARNING", "start_time": MARCH}]}),
    ];
    for trace in late {
        client.post("/v1/traces", &trace).expect(202);
        settle();
    }
    let id_of = |user: &str| {
        let found = client.read(&format!("/v1/users/by-external-id/{user}"));
        found["id"].as_str().expect("an id").to_owned()
    };
    let profile = json!({"name": "Patched", "metadata": {"seat": null, "vip": true}});
    client
        .patch(&format!("/v1/users/{}", id_of("user-2")), &profile)
        .expect(200);
    client
        .delete(&format!("/v1/users/{}", id_of("user-4")))
        .expect(200);
    client
        .delete(&format!("/v1/users/{}?mode=erase", id_of("user-5")))
        .expect(200);
    client.delete("/v1/traces/trace-30").expect(200);
    let session = client.read("/v1/sessions?search=session-2")["items"][0]["id"].clone();
    client
        .delete(&format!(
            "/v1/sessions/{}",
            session.as_str().expect("an id")
        ))
        .expect(200);
    client.post("/v1/traces", &make_trace(21)).expect(202);
    settle();
}
