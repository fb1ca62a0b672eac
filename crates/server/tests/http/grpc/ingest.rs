//! Traces in: counted once, refused one by one, with their warnings.
use super::{BATCH, EXPORT, TRACE, Trace, Traces, call, trace};
use crate::app::App;
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use cognobserve_wire::native::proto::{BatchAnswer, TraceAnswer};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use serde_json::json;

#[tokio::test]
async fn a_trace_is_counted_once_whichever_way_it_comes() {
    let app = App::start().await;
    let called = call(&app, &app.key, TRACE, &trace("t", "anna")).await;
    let answer: TraceAnswer = called.read();
    assert_eq!((answer.trace_id.as_str(), answer.success), ("t", true));
    assert_eq!(answer.span_ids, ["s"]);
    assert!(answer.warnings.is_empty() && answer.error.is_none());
    call(&app, &app.key, TRACE, &trace("t", "anna"))
        .await
        .read::<TraceAnswer>();
    app.take(json!({"trace_id": "t", "name": "chat", "user_id": "anna", "spans": [{"span_id": "s", "name": "call", "total_cost": 0.25}]})).await;
    let user = app.get("/v1/users/by-external-id/anna").await.expect(200);
    for (field, value) in [
        ("traceCount", json!(1)),
        ("spanCount", json!(1)),
        ("totalCostUsd", json!("0.250000000")),
    ] {
        assert_eq!(user[field], value, "{field}");
    }
    let metrics = app.get("/metrics").await;
    assert!(metrics.text().contains("area=\"ingest\",status=\"202\"} 3"));
}

#[tokio::test]
async fn a_bad_trace_of_a_batch_fails_alone() {
    let app = App::start().await;
    let mut odd = trace("odd", "anna");
    odd.spans[0].level = 9;
    odd.spans[0].total_cost = Some(-1.0);
    let batch = Traces {
        traces: vec![
            trace("a", "anna"),
            trace("long", &"x".repeat(300)),
            Trace::default(),
            odd,
        ],
    };
    let answer: BatchAnswer = call(&app, &app.key, BATCH, &batch).await.read();
    assert_eq!((answer.success_count, answer.error_count), (2, 2));
    let oks: Vec<bool> = answer.results.iter().map(|result| result.success).collect();
    assert_eq!(oks, [true, false, false, true]);
    let error = answer.results[1].error.as_ref().unwrap();
    assert_eq!(
        (error.code.as_str(), error.path.as_str()),
        ("invalid_request", "user_id")
    );
    assert_eq!(answer.results[1].trace_id, "long");
    assert_eq!(answer.results[2].error.as_ref().unwrap().path, "name");
    let warned: Vec<(&str, &str)> = answer.results[3]
        .warnings
        .iter()
        .map(|warning| (warning.code.as_str(), warning.path.as_str()))
        .collect();
    assert_eq!(
        warned,
        [
            ("unknown_value", "spans[0].level"),
            ("negative_number", "spans[0].total_cost")
        ]
    );
    let empty: BatchAnswer = call(&app, &app.key, BATCH, &Traces::default()).await.read();
    assert!(empty.results.is_empty());
    let many = Traces {
        traces: vec![Trace::default(); 10_001],
    };
    let called = call(&app, &app.key, BATCH, &many).await;
    assert_eq!(called.code, 8, "{called:?}");
}

#[tokio::test]
async fn invalid_fields_are_named() {
    let app = App::start().await;
    let called = call(&app, &app.key, TRACE, &trace("t", &"x".repeat(300))).await;
    called.expect(3);
    assert!(called.message.contains("user_id"), "{called:?}");
    let details = STANDARD_NO_PAD.decode(&called.headers["grpc-status-details-bin"]);
    let details = String::from_utf8_lossy(&details.unwrap()).into_owned();
    for part in [
        "google.rpc.BadRequest",
        "google.rpc.ErrorInfo",
        "invalid_request",
    ] {
        assert!(details.contains(part), "{details:?}");
    }
    let notes = app.get("/v1/me").await.expect(200);
    assert_eq!(notes["recentWarnings"][0]["path"], "user_id");
}

#[tokio::test]
async fn otlp_is_taken_in_part() {
    let app = App::start().await;
    let span = |id: Vec<u8>| Span {
        trace_id: vec![7; 16],
        span_id: id,
        name: "call".to_owned(),
        start_time_unix_nano: 1_780_000_000_000_000_000,
        end_time_unix_nano: 1_780_000_001_000_000_000,
        ..Span::default()
    };
    let request = |spans| ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans {
            scope_spans: vec![ScopeSpans {
                spans,
                ..ScopeSpans::default()
            }],
            ..ResourceSpans::default()
        }],
    };
    let called = call(&app, &app.key, EXPORT, &request(vec![span(vec![1; 8])])).await;
    let answer: ExportTraceServiceResponse = called.read();
    assert_eq!(answer.partial_success, None);
    let spans = vec![span(vec![2; 8]), span(vec![0; 8])];
    let called = call(&app, &app.key, EXPORT, &request(spans)).await;
    let answer: ExportTraceServiceResponse = called.read();
    assert_eq!(answer.partial_success.unwrap().rejected_spans, 1);
    let trace = app.get(&format!("/v1/traces/{}", "07".repeat(16))).await;
    assert_eq!(trace.expect(200)["spans"].as_array().unwrap().len(), 2);
    for signal in ["metrics", "logs"] {
        let service = match signal {
            "metrics" => "MetricsService",
            _ => "LogsService",
        };
        let path = format!("/opentelemetry.proto.collector.{signal}.v1.{service}/Export");
        let called = call(&app, &app.key, &path, &Traces::default()).await;
        assert_eq!((called.code, called.body.len()), (0, 5));
        call(&app, "wrong", &path, &Traces::default())
            .await
            .expect(16);
    }
}
