//! Protobuf messages mean what the JSON of the same trace means: random traces, written as both, become the same pieces
//! with the same warnings. The JSON is written here, from the message that the generated code holds.
use crate::harness::grpc::proto::{
    Cost, IngestBatchRequest, IngestSpan, IngestTraceRequest, SessionInfo, TokenUsage, UserInfo,
};
use cognobserve_model::account::Capture;
use cognobserve_model::stamp::Arrival;
use cognobserve_model::time::Micros;
use cognobserve_pipeline::{Door, IdSeed, accept_batch, accept_trace};
use cognobserve_wire::json::sanitize;
use cognobserve_wire::native::proto::{Room, write_batch, write_trace};
use proptest::collection::{btree_map, vec};
use proptest::option::of;
use proptest::prelude::*;
use prost::Message;
use prost_types::value::Kind;
use prost_types::{ListValue, Struct, Timestamp, Value};
use serde_json::{Map, Number, Value as Json, json};

/// 2026-11-01.
const NOW: Micros = Micros(1_793_491_200_000_000);

struct Plenty;

impl Room for Plenty {
    fn take(&mut self, _: usize) -> bool {
        true
    }
}

/// All that the pipeline says of a body.
fn accept(json: &str, is_batch: bool) -> String {
    let clean = sanitize(json.as_bytes()).expect("UTF-8 that is not deep");
    let door = Door {
        now: NOW,
        take_arrivals: &|_| Arrival(NOW.0),
        capture: Capture::Full,
        id_seed: IdSeed::Stable("seed"),
    };
    match is_batch {
        true => format!("{:#?}", accept_batch(&clean, &door)),
        false => format!("{:#?}", accept_trace(&clean, &door)),
    }
}

fn texts() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z]{0,6}",
        "\\PC{0,12}",
        "[\\x00-\\x7f]{0,6}",
        Just("null".into())
    ]
}

fn doubles() -> impl Strategy<Value = f64> {
    prop_oneof![
        4 => (-1000_i32..100_000).prop_map(f64::from),
        4 => (0_u32..1_000_000).prop_map(|n| f64::from(n) / 1e6),
        1 => proptest::num::f64::NORMAL,
    ]
}

fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Kind::NullValue(0)),
        any::<bool>().prop_map(Kind::BoolValue),
        doubles().prop_map(Kind::NumberValue),
        texts().prop_map(Kind::StringValue),
    ];
    let leaf = leaf.prop_map(|kind| Value { kind: Some(kind) });
    leaf.prop_recursive(3, 16, 4, |inner| {
        let list = vec(inner.clone(), 0..4);
        let fields = btree_map(texts(), inner, 0..4);
        prop_oneof![
            list.prop_map(|values| Kind::ListValue(ListValue { values })),
            fields.prop_map(|fields| Kind::StructValue(Struct { fields })),
        ]
        .prop_map(|kind| Value { kind: Some(kind) })
    })
}

fn structs() -> impl Strategy<Value = Option<Struct>> {
    of(btree_map(texts(), values(), 0..4).prop_map(|fields| Struct { fields }))
}

fn times() -> impl Strategy<Value = Option<Timestamp>> {
    let seconds = prop_oneof![
        4 => 1_700_000_000_i64..1_793_600_000,
        1 => -62_135_596_800_i64..253_402_300_800,
    ];
    of((seconds, 0..1_000_000_000).prop_map(|(seconds, nanos)| Timestamp { seconds, nanos }))
}

fn usages() -> impl Strategy<Value = Option<TokenUsage>> {
    let count = || of(prop_oneof![4 => 0_i64..5000, 1 => any::<i64>()]);
    let counts = (count(), count(), count(), count(), count(), count());
    of(counts.prop_map(
        |(prompt, completion, total, cached, written, reasoning)| TokenUsage {
            prompt_tokens: prompt,
            completion_tokens: completion,
            total_tokens: total,
            cached_tokens: cached,
            cache_write_tokens: written,
            reasoning_tokens: reasoning,
        },
    ))
}

prop_compose! {
    fn spans()(
        ids in (of("[a-c]{0,2}"), of("[a-c]{1}"), of(texts())),
        name in "[a-z]{0,5}",
        times in (times(), times()),
        payload in (of(values()), of(values()), structs(), structs()),
        model in of(prop_oneof![Just("gpt-4o".to_owned()), texts()]),
        usage in usages(),
        level in 0_i32..7,
        status_message in of(texts()),
        kind in of(prop_oneof![Just("generation".to_owned()), Just("Tool".to_owned()), texts()]),
        cost in of((of(doubles()), of(doubles()), of(doubles()))),
        total_cost in of(doubles()),
    ) -> IngestSpan {
        IngestSpan {
            span_id: ids.0, parent_span_id: ids.1, response_id: ids.2, name,
            start_time: times.0, end_time: times.1,
            input: payload.0, output: payload.1, metadata: payload.2, model_parameters: payload.3,
            model, usage, level, status_message, r#type: kind,
            cost: cost.map(|(input, output, total)| Cost { input, output, total }),
            total_cost,
        }
    }
}

prop_compose! {
    fn traces()(
        trace_id in of(texts()),
        name in "[a-z ]{0,6}",
        metadata in structs(),
        spans in vec(spans(), 0..4),
        session_id in of(texts()),
        user_id in of(prop_oneof![Just("u".to_owned()), texts(), "x{300}"]),
        user in of((prop_oneof![Just("u".to_owned()), texts()], of(texts()), of(texts()), structs())),
        timestamp in times(),
        session in of((texts(), of(texts()), structs())),
    ) -> IngestTraceRequest {
        IngestTraceRequest {
            trace_id, name, metadata, spans, session_id, user_id, timestamp,
            user: user.map(|(id, name, email, metadata)| UserInfo { id, name, email, metadata }),
            session: session.map(|(id, name, metadata)| SessionInfo { id, name, metadata }),
        }
    }
}

