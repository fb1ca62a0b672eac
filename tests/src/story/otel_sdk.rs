//! An application that already uses the official OpenTelemetry SDK: only the address and
//! the key are given to it, and its users appear.
use crate::harness::Server;
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;

/// Runs a script with the SDK's environment variables; its output as JSON.
#[track_caller]
pub fn run_script(server: &Server, script: &str, settings: &[(&str, &str)]) -> Value {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("python");
    let python = dir.join(".venv/bin/python");
    assert!(
        python.exists(),
        "{} is missing: run `make setup`",
        python.display()
    );
    let output = Command::new(python)
        .arg(dir.join(script))
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", server.url())
        .env(
            "OTEL_EXPORTER_OTLP_HEADERS",
            format!("x-api-key={}", server.key()),
        )
        .env("OTEL_SERVICE_NAME", "shop")
        .envs(settings.iter().copied())
        .output()
        .expect("python starts");
    let (out, err) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(output.status.success(), "{out}\n{err}");
    assert!(err.is_empty(), "the SDK complains: {err}");
    serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}"))
}

#[test]
fn the_official_sdk_needs_only_the_address_and_the_key() {
    let server = Server::start();
    let client = server.client();
    let ways = [
        ("http/protobuf", "none"),
        ("http/protobuf", "gzip"),
        ("http/protobuf", "deflate"),
        ("grpc", "none"),
        ("grpc", "gzip"),
    ];
    for (round, (protocol, compression)) in ways.iter().enumerate() {
        let mut settings = vec![("OTEL_EXPORTER_OTLP_PROTOCOL", *protocol)];
        // The gRPC exporter knows no word for none.
        if *compression != "none" {
            settings.push(("OTEL_EXPORTER_OTLP_COMPRESSION", compression));
        }
        let sent = run_script(&server, "send_spans.py", &settings);
        let user = client.read("/v1/users/by-external-id/customer-7");
        let traces = round + 1;
        for (field, value) in [
            ("traceCount", json!(traces)),
            ("spanCount", json!(3 * traces)),
            // The tool's caller repeats the usage of the call below it; it counts once.
            ("promptTokens", json!(1000 * traces)),
            ("completionTokens", json!(200 * traces)),
            ("totalTokens", json!(1200 * traces)),
            // 1,000 at $2.50 and 200 at $10 a million.
            (
                "totalCostUsd",
                json!(format!("0.{:09}", 4_500_000 * traces)),
            ),
            ("errorCount", json!(traces)),
            ("sessionCount", json!(1)),
        ] {
            assert_eq!(
                user[field], value,
                "{field} by {protocol}, {compression}: {user}"
            );
        }
        assert!(
            user["avgLatencyMs"].as_f64().is_some_and(|ms| ms > 0.0),
            "{user}"
        );
        let trace = client.read(&format!(
            "/v1/traces/{}",
            sent["trace_id"].as_str().unwrap()
        ));
        assert_eq!(trace["externalUserId"], "customer-7");
        assert_eq!(trace["name"], "answer question");
        let spans = trace["spans"].as_array().unwrap();
        assert_eq!(spans.len(), 3);
        let call = spans
            .iter()
            .find(|span| span["id"] == sent["call_span_id"])
            .expect("the model call");
        assert_eq!(call["model"], "gpt-4o");
        assert!(call.to_string().contains("Where is my parcel?"), "{call}");
    }
}
