//! Tests of the native trace decoder.

use proptest::prelude::*;

use super::*;
use crate::json::{Kind, sanitize};

const CHAT: &str = include_str!("../../fixtures/native_chat.json");

#[test]
fn reads_the_documented_trace() {
    let trace = TraceIn::decode(CHAT).unwrap();
    assert_eq!(
        trace.trace_id.as_str().unwrap(),
        "5f2b6f0c9d8e4b1fa6c1d7e0f3a4b5c6"
    );
    assert_eq!(trace.spans.len(), 2);
    let span = &trace.spans[1];
    assert_eq!(span.kind.as_str().unwrap(), "generation");
    assert_eq!(
        span.input.text(),
        Some(r#"[ {"role": "user", "content": "Wie geht es?"} ]"#)
    );
    let usage = UsageIn::read(span.usage).unwrap();
    assert_eq!(usage.prompt_tokens.as_number(), Some("1200"));
    assert_eq!(usage.cache_write_tokens.as_number(), Some("64"));
    assert_eq!(
        CostIn::read(span.cost).unwrap().total.as_number(),
        Some("0.00123450")
    );
    let user = UserIn::read(trace.user).unwrap();
    assert_eq!(user.email.as_str().unwrap(), "john@acme.example");
    let extra: Vec<_> = user
        .extra
        .iter()
        .map(|(k, v)| (k.as_ref(), v.text().unwrap()))
        .collect();
    assert_eq!(extra, [("plan", "\"pro\""), ("seats", "12")]);
    let session = SessionIn::read(trace.session).unwrap();
    assert_eq!(session.name.as_str().unwrap(), "Onboarding");
}

#[test]
fn tells_absent_from_null() {
    let trace = TraceIn::decode(r#"{"user":{"name":null},"user_id":null}"#).unwrap();
    let user = UserIn::read(trace.user).unwrap();
    assert_eq!(user.name.kind(), Kind::Null);
    assert_eq!(user.email.kind(), Kind::Absent);
    assert_eq!(trace.user_id.kind(), Kind::Null);
    assert_eq!(trace.session_id.kind(), Kind::Absent);
}

#[test]
fn accepts_any_type_in_any_leaf() {
    let body = r#"{"name":1e999,"timestamp":{},"user":"u","spans":[
        {"name":[],"usage":7,"cost":"x","start_time":true,"metadata":[1],"level":null}]}"#;
    let trace = TraceIn::decode(body).unwrap();
    assert!(UserIn::read(trace.user).is_none());
    assert!(UsageIn::read(trace.spans[0].usage).is_none());
    assert_eq!(trace.name.as_number(), Some("1e999"));
}

#[test]
fn last_of_repeated_keys_counts() {
    let trace = TraceIn::decode(r#"{"name":"a","name":"b","spans":[{}],"spans":[{},{}]}"#).unwrap();
    assert_eq!(trace.name.as_str().unwrap(), "b");
    assert_eq!(trace.spans.len(), 2);
}

#[test]
fn spans_may_be_missing_or_null_but_nothing_else() {
    assert!(TraceIn::decode("{}").unwrap().spans.is_empty());
    assert!(
        TraceIn::decode(r#"{"spans":null}"#)
            .unwrap()
            .spans
            .is_empty()
    );
    for (body, path) in [
        (r#"{"spans":{"a":1}}"#, "spans"),
        (r#"{"spans":"x"}"#, "spans"),
        (r#"{"spans":[{},[],{}]}"#, "spans[1]"),
        (r#"{"spans":[null]}"#, "spans[0]"),
        (r#"{"spans":[3]}"#, "spans[0]"),
        ("[]", ""),
        ("\"x\"", ""),
        ("null", ""),
        ("", ""),
        (r#"{"spans":[{}]"#, ""),
        (r#"{"name":"a"}{"#, ""),
        (r#"{"input":'x'}"#, ""),
    ] {
        assert_eq!(TraceIn::decode(body).unwrap_err().path(), path, "{body}");
    }
}

#[test]
fn limits_the_spans_of_a_trace() {
    let body = |n: usize| format!(r#"{{"spans":[{}]}}"#, vec!["{}"; n].join(","));
    assert_eq!(
        TraceIn::decode(&body(MAX_SPANS)).unwrap().spans.len(),
        MAX_SPANS
    );
    assert_eq!(
        TraceIn::decode(&body(MAX_SPANS + 1)).unwrap_err(),
        NativeError::TooManySpans
    );
}

#[test]
fn deep_payloads_pass_as_text() {
    let deep = "[".repeat(500) + &"]".repeat(500);
    let body = format!(r#"{{"spans":[{{"input":{deep}}}]}}"#);
    let trace = TraceIn::decode(&body).unwrap();
    assert_eq!(trace.spans[0].input.text(), Some(deep.as_str()));
}

fn open_everything(text: &str) {
    if let Ok(trace) = TraceIn::decode(text) {
        let _ = UserIn::read(trace.user).map(|u| u.metadata.members());
        let _ = SessionIn::read(trace.session);
        for span in &trace.spans {
            let _ = (UsageIn::read(span.usage), CostIn::read(span.cost));
            let _ = (
                span.name.as_text(),
                span.metadata.members(),
                span.input.items(),
            );
        }
    }
    let _ = super::super::split_batch(text);
}

proptest! {
    #[test]
    fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        if let Ok(clean) = sanitize(&bytes) {
            open_everything(clean.text());
        }
    }

    #[test]
    fn mutated_documents_are_survived(edits in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..12), cut in any::<prop::sample::Index>()) {
        let mut bytes = CHAT.as_bytes().to_vec();
        for (at, byte) in edits {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        bytes.truncate(bytes.len() - cut.index(bytes.len()) / 8);
        if let Ok(clean) = sanitize(&bytes) {
            open_everything(clean.text());
        }
    }

    #[test]
    fn payloads_come_back_token_identical(text in "\\PC{0,40}", number in "-?(0|[1-9][0-9]{0,30})(\\.[0-9]{1,20})?([eE][+-]?[0-9]{1,3})?") {
        let payload = format!(r#"{{ "k" :[{}, {number}],"k":1 }}"#, serde_json::to_string(&text).unwrap());
        let body = format!(r#"{{"spans":[{{"output": {payload} }}]}}"#);
        let trace = TraceIn::decode(&body).unwrap();
        prop_assert_eq!(trace.spans[0].output.text(), Some(payload.as_str()));
    }
}
