//! The gRPC door without a socket: the same rules, limits and answers as its HTTP sister's.
use crate::app::App;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Request, StatusCode, Version};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use cognobserve_server::Limits;
use cognobserve_server::worker::QueueLimits;
use cognobserve_wire::grpc::{encode_frame, split_frame};
use cognobserve_wire::native::proto::{BatchAnswer, HealthAnswer, TraceAnswer};
use flate2::Compression;
use flate2::write::GzEncoder;
use http_body_util::BodyExt;
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use prost::Message;
use serde_json::json;
use std::io::Write;
use tower::ServiceExt;

const TRACE: &str = "/cognobserve.v1.IngestService/IngestTrace";
const BATCH: &str = "/cognobserve.v1.IngestService/IngestBatch";
const HEALTH: &str = "/cognobserve.v1.IngestService/Health";
const CHECK: &str = "/grpc.health.v1.Health/Check";
const EXPORT: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

/// As much of the request as these tests need.
#[derive(Clone, PartialEq, Message)]
struct Trace {
    #[prost(string, optional, tag = "1")]
    trace_id: Option<String>,
    #[prost(string, tag = "2")]
    name: String,
    #[prost(message, repeated, tag = "4")]
    spans: Vec<TraceSpan>,
    #[prost(string, optional, tag = "6")]
    user_id: Option<String>,
}

#[derive(Clone, PartialEq, Message)]
struct TraceSpan {
    #[prost(string, optional, tag = "1")]
    span_id: Option<String>,
    #[prost(string, tag = "3")]
    name: String,
    #[prost(int32, tag = "12")]
    level: i32,
    #[prost(double, optional, tag = "16")]
    total_cost: Option<f64>,
}

#[derive(Clone, PartialEq, Message)]
struct Traces {
    #[prost(message, repeated, tag = "1")]
    traces: Vec<Trace>,
}

fn trace(id: &str, user: &str) -> Trace {
    Trace {
        trace_id: Some(id.to_owned()),
        name: "chat".to_owned(),
        user_id: Some(user.to_owned()),
        spans: vec![TraceSpan {
            span_id: Some("s".to_owned()),
            name: "call".to_owned(),
            level: 0,
            total_cost: Some(0.25),
        }],
    }
}

