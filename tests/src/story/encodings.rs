//! Compressed bodies: four encodings on every ingest route, and bombs that are put out early.
use crate::harness::sample::trace;
use crate::harness::{Client, Server};
use serde_json::json;
use std::io::Write;

pub const ENCODINGS: [&str; 4] = ["gzip", "deflate", "zstd", "br"];

/// Compresses as the named content encoding; `deflate` is the zlib form that HTTP means.
pub fn compress(encoding: &str, plain: &[u8]) -> Vec<u8> {
    let level = flate2::Compression::best();
    match encoding {
        "gzip" => {
            let mut writer = flate2::write::GzEncoder::new(Vec::new(), level);
            writer.write_all(plain).unwrap();
            writer.finish().unwrap()
        }
        "deflate" => {
            let mut writer = flate2::write::ZlibEncoder::new(Vec::new(), level);
            writer.write_all(plain).unwrap();
            writer.finish().unwrap()
        }
        "zstd" => zstd::encode_all(plain, 3).unwrap(),
        "br" => {
            let mut packed = Vec::new();
            let mut writer = brotli::CompressorWriter::new(&mut packed, 65_536, 5, 22);
            writer.write_all(plain).unwrap();
            drop(writer);
            packed
        }
        other => panic!("unknown encoding {other}"),
    }
}

fn post(client: &Client, path: &str, encoding: &str, body: &[u8]) -> crate::harness::Answer {
    client.send(
        "POST",
        path,
        &[
            ("content-type", "application/json"),
            ("content-encoding", encoding),
        ],
        body,
    )
}

#[test]
fn every_encoding_is_taken_on_native_routes() {
    let server = Server::start();
    let client = server.client();
    for (n, encoding) in ENCODINGS.iter().enumerate() {
        let one = trace(&format!("one-{n}"), "u").to_string();
        post(
            &client,
            "/v1/traces",
            encoding,
            &compress(encoding, one.as_bytes()),
        )
        .expect(202);
        let many = json!({"traces": [trace(&format!("many-{n}"), "u")]}).to_string();
        post(
            &client,
            "/v1/traces/batch",
            encoding,
            &compress(encoding, many.as_bytes()),
        )
        .expect(202);
    }
    post(
        &client,
        "/v1/traces",
        "identity",
        trace("plain", "u").to_string().as_bytes(),
    )
    .expect(202);
    assert_eq!(client.read("/v1/users/by-external-id/u")["traceCount"], 9);
}

#[test]
fn broken_and_unknown_encodings_are_refused() {
    let server = Server::start();
    let client = server.client();
    let body = trace("t", "u").to_string();
    post(&client, "/v1/traces", "lzma", body.as_bytes())
        .expect_problem(415, "unsupported_media_type");
    for encoding in ENCODINGS {
        post(&client, "/v1/traces", encoding, body.as_bytes())
            .expect_problem(400, "invalid_request");
        let packed = compress(encoding, body.as_bytes());
        post(&client, "/v1/traces", encoding, &packed[..packed.len() / 2])
            .expect_problem(400, "invalid_request");
    }
    assert_eq!(client.read("/v1/users")["items"], json!([]));
}

#[test]
fn a_bomb_is_put_out_before_it_fills_the_memory() {
    let server = Server::start();
    let client = server.client();
    // One gigabyte of one letter, a few kilobytes to a megabyte on the wire.
    let mut body = b"{\"name\":\"".to_vec();
    body.resize(1 << 30, b'a');
    body.extend_from_slice(b"\"}");
    for encoding in ENCODINGS {
        let packed = compress(encoding, &body);
        assert!(packed.len() < 2 << 20, "{encoding}: {}", packed.len());
        for path in ["/v1/traces", "/v1/traces/batch"] {
            post(&client, path, encoding, &packed).expect_problem(413, "payload_too_large");
        }
    }
    drop(body);
    let peak_mb = read_peak_memory_mb(server.process_id());
    assert!(peak_mb < 600, "{peak_mb} MB");
    client.post("/v1/traces", &trace("t", "u")).expect(202);
}

#[test]
fn a_body_over_the_limit_is_refused() {
    let server = Server::start();
    let client = server.client();
    let mut body = b"{\"name\":\"".to_vec();
    body.resize((64 << 20) + 1, b'a');
    body.extend_from_slice(b"\"}");
    client
        .send(
            "POST",
            "/v1/traces",
            &[("content-type", "application/json")],
            &body,
        )
        .expect_problem(413, "payload_too_large");
    client.post("/v1/traces", &trace("t", "u")).expect(202);
}

/// The most memory a process has had, in MB.
pub fn read_peak_memory_mb(process: u32) -> u64 {
    let status =
        std::fs::read_to_string(format!("/proc/{process}/status")).expect("the process runs");
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM:"))
        .expect("a peak");
    let kilobytes: u64 = line
        .split_whitespace()
        .nth(1)
        .and_then(|number| number.parse().ok())
        .expect("a number");
    kilobytes / 1024
}
