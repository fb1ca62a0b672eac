//! What a reader is shown of stored things: traces with their spans, users, sessions; and
//! whether a trace or session is what a filter asks for. Whom and what they name is given
//! by the store.
use crate::objects::metadata_json;
use cognobserve_model::facts::{Facts, level_bit};
use cognobserve_model::id::{ProjectId, SessionId, UserId};
use cognobserve_model::measures::Measures;
use cognobserve_model::payload::Payload;
use cognobserve_model::profile::Profile;
use cognobserve_model::query::{SessionFilter, TraceFilter, fold_search};
use cognobserve_model::report::{
    SessionRef, SessionStats, SpanDetail, SpanSummary, TraceDetail, TraceSummary, User, UserRef,
};
use cognobserve_model::span::{Level, SpanKind, SpanState};
use cognobserve_model::time::Micros;
use cognobserve_model::trace::TraceState;
use std::collections::HashMap;

/// Spans shown with a trace in a list.
const LISTED_SPANS: usize = 100;

/// A stored trace: the merged state, and the facts as they are booked.
#[derive(Clone, Copy)]
pub struct Shown<'a> {
    pub state: &'a TraceState,
    pub booked: &'a Facts,
}

/// Whom and what a trace names.
#[derive(Clone, Debug, Default)]
pub struct Names {
    pub user: Option<UserRef>,
    pub session: Option<SessionRef>,
}

/// Whether columns of a trace's row leave it to be what the filter asks for.
pub fn may_match(filter: &TraceFilter, levels: u8, latency_micros: Option<i64>) -> bool {
    let has_level = |level| levels & level_bit(level) != 0;
    let lasts = |min| latency_micros.is_some_and(|latency| latency >= min);
    filter.level.is_none_or(has_level) && filter.min_latency_micros.is_none_or(lasts)
}

impl Shown<'_> {
    /// What of a filter needs the whole trace; `model` is the number of the filter's.
    pub fn matches(&self, filter: &TraceFilter, model: Option<i64>) -> bool {
        let has_model = |no: i64| self.booked.models.iter().any(|(model, _)| model.0 == no);
        let is_called = |name: &String| *self.state.display_name() == **name;
        model.is_none_or(has_model)
            && filter.name.as_ref().is_none_or(is_called)
            && filter
                .search
                .as_ref()
                .is_none_or(|needle| self.contains(needle))
    }

    fn contains(&self, needle: &str) -> bool {
        let of_span = |span: &SpanState| {
            let texts = [span.name.as_deref(), span.status_message.as_deref()];
            texts
                .into_iter()
                .flatten()
                .any(|text| fold_search(text).contains(needle))
        };
        fold_search(&self.state.id).contains(needle)
            || fold_search(&self.state.display_name()).contains(needle)
            || self.state.spans.iter().any(of_span)
    }

    /// By (start, id), spans without a start last; each with its place in the state.
    fn sort_spans(&self) -> Vec<(usize, &SpanState)> {
        let mut spans: Vec<(usize, &SpanState)> = self.state.spans.iter().enumerate().collect();
        spans.sort_by(|(_, a), (_, b)| {
            (a.start.is_none(), a.start, &a.id).cmp(&(b.start.is_none(), b.start, &b.id))
        });
        spans
    }

    /// The trace in a list.
    pub fn summarise(&self, payload: &Payload, names: Names) -> TraceSummary {
        let spans = self.sort_spans().into_iter().take(LISTED_SPANS);
        let spans = spans.map(|(_, span)| SpanSummary {
            id: span.id.to_string(),
            name: span.name.as_deref().unwrap_or_default().to_owned(),
            level: span.level.unwrap_or(Level::Default),
            status_message: span.status_message.as_deref().map(Into::into),
            total_tokens: span.usage.effective().total_tokens(),
            cost_nanos: span.pricing.nanos(),
        });
        TraceSummary {
            id: self.state.id.to_string(),
            name: self.state.display_name().into(),
            time: self.booked.time,
            user: names.user,
            session: names.session,
            metadata: payload.metadata().unwrap_or_else(|| "{}".into()),
            latency_micros: self.booked.latency_micros,
            measures: self.booked.measures.clone(),
            spans: spans.collect(),
        }
    }

    /// The trace with everything; `models` has the names of its spans' models.
    pub fn describe(
        &self,
        payload: &Payload,
        names: Names,
        models: &HashMap<i64, String>,
    ) -> TraceDetail {
        let counted = self.state.mark_counted();
        let spans = self.sort_spans().into_iter().map(|(at, span)| {
            let shown = payload.span(&span.id);
            SpanDetail {
                id: span.id.to_string(),
                parent: span.parent.as_deref().map(Into::into),
                name: span.name.as_deref().unwrap_or_default().to_owned(),
                kind: span.kind.unwrap_or(SpanKind::Span),
                level: span.level.unwrap_or(Level::Default),
                status_message: span.status_message.as_deref().map(Into::into),
                start: span.start,
                end: span.end,
                latency_micros: span.duration_micros(),
                model: span.model.and_then(|no| models.get(&no.0).cloned()),
                response_id: span.response_id.as_deref().map(Into::into),
                usage: span.usage.effective(),
                pricing: span.pricing,
                counted: counted[at],
                input: shown.input,
                output: shown.output,
                metadata: shown.metadata,
                model_parameters: shown.model_parameters,
            }
        });
        TraceDetail {
            spans: spans.collect(),
            arrived: Micros(self.state.first_arrival.0),
            summary: self.summarise(payload, names),
        }
    }
}

/// When a user was made, changed and seen.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    pub first_seen: i64,
    pub last_seen: i64,
    pub created: i64,
    pub updated: i64,
}

/// A user with its profile.
pub fn show_user(
    id: UserId,
    project: &ProjectId,
    external_id: String,
    profile: &Profile,
    times: Times,
) -> User {
    let metadata = profile.metadata();
    User {
        id,
        project: project.clone(),
        external_id,
        name: profile.name().map(Into::into),
        email: profile.email().map(Into::into),
        metadata: metadata
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .collect(),
        first_seen: Micros(times.first_seen),
        last_seen: Micros(times.last_seen),
        created: Micros(times.created),
        updated: Micros(times.updated),
    }
}

/// A stored session.
pub struct SessionRow {
    pub external_id: String,
    pub user: Option<UserRef>,
    /// Times of its first and last trace.
    pub bounds: (Option<i64>, Option<i64>),
    pub created: i64,
    pub measures: Measures,
    pub profile: Profile,
}

impl SessionRow {
    pub fn show(self, id: SessionId, project: &ProjectId) -> SessionStats {
        let (first, last) = self.bounds;
        SessionStats {
            id,
            project: project.clone(),
            external_id: self.external_id,
            name: self.profile.name().map(Into::into),
            metadata: metadata_json(&self.profile),
            user: self.user,
            first_seen: Micros(first.unwrap_or(self.created)),
            last_seen: Micros(last.unwrap_or(self.created)),
            created: Micros(self.created),
            measures: self.measures,
        }
    }
}

/// Whether a session is what the filter's search asks for.
pub fn session_matches(filter: &SessionFilter, external_id: &str, name: Option<&str>) -> bool {
    filter.search.as_ref().is_none_or(|needle| {
        fold_search(external_id).contains(needle)
            || name.is_some_and(|name| fold_search(name).contains(needle))
    })
}
