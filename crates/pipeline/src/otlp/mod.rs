//! OTLP requests, step by step: decode (in the wire crate), group by trace, normalise and identify each span.
//!
//! One piece per trace and request. An OTLP trace has no envelope: what is known of it stands on its spans.
mod content;
mod find;
mod kind;
mod resource;
mod span;
mod table;
mod usage;

use crate::door::Door;
use crate::identify::repeats::merge_repeats;
use crate::native::find_event_time;
use crate::normalise::content::ObjectText;
use crate::normalise::profile::{ProfileFields, fits};
use crate::warning::{Notes, Reason, Warning};
use cognobserve_model::account::Capture;
use cognobserve_model::id::MAX_SPANS_PER_TRACE;
use cognobserve_model::piece::{Piece, SpanPart};
use cognobserve_model::profile::ProfilePart;
use cognobserve_model::stamp::Arrival;
use cognobserve_model::time::Micros;
use cognobserve_wire::otlp::{Attributes, Decoded, Rejected};
use span::{ReadSpan, read_span};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// What of an OTLP request is taken.
#[derive(Debug)]
pub struct AcceptedOtlp {
    /// One per trace, in order of first sight.
    pub pieces: Vec<Piece>,
    /// Spans that are not taken: those that could not be decoded, and those beyond the limit of a trace.
    pub rejected: Rejected,
    pub warnings: Vec<Warning>,
}

impl AcceptedOtlp {
    /// The message of a partial success: why spans were rejected and which ids were dropped; empty if none were.
    pub fn explain(&self) -> String {
        let dropped = |w: &&Warning| matches!(w.reason, Reason::IdTooLong | Reason::InvalidId);
        let dropped = self
            .warnings
            .iter()
            .filter(dropped)
            .map(|w| format!("{}: {}", w.place, w.reason));
        let parts: Vec<String> = self
            .rejected
            .messages
            .iter()
            .cloned()
            .chain(dropped)
            .take(10)
            .collect();
        parts.join("; ")
    }
}

/// Reads a decoded OTLP request.
pub fn accept_otlp(decoded: Decoded, door: &Door) -> AcceptedOtlp {
    let mut notes = Notes::default();
    let mut rejected = decoded.rejected;
    let mut groups: Vec<Group> = Vec::new();
    let mut index_of: HashMap<String, usize> = HashMap::new();
    for (index, span) in decoded.spans.into_iter().enumerate() {
        let at = *index_of.entry(span.trace_id.clone()).or_insert_with(|| {
            groups.push(Group {
                trace_id: span.trace_id.clone(),
                ..Group::default()
            });
            groups.len() - 1
        });
        let group = &mut groups[at];
        if group.parts.len() >= MAX_SPANS_PER_TRACE {
            reject(&mut rejected, index);
            continue;
        }
        if door.capture == Capture::Full {
            group.add_resource(&span.resource);
        }
        let read = read_span(&span, index, door, &mut notes);
        group.add_span(read);
    }
    let first = (door.take_arrivals)(groups.len());
    let pieces = groups
        .into_iter()
        .zip(first.0..)
        .map(|(group, stamp)| group.finish(Arrival(stamp)))
        .collect();
    AcceptedOtlp {
        pieces,
        rejected,
        warnings: notes.finish(),
    }
}

fn reject(rejected: &mut Rejected, index: usize) {
    rejected.count += 1;
    if rejected.messages.len() < 5 {
        rejected.messages.push(format!(
            "span {index}: more than {MAX_SPANS_PER_TRACE} spans in one trace"
        ));
    }
}

/// The spans of one trace in one request.
#[derive(Default)]
struct Group<'a> {
    trace_id: String,
    parts: Vec<SpanPart>,
    profiles: Vec<(Option<Micros>, String, ProfileFields)>,
    /// Sorted by key, so that the same facts give the same text.
    metadata: BTreeMap<String, String>,
    resource: Option<Arc<Attributes<'a>>>,
}

impl<'a> Group<'a> {
    fn add_resource(&mut self, resource: &Arc<Attributes<'a>>) {
        let is_known = self
            .resource
            .as_ref()
            .is_some_and(|known| Arc::ptr_eq(known, resource));
        if !is_known {
            self.metadata.extend(resource::describe_resource(resource));
            self.resource = Some(Arc::clone(resource));
        }
    }

    fn add_span(&mut self, read: ReadSpan) {
        let ReadSpan {
            part,
            profile,
            trace_metadata,
        } = read;
        if let Some(user) = &part.user
            && profile != ProfileFields::default()
        {
            self.profiles.push((part.start, user.clone(), profile));
        }
        self.metadata.extend(trace_metadata);
        self.parts.push(part);
    }

    fn finish(self, arrival: Arrival) -> Piece {
        let spans = merge_repeats(self.parts);
        let at = find_event_time(None, &spans, arrival);
        let mut metadata = ObjectText::default();
        for (key, text) in &self.metadata {
            metadata.push(key, text);
        }
        Piece {
            trace_id: self.trace_id,
            arrival,
            metadata: metadata.finish(),
            profiles: merge_profiles(self.profiles, at),
            spans,
            ..Piece::default()
        }
    }
}

/// One part per person; of contradicting spans the later one counts.
fn merge_profiles(
    mut said: Vec<(Option<Micros>, String, ProfileFields)>,
    at: Micros,
) -> Vec<ProfilePart> {
    said.sort_by_key(|(start, _, _)| *start);
    let mut merged: BTreeMap<String, (ProfilePart, BTreeMap<String, Option<String>>)> =
        BTreeMap::new();
    for (_, user, fields) in said {
        let (part, metadata) = merged.entry(user).or_default();
        part.name = fields.name.or(part.name.take());
        part.email = fields.email.or(part.email.take());
        metadata.extend(fields.metadata);
    }
    let finish = |(user, (part, metadata)): (String, (ProfilePart, BTreeMap<_, _>))| {
        let metadata: Vec<_> = metadata.into_iter().collect();
        // What many spans say together may be too much where each alone was not.
        let metadata = if fits(&metadata) {
            metadata
        } else {
            Vec::new()
        };
        ProfilePart {
            user,
            at,
            metadata,
            ..part
        }
    };
    merged.into_iter().map(finish).collect()
}

#[cfg(test)]
mod tests;
