//! The fuzz checks on the stable compiler, bounded: mutated fixtures instead of coverage.
//! A failure prints the bytes that caused it.
#[path = "../../../fuzz/checks.rs"]
mod checks;
mod mutate;
#[path = "../../../fuzz/pieces.rs"]
mod pieces;

use crate::harness::sized;
use mutate::Mutator;

/// Prints the input if the check panics.
struct Report<'a>(&'a [u8]);

impl Drop for Report<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("input: {}", self.0.escape_ascii());
        }
    }
}

fn run(seeds: &[&[u8]], check: fn(&[u8])) {
    let mut mutator = Mutator::new(seeds);
    for seed in seeds {
        let _report = Report(seed);
        check(seed);
    }
    for _ in 0..sized(100_000, 5_000_000) {
        let bytes = mutator.make();
        let _report = Report(&bytes);
        check(&bytes);
    }
}

const NATIVE: &[u8] = include_bytes!("../../../crates/wire/fixtures/native_chat.json");
const TRACE: &[u8] = br#"{"trace_id":"t","name":"a\u0000\ud800","timestamp":"2026-10-25T01:30:00.123456789+02:00","metadata":{"k":[1,{"n":null}]},"session_id":"s","user_id":"u","user":{"id":"u","name":null,"email":"a@b.c","plan":"pro"},"spans":[{"span_id":"x","type":"generation","start_time":1761355800000,"end_time":1e12,"input":[NaN,-Infinity],"usage":{"prompt_tokens":1.0,"completion_tokens":"2"},"cost":{"total":"1e-7"},"level":"ERROR"}]}"#;
const BATCH: &[u8] = br#"{"traces":[{"name":"a"},7,null,{"spans":[{"name":"s"}]}],"x":1}"#;
const OTLP_JSON: &[u8] = br#"{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"a"}}]},"scopeSpans":[{"scope":{"name":"x"},"spans":[{"traceId":"0123456789abcdef0123456789abcdef","spanId":"0123456789abcdef","parentSpanId":"","name":"chat","kind":"SPAN_KIND_CLIENT","startTimeUnixNano":"1761355800000000000","endTimeUnixNano":1761355801000000000,"attributes":[{"key":"k","value":{"arrayValue":{"values":[{"intValue":"1"},{"doubleValue":"NaN"},{"kvlistValue":{"values":[{"key":"b","value":{"bytesValue":"AAEC"}}]}}]}}}],"events":[{"name":"e","timeUnixNano":"1"}],"status":{"code":2,"message":"m"}}]}]}]}"#;

#[test]
fn cleaning_is_clean() {
    run(
        &[NATIVE, TRACE, BATCH, OTLP_JSON, br#""\ud83d\ude00\ud83d""#],
        checks::check_sanitize,
    );
}

#[test]
fn native_traces_never_panic() {
    run(&[NATIVE, TRACE, b"{}"], checks::check_native);
}

#[test]
fn batches_never_panic() {
    run(&[BATCH, br#"{"traces":[]}"#], checks::check_native_batch);
}

#[test]
fn native_messages_never_panic() {
    use prost::Message;
    let whole = crate::story::make_message("u").encode_to_vec();
    let mut batch = vec![0x0a];
    prost::encoding::encode_varint(whole.len() as u64, &mut batch);
    batch.extend_from_slice(&whole);
    run(
        &[
            &whole,
            &batch,
            b"",
            b"\x22\x00",
            b"\x1a\x06\x0a\x04\x0a\x00\x12\x00",
        ],
        checks::check_native_proto,
    );
}

#[test]
fn frames_and_questions_never_panic() {
    run(
        &[
            b"\0\0\0\0\x03abc",
            b"\x01\0\0\0\0",
            b"\x3a\0",
            b"\x22\x17cognobserve.v1.UserInfo",
            b"\x0a\x1ccognobserve.v1.IngestService",
        ],
        checks::check_grpc,
    );
}

#[test]
fn otlp_json_never_panics() {
    run(
        &[OTLP_JSON, br#"{"resource_spans":[]}"#],
        checks::check_otlp_json,
    );
}

#[test]
fn otlp_protobuf_never_panics() {
    use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
    use prost::Message;
    let request = crate::story::make_otlp_request("u");
    let whole: Vec<u8> = ExportTraceServiceRequest::encode_to_vec(&request);
    run(
        &[&whole, b"", b"\x0a\x00", b"\x0a\x04\x12\x02\x12\x00"],
        checks::check_otlp_protobuf,
    );
}

#[test]
fn times_are_read_as_they_are_written() {
    run(
        &[
            b"2026-10-25T01:30:00.123456Z",
            b"2026-10-25T01:30:00+05:45",
            b"2026-10-25",
            b"Europe/Berlin 2026-10-25T00:59:59Z",
            b"Australia/Lord_Howe",
            b"0001-01-01T00:00:00Z",
            b"9999-12-31T23:59:60Z",
        ],
        checks::check_time,
    );
}

#[test]
fn money_is_read_exactly() {
    run(
        &[
            b"0.0000015",
            b"1.5e-7",
            b"999999.999999999",
            b"1000000",
            b"-0",
            b"1E+3",
            b"00012",
            b".5",
            b"0.0000000005",
        ],
        checks::check_money,
    );
}

#[test]
fn what_is_accepted_is_sound() {
    use prost::Message;
    let whole = crate::story::make_otlp_request("u").encode_to_vec();
    run(
        &[NATIVE, TRACE, BATCH, OTLP_JSON, &whole],
        pieces::check_accept,
    );
}
