//! OTLP on the same path: told by media type or keys, answered in its own tongue.
use crate::app::{Answer, App};
use axum::body::Body;
use axum::http::Request;
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value::Value as AnyKind};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use prost::Message;
use serde_json::json;

#[derive(Message)]
struct Status {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
}

fn span(id: u8, attributes: &[(&str, &str)]) -> Span {
    let attribute = |(key, value): &(&str, &str)| KeyValue {
        key: key.to_string(),
        value: Some(AnyValue {
            value: Some(AnyKind::StringValue(value.to_string())),
        }),
        ..KeyValue::default()
    };
    Span {
        trace_id: vec![7; 16],
        span_id: vec![id; 8],
        name: format!("span {id}"),
        start_time_unix_nano: 1_780_000_000_000_000_000,
        end_time_unix_nano: 1_780_000_001_000_000_000,
        attributes: attributes.iter().map(attribute).collect(),
        ..Span::default()
    }
}

fn export(spans: Vec<Span>) -> Vec<u8> {
    let scope_spans = vec![ScopeSpans {
        spans,
        ..ScopeSpans::default()
    }];
    ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans {
            scope_spans,
            ..ResourceSpans::default()
        }],
    }
    .encode_to_vec()
}

async fn send(app: &App, key: &str, content_type: &str, body: impl Into<Body>) -> Answer {
    let request = Request::builder()
        .method("POST")
        .uri("/v1/traces")
        .header("x-api-key", key)
        .header("content-type", content_type);
    app.send(request.body(body.into()).unwrap()).await
}

#[tokio::test]
async fn protobuf_is_booked_and_answered_in_protobuf() {
    let app = App::start().await;
    let answer = send(
        &app,
        &app.key,
        "application/x-protobuf",
        export(vec![span(1, &[("user.id", "john")]), span(2, &[])]),
    )
    .await;
    assert_eq!((answer.status.as_u16(), answer.bytes.len()), (200, 0));
    assert_eq!(answer.headers["content-type"], "application/x-protobuf");
    let trace = app
        .get(&format!("/v1/traces/{}", "07".repeat(16)))
        .await
        .expect(200);
    assert_eq!(
        (&trace["spanCount"], &trace["externalUserId"]),
        (&json!(2), &json!("john"))
    );
}

#[tokio::test]
async fn json_is_told_by_its_keys_and_answered_in_json() {
    let app = App::start().await;
    let good = json!({"traceId": "07".repeat(16), "spanId": "01".repeat(8), "name": "a", "startTimeUnixNano": "1780000000000000000", "endTimeUnixNano": "1780000001000000000"});
    let bad = json!({"traceId": "nothex", "spanId": "01", "name": "b"});
    let body = json!({"resourceSpans": [{"scopeSpans": [{"spans": [good, bad]}]}]});
    let answer = send(&app, &app.key, "application/json", body.to_string()).await;
    let partial = answer.expect(200);
    assert_eq!(partial["partialSuccess"]["rejectedSpans"], "1");
    assert!(
        !partial["partialSuccess"]["errorMessage"]
            .as_str()
            .unwrap()
            .is_empty()
    );
    let me = app.get("/v1/me").await.expect(200);
    assert_eq!(me["recentWarnings"][0]["code"], "span_rejected");
    let empty = send(
        &app,
        &app.key,
        "application/json",
        r#"{"resourceSpans":[]}"#,
    )
    .await;
    assert_eq!(empty.expect(200), json!({}));
}

#[tokio::test]
async fn failures_are_a_status_in_the_same_encoding() {
    let app = App::start().await;
    let broken = send(
        &app,
        &app.key,
        "application/x-protobuf",
        vec![0x0a, 0xff, 0xff],
    )
    .await;
    assert_eq!(
        (
            broken.status.as_u16(),
            broken.headers["content-type"].to_str().unwrap()
        ),
        (400, "application/x-protobuf")
    );
    assert_eq!(Status::decode(&broken.bytes[..]).unwrap().code, 3);
    let nobody = send(&app, "co_sk_no", "application/x-protobuf", export(vec![])).await;
    assert_eq!(
        (
            nobody.status.as_u16(),
            Status::decode(&nobody.bytes[..]).unwrap().code
        ),
        (401, 16)
    );
    let broken = send(
        &app,
        &app.key,
        "application/json",
        r#"{"resourceSpans":[{]}"#,
    )
    .await;
    assert_eq!(broken.expect(400)["code"], 3);
}

#[tokio::test]
async fn protobuf_partial_success_counts_rejected_spans() {
    let app = App::start().await;
    let bad = Span {
        trace_id: vec![1, 2],
        ..span(1, &[])
    };
    let answer = send(
        &app,
        &app.key,
        "application/x-protobuf",
        export(vec![bad, span(2, &[])]),
    )
    .await;
    let partial = ExportTraceServiceResponse::decode(&answer.bytes[..])
        .unwrap()
        .partial_success
        .unwrap();
    assert_eq!(partial.rejected_spans, 1);
}

#[tokio::test]
async fn metrics_and_logs_are_thanked_dropped_and_counted() {
    let app = App::start().await;
    for (path, content_type, body) in [
        ("/v1/metrics", "application/x-protobuf", ""),
        ("/v1/logs", "application/json", "{}"),
    ] {
        let request = Request::builder()
            .method("POST")
            .uri(path)
            .header("x-api-key", &app.key)
            .header("content-type", content_type);
        let answer = app.send(request.body("whatever".into()).unwrap()).await;
        assert_eq!(
            (answer.status.as_u16(), answer.text()),
            (200, body),
            "{path}"
        );
        assert_eq!(answer.headers["content-type"], content_type);
        let request = Request::builder()
            .method("POST")
            .uri(path)
            .header("content-type", content_type);
        assert_eq!(
            app.send(request.body("whatever".into()).unwrap())
                .await
                .status,
            401
        );
    }
    let metrics = app.get("/metrics").await;
    assert!(
        metrics
            .text()
            .contains("cognobserve_ingest_discarded_requests_total{signal=\"logs\"} 1\n")
    );
}
