//! Health, reflection, and what is no call.
use super::{TRACE, Traces, call, request, send, trace};
use crate::app::App;
use axum::body::{Body, Bytes};
use axum::http::{Request, Version};
use cognobserve_server::config::Roles;
use cognobserve_wire::grpc::encode_frame;
use cognobserve_wire::native::proto::HealthAnswer;
use prost::Message;

const HEALTH: &str = "/cognobserve.v1.IngestService/Health";
const CHECK: &str = "/grpc.health.v1.Health/Check";

#[derive(Clone, PartialEq, Message)]
struct Check {
    #[prost(string, tag = "1")]
    service: String,
}

fn service(name: &str) -> Check {
    Check {
        service: name.to_owned(),
    }
}

#[tokio::test]
async fn health_says_what_readiness_says() {
    let app = App::start().await;
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

/// A balancer must not send traces to a process that does not take them.
#[tokio::test]
async fn without_ingest_its_services_are_not_healthy() {
    let mut app = App::start().await;
    app.router = app.router_of(&Roles::parse("api,web").unwrap());
    let called = call(&app, "", CHECK, &service("")).await;
    assert_eq!(called.body[5..], [8, 1]);
    for name in [
        "cognobserve.v1.IngestService",
        "opentelemetry.proto.collector.trace.v1.TraceService",
    ] {
        call(&app, "", CHECK, &service(name)).await.expect(5);
    }
    for path in [HEALTH, TRACE] {
        let called = call(&app, &app.key, path, &Traces::default()).await;
        called.expect(12);
        assert!(called.message.contains("api,web"), "{called:?}");
    }
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
