//! OTLP over HTTP by hand: both encodings, what is refused of a request, how errors look.
use super::encodings::{ENCODINGS, compress};
use crate::harness::sample::now_ms;
use crate::harness::{Answer, Client, Server};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};
use prost::Message;
use serde_json::{Value, json};

const PROTOBUF: &str = "application/x-protobuf";

fn attribute(key: &str, value: Any) -> KeyValue {
    KeyValue {
        key: key.into(),
        value: Some(AnyValue { value: Some(value) }),
        ..KeyValue::default()
    }
}

/// A chat call of `user` with 100 + 20 tokens that failed after 250 ms.
fn make_span(trace: u8, span: u8, user: &str) -> Span {
    let start = u64::try_from(now_ms() - 60_000).unwrap() * 1_000_000;
    Span {
        trace_id: vec![trace; 16],
        span_id: vec![span; 8],
        name: "chat".into(),
        kind: 3,
        start_time_unix_nano: start,
        end_time_unix_nano: start + 250_000_000,
        attributes: vec![
            attribute("user.id", Any::StringValue(user.into())),
            attribute("gen_ai.operation.name", Any::StringValue("chat".into())),
            attribute("gen_ai.request.model", Any::StringValue("gpt-4o".into())),
            attribute("gen_ai.usage.input_tokens", Any::IntValue(100)),
            attribute("gen_ai.usage.output_tokens", Any::IntValue(20)),
        ],
        status: Some(Status {
            code: 2,
            message: "boom".into(),
        }),
        ..Span::default()
    }
}

/// A request of two spans, for those who need bytes to start from.
pub fn make_request(user: &str) -> ExportTraceServiceRequest {
    wrap(vec![make_span(1, 1, user), make_span(1, 2, user)])
}

fn wrap(spans: Vec<Span>) -> ExportTraceServiceRequest {
    let scope = ScopeSpans {
        spans,
        ..ScopeSpans::default()
    };
    ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans {
            scope_spans: vec![scope],
            ..ResourceSpans::default()
        }],
    }
}

fn send(client: &Client, request: &ExportTraceServiceRequest) -> Answer {
    client.send(
        "POST",
        "/v1/traces",
        &[("content-type", PROTOBUF)],
        &request.encode_to_vec(),
    )
}

#[test]
fn spans_by_protobuf_are_counted_once_however_often_they_come() {
    let server = Server::start();
    let client = server.client();
    let request = wrap(vec![
        make_span(1, 1, "u"),
        make_span(1, 2, "u"),
        make_span(2, 1, "u"),
    ]);
    for _ in 0..3 {
        let answer = send(&client, &request).expect(200);
        assert_eq!(answer.header("content-type"), PROTOBUF);
        assert_eq!(
            ExportTraceServiceResponse::decode(answer.body.as_slice()).unwrap(),
            ExportTraceServiceResponse::default()
        );
    }
    for encoding in ENCODINGS {
        let body = compress(encoding, &request.encode_to_vec());
        client
            .send(
                "POST",
                "/v1/traces",
                &[("content-type", PROTOBUF), ("content-encoding", encoding)],
                &body,
            )
            .expect(200);
    }
    let user = client.read("/v1/users/by-external-id/u");
    for (field, value) in [
        ("traceCount", 2),
        ("spanCount", 3),
        ("totalTokens", 360),
        ("errorCount", 3),
    ] {
        assert_eq!(user[field], value, "{field}: {user}");
    }
    // 100 at $2.50 and 20 at $10 a million.
    assert_eq!(
        (&user["totalCostUsd"], &user["avgLatencyMs"]),
        (&json!("0.001350000"), &json!(250.0))
    );
    let trace = client.read(&format!("/v1/traces/{}", "01".repeat(16)));
    assert_eq!(trace["spans"][0]["id"], "01".repeat(8));
    assert_eq!(trace["spans"][0]["statusMessage"], "boom");
}

