//! Tests of native requests from body to pieces.

use super::*;
use crate::door::IdSeed;
use cognobserve_model::span::{Level, SpanKind};
use cognobserve_wire::json::sanitize;
use proptest::prelude::*;

const NOW: Micros = Micros(1_772_600_800_000_000);
const ARRIVAL: Arrival = Arrival(1_772_600_800_000_123);
const CHAT: &str = include_str!("../../wire/fixtures/native_chat.json");

fn stamp(_: usize) -> Arrival {
    ARRIVAL
}

fn door() -> Door<'static> {
    Door {
        now: NOW,
        take_arrivals: &stamp,
        capture: Capture::Full,
        id_seed: IdSeed::Stable("key"),
    }
}

fn accept(json: &str) -> Result<Accepted, Refused> {
    accept_trace(&sanitize(json.as_bytes()).unwrap(), &door())
}

fn codes(warnings: &[Warning]) -> Vec<String> {
    warnings
        .iter()
        .map(|w| format!("{} {}", w.code(), w.place))
        .collect()
}

#[test]
fn the_documented_trace_becomes_a_piece() {
    let Accepted {
        piece,
        span_ids,
        warnings,
    } = accept(CHAT).unwrap();
    assert_eq!(codes(&warnings), [""; 0]);
    assert_eq!(span_ids, ["a1", "a2"]);
    assert_eq!(piece.trace_id, "5f2b6f0c9d8e4b1fa6c1d7e0f3a4b5c6");
    assert_eq!(piece.arrival, ARRIVAL);
    assert_eq!(piece.name.as_deref(), Some("support chat"));
    assert_eq!(piece.timestamp, Some(Micros(1_772_600_767_891_234)));
    assert_eq!(piece.user.as_deref(), Some("user-123"));
    assert_eq!(
        piece.metadata.as_deref(),
        Some(r#"{ "feature": "support", "attempt": 1 }"#)
    );
    let session = piece.session.unwrap();
    assert_eq!(
        (session.external_id.as_str(), session.name.as_deref()),
        ("conv-42", Some("Onboarding"))
    );

    let [profile] = &piece.profiles[..] else {
        panic!("one profile expected")
    };
    assert_eq!(
        (profile.user.as_str(), profile.at),
        ("user-123", Micros(1_772_600_767_891_234))
    );
    assert_eq!(profile.email, Some(Some("john@acme.example".into())));
    let metadata: Vec<_> = profile
        .metadata
        .iter()
        .map(|(k, v)| (k.as_str(), v.as_deref()))
        .collect();
    assert_eq!(
        metadata,
        [
            ("plan", Some("\"enterprise\"")),
            ("seats", Some("12")),
            ("trial", None)
        ]
    );

    let llm = &piece.spans[1];
    assert_eq!(
        (llm.parent.as_deref(), llm.kind, llm.level),
        (Some("a1"), Some(SpanKind::Generation), Some(Level::Warning))
    );
    assert_eq!(
        (llm.start, llm.end),
        (
            Some(Micros(1_772_600_768_000_000)),
            Some(Micros(1_772_600_769_250_000))
        )
    );
    assert_eq!(
        (llm.usage.prompt, llm.usage.cache_write),
        (Some(1200), Some(64))
    );
    assert_eq!(
        (llm.cost.total, llm.cost.output),
        (Some(1_234_500), Some(234_500))
    );
    assert_eq!(
        llm.payload.output.as_deref(),
        Some(r#"{ "role": "assistant", "content": "Gut! \ud83d\ude00" }"#)
    );
    assert_eq!(
        llm.payload.model_parameters.as_deref(),
        Some(r#"{ "temperature": 0.20, "max_tokens": 512 }"#)
    );
    assert_eq!(
        (llm.response_id.as_deref(), llm.status_message.as_deref()),
        (Some("chatcmpl-abc"), Some("slow"))
    );
    assert_eq!(piece.spans[0].start, Some(Micros(1_772_600_767_891_234)));
    assert_eq!(piece.spans[0].end, Some(Micros(1_772_600_769_250_000)));
}

#[test]
fn the_least_that_is_taken() {
    let accepted = accept(r#"{"name":"x"}"#).unwrap();
    assert_eq!(accepted.piece.trace_id.len(), 32);
    assert_eq!(accepted.piece.timestamp, None);
    assert!(accepted.piece.spans.is_empty() && accepted.warnings.is_empty());
    assert_eq!(
        accept(r#"{"name":"x"}"#).unwrap().piece.trace_id,
        accepted.piece.trace_id
    );
}

#[test]
fn names_are_needed_unless_a_known_thing_goes_on() {
    for (json, path) in [
        ("{}", "name"),
        (r#"{"name":"  "}"#, "name"),
        (r#"{"name":7}"#, "name"),
        (r#"{"name":"x","spans":[{}]}"#, "spans[0].name"),
        (r#"{"name":"x","spans":[{"span_id":"s"}]}"#, "spans[0].name"),
        (
            r#"{"name":"x","trace_id":"t","spans":[{"name":"a"},{"name":null}]}"#,
            "spans[1].name",
        ),
    ] {
        let refused = accept(json).unwrap_err();
        assert_eq!(
            (refused.fault.path.as_str(), refused.fault.code()),
            (path, "invalid_request"),
            "{json}"
        );
    }
    let later = accept(
        r#"{"trace_id":"t","user_id":"u","spans":[{"span_id":"s","usage":{"prompt_tokens":1}}]}"#,
    )
    .unwrap();
    assert_eq!(
        (later.piece.name, later.piece.user.as_deref()),
        (None, Some("u"))
    );
}

#[test]
fn bad_leaves_are_left_out_with_a_warning() {
    let accepted = accept(
        r#"{"name":"x","timestamp":"1999-01-01T00:00:00Z","metadata":"m","session":5,"spans":[
            {"name":"a","type":"banana","level":"LOUD","start_time":"soon","end_time":5,"usage":{"prompt_tokens":-1,"completion_tokens":NaN},
             "cost":{"total":-2},"total_cost":"x","metadata":[],"model":{},"status_message":1,"response_id":[]}]}"#,
    )
    .unwrap();
    assert_eq!(
        codes(&accepted.warnings),
        [
            "non_finite_number ",
            "wrong_type metadata",
            "wrong_type spans[0].metadata",
            "unknown_value spans[0].type",
            "unknown_value spans[0].level",
            "wrong_type spans[0].status_message",
            "invalid_time spans[0].start_time",
            "time_out_of_range spans[0].end_time",
            "wrong_type spans[0].model",
            "invalid_id spans[0].response_id",
            "negative_number spans[0].usage.prompt_tokens",
            "negative_number spans[0].cost.total",
            "invalid_number spans[0].total_cost",
            "time_out_of_range timestamp",
            "wrong_type session",
        ]
    );
    let span = &accepted.piece.spans[0];
    assert_eq!(
        (span.kind, span.level, span.start, span.end),
        (None, None, None, None)
    );
    assert!(!span.usage.is_given() && span.cost.nanos().is_none() && span.payload.is_empty());
}

#[test]
fn refusals_tell_the_trace_id_if_it_is_known() {
    let long = "x".repeat(256);
    for (json, path, id) in [
        (
            format!(r#"{{"trace_id":"t","name":"x","user_id":"{long}"}}"#),
            "user_id",
            Some("t"),
        ),
        (
            format!(r#"{{"trace_id":"{long}","name":"x"}}"#),
            "trace_id",
            None,
        ),
        (
            format!(r#"{{"trace_id":"t","name":"x","session_id":"{long}"}}"#),
            "session_id",
            Some("t"),
        ),
        (
            format!(r#"{{"trace_id":"t","name":"x","spans":[{{"name":"s","span_id":"{long}"}}]}}"#),
            "spans[0].span_id",
            Some("t"),
        ),
        (
            r#"{"trace_id":"t","name":"x","spans":[1]}"#.to_owned(),
            "spans[0]",
            None,
        ),
        (r#"{"name":"#.to_owned(), "", None),
    ] {
        let refused = accept(&json).unwrap_err();
        assert_eq!(
            (refused.fault.path.as_str(), refused.trace_id.as_deref()),
            (path, id),
            "{json}"
        );
        assert!(!refused.fault.to_string().contains(&long));
    }
}

#[test]
fn missing_ids_are_stable_and_repeats_merge() {
    let json = r#"{"trace_id":"t","name":"x","spans":[{"name":"a"},{"name":"a"},{"span_id":"s","name":"b"},{"span_id":"s","model":"m"}]}"#;
    let first = accept(json).unwrap();
    assert_eq!(first.span_ids, accept(json).unwrap().span_ids);
    assert_eq!(first.span_ids.len(), 4);
    assert_ne!(first.span_ids[0], first.span_ids[1]);
    let [_, _, merged] = &first.piece.spans[..] else {
        panic!("three spans expected")
    };
    assert_eq!(
        (merged.name.as_deref(), merged.model.as_deref()),
        (Some("b"), Some("m"))
    );
}

#[test]
fn a_profile_is_as_old_as_the_earliest_sign() {
    let at = |json: &str| accept(json).unwrap().piece.profiles[0].at;
    let spans = r#""spans":[{"name":"a","start_time":1772600700000},{"name":"b","start_time":1772600600000}]"#;
    assert_eq!(
        at(&format!(
            r#"{{"name":"x","user":{{"id":"u","name":"N"}},{spans}}}"#
        )),
        Micros(1_772_600_600_000_000)
    );
    assert_eq!(
        at(&format!(
            r#"{{"name":"x","timestamp":1772600650000,"user":{{"id":"u","name":"N"}},{spans}}}"#
        )),
        Micros(1_772_600_650_000_000)
    );
    assert_eq!(
        at(r#"{"name":"x","user":{"id":"u","name":"N"}}"#),
        Micros(ARRIVAL.0)
    );
    assert_eq!(
        at(r#"{"name":"x","timestamp":1772604000000,"user":{"id":"u","name":"N"}}"#),
        Micros(ARRIVAL.0)
    );
    assert!(
        accept(r#"{"name":"x","user":{"id":"u"}}"#)
            .unwrap()
            .piece
            .profiles
            .is_empty()
    );
}

#[test]
fn without_capture_nothing_shown_passes() {
    let body = sanitize(CHAT.as_bytes()).unwrap();
    let Accepted { piece, .. } = accept_trace(
        &body,
        &Door {
            capture: Capture::None,
            ..door()
        },
    )
    .unwrap();
    assert!(piece.metadata.is_none() && piece.spans.iter().all(|span| span.payload.is_empty()));
    assert!(piece.session.unwrap().metadata.is_none());
    assert_eq!(piece.profiles.len(), 1);
    assert_eq!(piece.spans[1].usage.prompt, Some(1200));
}

#[test]
fn one_bad_trace_fails_alone() {
    let body = r#"{"traces":[{"name":"a","spans":[{"name":"s","usage":{"prompt_tokens":NaN}}]},{"trace_id":"bad"},{"name":"b"},7,{"trace_id":"t","name":"c","user_id":{}}]}"#;
    let clean = sanitize(body.as_bytes()).unwrap();
    let results = accept_batch(&clean, &door()).unwrap();
    let taken: Vec<bool> = results.iter().map(Result::is_ok).collect();
    assert_eq!(taken, [true, true, true, false, false]);
    let of = |at: usize| results[at].as_ref().unwrap();
    assert_eq!(codes(&of(0).warnings), ["non_finite_number "]);
    assert!(of(2).warnings.is_empty());
    assert_eq!(
        (of(0).piece.arrival, of(2).piece.arrival),
        (ARRIVAL, Arrival(ARRIVAL.0 + 2))
    );
    assert_ne!(of(0).piece.trace_id, of(2).piece.trace_id);
    assert_eq!(
        results[4].as_ref().unwrap_err().trace_id.as_deref(),
        Some("t")
    );
    assert_eq!(results[3].as_ref().unwrap_err().fault.path, "");
    assert!(accept_batch(&sanitize(b"{}").unwrap(), &door()).is_err());
    let many = format!(r#"{{"traces":[{}]}}"#, vec!["{}"; 10_001].join(","));
    let fault = accept_batch(&sanitize(many.as_bytes()).unwrap(), &door()).unwrap_err();
    assert_eq!(fault.code(), "payload_too_large");
    assert_eq!(serde_json::to_value(&fault).unwrap()["path"], "traces");
}

#[test]
fn a_batch_unfolds_to_a_bounded_number_of_spans() {
    let spans = vec![r#"{"name":"s"}"#; 50_000].join(",");
    let trace = format!(r#"{{"trace_id":"t","name":"x","spans":[{spans}]}}"#);
    let body = format!(r#"{{"traces":[{}]}}"#, [trace.as_str(); 6].join(","));
    let results = accept_batch(&sanitize(body.as_bytes()).unwrap(), &door()).unwrap();
    assert_eq!(
        results.iter().filter(|r| r.is_ok()).count(),
        MAX_BATCH_SPANS / 50_000
    );
    let refused = results[5].as_ref().unwrap_err();
    assert_eq!(
        (refused.fault.code(), refused.trace_id.as_deref()),
        ("payload_too_large", Some("t"))
    );
}

fn any_json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        any::<i64>().prop_map(|n| n.to_string()),
        any::<f64>()
            .prop_filter("no JSON", |x| x.is_finite())
            .prop_map(|x| x.to_string()),
        "\\PC{0,12}".prop_map(|text| serde_json::to_string(&text).unwrap()),
        Just("\"2026-03-04T05:06:07Z\"".to_owned()),
        Just("\"ERROR\"".to_owned()),
        Just("NaN".to_owned()),
        Just("\"\\u0000\\ud800\"".to_owned()),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..3)
                .prop_map(|items| format!("[{}]", items.join(","))),
            proptest::collection::vec(("[a-z]{1,3}", inner), 0..3).prop_map(|members| format!(
                "{{{}}}",
                members
                    .iter()
                    .map(|(k, v)| format!("\"{k}\":{v}"))
                    .collect::<Vec<_>>()
                    .join(",")
            )),
        ]
    })
}

fn any_object(keys: &'static [&'static str]) -> impl Strategy<Value = String> {
    proptest::collection::vec((proptest::sample::select(keys), any_json()), 0..keys.len()).prop_map(
        |members| {
            format!(
                "{{{}}}",
                members
                    .iter()
                    .map(|(k, v)| format!("\"{k}\":{v}"))
                    .collect::<Vec<_>>()
                    .join(",")
            )
        },
    )
}

const SPAN_KEYS: &[&str] = &[
    "span_id",
    "parent_span_id",
    "name",
    "type",
    "start_time",
    "end_time",
    "input",
    "output",
    "metadata",
    "model",
    "model_parameters",
    "usage",
    "cost",
    "total_cost",
    "level",
    "status_message",
    "response_id",
];
const TRACE_KEYS: &[&str] = &[
    "trace_id",
    "name",
    "timestamp",
    "metadata",
    "session_id",
    "session",
    "user_id",
];

proptest! {
    #[test]
    fn whatever_is_taken_is_in_range(trace in any_object(TRACE_KEYS), user in any_object(&["id", "name", "email", "metadata", "plan"]), spans in proptest::collection::vec(any_object(SPAN_KEYS), 0..4)) {
        let head = trace.strip_suffix('}').unwrap();
        let comma = if head.len() > 1 { "," } else { "" };
        let body = format!(r#"{head}{comma}"user":{user},"spans":[{}]}}"#, spans.join(","));
        let clean = sanitize(body.as_bytes()).unwrap();
        match accept_trace(&clean, &door()) {
            Err(refused) => prop_assert!(!refused.fault.message.is_empty()),
            Ok(accepted) => {
                let piece = &accepted.piece;
                prop_assert!((1..=255).contains(&piece.trace_id.len()));
                prop_assert_eq!(accepted.span_ids.len(), spans.len());
                for (at, id) in accepted.span_ids.iter().enumerate() {
                    prop_assert!((1..=255).contains(&id.len()), "{}", at);
                }
                let ids: std::collections::HashSet<_> = piece.spans.iter().map(|s| &s.id).collect();
                prop_assert_eq!(ids.len(), piece.spans.len());
                for span in &piece.spans {
                    for time in [span.start, span.end].into_iter().flatten() {
                        prop_assert!(time >= cognobserve_model::time::EARLIEST && time.0 <= NOW.0 + cognobserve_model::time::MICROS_PER_DAY);
                    }
                    for count in [span.usage.prompt, span.usage.total, span.usage.cached].into_iter().flatten() {
                        prop_assert!((0..=cognobserve_model::usage::MAX_TOKENS).contains(&count));
                    }
                    for json in [&span.payload.input, &span.payload.metadata].into_iter().flatten() {
                        prop_assert!(serde_json::from_str::<serde_json::Value>(json).is_ok());
                    }
                }
                if let Some(user) = &piece.user {
                    prop_assert_eq!(user.trim(), user);
                }
                for profile in &piece.profiles {
                    prop_assert_eq!(Some(&profile.user), piece.user.as_ref());
                    prop_assert!(profile.at.0 <= ARRIVAL.0);
                }
                let again = accept_trace(&clean, &door()).unwrap();
                prop_assert_eq!(format!("{:?}", again.piece), format!("{:?}", piece));
            }
        }
    }
}
