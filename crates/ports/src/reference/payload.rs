//! Payload of a trace: for every text and every metadata key what the latest piece says.
use cognobserve_model::piece::{Piece, SpanPayload};
use cognobserve_model::stamp::Arrival;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// The keys of a JSON object text with the texts of their values; the last of equal keys.
pub(super) fn read_object(text: &str) -> Vec<(String, String)> {
    let keys: BTreeMap<String, Box<RawValue>> = serde_json::from_str(text).unwrap_or_default();
    keys.into_iter()
        .map(|(key, value)| (key, value.get().to_owned()))
        .collect()
}

/// JSON object text of keys and texts of values.
pub(super) fn write_object(keys: &[(String, String)]) -> String {
    let fields: Vec<String> = keys
        .iter()
        .map(|(key, value)| format!("{}:{value}", serde_json::Value::from(key.as_str())))
        .collect();
    format!("{{{}}}", fields.join(","))
}

/// Shallow merge of objects: per key what the latest says. `None` if nothing was said.
fn merge_objects<'a>(objects: impl Iterator<Item = (Arrival, &'a str)>) -> Option<String> {
    let mut said: BTreeMap<String, (Arrival, String)> = BTreeMap::new();
    for (arrival, object) in objects {
        for (key, value) in read_object(object) {
            if said.get(&key).is_none_or(|(at, _)| *at <= arrival) {
                said.insert(key, (arrival, value));
            }
        }
    }
    let keys: Vec<(String, String)> = said
        .into_iter()
        .map(|(key, (_, value))| (key, value))
        .collect();
    (!keys.is_empty()).then(|| write_object(&keys))
}

/// The trace's own metadata.
pub(super) fn merge_metadata(pieces: &[Piece]) -> Option<String> {
    merge_objects(
        pieces
            .iter()
            .filter_map(|piece| Some((piece.arrival, piece.metadata.as_deref()?))),
    )
}

/// A span's payload.
pub(super) fn merge_payload(pieces: &[Piece], span_id: &str) -> SpanPayload {
    let mut parts: Vec<(Arrival, &SpanPayload)> = Vec::new();
    for piece in pieces {
        let own = piece.spans.iter().filter(|span| span.id == span_id);
        parts.extend(own.map(|span| (piece.arrival, &span.payload)));
    }
    parts.sort_by_key(|(arrival, _)| *arrival);
    let latest = |text: fn(&SpanPayload) -> &Option<String>| {
        parts
            .iter()
            .rev()
            .find_map(|(_, payload)| text(payload).clone())
    };
    SpanPayload {
        input: latest(|payload| &payload.input),
        output: latest(|payload| &payload.output),
        model_parameters: latest(|payload| &payload.model_parameters),
        metadata: merge_objects(
            parts
                .iter()
                .filter_map(|(arrival, payload)| Some((*arrival, payload.metadata.as_deref()?))),
        ),
    }
}

/// Takes the payload out of a piece; tells whether there was any.
pub(super) fn strip_payload(piece: &mut Piece) -> bool {
    let mut had = piece.metadata.take().is_some();
    for span in &mut piece.spans {
        had |= std::mem::take(&mut span.payload) != SpanPayload::default();
    }
    had
}

/// Takes out of a piece everything that an erased trace must not keep.
pub(super) fn strip_readable(piece: &mut Piece) {
    strip_payload(piece);
    piece.name = None;
    piece.profiles.clear();
    if let Some(session) = &mut piece.session {
        session.name = None;
        session.metadata = None;
    }
    for span in &mut piece.spans {
        span.name = None;
        span.status_message = None;
        span.trace_name = None;
    }
}

/// Takes out of a piece which session it names.
pub(super) fn strip_session(piece: &mut Piece) {
    piece.session = None;
    for span in &mut piece.spans {
        span.session = None;
    }
}