/// What a call came to.
#[derive(Debug)]
struct Called {
    code: u16,
    message: String,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Called {
    /// The answer's message; fails unless all is well.
    #[track_caller]
    fn read<M: Message + Default>(&self) -> M {
        assert_eq!(self.code, 0, "{self:?}");
        M::decode(split_frame(&self.body).unwrap().message).unwrap()
    }

    #[track_caller]
    fn expect(&self, code: u16) -> &Called {
        assert_eq!(self.code, code, "{self:?}");
        assert!(self.body.is_empty());
        let can_retry = self.headers.contains_key("google.rpc.retryinfo-bin");
        let is_passing = code == 14 || (code == 8 && !self.message.contains("MiB"));
        assert_eq!(can_retry, is_passing, "{self:?}");
        self
    }
}

fn request(path: &str) -> axum::http::request::Builder {
    Request::post(path)
        .version(Version::HTTP_2)
        .header("content-type", "application/grpc")
        .header("te", "trailers")
}

async fn send(app: &App, request: Request<Body>) -> Called {
    let response = app.router.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    assert_eq!(parts.status, StatusCode::OK, "{:?}", parts.headers);
    assert_eq!(parts.headers["content-type"], "application/grpc");
    let body = body.collect().await.unwrap();
    let mut headers = parts.headers;
    headers.extend(body.trailers().cloned().unwrap_or_default());
    let text = |name: &str| {
        let value = headers.get(name).map(|value| value.to_str().unwrap());
        value.unwrap_or_default().to_owned()
    };
    Called {
        code: text("grpc-status").parse().expect("a status"),
        message: text("grpc-message"),
        body: body.to_bytes().to_vec(),
        headers,
    }
}

async fn call(app: &App, key: &str, path: &str, message: &impl Message) -> Called {
    let body = encode_frame(&message.encode_to_vec());
    let request = request(path).header("x-api-key", key);
    send(app, request.body(body.into()).unwrap()).await
}

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
async fn only_keys_that_may_ingest_come_in() {
    let app = App::start().await;
    let (ingest, read) = (app.key_with("ingest").await, app.key_with("read").await);
    let bearer = format!("Bearer {ingest}");
    let wrong = format!("co_sk_{}", "A".repeat(43));
    let other = app.other_key.clone();
    let empty = encode_frame(b"");
    for (name, value, project, code) in [
        ("x-other", "", "", 16),
        ("x-api-key", &*wrong, "", 16),
        ("x-api-key", "", "", 16),
        ("authorization", &*wrong, "", 16),
        ("x-api-key", &*read, "", 7),
        ("x-api-key", &*ingest, "", 0),
        ("authorization", &*bearer, "", 0),
        // A key of another project may not name this one.
        ("x-api-key", &*other, app.project.as_str(), 5),
    ] {
        for path in [TRACE, BATCH, EXPORT] {
            let mut request = request(path).header(name, value);
            if !project.is_empty() {
                request = request.header("x-project-id", project);
            }
            let mut message = empty.clone();
            if path == TRACE && code == 0 {
                message = encode_frame(&trace("t", "u").encode_to_vec());
            }
            let called = send(&app, request.body(message.into()).unwrap()).await;
            assert_eq!(called.code, code, "{path} with {name}: {called:?}");
        }
    }
}

#[tokio::test]
async fn sizes_are_limited_before_and_after_decompression() {
    let limits = Limits {
        max_body_bytes: 2 << 20,
        ..Limits::default()
    };
    let app = App::start_with(QueueLimits::default(), limits).await;
    // A name is cut, and so are its bytes no matter later on.
    let sized = |bytes: usize| {
        let mut trace = trace("t", "u");
        trace.name = "x".repeat(bytes);
        trace
    };
    // As JSON it has some bytes more.
    let fits = sized((2 << 20) - 200);
    call(&app, &app.key, TRACE, &fits)
        .await
        .read::<TraceAnswer>();
    let over = sized((2 << 20) - 10);
    assert!(over.encoded_len() > limits.max_body_bytes);
    call(&app, &app.key, TRACE, &over).await.expect(8);
    let quotes = {
        let mut trace = sized(0);
        trace.name = "\"".repeat(3 << 19);
        trace
    };
    call(&app, &app.key, TRACE, &quotes).await.expect(8);
    let zip = |message: &Trace| {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
        gzip.write_all(&message.encode_to_vec()).unwrap();
        let mut frame = encode_frame(&gzip.finish().unwrap());
        frame[0] = 1;
        frame
    };
    for (message, encoding, code) in [
        (zip(&fits), "gzip", 0),
        (zip(&over), "gzip", 8),
        (zip(&fits), "deflate", 3),
        (zip(&fits), "snappy", 12),
        (zip(&fits), "", 3),
        // Each frame says for itself whether it is compressed.
        (encode_frame(&trace("t", "u").encode_to_vec()), "gzip", 0),
    ] {
        let request = request(TRACE).header("x-api-key", &app.key);
        let request = match encoding {
            "" => request,
            encoding => request.header("grpc-encoding", encoding),
        };
        let called = send(&app, request.body(message.into()).unwrap()).await;
        assert_eq!(called.code, code, "{encoding}: {called:?}");
        let accepted = called.headers["grpc-accept-encoding"].to_str().unwrap();
        assert!(accepted.contains("gzip"));
    }
    assert_eq!(app.queue.budget().used_bytes(), 0);
}

#[tokio::test]
async fn what_is_no_message_is_refused() {
    let app = App::start().await;
    let message = trace("t", "u").encode_to_vec();
    let twice = [encode_frame(&message), encode_frame(&message)].concat();
    let mut short = encode_frame(&message);
    short.pop();
    let deep = {
        let mut value = vec![0x08, 0];
        for _ in 0..2_000 {
            for tag in [0x0a_u8, 0x32] {
                let mut outer = vec![tag];
                prost::encoding::encode_varint(value.len() as u64, &mut outer);
                outer.extend_from_slice(&value);
                value = outer;
            }
        }
        // Into `spans[0].input`.
        for tag in [0x32_u8, 0x22] {
            let mut outer = vec![tag];
            prost::encoding::encode_varint(value.len() as u64, &mut outer);
            outer.extend_from_slice(&value);
            value = outer;
        }
        encode_frame(&value)
    };
    for body in [
        vec![],
        twice,
        short,
        encode_frame(b"\x0a\xff"),
        deep,
        b"{\"name\":1}".to_vec(),
    ] {
        let request = request(TRACE).header("x-api-key", &app.key);
        send(&app, request.body(body.into()).unwrap())
            .await
            .expect(3);
    }
}

#[tokio::test]
async fn a_full_server_says_when_to_come_again() {
    let limits = QueueLimits {
        max_bytes: 3_000,
        project_max_bytes: 2_000,
        ..QueueLimits::default()
    };
    let app = App::start_with(limits, Limits::default()).await;
    let mut large = trace("t", "u");
    large.name = "x".repeat(2_500);
    let called = call(&app, &app.key, TRACE, &large).await;
    called.expect(8);
    // The message has room, and its JSON beside it has not.
    large.name = "x".repeat(1_200);
    call(&app, &app.key, TRACE, &large).await.expect(8);
    call(&app, &app.key, TRACE, &trace("t", "u"))
        .await
        .read::<TraceAnswer>();
    assert_eq!(app.queue.budget().used_bytes(), 0);
    app.set(|settings| settings.max_spans_per_second = Some(0))
        .await;
    let app = App { ..app };
    let limited = loop {
        let called = call(&app, &app.key, TRACE, &trace("t", "u")).await;
        if called.code != 0 {
            break called;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    };
    limited.expect(8);
    assert!(limited.message.contains("spans a second"), "{limited:?}");
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

#[tokio::test]
async fn health_says_what_readiness_says() {
    #[derive(Clone, PartialEq, Message)]
    struct Check {
        #[prost(string, tag = "1")]
        service: String,
    }
    let app = App::start().await;
    let service = |name: &str| Check {
        service: name.to_owned(),
    };
    let health = async || {
        call(&app, "", HEALTH, &Traces::default())
            .await
            .read::<HealthAnswer>()
    };
    assert_eq!(health().await.status, "SERVING");
    for name in ["", "cognobserve.v1.IngestService"] {
        let called = call(&app, "", CHECK, &service(name)).await;
        assert_eq!(called.body[5..], [8, 1]);
    }
    call(&app, "", CHECK, &service("nothing")).await.expect(5);
    let long = service(&"x".repeat(10_000));
    assert_eq!(call(&app, "", CHECK, &long).await.code, 8);
    app.queue.drain().await;
    app.get("/readyz").await.expect_problem(503, "overloaded");
    let health = health().await;
    assert_eq!(
        (health.status.as_str(), health.warnings.len()),
        ("NOT_SERVING", 1)
    );
    assert_eq!(call(&app, "", CHECK, &service("")).await.body[5..], [8, 2]);
    let called = call(&app, &app.key, TRACE, &trace("t", "u")).await;
    called.expect(14);
}

/// A stream of questions in one call; answers come one by one and the call ends with OK.
#[tokio::test]
async fn reflection_answers_each_question() {
    let app = App::start().await;
    let question = |number: u8, text: &str| {
        let mut message = vec![number << 3 | 2, u8::try_from(text.len()).unwrap()];
        message.extend_from_slice(text.as_bytes());
        encode_frame(&message)
    };
    let body = [question(7, ""), question(4, "cognobserve.v1.UserInfo")].concat();
    // In pieces that know nothing of frames.
    let pieces: Vec<Bytes> = body.chunks(3).map(Bytes::copy_from_slice).collect();
    for version in ["v1", "v1alpha"] {
        let path = format!("/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo");
        let pieces = pieces.clone().into_iter().map(Ok::<_, std::io::Error>);
        let body = Body::from_stream(futures_util::stream::iter(pieces));
        let called = send(&app, request(&path).body(body).unwrap()).await;
        assert_eq!(called.code, 0, "{called:?}");
        let text = String::from_utf8_lossy(&called.body).into_owned();
        assert!(text.contains("cognobserve.v1.IngestService"));
        assert!(text.contains("cognobserve/v1/ingest.proto"));
        for (body, code) in [
            (encode_frame(&[0; 5_000]), 8),
            (b"\0\0\0\0\x05ab".to_vec(), 3),
            (b"\x01\0\0\0\0".to_vec(), 3),
        ] {
            let called = send(&app, request(&path).body(body.into()).unwrap()).await;
            assert_eq!(called.code, code, "{called:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_conversation_that_never_ends_is_ended() {
    let app = App::start().await;
    let path = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
    let body = Body::from_stream(futures_util::stream::pending::<Result<Bytes, std::io::Error>>());
    let called = send(&app, request(path).body(body).unwrap()).await;
    assert_eq!(called.code, 14, "{called:?}");
}

#[tokio::test]
async fn what_is_no_call_is_told_by_http_and_what_is_unknown_by_grpc() {
    let app = App::start().await;
    let call = request("/cognobserve.v1.IngestService/Nothing");
    send(&app, call.body(Body::empty()).unwrap())
        .await
        .expect(12);
    for request in [
        Request::post(TRACE)
            .version(Version::HTTP_2)
            .header("content-type", "application/json"),
        Request::post(TRACE).header("content-type", "application/grpc"),
        Request::post(TRACE)
            .version(Version::HTTP_2)
            .header("content-type", "application/grpc-web"),
    ] {
        let request = request.header("x-api-key", &app.key);
        let answer = app.send(request.body(Body::empty()).unwrap()).await;
        answer.expect_problem(415, "unsupported_media_type");
    }
}
