//! Input that nobody means well: it is answered, it sinks nobody else, and the server lives on.
use crate::harness::sample::{generation, trace, with};
use crate::harness::{Client, Server};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// Fails unless the server is well and still counts right.
#[track_caller]
fn expect_alive(client: &Client) {
    client.get("/healthz").expect(200);
    client.get("/readyz").expect(200);
    client
        .post("/v1/traces", &trace("alive", "alive"))
        .expect(202);
    assert_eq!(
        client.read("/v1/users/by-external-id/alive")["traceCount"],
        1
    );
}

#[test]
fn depth_is_bounded() {
    let server = Server::start();
    let client = server.client();
    for depth in [200, 100_000, 5_000_000] {
        let nested = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        let objects = format!("{}1{}", "{\"a\":".repeat(depth), "}".repeat(depth));
        for body in [
            nested.clone(),
            objects.clone(),
            format!("{{\"name\":\"x\",\"metadata\":{objects}}}"),
            format!("{{\"name\":\"x\",\"spans\":[{{\"name\":\"s\",\"input\":{nested}}}]}}"),
            format!("{{\"name\":\"x\",\"unknown\":{nested}}}"),
            format!("{{\"resourceSpans\":{nested}}}"),
        ] {
            for path in ["/v1/traces", "/v1/traces/batch"] {
                let status = client.post_text(path, &body).status;
                assert!(
                    [200, 202, 400, 413].contains(&status),
                    "{status} for depth {depth}"
                );
            }
        }
    }
    expect_alive(&client);
}

#[test]
fn broken_text_becomes_the_replacement_character() {
    let server = Server::start();
    let client = server.client();
    let body = r#"{"trace_id":"t","name":"a\ud800b","user_id":"u\u0000v","spans":[{"span_id":"s","name":"\udfff","input":"\ud83d\ude00 \ud83d","output":{"k\u0000":"\u0000"},"metadata":{"\ud800":1}}]}"#;
    client.post_text("/v1/traces", body).expect(202);
    let whole = client.read("/v1/traces/t");
    assert_eq!(whole["name"], "a\u{fffd}b");
    assert_eq!(whole["spans"][0]["name"], "\u{fffd}");
    assert_eq!(whole["spans"][0]["input"], "😀 \u{fffd}");
    assert_eq!(
        whole["spans"][0]["output"],
        json!({"k\u{fffd}": "\u{fffd}"})
    );
    assert_eq!(whole["externalUserId"], "u\u{fffd}v");
    // In a batch it must not take the neighbours down.
    let batch = format!(r#"{{"traces":[{body},{}]}}"#, trace("t-2", "w"));
    let answer = client
        .post_text("/v1/traces/batch", &batch)
        .expect(202)
        .json();
    assert_eq!(answer["success_count"], 2, "{answer}");
    expect_alive(&client);
}

#[test]
fn bytes_that_are_no_text_are_refused() {
    let server = Server::start();
    let client = server.client();
    for body in [
        &b"{\"name\":\"\xff\xfe\"}"[..],
        b"\xff",
        b"",
        b"\x00",
        b"NaN",
        b"{\"name\":\"x\"}trailing",
        b"{'name':'x'}",
        b"[1,",
        b"\"\xed\xa0\x80\"",
    ] {
        for path in ["/v1/traces", "/v1/traces/batch"] {
            client
                .send("POST", path, &[("content-type", "application/json")], body)
                .expect_problem(400, "invalid_request");
        }
    }
    expect_alive(&client);
}

#[test]
fn numbers_out_of_range_are_dropped_and_the_rest_is_counted() {
    let server = Server::start();
    let client = server.client();
    let odd = [
        "-1",
        "1e999",
        "-1e999",
        "9223372036854775808",
        "1.5",
        "\"NaN\"",
        "null",
        "true",
        "[]",
        "{}",
        "\"12x\"",
        "1e-400",
        "340282366920938463463374607431768211456",
    ];
    for (n, number) in odd.iter().enumerate() {
        let body = format!(
            r#"{{"trace_id":"t-{n}","name":"x","user_id":"u","timestamp":{number},"spans":[{{"span_id":"s","name":"s","type":"generation","start_time":{number},"end_time":{number},
               "usage":{{"prompt_tokens":{number},"completion_tokens":{number},"total_tokens":{number},"cached_tokens":{number}}},"cost":{{"total":{number}}},"total_cost":{number}}}]}}"#
        );
        let answer = client.post_text("/v1/traces", &body);
        assert_eq!(answer.status, 202, "{number}: {}", answer.text());
    }
    let user = client.read("/v1/users/by-external-id/u");
    assert_eq!(user["traceCount"], odd.len());
    assert_eq!(
        (&user["totalTokens"], &user["totalCostUsd"]),
        (&json!(0), &json!("1.500000000")),
        "only $1.5 is a number that a cost may be"
    );
    expect_alive(&client);
    server.run(&["verify"]).expect_success();
}

#[test]
fn sums_do_not_overflow() {
    let server = Server::start();
    let client = server.client();
    let most = 1_i64 << 40;
    for n in 0..40 {
        let spans: Vec<Value> = (0..50)
            .map(|k| with(generation(&format!("s-{k}")), json!({"usage": {"prompt_tokens": most, "completion_tokens": most, "total_tokens": most}, "cost": {"total": 1e6}})))
            .collect();
        client
            .post(
                "/v1/traces",
                &json!({"trace_id": format!("t-{n}"), "user_id": "u", "spans": spans}),
            )
            .expect(202);
    }
    let user = client.read("/v1/users/by-external-id/u");
    // Beyond what 64 bits of nano-dollars would hold in a few thousand spans more.
    assert_eq!(
        (&user["totalTokens"], &user["totalCostUsd"]),
        (&json!(2000 * most), &json!("2000000000.000000000"))
    );
    server.run(&["verify"]).expect_success();
}

