//! What is bounded, left out or arbitrary.
use super::*;
use proptest::prelude::*;

#[test]
fn machines_and_processes_are_not_kept() {
    let text = r#"{"stringValue":"v"}"#;
    let resource = [
        ("host.name", text),
        ("process.pid", r#"{"intValue":1}"#),
        ("process.owner", text),
        ("deployment.environment.name", text),
        ("telemetry.sdk.name", text),
    ];
    let (piece, _) = accept_sent(&Sent {
        resource: &resource,
        ..Sent::default()
    });
    assert_eq!(
        piece.metadata.as_deref(),
        Some(r#"{"deployment.environment.name":"v"}"#)
    );
}

#[test]
fn times_out_of_range_and_repeats_in_one_request() {
    let body = r#"{"resourceSpans":[{"scopeSpans":[{"spans":[
        {"traceId":"4bf92f3577b34da6a3ce929d0e0e4736","spanId":"00f067aa0ba902b7","name":"one","startTimeUnixNano":"7"},
        {"traceId":"4bf92f3577b34da6a3ce929d0e0e4737","spanId":"00f067aa0ba902b7","name":"other"},
        {"traceId":"4bf92f3577b34da6a3ce929d0e0e4736","spanId":"00f067aa0ba902b7","endTimeUnixNano":"1772600767000000000"}]}]}]}"#;
    let accepted = accept_otlp(decode_json(body).unwrap(), &door());
    let [first, second] = &accepted.pieces[..] else {
        panic!("two pieces expected")
    };
    assert_eq!(
        (first.spans.len(), first.spans[0].name.as_deref()),
        (1, Some("one"))
    );
    assert_eq!(
        (first.spans[0].start, first.spans[0].end),
        (None, Some(Micros(1_772_600_767_000_000)))
    );
    assert_eq!(
        (first.arrival, second.arrival),
        (ARRIVAL, Arrival(ARRIVAL.0 + 1))
    );
    assert_eq!(accepted.warnings[0].reason, Reason::TimeOutOfRange);
}

#[test]
fn a_trace_holds_a_bounded_number_of_spans() {
    let span = |i: usize| {
        format!(
            r#"{{"traceId":"4bf92f3577b34da6a3ce929d0e0e4736","spanId":"{:016x}"}}"#,
            i + 1
        )
    };
    let spans: Vec<String> = (0..=MAX_SPANS_PER_TRACE).map(span).collect();
    let body = format!(
        r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{}]}}]}}]}}"#,
        spans.join(",")
    );
    let accepted = accept_otlp(decode_json(&body).unwrap(), &door());
    assert_eq!(
        (accepted.pieces[0].spans.len(), accepted.rejected.count),
        (MAX_SPANS_PER_TRACE, 1)
    );
    assert!(accepted.explain().starts_with("span 50000: more than"));
}

#[test]
fn without_capture_nothing_shown_passes() {
    let accepted = accept_otlp(
        decode_protobuf(PYTHON).unwrap(),
        &Door {
            capture: Capture::None,
            ..door()
        },
    );
    let piece = &accepted.pieces[0];
    assert!(piece.metadata.is_none() && piece.spans.iter().all(|span| span.payload.is_empty()));
    assert_eq!(piece.spans[2].user.as_deref(), Some("user-123"));
}

fn any_value() -> impl Strategy<Value = String> {
    prop_oneof![
        "\\PC{0,10}".prop_map(|text| serde_json::json!({ "stringValue": text }).to_string()),
        any::<i64>().prop_map(|n| format!(r#"{{"intValue":"{n}"}}"#)),
        any::<f64>().prop_filter("no JSON", |x| x.is_finite()).prop_map(|x| format!(r#"{{"doubleValue":{x}}}"#)),
        Just(r#"{"doubleValue":"NaN"}"#.to_owned()),
        Just(r#"{"boolValue":true}"#.to_owned()),
        Just(r#"{"arrayValue":{"values":[{"stringValue":"x"},{}]}}"#.to_owned()),
        Just(r#"{"stringValue":"{\"input\":1,\"output\":-2,\"total\":1e999,\"input_details\":{\"cached_tokens\":null}}"}"#.to_owned()),
        Just(r#"{"stringValue":"[[[["}"#.to_owned()),
    ]
}

fn any_key() -> impl Strategy<Value = String> {
    let known: Vec<&'static str> = table::ROWS
        .iter()
        .flat_map(|(_, keys)| keys.iter().copied())
        .collect();
    let prefixes: Vec<&'static str> = table::FAMILIES.iter().map(|(prefix, _)| *prefix).collect();
    prop_oneof![
        proptest::sample::select(known).prop_map(str::to_owned),
        (proptest::sample::select(prefixes), "[0-9a-z.]{0,6}")
            .prop_map(|(prefix, rest)| format!("{prefix}{rest}")),
        "[a-z.]{0,6}",
    ]
}

proptest! {
    #[test]
    fn whatever_is_taken_is_in_range(list in proptest::collection::vec((any_key(), any_value()), 0..20)) {
        let pairs: Vec<(&str, &str)> = list.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        let (piece, _) = accept_sent(&Sent { attributes: &pairs, ..Sent::default() });
        let span = &piece.spans[0];
        for count in [span.usage.completion, span.usage.total, span.usage.cached].into_iter().flatten() {
            prop_assert!((0..=cognobserve_model::usage::MAX_TOKENS).contains(&count));
        }
        prop_assert!(span.cost.nanos().is_none_or(|nanos| nanos >= 0));
        for json in [&span.payload.input, &span.payload.output, &span.payload.metadata, &span.payload.model_parameters, &piece.metadata].into_iter().flatten() {
            prop_assert!(serde_json::from_str::<serde::de::IgnoredAny>(json).is_ok(), "{}", json);
        }
        for profile in &piece.profiles {
            prop_assert_eq!(Some(&profile.user), span.user.as_ref());
        }
    }
}
