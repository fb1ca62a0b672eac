//! One OTLP span becomes one part of a piece.
//!
//! Identity found on a span stays on that span; which one the trace takes is decided where the trace is merged.
use super::content::{read_payload, write_custom, write_value};
use super::find::{Found, find_fields, read_session_id, read_user_id};
use super::kind::{read_kind, read_level};
use super::table::{Family, Target};
use super::usage::{read_cost, read_usage};
use crate::door::Door;
use crate::given::Given;
use crate::identify::own_id::read_id_or_drop;
use crate::normalise::profile::{ProfileFields, check_email, check_name, fits};
use crate::normalise::text::{MAX_MESSAGE_BYTES, MAX_NAME_BYTES, read_text};
use crate::normalise::time::read_nanos;
use crate::warning::{Notes, Place, Reason};
use cognobserve_model::account::Capture;
use cognobserve_model::piece::{SpanPart, SpanPayload};
use cognobserve_model::span::{Level, SpanKind};
use cognobserve_wire::otlp::{AttrValue, OtlpSpan, StatusCode};

/// What one span brings to its trace.
#[derive(Debug)]
pub struct ReadSpan {
    pub part: SpanPart,
    /// What the span says of its own user.
    pub profile: ProfileFields,
    /// Metadata of the trace: key and JSON text.
    pub trace_metadata: Vec<(String, String)>,
}

/// Reads the span at `index` of the request.
pub fn read_span(span: &OtlpSpan, index: usize, door: &Door, notes: &mut Notes) -> ReadSpan {
    let place = |field| Place::of_span(index, field);
    let decodes_metadata = encodes_metadata(span);
    let found = find_fields(&span.attributes, decodes_metadata, index, notes);
    let resource_user = || {
        span.resource
            .get("user.id")
            .map_or(Given::Absent, Given::from)
    };
    let user = match read_user_id(&found.given(Target::User)) {
        Ok(Some(user)) => Some(user),
        _ => notes.keep(place("user.id"), read_user_id(&resource_user())),
    };
    let usage = read_usage(&found, index, notes);
    let model = read_text(
        found.given(Target::Model),
        MAX_NAME_BYTES,
        place("model"),
        notes,
    );
    let (level, status_message) = read_outcome(span, &found, index, notes);
    let kind = found
        .get(Target::Kind)
        .and_then(|hit| read_kind(hit.key, &hit.given));
    let is_call = model.is_some() && usage.is_given();
    let profile = match user.is_some() {
        true => read_profile(&found, index, notes),
        false => ProfileFields::default(),
    };
    let keeps_payload = door.capture == Capture::Full;
    let payload = match keeps_payload {
        true => read_payload(span, &found, user.is_some(), decodes_metadata),
        false => SpanPayload::default(),
    };
    let part = SpanPart {
        id: span.span_id.clone(),
        parent: span.parent_span_id.clone(),
        app_root: found.value(Target::AppRoot).map(is_true),
        name: read_text(
            Given::Text(span.name.as_ref().into()),
            MAX_NAME_BYTES,
            place("name"),
            notes,
        ),
        kind: kind.or(is_call.then_some(SpanKind::Generation)),
        level,
        status_message,
        start: notes.keep(place("start_time"), read_nanos(span.start_ns, door.now)),
        end: notes.keep(place("end_time"), read_nanos(span.end_ns, door.now)),
        model,
        response_id: read_id_or_drop(found.given(Target::ResponseId), place("response_id"), notes),
        usage,
        cost: read_cost(&found, index, notes),
        user,
        session: read_session_id(&found.given(Target::Session)).unwrap_or(None),
        trace_name: read_trace_name(span, &found, index, notes),
        payload,
    };
    let trace_metadata = if keeps_payload {
        gather_trace_metadata(&found, decodes_metadata)
    } else {
        Vec::new()
    };
    ReadSpan {
        part,
        profile,
        trace_metadata,
    }
}

