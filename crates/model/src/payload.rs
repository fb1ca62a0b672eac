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
    /// Adds an object's keys.
    fn add(&mut self, object: &str, at: Arrival) -> Change {
        let Ok(keys) = serde_json::from_str::<BTreeMap<String, Box<RawValue>>>(object) else {
            return Change::Nothing;
        };
        let mut change = Change::Nothing;
        for (key, value) in keys {
            let mut slot = self.0.remove(&key);
            change = change.max(say(&mut slot, value.get(), at));
            if let Some(slot) = slot {
                self.0.insert(key, slot);
            }
        }
        change
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

/// What adding a part did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    Nothing,
    /// The same was said again, later: what arrived in between does not undo it.
    SaidAgain,
    /// Something that a reader sees.
    Value,
}

fn say(slot: &mut Option<(Arrival, String)>, value: &str, at: Arrival) -> Change {
    match slot {
        Some((set, _)) if *set > at => Change::Nothing,
        Some((set, old)) if old == value => match std::mem::replace(set, at) == at {
            true => Change::Nothing,
            false => Change::SaidAgain,
        },
        _ => {
            *slot = Some((at, value.to_owned()));
            Change::Value
        }
    }
}

fn say_if_given(
    slot: &mut Option<(Arrival, String)>,
    value: &Option<String>,
    at: Arrival,
) -> Change {
    value
        .as_deref()
        .map_or(Change::Nothing, |value| say(slot, value, at))
}

impl Payload {
    /// Folds one part in.
    pub fn add(&mut self, part: &PayloadPart) -> Change {
        let at = part.arrival;
        let nothing = Change::Nothing;
        let mut change = part
            .metadata
            .as_deref()
            .map_or(nothing, |object| self.metadata.add(object, at));
        for (id, payload) in &part.spans {
            let span = self.spans.entry(id.clone()).or_default();
            change = change
                .max(say_if_given(&mut span.input, &payload.input, at))
                .max(say_if_given(&mut span.output, &payload.output, at))
                .max(say_if_given(
                    &mut span.model_parameters,
                    &payload.model_parameters,
                    at,
                ))
                .max(
                    payload
                        .metadata
                        .as_deref()
                        .map_or(nothing, |object| span.metadata.add(object, at)),
                );
        }
        change
    }

    /// The folded payload as parts, one per arrival: folding them gives the same again.
    pub fn to_parts(&self) -> Vec<PayloadPart> {
        let mut parts: BTreeMap<Arrival, Payload> = BTreeMap::new();
        for (key, (at, value)) in &self.metadata.0 {
            parts
                .entry(*at)
                .or_default()
                .metadata
                .0
                .insert(key.clone(), (*at, value.clone()));
        }
        for (id, span) in &self.spans {
            let mut part = |at: Arrival, put: &dyn Fn(&mut SpanMerging)| {
                put(parts
                    .entry(at)
                    .or_default()
                    .spans
                    .entry(id.clone())
                    .or_default())
            };
            if let Some(slot) = &span.input {
                part(slot.0, &|span| span.input = Some(slot.clone()));
            }
            if let Some(slot) = &span.output {
                part(slot.0, &|span| span.output = Some(slot.clone()));
            }
            if let Some(slot) = &span.model_parameters {
                part(slot.0, &|span| span.model_parameters = Some(slot.clone()));
            }
            for (key, slot) in &span.metadata.0 {
                part(slot.0, &|span| {
                    span.metadata.0.insert(key.clone(), slot.clone());
                });
            }
        }
        let to_part = |(arrival, payload): (Arrival, Payload)| PayloadPart {
            arrival,
            metadata: payload.metadata(),
            spans: payload
                .spans
                .keys()
                .map(|id| (id.clone(), payload.span(id)))
                .collect(),
        };
        parts.into_iter().map(to_part).collect()
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
            assert_eq!(
                payload.add(&parts[0]),
                Change::Nothing,
                "a repeat changes nothing"
            );
            let mut again = Payload::default();
            for part in payload.to_parts() {
                again.add(&part);
            }
            assert_eq!(again, payload);
            let later = PayloadPart {
                arrival: Arrival(9),
                ..parts[2].clone()
            };
            assert_eq!(payload.add(&later), Change::SaidAgain);
        }
    }
}
