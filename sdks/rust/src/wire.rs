//! Writes traces, spans and events as the server reads them. Absent, empty and default values are left out.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::SystemTime;

use crate::encode::{encode, encode_text};
use crate::say::lock;
use crate::span_data::SpanData;
use crate::time::write_time;
use crate::trace::TraceData;
use crate::usage::Level;

/// An object whose values are JSON already.
struct Object(Vec<u8>);

impl Object {
    fn new() -> Self {
        Self(vec![b'{'])
    }

    fn put(&mut self, key: &str, value: &[u8]) {
        if self.0.len() > 1 {
            self.0.push(b',');
        }
        self.0.extend_from_slice(&encode_text(key));
        self.0.push(b':');
        self.0.extend_from_slice(value);
    }

    fn put_text(&mut self, key: &str, text: Option<&str>) {
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            self.put(key, &encode_text(text));
        }
    }

    fn put_some(&mut self, key: &str, value: Option<&[u8]>) {
        if let Some(value) = value {
            self.put(key, value);
        }
    }

    fn put_all(&mut self, key: &str, values: &BTreeMap<String, Vec<u8>>) {
        let mut inner = Self::new();
        for (name, value) in values.iter().filter(|(_, value)| *value != b"null") {
            inner.put(name, value);
        }
        if inner.0.len() > 1 {
            self.put(key, &inner.close());
        }
    }

    fn close(mut self) -> Vec<u8> {
        self.0.push(b'}');
        self.0
    }
}

/// What an event is sent as.
pub(crate) struct WireEvent<'a> {
    pub(crate) name: &'a str,
    pub(crate) id: &'a str,
    pub(crate) at: SystemTime,
    pub(crate) user_id: Option<&'a str>,
    pub(crate) session: Option<&'a str>,
    /// An object.
    pub(crate) properties: Option<&'a [u8]>,
}

pub(crate) fn write_event(event: &WireEvent<'_>) -> Vec<u8> {
    let mut object = Object::new();
    object.put_text("event", Some(event.name));
    object.put_text("event_id", Some(event.id));
    object.put_text("timestamp", Some(&write_time(event.at)));
    object.put_text("user_id", event.user_id);
    object.put_text("session_id", event.session);
    object.put_some("properties", event.properties);
    object.close()
}

/// A trace with some of its spans, in the order in which they began.
pub(crate) fn write_trace<'a>(
    trace: &TraceData,
    spans: impl Iterator<Item = &'a Arc<SpanData>>,
) -> Vec<u8> {
    let mut ordered: Vec<&Arc<SpanData>> = spans.collect();
    ordered.sort_by_key(|span| span.order);
    let written: Vec<Vec<u8>> = ordered.into_iter().map(|span| write_span(span)).collect();
    let state = lock(&trace.state);
    let person = state.person.as_deref();
    let mut object = Object::new();
    object.put_text("trace_id", Some(&trace.id));
    object.put_text("name", Some(&trace.name));
    object.put_text("timestamp", Some(&write_time(trace.start)));
    object.put_text("user_id", person.and_then(|person| person.id.as_deref()));
    object.put_some("user", person.and_then(|person| person.wire.as_deref()));
    object.put_text("session_id", state.session.as_deref());
    object.put_all("metadata", &state.metadata);
    object.put(
        "spans",
        &[b"[".as_slice(), &written.join(&b','), b"]"].concat(),
    );
    object.close()
}

fn write_span(span: &SpanData) -> Vec<u8> {
    let state = lock(&span.state);
    let mut object = Object::new();
    object.put_text("span_id", Some(&span.id));
    object.put_text(
        "parent_span_id",
        span.above.as_ref().map(|above| above.id.as_str()),
    );
    object.put_text("name", Some(&span.name));
    object.put_text("type", Some(&span.kind));
    object.put_text("start_time", Some(&write_time(span.start)));
    object.put_text("end_time", state.end.map(write_time).as_deref());
    object.put_some("input", state.input.as_deref());
    object.put_some("output", state.output.as_deref());
    object.put_all("metadata", &state.metadata);
    object.put_text("model", state.model.as_deref());
    object.put_some("model_parameters", state.model_parameters.as_deref());
    if let Some(usage) = state.usage.as_ref().and_then(|usage| usage.to_json()) {
        object.put("usage", &encode(&usage));
    }
    if let Some((field, cost)) = state.cost.and_then(|cost| cost.to_json()) {
        object.put(field, &encode(&cost));
    }
    object.put_text("response_id", state.response_id.as_deref());
    if state.level != Level::Default {
        object.put_text("level", Some(state.level.as_str()));
    }
    object.put_text("status_message", state.status_message.as_deref());
    object.close()
}