fn is_true(value: &AttrValue) -> bool {
    matches!(value, AttrValue::Bool(true)) || value.as_str() == Some("true")
}

fn read_trace_name(
    span: &OtlpSpan,
    found: &Found,
    index: usize,
    notes: &mut Notes,
) -> Option<String> {
    let of_root = || {
        if span.parent_span_id.is_none() {
            found.given(Target::RootName)
        } else {
            Given::Absent
        }
    };
    let given = found
        .get(Target::TraceName)
        .map_or_else(of_root, |hit| hit.given.clone());
    read_text(
        given,
        MAX_NAME_BYTES,
        Place::of_span(index, "trace_name"),
        notes,
    )
}

/// Level and message: the client's own words before the status, the status before an exception.
fn read_outcome(
    span: &OtlpSpan,
    found: &Found,
    index: usize,
    notes: &mut Notes,
) -> (Option<Level>, Option<String>) {
    let exception = span
        .events
        .iter()
        .rev()
        .find(|event| event.name == "exception");
    let said = found
        .get(Target::Level)
        .and_then(|hit| read_level(hit.key, &hit.given));
    let failed = span.status_code != StatusCode::Ok
        && (exception.is_some() || found.get(Target::ErrorType).is_some());
    let is_error = span.status_code == StatusCode::Error || failed;
    // An SDK that always writes its default level does not mean it against the status.
    let said = said.filter(|level| *level != Level::Default || !is_error);
    let level = said.or(is_error.then_some(Level::Error));
    let of_exception = exception.and_then(|event| event.attributes.get("exception.message"));
    let candidates = [
        found.given(Target::StatusMessage),
        Given::Text(span.status_message.as_ref().into()),
        of_exception.map_or(Given::Absent, Given::from),
        found.given(Target::ErrorType),
    ];
    let mut read = |given| {
        read_text(
            given,
            MAX_MESSAGE_BYTES,
            Place::of_span(index, "status_message"),
            notes,
        )
    };
    let message = candidates.into_iter().find_map(&mut read);
    (level, message)
}

/// Langfuse's Python SDK encodes each metadata value as JSON from version 5 on; before, text came as it is.
fn encodes_metadata(span: &OtlpSpan) -> bool {
    let major = span
        .scope
        .version
        .split('.')
        .next()
        .and_then(|major| major.parse::<u32>().ok());
    span.scope.name == "langfuse-sdk"
        && major.is_some_and(|major| major >= 5)
        && span
            .resource
            .get("telemetry.sdk.language")
            .and_then(AttrValue::as_str)
            == Some("python")
}

fn read_profile(found: &Found, index: usize, notes: &mut Notes) -> ProfileFields {
    let custom = |(family, key, value): &(Family, &str, &AttrValue)| {
        (*family == Family::UserMetadata).then(|| ((*key).to_owned(), Some(write_value(value))))
    };
    let mut metadata: Vec<(String, Option<String>)> =
        found.members.iter().filter_map(custom).collect();
    if !fits(&metadata) {
        notes.add(
            Place::of_span(index, "user.metadata"),
            Reason::MetadataTooLarge,
        );
        metadata.clear();
    }
    let mut check = |target, check: fn(&Given) -> Result<String, Reason>, field| {
        let given = found.get(target).map(|hit| check(&hit.given).map(Some));
        given
            .and_then(|checked| notes.keep(Place::of_span(index, field), checked))
            .map(Some)
    };
    let name = check(Target::UserName, check_name, "user.name");
    let email = check(Target::UserEmail, check_email, "user.email");
    ProfileFields {
        name,
        email,
        metadata,
    }
}

fn gather_trace_metadata(found: &Found, decodes: bool) -> Vec<(String, String)> {
    let of = |(family, key, value): &(Family, &str, &AttrValue)| match family {
        Family::TraceMetadata => Some(((*key).to_owned(), write_custom(value, decodes))),
        Family::TraceFact => Some(((*key).to_owned(), write_value(value))),
        _ => None,
    };
    found.members.iter().filter_map(of).collect()
}
