//! What is refused: by key, by size, by shape, for lack of room.
use super::{BATCH, EXPORT, TRACE, Trace, call, request, send, trace};
use crate::app::App;
use axum::body::{Body, Bytes};
use cognobserve_server::Limits;
use cognobserve_server::worker::QueueLimits;
use cognobserve_wire::grpc::encode_frame;
use cognobserve_wire::native::proto::TraceAnswer;
use flate2::Compression;
use flate2::write::GzEncoder;
use futures_util::StreamExt;
use prost::Message;
use std::convert::Infallible;
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tower::ServiceExt;

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

/// Whoever has no key is not read: nothing of the body is kept, looked at or said.
#[tokio::test]
async fn a_body_without_a_key_is_not_looked_at() {
    let app = App::start().await;
    let held_bytes = Arc::new(AtomicUsize::new(0));
    for (key, code) in [("", 16), (&*app.key_with("read").await, 7)] {
        for path in [TRACE, BATCH, EXPORT] {
            let budget = Arc::clone(app.queue.budget());
            let held_bytes = Arc::clone(&held_bytes);
            let chunks = futures_util::stream::iter(0..64).map(move |_| {
                held_bytes.fetch_max(budget.used_bytes(), Ordering::Relaxed);
                Ok::<_, Infallible>(Bytes::from_static(&[0xff; 16 << 10]))
            });
            // Neither the encoding nor the frame are any.
            let request = request(path).header("x-api-key", key);
            let request = request.header("grpc-encoding", "snappy");
            let request = request.body(Body::from_stream(chunks)).unwrap();
            send(&app, request).await.expect(code);
        }
    }
    assert_eq!(held_bytes.load(Ordering::Relaxed), 0);
    // Who has one is told of the encoding, and with the right one of the frame.
    let body = || Body::from(vec![0xff; 100]);
    let told = request(TRACE).header("x-api-key", &app.key);
    let told = told.header("grpc-encoding", "snappy").body(body());
    send(&app, told.unwrap()).await.expect(12);
    let told = request(TRACE).header("x-api-key", &app.key).body(body());
    send(&app, told.unwrap()).await.expect(3);
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
    // What no room is ever enough for is not put off: neither a message, nor one whose JSON beside it is too much.
    let mut large = trace("t", "u");
    for bytes in [2_500, 1_200] {
        large.name = "x".repeat(bytes);
        let called = call(&app, &app.key, TRACE, &large).await;
        called.expect(8);
        assert!(called.message.contains("in parts"), "{called:?}");
    }
    // What others of the project leave no room for is.
    let part = Ok::<_, Infallible>(Bytes::from_static(&[0; 1_500]));
    let slow = futures_util::stream::iter([part]).chain(futures_util::stream::pending());
    let slow = request(TRACE)
        .header("x-api-key", &app.key)
        .body(Body::from_stream(slow));
    let others = tokio::spawn(app.router.clone().oneshot(slow.unwrap()));
    while app.queue.budget().used_bytes() < 1_500 {
        tokio::task::yield_now().await;
    }
    large.name = "x".repeat(600);
    let called = call(&app, &app.key, TRACE, &large).await;
    called.expect(8);
    assert!(called.message.contains("send it again"), "{called:?}");
    others.abort();
    others.await.unwrap_err();
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
