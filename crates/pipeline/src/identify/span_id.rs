//! Span ids that the client did not send: a hash of trace id, content, and the ordinal among equal spans.
//!
//! The same trace sent again gets the same ids whatever else is in the request, so it counts once. Changing what is
//! hashed makes old re-sends count twice: the test pins it.
use super::trace_id::write_hex;
use cognobserve_model::piece::SpanPart;
use cognobserve_wire::native::SpanIn;
use sha2::{Digest, Sha256};
use std::collections::HashMap;

/// Gives every part without an id its derived one; `sent` are the spans that the parts were read from.
pub fn give_span_ids(trace_id: &str, sent: &[SpanIn], parts: &mut [SpanPart]) {
    let mut seen: HashMap<[u8; 32], u64> = HashMap::new();
    for (span, part) in sent.iter().zip(parts) {
        if !part.id.is_empty() {
            continue;
        }
        let content = hash_content(span);
        let ordinal = seen.entry(content).or_default();
        let mut hash = Sha256::new();
        hash.update(b"span/");
        hash.update((trace_id.len() as u64).to_le_bytes());
        hash.update(trace_id);
        hash.update(content);
        hash.update(ordinal.to_le_bytes());
        part.id = write_hex(&hash.finalize()[..16]);
        *ordinal += 1;
    }
}

/// Hashes what was sent, field by field, so that the order of keys does not matter.
fn hash_content(span: &SpanIn) -> [u8; 32] {
    let fields = [
        ("parent_span_id", span.parent_span_id),
        ("name", span.name),
        ("type", span.kind),
        ("start_time", span.start_time),
        ("end_time", span.end_time),
        ("input", span.input),
        ("output", span.output),
        ("metadata", span.metadata),
        ("model", span.model),
        ("model_parameters", span.model_parameters),
        ("usage", span.usage),
        ("cost", span.cost),
        ("total_cost", span.total_cost),
        ("level", span.level),
        ("status_message", span.status_message),
        ("response_id", span.response_id),
    ];
    let mut hash = Sha256::new();
    for (name, raw) in fields {
        let Some(text) = raw.text().filter(|_| raw.is_given()) else {
            continue;
        };
        hash.update((name.len() as u64).to_le_bytes());
        hash.update(name);
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text);
    }
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use cognobserve_wire::native::TraceIn;

    fn ids(trace_id: &str, spans: &str) -> Vec<String> {
        let json = format!(r#"{{"spans":[{spans}]}}"#);
        let trace = TraceIn::decode(&json).unwrap();
        let id = |span: &SpanIn| span.span_id.as_str().unwrap_or_default().into_owned();
        let mut parts: Vec<_> = trace
            .spans
            .iter()
            .map(|span| SpanPart {
                id: id(span),
                ..SpanPart::default()
            })
            .collect();
        give_span_ids(trace_id, &trace.spans, &mut parts);
        parts.into_iter().map(|part| part.id).collect()
    }

    #[test]
    fn ids_follow_content_not_place() {
        let once = ids("t", r#"{"name":"a","model":"m"},{"name":"b"}"#);
        let again = ids(
            "t",
            r#"{"name":"b","level":null},{"span_id":"x"},{"model":"m","name":"a"}"#,
        );
        assert_eq!((&once[0], &once[1]), (&again[2], &again[0]));
        assert_eq!(again[1], "x");
        assert_ne!(once, ids("u", r#"{"name":"a","model":"m"},{"name":"b"}"#));
    }

    #[test]
    fn equal_spans_are_told_apart_by_their_ordinal() {
        let three = ids("t", r#"{"name":"a"},{"name":"a"},{"name":"a"}"#);
        assert_ne!(three[0], three[1]);
        assert_ne!(three[1], three[2]);
        assert_eq!(ids("t", r#"{"name":"a"}"#)[0], three[0]);
    }

    #[test]
    fn the_hash_is_pinned() {
        assert_eq!(
            ids("t", r#"{"name":"a"}"#),
            ["f9f107b76e52373ea6114a28d0449595"]
        );
    }
}
