//! gRPC on the same port as HTTP, by clients that were generated from the .proto file: in Rust by tonic, in Python by
//! Google's own.
use super::otel_sdk::run_script;
use crate::harness::books::Books;
use crate::harness::grpc::GrpcClient;
use crate::harness::grpc::proto::{
    Cost, IngestSpan, IngestTraceRequest, SpanLevel, TokenUsage, UserInfo,
};
use crate::harness::openapi::FIRST_PROJECT;
use crate::harness::sample::now_ms;
use crate::harness::wait::wait_until;
use crate::harness::{Server, Setup};
use crate::messages::write;
use prost_types::{ListValue, Struct, Timestamp, Value, value::Kind};
use serde_json::{Value as Json, json};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};
use tonic::Code;

fn text(text: &str) -> Option<Value> {
    Some(Value {
        kind: Some(Kind::StringValue(text.to_owned())),
    })
}

/// A trace with something in every kind of field.
pub fn make_trace(user: &str) -> IngestTraceRequest {
    let values = [
        Kind::NullValue(0),
        Kind::NumberValue(1.5),
        Kind::BoolValue(true),
        Kind::StringValue("\"a\"\n".to_owned()),
    ];
    let values = values.map(|kind| Value { kind: Some(kind) }).to_vec();
    let list = Value {
        kind: Some(Kind::ListValue(ListValue { values })),
    };
    let metadata = Struct {
        fields: [("k".to_owned(), list.clone())].into(),
    };
    let mut trace = trace("t", user);
    trace.user = Some(UserInfo {
        id: user.to_owned(),
        name: Some("N".to_owned()),
        email: None,
        metadata: Some(metadata.clone()),
    });
    trace.spans[0].output = Some(list);
    trace.spans[0].level = SpanLevel::Warning.into();
    trace.spans[0].total_cost = Some(1e-7);
    trace.metadata = Some(metadata);
    trace
}

/// A model call of one second that ended a minute ago: 10 + 5 tokens, $0.001.
fn trace(id: &str, user: &str) -> IngestTraceRequest {
    let end_s = now_ms() / 1000 - 60;
    let at = |seconds| Some(Timestamp { seconds, nanos: 0 });
    IngestTraceRequest {
        trace_id: Some(id.to_owned()),
        name: "answer".to_owned(),
        user_id: Some(user.to_owned()),
        spans: vec![IngestSpan {
            span_id: Some(format!("{id}-s")),
            name: "chat".to_owned(),
            r#type: Some("generation".to_owned()),
            model: Some("gpt-4o".to_owned()),
            start_time: at(end_s - 1),
            end_time: at(end_s),
            input: text("hello"),
            usage: Some(TokenUsage {
                prompt_tokens: Some(10),
                completion_tokens: Some(5),
                ..TokenUsage::default()
            }),
            cost: Some(Cost {
                total: Some(0.001),
                ..Cost::default()
            }),
            ..IngestSpan::default()
        }],
        ..IngestTraceRequest::default()
    }
}

#[test]
fn both_doors_write_the_same_books() {
    let (by_grpc, by_json) = (Server::start(), Server::start());
    let mut grpc = GrpcClient::new(&by_grpc);
    let mut expected = Books::default();
    let mut traces: Vec<IngestTraceRequest> = (0..30)
        .map(|n| {
            let user = format!("u-{}", n % 7);
            let mut trace = trace(&format!("t-{n}"), &user);
            let is_error = n % 5 == 0;
            if is_error {
                trace.spans[0].level = SpanLevel::Error.into();
            }
            expected.enter(&user, 1, 15, 1_000_000, i64::from(is_error));
            trace
        })
        .collect();
    traces[3].user = Some(UserInfo {
        id: "u-3".to_owned(),
        name: Some("Zoë".to_owned()),
        email: Some("zoe@acme.example".to_owned()),
        metadata: None,
    });
    let json = json!({"traces": traces.iter().map(write).collect::<Vec<_>>()});
    let answer = by_json.client().post("/v1/traces/batch", &json);
    assert_eq!(answer.expect(202).json()["success_count"], 30);
    // One by one, then all again, then all again as JSON: counted once.
    for trace in &traces {
        let answer = grpc.ingest_trace(trace.clone()).unwrap();
        assert!(answer.success && answer.warnings.is_empty());
    }
    let mut zipped = GrpcClient::new(&by_grpc).compressed();
    let answer = zipped.ingest_batch(traces).unwrap();
    assert_eq!((answer.success_count, answer.error_count), (30, 0));
    by_grpc.client().post("/v1/traces/batch", &json).expect(202);
    for server in [&by_grpc, &by_json] {
        assert_eq!(Books::read(&server.client()), expected);
        let user = server.client().read("/v1/users/by-external-id/u-3");
        assert_eq!(
            (&user["name"], &user["email"]),
            (&json!("Zoë"), &json!("zoe@acme.example"))
        );
    }
    let read = |server: &Server| {
        let mut trace = server.client().read("/v1/traces/t-3");
        // Each server's own.
        trace["userId"] = Json::Null;
        trace["arrivedAt"] = Json::Null;
        trace
    };
    assert_eq!(read(&by_grpc), read(&by_json));
    assert_eq!(grpc.health().unwrap().status, "SERVING");
}

