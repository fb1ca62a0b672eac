//! The gRPC door without a socket: the same rules, limits and answers as its HTTP sister's.
mod bounds;
mod ingest;
mod service;

use crate::app::App;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode, Version};
use cognobserve_wire::grpc::{encode_frame, split_frame};
use http_body_util::BodyExt;
use prost::Message;
use tower::ServiceExt;

const TRACE: &str = "/cognobserve.v1.IngestService/IngestTrace";
const BATCH: &str = "/cognobserve.v1.IngestService/IngestBatch";
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
        let is_passing = code == 14
            || (code == 8 && !self.message.contains("MiB") && !self.message.contains("in parts"));
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