#[test]
fn far_times_are_absent() {
    let server = Server::start();
    let client = server.client();
    let far = [
        "\"0001-01-01T00:00:00Z\"",
        "\"9999-12-31T23:59:59Z\"",
        "\"1969-12-31T23:59:59Z\"",
        "-1",
        "0",
        "99999999999999999",
        "\"2026-02-30T00:00:00Z\"",
        "\"now\"",
        "\"2100-01-01T00:00:00+99:99\"",
    ];
    for (n, time) in far.iter().enumerate() {
        let body = format!(
            r#"{{"trace_id":"t-{n}","name":"x","user_id":"u","timestamp":{time},"spans":[{{"span_id":"s","name":"s","start_time":{time},"end_time":{time}}}]}}"#
        );
        let answer = client.post_text("/v1/traces", &body).expect(202).json();
        assert_ne!(answer["warnings"], json!([]), "{time}");
    }
    let user = client.read("/v1/users/by-external-id/u");
    assert_eq!(
        (&user["traceCount"], &user["avgLatencyMs"]),
        (&json!(far.len()), &json!(null))
    );
    let first = user["firstSeenAt"].as_str().unwrap();
    assert!(first > "2026-01-01" && first < "2100-01-01", "{first}");
    let today = client.read(&format!(
        "/v1/users/{}/analytics?days=2",
        user["id"].as_str().unwrap()
    ));
    let seen: i64 = today
        .as_array()
        .unwrap()
        .iter()
        .map(|day| day["traceCount"].as_i64().unwrap())
        .sum();
    assert_eq!(seen, far.len() as i64);
}

#[test]
fn keys_that_repeat_and_names_that_are_long_do_no_harm() {
    let server = Server::start();
    let client = server.client();
    client.post_text("/v1/traces", r#"{"trace_id":"a","trace_id":"b","name":"x","name":"y","user_id":"u","spans":[],"spans":[]}"#).expect(202);
    client.get("/v1/traces/b").expect(200);
    let long = "n".repeat(1 << 20);
    let body = with(
        trace("c", "u"),
        json!({"name": long, "metadata": {&long: long}, "user": {"name": long, "email": format!("{long}@x.com"), "metadata": {&long: 1}}}),
    );
    client.post("/v1/traces", &body).expect(202);
    let user = client.read("/v1/users/by-external-id/u");
    assert_eq!(
        (&user["name"], &user["email"], &user["metadata"]),
        (&json!(null), &json!(null), &json!({}))
    );
    let spans: Vec<Value> = (0..50_001)
        .map(|n| json!({"span_id": n.to_string(), "name": "s"}))
        .collect();
    let status = client
        .post(
            "/v1/traces",
            &json!({"trace_id": "d", "user_id": "u", "spans": spans}),
        )
        .status;
    assert!([400, 413].contains(&status), "{status}");
    expect_alive(&client);
}

#[test]
fn a_client_that_speaks_no_http_is_let_go() {
    let server = Server::start();
    let talk = |bytes: &[u8]| {
        let mut stream = TcpStream::connect(("127.0.0.1", server.port())).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(10)))
            .unwrap();
        stream.write_all(bytes).ok();
        stream.shutdown(std::net::Shutdown::Write).ok();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).ok();
        String::from_utf8_lossy(&answer).into_owned()
    };
    talk(&[0; 4096]);
    talk(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03");
    talk(b"GET");
    let long = format!("GET /{} HTTP/1.1\r\nhost: x\r\n\r\n", "a".repeat(1 << 20));
    let answer = talk(long.as_bytes());
    assert!(
        answer.is_empty() || answer.starts_with("HTTP/1.1 4"),
        "{}",
        &answer[..answer.len().min(200)]
    );
    let many: String = (0..10_000).map(|n| format!("x-{n}: y\r\n")).collect();
    let answer = talk(format!("GET /healthz HTTP/1.1\r\nhost: x\r\n{many}\r\n").as_bytes());
    assert!(
        answer.is_empty() || answer.starts_with("HTTP/1.1 4"),
        "{}",
        &answer[..answer.len().min(200)]
    );
    // Half a body and away.
    talk(format!("POST /v1/traces HTTP/1.1\r\nhost: x\r\nx-api-key: {}\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{{\"name\"", server.key()).as_bytes());
    expect_alive(&server.client());
    assert_eq!(
        server.client().read("/v1/users")["items"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[test]
fn secrets_and_insides_are_not_echoed() {
    let server = Server::start();
    let client = server.client();
    let wrong = format!("{}x", server.key());
    let answer = client
        .with_key(&wrong)
        .get("/v1/users")
        .expect_problem(401, "unauthorized");
    assert!(!answer.text().contains("co_sk_"), "{}", answer.text());
    for path in [
        "/v1/users/..%2f..%2fetc%2fpasswd",
        "/v1/users/%00",
        "/v1/users/%ff%fe",
        "/v1/traces/'%20OR%201=1--",
        "/no/such/route",
        "/v1/users/by-external-id/%22%3B",
    ] {
        let answer = client.get(path);
        assert!(
            [400, 404].contains(&answer.status),
            "{path}: {}",
            answer.status
        );
        for word in [
            "sqlite",
            "SELECT",
            "panicked",
            ".rs:",
            server.data_dir().to_str().unwrap(),
        ] {
            assert!(!answer.text().contains(word), "{path}: {}", answer.text());
        }
    }
    let log = server.read_log();
    assert!(
        !log.contains(&wrong) && !log.contains(server.key()),
        "a key is in the log"
    );
}