#[test]
fn keys_are_what_they_are_elsewhere() {
    let server = Server::start();
    let mut grpc = GrpcClient::new(&server);
    let create = |scopes: &str| {
        let args = [
            "keys",
            "create",
            "--project",
            FIRST_PROJECT,
            "--json",
            "--scopes",
            scopes,
        ];
        server.run(&args).expect_success().json()
    };
    let (ingest, read) = (create("ingest"), create("read"));
    let wrong = format!("co_sk_{}", "A".repeat(43));
    for (key, code) in [
        (None, Some(Code::Unauthenticated)),
        (Some(&*wrong), Some(Code::Unauthenticated)),
        (read["key"].as_str(), Some(Code::PermissionDenied)),
        (ingest["key"].as_str(), None),
    ] {
        grpc.set_key(key);
        let found = grpc
            .ingest_trace(trace("t", "u"))
            .err()
            .map(|status| status.code());
        assert_eq!(found, code, "{key:?}");
        let found = grpc.ingest_batch(vec![]).err().map(|status| status.code());
        assert_eq!(found, code, "{key:?}");
        grpc.health().unwrap();
    }
    let id = ingest["id"].as_str().unwrap();
    server.run(&["keys", "revoke", id]).expect_success();
    let gone = wait_until(Duration::from_secs(10), || {
        let found = grpc.ingest_trace(trace("t", "u")).err();
        found.filter(|status| status.code() == Code::Unauthenticated)
    });
    let gone = gone.expect("it still opens");
    assert!(gone.message().contains("API key"), "{gone}");
}

#[test]
fn what_is_too_large_or_wrong_is_refused_by_name() {
    let server = Server::start();
    let mut grpc = GrpcClient::new(&server);
    let refused = grpc.ingest_trace(trace("t", &"x".repeat(300))).unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    assert!(refused.message().contains("user_id"), "{refused}");
    assert!(String::from_utf8_lossy(refused.details()).contains("google.rpc.BadRequest"));
    let mut large = trace("large", "u");
    large.spans[0].input = text(&"x".repeat(60 << 20));
    assert!(grpc.ingest_trace(large.clone()).unwrap().success);
    large.spans[0].input = text(&"x".repeat(65 << 20));
    let refused = grpc.ingest_trace(large.clone()).unwrap_err();
    assert_eq!(refused.code(), Code::ResourceExhausted, "{refused}");
    // 64 KiB on the wire.
    let mut zipped = GrpcClient::new(&server).compressed();
    let refused = zipped.ingest_trace(large).unwrap_err();
    assert_eq!(refused.code(), Code::ResourceExhausted, "{refused}");
    assert!(!refused.metadata().contains_key("google.rpc.retryinfo-bin"));
    // Metadata beyond 16 KiB the server does not even hold; it may end the connection.
    for size in [20 << 10, 100 << 10] {
        let mut wordy = GrpcClient::new(&server);
        wordy.set_key(Some(&"x".repeat(size)));
        wordy.ingest_trace(trace("t", "u")).unwrap_err();
    }
    assert!(grpc.ingest_trace(trace("after", "u")).unwrap().success);
}

#[test]
fn a_call_under_way_is_answered_before_the_end() {
    let mut server = Server::start();
    let mut grpc = GrpcClient::new(&server);
    let mut idle = GrpcClient::new(&server);
    idle.health().unwrap();
    grpc.health().unwrap();
    let mut large = trace("large", "u");
    large.spans[0].input = text(&"x".repeat(50 << 20));
    let sending = std::thread::spawn(move || grpc.ingest_trace(large));
    // In flight, as soon as the first bytes are counted.
    let client = server.client();
    let seen = wait_until(Duration::from_secs(20), || {
        let metrics = client.get("/metrics").text();
        let line = metrics
            .lines()
            .find(|line| line.starts_with("cognobserve_queue_bytes"));
        let line = line.expect("the number of bytes in flight").to_owned();
        (sending.is_finished() || !line.ends_with(" 0")).then_some(())
    });
    assert!(seen.is_some());
    let began = Instant::now();
    assert!(server.stop().success());
    assert!(
        began.elapsed() < Duration::from_secs(25),
        "{:?}",
        began.elapsed()
    );
    assert!(sending.join().unwrap().unwrap().success);
    server.start_again();
    // The channel comes back by itself.
    let again = wait_until(Duration::from_secs(20), || idle.health().ok());
    assert!(again.is_some());
    assert_eq!(
        server.client().read("/v1/users/by-external-id/u")["traceCount"],
        1
    );
}

