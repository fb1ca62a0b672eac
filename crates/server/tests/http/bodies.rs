//! Media types, encodings and sizes of request bodies.
use crate::app::{Answer, App};
use axum::body::Body;
use axum::http::Request;
use cognobserve_server::Limits;
use cognobserve_server::worker::QueueLimits;
use serde_json::json;
use std::io::Write;

async fn send(app: &App, headers: &[(&str, &str)], body: impl Into<Body>) -> Answer {
    let mut request = Request::builder()
        .method("POST")
        .uri("/v1/traces")
        .header("x-api-key", &app.key);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    app.send(request.body(body.into()).unwrap()).await
}

const JSON: (&str, &str) = ("content-type", "application/json");

#[tokio::test]
async fn every_encoding_is_taken() {
    let app = App::start().await;
    // Large enough to be decoded off the runtime.
    let plain = json!({"trace_id": "t", "name": "x".repeat(10), "spans": [{"span_id": "s", "input": "y".repeat(300_000)}]}).to_string();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), Default::default());
    gzip.write_all(plain.as_bytes()).unwrap();
    let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), Default::default());
    zlib.write_all(plain.as_bytes()).unwrap();
    let mut br = Vec::new();
    brotli::CompressorWriter::new(&mut br, 4096, 3, 20)
        .write_all(plain.as_bytes())
        .unwrap();
    let bodies = [
        ("identity", plain.clone().into_bytes()),
        ("gzip", gzip.finish().unwrap()),
        ("deflate", zlib.finish().unwrap()),
        ("zstd", zstd::encode_all(plain.as_bytes(), 1).unwrap()),
        ("br", br),
    ];
    for (encoding, body) in bodies {
        let answer = send(&app, &[JSON, ("content-encoding", encoding)], body.clone())
            .await
            .expect(202);
        assert_eq!(
            answer,
            json!({"trace_id": "t", "span_ids": ["s"], "success": true, "warnings": []}),
            "{encoding}"
        );
        if encoding != "identity" {
            send(
                &app,
                &[JSON, ("content-encoding", encoding)],
                body[..body.len() / 2].to_vec(),
            )
            .await
            .expect_problem(400, "invalid_request");
        }
    }
    let trace = app.get("/v1/traces/t").await.expect(200);
    assert_eq!(trace["spans"][0]["input"].as_str().unwrap().len(), 300_000);
    assert_eq!(app.queue.budget().used_bytes(), 0);
}

#[tokio::test]
async fn unknown_types_and_encodings_are_415() {
    let app = App::start().await;
    send(&app, &[JSON, ("content-encoding", "snappy")], "{}")
        .await
        .expect_problem(415, "unsupported_media_type");
    send(&app, &[("content-type", "text/plain")], "{}")
        .await
        .expect_problem(415, "unsupported_media_type");
    send(&app, &[], r#"{"name":"without a word about the type"}"#)
        .await
        .expect(202);
}

#[tokio::test]
async fn malformed_json_is_400_with_a_path() {
    let app = App::start().await;
    send(&app, &[JSON], "{\"name\":")
        .await
        .expect_problem(400, "invalid_request");
    send(&app, &[JSON], "")
        .await
        .expect_problem(400, "invalid_request");
    send(&app, &[JSON], b"{\"name\":\"\xff\"}".to_vec())
        .await
        .expect_problem(400, "invalid_request");
    let paths = app
        .post("/v1/traces", &json!({"name": "x", "spans": [{}, 7]}))
        .await
        .expect_problem(400, "invalid_request");
    assert_eq!(paths, ["spans[1]"]);
    let answer = app
        .post(
            "/v1/traces",
            &json!({"name": "x", "user_id": "secret".repeat(100)}),
        )
        .await;
    assert_eq!(answer.expect_problem(400, "invalid_request"), ["user_id"]);
    assert!(
        !answer.text().contains("secret"),
        "what was sent is not echoed"
    );
}

#[tokio::test]
async fn sizes_are_limited_before_and_after_decompression() {
    let limits = Limits {
        max_body_bytes: 10_000,
        ..Limits::default()
    };
    let app = App::start_with(QueueLimits::default(), limits).await;
    let large = json!({"name": "x", "metadata": {"a": "y".repeat(20_000)}}).to_string();
    send(&app, &[JSON], large.clone())
        .await
        .expect_problem(413, "payload_too_large");
    let chunked = Body::from_stream(futures_util::stream::iter(
        large
            .clone()
            .into_bytes()
            .chunks(100)
            .map(|c| Ok::<_, std::io::Error>(c.to_vec()))
            .collect::<Vec<_>>(),
    ));
    send(&app, &[JSON], chunked)
        .await
        .expect_problem(413, "payload_too_large");
    let bomb = zstd::encode_all(large.as_bytes(), 3).unwrap();
    assert!(bomb.len() < 1000);
    send(&app, &[JSON, ("content-encoding", "zstd")], bomb)
        .await
        .expect_problem(413, "payload_too_large");
    assert_eq!(app.queue.budget().used_bytes(), 0);
    app.take(json!({"name": "fits"})).await;
}

#[tokio::test]
async fn chunked_bodies_without_a_length_are_taken() {
    let app = App::start().await;
    let text = json!({"trace_id": "t", "name": "chunked"}).to_string();
    let chunks: Vec<_> = text
        .into_bytes()
        .chunks(7)
        .map(|chunk| Ok::<_, std::io::Error>(chunk.to_vec()))
        .collect();
    send(
        &app,
        &[JSON],
        Body::from_stream(futures_util::stream::iter(chunks)),
    )
    .await
    .expect(202);
    assert_eq!(app.get("/v1/traces/t").await.expect(200)["name"], "chunked");
}
