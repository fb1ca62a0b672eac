//! Native requests, step by step: decode, normalise, identify.
//!
//! A trace is taken or refused by itself; in a batch one bad trace never touches another.
use crate::door::Door;
use crate::fault::{Fault, FaultKind};
use crate::given::Given;
use crate::identify::own_id::read_own_id;
use crate::identify::person::{Person, read_person};
use crate::identify::repeats::merge_repeats;
use crate::identify::session::read_session;
use crate::identify::span_id::give_span_ids;
use crate::identify::trace_id::derive_trace_id;
use crate::normalise::content::keep_object;
use crate::normalise::span::read_span;
use crate::normalise::text::{MAX_NAME_BYTES, read_text};
use crate::normalise::time::read_time;
use crate::warning::{Notes, Place, Reason, Warning};
use cognobserve_model::account::Capture;
use cognobserve_model::piece::{Piece, SpanPart};
use cognobserve_model::profile::ProfilePart;
use cognobserve_model::stamp::Arrival;
use cognobserve_model::time::Micros;
use cognobserve_wire::json::Sanitized;
use cognobserve_wire::native::{TraceIn, split_batch};

/// Most spans of all traces of one batch: a span of three bytes becomes hundreds in memory.
pub const MAX_BATCH_SPANS: usize = 250_000;

/// A trace that is taken.
#[derive(Debug)]
pub struct Accepted {
    /// What to book. Its trace id is part of the answer.
    pub piece: Piece,
    /// The ids of the spans in the order sent, given or derived.
    pub span_ids: Vec<String>,
    pub warnings: Vec<Warning>,
}

/// A trace that is not taken.
#[derive(Debug)]
pub struct Refused {
    /// The client's id, if it could be read.
    pub trace_id: Option<String>,
    pub fault: Fault,
    pub warnings: Vec<Warning>,
}

/// Reads the body of `POST /v1/traces`.
pub fn accept_trace(body: &Sanitized, door: &Door) -> Result<Accepted, Refused> {
    let arrival = (door.take_arrivals)(1);
    let non_finite = body.non_finite();
    accept_item(body.text(), non_finite, 0, arrival, door)
}

/// Reads the body of `POST /v1/traces/batch`; results are in the order sent.
///
/// # Errors
/// A body that is no batch.
pub fn accept_batch(
    body: &Sanitized,
    door: &Door,
) -> Result<Vec<Result<Accepted, Refused>>, Fault> {
    let items = split_batch(body.text())?;
    let first = (door.take_arrivals)(items.len());
    let mut spans_left = MAX_BATCH_SPANS;
    let mut results = Vec::with_capacity(items.len());
    for ((index, item), stamp) in items.into_iter().enumerate().zip(first.0..) {
        let text = item.text().unwrap_or("null");
        let mut result = accept_item(text, body.non_finite_in(text), index, Arrival(stamp), door);
        if let Ok(accepted) = &result {
            match spans_left.checked_sub(accepted.span_ids.len()) {
                Some(left) => spans_left = left,
                None => result = Err(refuse_for_size(result)),
            }
        }
        results.push(result);
    }
    Ok(results)
}

fn refuse_for_size(result: Result<Accepted, Refused>) -> Refused {
    let message =
        format!("more than {MAX_BATCH_SPANS} spans in one batch: send this trace again by itself");
    let fault = Fault {
        kind: FaultKind::TooLarge,
        path: "spans".to_owned(),
        message,
    };
    match result {
        Ok(accepted) => Refused {
            trace_id: Some(accepted.piece.trace_id),
            fault,
            warnings: Vec::new(),
        },
        Err(refused) => Refused { fault, ..refused },
    }
}

fn accept_item(
    text: &str,
    non_finite: usize,
    index: usize,
    arrival: Arrival,
    door: &Door,
) -> Result<Accepted, Refused> {
    let mut notes = Notes::default();
    if non_finite > 0 {
        notes.add(Place::of_trace(""), Reason::NonFinite(non_finite));
    }
    let mut known_id = None;
    let read = TraceIn::decode(text).map_err(Fault::from).and_then(|sent| {
        known_id = read_own_id(sent.trace_id, Place::of_trace("trace_id"), &mut notes)?;
        let piece = normalise_trace(&sent, known_id.is_some(), door, &mut notes)?;
        identify_trace(
            piece,
            &sent,
            known_id.as_deref(),
            index,
            arrival,
            door,
            &mut notes,
        )
    });
    match read {
        Ok((piece, span_ids)) => Ok(Accepted {
            piece,
            span_ids,
            warnings: notes.finish(),
        }),
        Err(fault) => Err(Refused {
            trace_id: known_id,
            fault,
            warnings: notes.finish(),
        }),
    }
}

/// Step two. A trace without a name is refused, unless it continues a known one: its trace id is given.
fn normalise_trace(
    sent: &TraceIn,
    has_trace_id: bool,
    door: &Door,
    notes: &mut Notes,
) -> Result<Piece, Fault> {
    let name = read_text(
        Given::from(sent.name),
        MAX_NAME_BYTES,
        Place::of_trace("name"),
        notes,
    );
    if name.is_none() && !has_trace_id {
        return Err(Fault::invalid("name", "a trace needs a name"));
    }
    let metadata = match door.capture {
        Capture::Full => keep_object(sent.metadata, Place::of_trace("metadata"), notes),
        Capture::None => None,
    };
    let timestamp = read_time(&Given::from(sent.timestamp), door.now);
    let read = |(index, span)| read_span(span, index, has_trace_id, door, notes);
    let spans = sent
        .spans
        .iter()
        .enumerate()
        .map(read)
        .collect::<Result<Vec<_>, _>>()?;
    Ok(Piece {
        name,
        metadata,
        spans,
        timestamp: notes.keep(Place::of_trace("timestamp"), timestamp),
        ..Piece::default()
    })
}

/// Step three.
fn identify_trace(
    mut piece: Piece,
    sent: &TraceIn,
    known_id: Option<&str>,
    index: usize,
    arrival: Arrival,
    door: &Door,
    notes: &mut Notes,
) -> Result<(Piece, Vec<String>), Fault> {
    let Person { user, profile } = read_person(sent, notes)?;
    piece.session = read_session(sent, door.capture == Capture::Full, notes)?;
    piece.arrival = arrival;
    piece.trace_id = known_id.map_or_else(|| derive_trace_id(door.id_seed, index), str::to_owned);
    give_span_ids(&piece.trace_id, &sent.spans, &mut piece.spans);
    let span_ids = piece.spans.iter().map(|span| span.id.clone()).collect();
    piece.spans = merge_repeats(piece.spans);
    let at = find_event_time(piece.timestamp, &piece.spans, arrival);
    let part = user.clone().map(|user| ProfilePart {
        user,
        at,
        name: profile.name,
        email: profile.email,
        metadata: profile.metadata,
    });
    piece.profiles.extend(part.filter(|part| !part.is_empty()));
    piece.user = user;
    Ok((piece, span_ids))
}

/// When what a piece says of a person was true.
pub(crate) fn find_event_time(
    timestamp: Option<Micros>,
    spans: &[SpanPart],
    arrival: Arrival,
) -> Micros {
    let earliest = || spans.iter().filter_map(|span| span.start).min();
    let arrived = Micros(arrival.0);
    timestamp.or_else(earliest).unwrap_or(arrived).min(arrived)
}

#[cfg(test)]
#[path = "native_tests.rs"]
mod tests;