#[test]
fn a_full_server_puts_calls_off() {
    let server = Setup::new()
        .setting("COGNOBSERVE_LIMITS_IN_FLIGHT_MIB", "64")
        .start();
    let mut grpc = GrpcClient::new(&server);
    // A slow client that holds most of the project's share.
    let mut stream = TcpStream::connect(("127.0.0.1", server.port())).unwrap();
    let head = format!(
        "POST /v1/traces HTTP/1.1\r\nhost: x\r\nx-api-key: {}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        server.key(),
        60 << 20
    );
    stream.write_all(head.as_bytes()).unwrap();
    let part = vec![b' '; 1 << 20];
    for _ in 0..24 {
        stream.write_all(&part).unwrap();
    }
    let mut large = trace("large", "u");
    large.spans[0].input = text(&"x".repeat(30 << 20));
    let refused = wait_until(Duration::from_secs(20), || {
        grpc.ingest_trace(large.clone()).err()
    });
    let refused = refused.expect("nothing is put off");
    assert!(
        matches!(refused.code(), Code::ResourceExhausted | Code::Unavailable),
        "{refused}"
    );
    assert!(
        refused.metadata().contains_key("google.rpc.retryinfo-bin"),
        "{refused:?}"
    );
    assert!(String::from_utf8_lossy(refused.details()).contains("google.rpc.RetryInfo"));
    assert!(grpc.ingest_trace(trace("small", "u")).unwrap().success);
    drop(stream);
    let again = wait_until(Duration::from_secs(40), || {
        grpc.ingest_trace(large.clone()).ok()
    });
    assert!(again.is_some(), "it does not recover");
}

/// Who takes back requests as fast as they can be sent is cut off; the others notice nothing.
#[test]
fn requests_that_are_taken_back_at_once_end_their_connection() {
    let server = Server::start();
    let mut stream = TcpStream::connect(("127.0.0.1", server.port())).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    let frame = |kind: u8, flags: u8, stream: u32, payload: &[u8]| {
        let mut bytes = u32::try_from(payload.len()).unwrap().to_be_bytes()[1..].to_vec();
        bytes.extend([kind, flags]);
        bytes.extend(stream.to_be_bytes());
        bytes.extend(payload);
        bytes
    };
    // HPACK by index: POST, http, "/".
    let head = [0x83, 0x86, 0x84];
    let mut flood = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    flood.extend(frame(4, 0, 0, b""));
    for n in 0..5_000 {
        flood.extend(frame(1, 4, 2 * n + 1, &head));
        flood.extend(frame(3, 0, 2 * n + 1, &8_u32.to_be_bytes()));
    }
    let writer = stream.try_clone().unwrap();
    let writing = std::thread::spawn(move || (&writer).write_all(&flood).is_err());
    let mut said = Vec::new();
    let mut chunk = [0; 4096];
    while let Ok(n @ 1..) = stream.read(&mut chunk) {
        said.extend_from_slice(&chunk[..n]);
    }
    // GOAWAY (7) with ENHANCE_YOUR_CALM (11), or the connection is simply gone.
    let is_told = said.windows(4).any(|bytes| bytes == 11_u32.to_be_bytes());
    assert!(writing.join().unwrap() || is_told, "nobody stops it");
    server.client().get("/healthz").expect(200);
    assert!(
        GrpcClient::new(&server)
            .ingest_trace(trace("t", "u"))
            .unwrap()
            .success
    );
}

#[test]
fn a_python_client_made_of_the_proto_file_gets_the_same() {
    let server = Server::start();
    let said = run_script(&server, "send_proto.py", &[]);
    for service in [
        "cognobserve.v1.IngestService",
        "grpc.health.v1.Health",
        "grpc.reflection.v1.ServerReflection",
        "opentelemetry.proto.collector.trace.v1.TraceService",
    ] {
        let services = said["services"].as_array().unwrap();
        assert!(services.contains(&json!(service)), "{said}");
    }
    assert_eq!(
        said["described"],
        json!(["id", "name", "email", "metadata"])
    );
    assert_eq!(
        (&said["health"], &said["standard_health"]),
        (&json!("SERVING"), &json!("SERVING"))
    );
    assert_eq!(said["wrong_key"], "UNAUTHENTICATED");
    assert_eq!(said["long_user"], json!(["INVALID_ARGUMENT", "user_id"]));
    assert_eq!(said["unknown_method"], "UNIMPLEMENTED");
    assert_eq!(said["batch"], json!([2, 1, "user_id"]));
    let user = server.client().read("/v1/users/by-external-id/john");
    for (field, value) in [
        ("traceCount", json!(3)),
        ("totalTokens", json!(1500)),
        ("totalCostUsd", json!("0.006000000")),
        ("name", json!("John Doe")),
        ("email", json!("john@acme.com")),
        ("metadata", json!({"plan": "pro", "seats": 3})),
    ] {
        assert_eq!(user[field], value, "{field}: {user}");
    }
    let trace = server.client().read("/v1/traces/req-8731");
    assert_eq!(
        trace["spans"][0]["input"],
        json!({"question": "Why?", "tries": [1, 2.5, null]})
    );
}

/// The compiled file, which reflection tells and the clients above are made of, is that of the sources.
#[test]
fn the_compiled_proto_file_is_up_to_date() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let output = Command::new(root.join("tests/python/.venv/bin/python"))
        .arg(root.join("scripts/descriptors.py"))
        .arg("--check")
        .output()
        .expect("python starts");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
