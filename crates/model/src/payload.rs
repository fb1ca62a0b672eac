//! Payload: inputs, outputs and metadata of a trace's pieces, and how they fold.
//!
//! Never counted, removable at any time. Parts are kept as they came, with their arrival;
//! reading folds them: metadata shallowly by key, everything else by the latest arrival.
use crate::piece::{Piece, SpanPayload};
use crate::stamp::Arrival;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// What one piece brought, ready to be stored.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PayloadPart {
    pub arrival: Arrival,
    /// JSON object text of the trace's own metadata.
    pub metadata: Option<String>,
    pub spans: Vec<(String, SpanPayload)>,
}

impl PayloadPart {
    /// Takes the payload out of a piece; `None` if it brought none.
    pub fn take(piece: &mut Piece) -> Option<PayloadPart> {
        let spans = piece
            .spans
            .iter_mut()
            .filter(|span| !span.payload.is_empty());
        let part = PayloadPart {
            arrival: piece.arrival,
            metadata: piece.metadata.take(),
            spans: spans
                .map(|span| (span.id.clone(), std::mem::take(&mut span.payload)))
                .collect(),
        };
        (!part.is_empty()).then_some(part)
    }

    pub fn is_empty(&self) -> bool {
        self.metadata.is_none() && self.spans.is_empty()
    }
}

/// A trace's payload, folded.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Payload {
    metadata: Merging,
    spans: BTreeMap<String, SpanMerging>,
}

#[derive(Clone, Debug, Default, PartialEq)]
struct SpanMerging {
    input: Option<(Arrival, String)>,
    output: Option<(Arrival, String)>,
    model_parameters: Option<(Arrival, String)>,
    metadata: Merging,
}

/// Metadata keys with the arrival that set them.
#[derive(Clone, Debug, Default, PartialEq)]
struct Merging(BTreeMap<String, (Arrival, String)>);

impl Merging {
    /// Adds an object's keys; tells whether any value changed.
    fn add(&mut self, object: &str, at: Arrival) -> bool {
        let Ok(keys) = serde_json::from_str::<BTreeMap<String, Box<RawValue>>>(object) else {
            return false;
        };
        let mut changed = false;
        for (key, value) in keys {
            let slot = self
                .0
                .entry(key)
                .or_insert_with(|| (Arrival(i64::MIN), String::new()));
            changed |= take_over(slot, value.get(), at);
        }
        changed
    }

    fn to_json(&self) -> Option<String> {
        if self.0.is_empty() {
            return None;
        }
        let mut json = String::from("{");
        for (key, (_, value)) in &self.0 {
            if json.len() > 1 {
                json.push(',');
            }
            json.push_str(&serde_json::Value::from(key.as_str()).to_string());
            json.push(':');
            json.push_str(value);
        }
        json.push('}');
        Some(json)
    }
}

fn take_over(slot: &mut (Arrival, String), value: &str, at: Arrival) -> bool {
    if slot.1 == value || slot.0 > at {
        return false;
    }
    *slot = (at, value.to_owned());
    true
}

fn replace(slot: &mut Option<(Arrival, String)>, value: &Option<String>, at: Arrival) -> bool {
    match (slot, value) {
        (_, None) => false,
        (Some(slot), Some(value)) => take_over(slot, value, at),
        (slot, Some(value)) => {
            *slot = Some((at, value.clone()));
            true
        }
    }
}

impl Payload {
    /// Folds one part in; tells whether anything a reader sees has changed.
    pub fn add(&mut self, part: &PayloadPart) -> bool {
        let at = part.arrival;
        let mut changed = part
            .metadata
            .as_deref()
            .is_some_and(|object| self.metadata.add(object, at));
        for (id, payload) in &part.spans {
            let span = self.spans.entry(id.clone()).or_default();
            changed |= replace(&mut span.input, &payload.input, at);
            changed |= replace(&mut span.output, &payload.output, at);
            changed |= replace(&mut span.model_parameters, &payload.model_parameters, at);
            changed |= payload
                .metadata
                .as_deref()
                .is_some_and(|object| span.metadata.add(object, at));
        }
        changed
    }

    /// JSON object text of the trace's metadata, keys sorted.
    pub fn metadata(&self) -> Option<String> {
        self.metadata.to_json()
    }

    /// A span's folded payload.
    pub fn span(&self, id: &str) -> SpanPayload {
        let Some(span) = self.spans.get(id) else {
            return SpanPayload::default();
        };
        let text = |slot: &Option<(Arrival, String)>| slot.as_ref().map(|(_, text)| text.clone());
        SpanPayload {
            input: text(&span.input),
            output: text(&span.output),
            metadata: span.metadata.to_json(),
            model_parameters: text(&span.model_parameters),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(at: i64, metadata: &str, input: Option<&str>) -> PayloadPart {
        let payload = SpanPayload {
            input: input.map(Into::into),
            ..SpanPayload::default()
        };
        PayloadPart {
            arrival: Arrival(at),
            metadata: Some(metadata.into()),
            spans: vec![("s".into(), payload)],
        }
    }

    #[test]
    fn parts_fold_in_any_order() {
        let parts = [
            part(1, r#"{"a":1,"b":2}"#, Some("\"one\"")),
            part(2, r#"{"b":[3]}"#, None),
            part(3, "{}", Some("\"three\"")),
        ];
        for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
            let mut payload = Payload::default();
            for at in order {
                payload.add(&parts[at]);
            }
            assert_eq!(payload.metadata().as_deref(), Some(r#"{"a":1,"b":[3]}"#));
            assert_eq!(payload.span("s").input.as_deref(), Some("\"three\""));
            assert!(!payload.add(&parts[0]), "a repeat changes nothing");
        }
    }
}
