//! One native span, leaf by leaf.
//!
//! Its own id may still be missing afterwards: ids are given in the next step. A span without a name is refused, unless
//! it can only be the continuation of a known one: its trace id and span id are both given.
use super::content::{keep_any, keep_object};
use super::text::{MAX_MESSAGE_BYTES, MAX_NAME_BYTES, read_text, read_word};
use super::{cost, time, usage};
use crate::door::Door;
use crate::fault::Fault;
use crate::given::Given;
use crate::identify::own_id::{read_id_or_drop, read_own_id};
use crate::warning::{Notes, Place};
use cognobserve_model::account::Capture;
use cognobserve_model::piece::{SpanPart, SpanPayload};
use cognobserve_model::span::{Level, SpanKind};
use cognobserve_wire::native::SpanIn;

/// Reads the span at `index`; `has_trace_id` says whether the client named the trace.
pub fn read_span(
    sent: &SpanIn,
    index: usize,
    has_trace_id: bool,
    door: &Door,
    notes: &mut Notes,
) -> Result<SpanPart, Fault> {
    let place = |field| Place::of_span(index, field);
    let id = read_own_id(sent.span_id, place("span_id"), notes)?;
    let name = read_text(Given::from(sent.name), MAX_NAME_BYTES, place("name"), notes);
    if name.is_none() && !(has_trace_id && id.is_some()) {
        return Err(Fault::invalid(place("name"), "a span needs a name"));
    }
    let payload = match door.capture {
        Capture::None => SpanPayload::default(),
        Capture::Full => SpanPayload {
            input: keep_any(sent.input),
            output: keep_any(sent.output),
            metadata: keep_object(sent.metadata, place("metadata"), notes),
            model_parameters: keep_any(sent.model_parameters),
        },
    };
    let message = Given::from(sent.status_message);
    Ok(SpanPart {
        id: id.unwrap_or_default(),
        parent: read_own_id(sent.parent_span_id, place("parent_span_id"), notes)?,
        app_root: None,
        name,
        // Beside the three documented words, those of the other kinds that a span can be.
        kind: notes.keep(
            place("type"),
            read_word(Given::from(sent.kind), SpanKind::parse),
        ),
        level: notes.keep(
            place("level"),
            read_word(Given::from(sent.level), Level::parse),
        ),
        status_message: read_text(message, MAX_MESSAGE_BYTES, place("status_message"), notes),
        start: notes.keep(
            place("start_time"),
            time::read_time(&Given::from(sent.start_time), door.now),
        ),
        end: notes.keep(
            place("end_time"),
            time::read_time(&Given::from(sent.end_time), door.now),
        ),
        model: read_text(
            Given::from(sent.model),
            MAX_NAME_BYTES,
            place("model"),
            notes,
        ),
        response_id: read_id_or_drop(Given::from(sent.response_id), place("response_id"), notes),
        usage: usage::read_usage(sent.usage, index, notes),
        cost: cost::read_cost(sent, index, notes),
        user: None,
        session: None,
        trace_name: None,
        payload,
    })
}
