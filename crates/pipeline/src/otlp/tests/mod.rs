//! Tests of OTLP requests from body to pieces.

mod bounds;
mod clients;
mod identity;
mod meaning;

use super::*;
use crate::door::IdSeed;
use cognobserve_model::span::{Level, SpanKind};
use cognobserve_wire::json::sanitize;
use cognobserve_wire::otlp::{decode_json, decode_protobuf};

const PYTHON: &[u8] = include_bytes!("../../../../wire/fixtures/otlp_python.pb");
const JS: &str = include_str!("../../../../wire/fixtures/otlp_js.json");
const NOW: Micros = Micros(1_772_600_800_000_000);
const ARRIVAL: Arrival = Arrival(1_772_600_800_000_123);

fn stamp(_: usize) -> Arrival {
    ARRIVAL
}

fn door() -> Door<'static> {
    Door {
        now: NOW,
        take_arrivals: &stamp,
        capture: Capture::Full,
        id_seed: IdSeed::Random([7; 16]),
    }
}

/// One span with these attributes (JSON of `AnyValue` per key) in a scope and resource.
#[derive(Default)]
struct Sent<'x> {
    attributes: &'x [(&'x str, &'x str)],
    resource: &'x [(&'x str, &'x str)],
    scope: (&'x str, &'x str),
    more: &'x str,
}

fn attributes(list: &[(&str, &str)]) -> String {
    let pairs: Vec<String> = list
        .iter()
        .map(|(key, value)| format!(r#"{{"key":"{key}","value":{value}}}"#))
        .collect();
    format!("[{}]", pairs.join(","))
}

fn accept_sent(sent: &Sent) -> (Piece, Vec<String>) {
    let body = format!(
        r#"{{"resourceSpans":[{{"resource":{{"attributes":{}}},"scopeSpans":[{{"scope":{{"name":"{}","version":"{}"}},"spans":[
            {{"traceId":"4bf92f3577b34da6a3ce929d0e0e4736","spanId":"00f067aa0ba902b7","name":"step","startTimeUnixNano":"1772600767000000999","endTimeUnixNano":"1772600768000000000",
              "attributes":{}{}}}]}}]}}]}}"#,
        attributes(sent.resource),
        sent.scope.0,
        sent.scope.1,
        attributes(sent.attributes),
        sent.more,
    );
    let clean = sanitize(body.as_bytes()).unwrap();
    let decoded = decode_json(clean.text()).unwrap();
    assert_eq!(decoded.rejected.count, 0, "{body}");
    let accepted = accept_otlp(decoded, &door());
    let codes = accepted
        .warnings
        .iter()
        .map(|w| format!("{} {}", w.code(), w.place))
        .collect();
    (accepted.pieces.into_iter().next().unwrap(), codes)
}

fn read(attributes: &[(&str, &str)]) -> SpanPart {
    accept_sent(&Sent {
        attributes,
        ..Sent::default()
    })
    .0
    .spans
    .remove(0)
}

fn metadata(json: &Option<String>) -> serde_json::Value {
    serde_json::from_str(json.as_deref().unwrap_or("{}")).unwrap()
}