#[test]
fn the_same_by_json_gives_the_same_totals() {
    let server = Server::start();
    let client = server.client();
    let start = (now_ms() - 60_000) * 1_000_000;
    let body = |ids: (&str, &str)| {
        let text = |key: &str, value: &str| json!({"key": key, "value": {"stringValue": value}});
        json!({"resourceSpans": [{"scopeSpans": [{"spans": [{
            "traceId": ids.0, "spanId": ids.1, "name": "chat", "kind": "SPAN_KIND_CLIENT",
            "startTimeUnixNano": start.to_string(), "endTimeUnixNano": start + 250_000_000, "status": {"code": 2},
            "attributes": [text("user.id", "u"), text("gen_ai.operation.name", "chat"), text("gen_ai.request.model", "gpt-4o"),
                {"key": "gen_ai.usage.input_tokens", "value": {"intValue": "100"}}, {"key": "gen_ai.usage.output_tokens", "value": {"intValue": 20}}],
        }]}]}]})
    };
    let answer = client
        .post("/v1/traces", &body((&"aB".repeat(16), &"cD".repeat(8))))
        .expect(200);
    assert_eq!(
        (answer.json(), answer.header("content-type")),
        (json!({}), "application/json")
    );
    client
        .post("/v1/traces", &body((&"ab".repeat(16), &"cd".repeat(8))))
        .expect(200);
    let user = client.read("/v1/users/by-external-id/u");
    assert_eq!(
        (
            &user["spanCount"],
            &user["totalCostUsd"],
            &user["errorCount"]
        ),
        (&json!(1), &json!("0.000450000"), &json!(1))
    );
    client.read(&format!("/v1/traces/{}", "ab".repeat(16)));
}

#[test]
fn a_bad_span_is_rejected_alone_and_said_so() {
    let server = Server::start();
    let client = server.client();
    let mut bad = make_span(1, 2, "u");
    bad.span_id = vec![1, 2, 3];
    let answer = send(&client, &wrap(vec![make_span(1, 1, "u"), bad])).expect(200);
    let answer = ExportTraceServiceResponse::decode(answer.body.as_slice()).unwrap();
    let partial = answer.partial_success.expect("a partial success");
    assert_eq!(partial.rejected_spans, 1);
    assert!(!partial.error_message.is_empty());
    let long = make_span(2, 1, &"x".repeat(300));
    let answer = send(&client, &wrap(vec![long])).expect(200);
    let answer = ExportTraceServiceResponse::decode(answer.body.as_slice()).unwrap();
    let partial = answer.partial_success.expect("a warning");
    assert_eq!(
        partial.rejected_spans, 0,
        "the trace is kept, the id is dropped"
    );
    assert!(!partial.error_message.is_empty());
    let costs = client.read("/v1/costs?groupBy=user");
    assert_eq!(
        (
            &costs["total"]["spanCount"],
            &costs["unattributed"]["spanCount"]
        ),
        (&json!(2), &json!(1))
    );
}

#[test]
fn errors_are_status_messages_in_the_language_of_the_request() {
    let server = Server::start();
    let client = server.client();
    let read_status = |answer: &Answer| {
        #[derive(Message)]
        struct Wire {
            #[prost(int32, tag = "1")]
            code: i32,
            #[prost(string, tag = "2")]
            message: String,
        }
        assert_eq!(answer.header("content-type"), PROTOBUF);
        let status = Wire::decode(answer.body.as_slice()).unwrap();
        assert!(!status.message.is_empty());
        status.code
    };
    let broken = client
        .send(
            "POST",
            "/v1/traces",
            &[("content-type", PROTOBUF)],
            b"\xff\xff\xff",
        )
        .expect(400);
    assert_eq!(read_status(&broken), 3);
    let body = wrap(vec![make_span(1, 1, "u")]).encode_to_vec();
    let unknown = client
        .anonymous()
        .send("POST", "/v1/traces", &[("content-type", PROTOBUF)], &body)
        .expect(401);
    assert_eq!(read_status(&unknown), 16);
    let broken: Value = client
        .post("/v1/traces", &json!({"resourceSpans": 7}))
        .expect(400)
        .json();
    assert!(
        broken["message"].is_string() && broken["code"] == 3,
        "{broken}"
    );
    send(&client, &wrap(Vec::new())).expect(200);
    for path in ["/v1/metrics", "/v1/logs"] {
        client
            .send("POST", path, &[("content-type", PROTOBUF)], b"")
            .expect(200);
    }
}