/// What is absent in a message is absent in the JSON.
fn object(members: impl IntoIterator<Item = (&'static str, Option<Json>)>) -> Json {
    let given = members
        .into_iter()
        .filter_map(|(key, value)| Some((key.to_owned(), value?)));
    Json::Object(given.collect())
}

fn text(text: &Option<String>) -> Option<Json> {
    text.clone().map(Json::String)
}

/// Without presence, empty is absent.
fn plain(text: &str) -> Option<Json> {
    (!text.is_empty()).then(|| json!(text))
}

fn number(number: f64) -> Json {
    if number.fract() == 0.0 && number.abs() < 9e15 {
        json!(number as i64)
    } else {
        Number::from_f64(number).map_or(Json::Null, Json::Number)
    }
}

fn value(value: &Value) -> Json {
    match &value.kind {
        None | Some(Kind::NullValue(_)) => Json::Null,
        Some(Kind::BoolValue(is)) => json!(is),
        Some(Kind::NumberValue(n)) => number(*n),
        Some(Kind::StringValue(text)) => json!(text),
        Some(Kind::ListValue(list)) => list.values.iter().map(self::value).collect(),
        Some(Kind::StructValue(fields)) => fields_of(fields),
    }
}

fn fields_of(fields: &Struct) -> Json {
    let members = fields.fields.iter();
    Json::Object(
        members
            .map(|(key, field)| (key.clone(), value(field)))
            .collect::<Map<_, _>>(),
    )
}

fn time(time: &Option<Timestamp>) -> Option<Json> {
    // As the protobuf library writes it.
    time.as_ref().map(|time| json!(time.to_string()))
}

fn span(span: &IngestSpan) -> Json {
    let level = match span.level {
        0 => None,
        known @ 1..=4 => Some(json!(
            ["DEBUG", "DEFAULT", "WARNING", "ERROR"][known as usize - 1]
        )),
        unknown => Some(json!(unknown)),
    };
    let usage = span.usage.as_ref().map(|usage| {
        object([
            ("prompt_tokens", usage.prompt_tokens.map(|n| json!(n))),
            (
                "completion_tokens",
                usage.completion_tokens.map(|n| json!(n)),
            ),
            ("total_tokens", usage.total_tokens.map(|n| json!(n))),
            ("cached_tokens", usage.cached_tokens.map(|n| json!(n))),
            (
                "cache_write_tokens",
                usage.cache_write_tokens.map(|n| json!(n)),
            ),
            ("reasoning_tokens", usage.reasoning_tokens.map(|n| json!(n))),
        ])
    });
    let cost = span.cost.as_ref().map(|cost| {
        object([
            ("input", cost.input.map(number)),
            ("output", cost.output.map(number)),
            ("total", cost.total.map(number)),
        ])
    });
    object([
        ("span_id", text(&span.span_id)),
        ("parent_span_id", text(&span.parent_span_id)),
        ("name", plain(&span.name)),
        ("start_time", time(&span.start_time)),
        ("end_time", time(&span.end_time)),
        ("input", span.input.as_ref().map(value)),
        ("output", span.output.as_ref().map(value)),
        ("metadata", span.metadata.as_ref().map(fields_of)),
        ("model", text(&span.model)),
        (
            "model_parameters",
            span.model_parameters.as_ref().map(fields_of),
        ),
        ("usage", usage),
        ("level", level),
        ("status_message", text(&span.status_message)),
        ("type", text(&span.r#type)),
        ("cost", cost),
        ("total_cost", span.total_cost.map(number)),
        ("response_id", text(&span.response_id)),
    ])
}

/// The JSON of a trace, independent of the server's own translation.
pub fn write(trace: &IngestTraceRequest) -> Json {
    let user = trace.user.as_ref().map(|user| {
        object([
            ("id", plain(&user.id)),
            ("name", text(&user.name)),
            ("email", text(&user.email)),
            ("metadata", user.metadata.as_ref().map(fields_of)),
        ])
    });
    let session = trace.session.as_ref().map(|session| {
        object([
            ("id", plain(&session.id)),
            ("name", text(&session.name)),
            ("metadata", session.metadata.as_ref().map(fields_of)),
        ])
    });
    object([
        ("trace_id", text(&trace.trace_id)),
        ("name", plain(&trace.name)),
        ("metadata", trace.metadata.as_ref().map(fields_of)),
        ("spans", Some(trace.spans.iter().map(span).collect())),
        ("session_id", text(&trace.session_id)),
        ("user_id", text(&trace.user_id)),
        ("user", user),
        ("timestamp", time(&trace.timestamp)),
        ("session", session),
    ])
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2_000) })]

    #[test]
    fn a_message_means_what_its_json_means(trace in traces()) {
        let message = trace.encode_to_vec();
        let written = write_trace(&message, usize::MAX, &mut Plenty).unwrap();
        prop_assert_eq!(accept(&written, false), accept(&write(&trace).to_string(), false));
    }

    #[test]
    fn a_batch_means_what_its_json_means(traces in vec(traces(), 0..4)) {
        let json = json!({"traces": traces.iter().map(write).collect::<Vec<_>>()});
        let message = IngestBatchRequest { traces }.encode_to_vec();
        let written = write_batch(&message, usize::MAX, &mut Plenty).unwrap();
        prop_assert_eq!(accept(&written, true), accept(&json.to_string(), true));
    }
}
