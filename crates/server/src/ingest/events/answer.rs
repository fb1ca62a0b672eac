//! What a client is told of its events, and what is noted of it for `GET /v1/me`. Never what was sent.
use super::schema::{EventItemOut, EventsAnswer};
use crate::ingest::lane::Note;
use crate::state::AppState;
use cognobserve_model::event::Appended;
use cognobserve_model::time::Micros;
use cognobserve_pipeline::{AcceptedEvent, Fault, Place, Reason, Warning};

/// What became of the events that were taken.
pub enum Fate {
    /// In the order in which they were taken.
    Stored(Vec<Appended>),
    /// None, for this reason.
    Withheld(Reason),
}

pub fn answer(items: Vec<Result<AcceptedEvent, Fault>>, fate: Fate) -> EventsAnswer {
    let (mut appended, withheld) = match fate {
        Fate::Stored(appended) => (appended.into_iter(), None),
        Fate::Withheld(reason) => (Vec::new().into_iter(), Some(reason)),
    };
    let tell = |item: Result<AcceptedEvent, Fault>| match item {
        Ok(mut event) => {
            let place = Place::of_trace("");
            event
                .warnings
                .extend(withheld.map(|reason| Warning { place, reason }));
            let stored = appended.next();
            EventItemOut {
                event_id: event.event_id,
                success: true,
                stored: stored.is_some_and(|it| matches!(it, Appended::Stored | Appended::Known)),
                warnings: event.warnings,
                error: None,
            }
        }
        Err(fault) => EventItemOut {
            event_id: None,
            success: false,
            stored: false,
            warnings: Vec::new(),
            error: Some(fault),
        },
    };
    let results: Vec<EventItemOut> = items.into_iter().map(tell).collect();
    let success_count = results.iter().filter(|result| result.success).count();
    EventsAnswer {
        error_count: results.len() - success_count,
        success_count,
        results,
    }
}

/// Counts and keeps what the client was warned of and refused.
pub fn note(
    state: &AppState,
    answer: &EventsAnswer,
    at: Micros,
    keep: impl FnOnce(&mut dyn Iterator<Item = Note>),
) {
    let warnings = answer.results.iter().flat_map(|result| &result.warnings);
    state.metrics.warnings.add(warnings.count() as u64);
    state.metrics.refused_items.add(answer.error_count as u64);
    let mut notes = answer.results.iter().flat_map(|result| {
        let error = result.error.iter().map(|fault| Note {
            at,
            trace_id: None,
            code: fault.code(),
            path: fault.path.clone(),
            message: fault.message.clone(),
        });
        let warnings = result.warnings.iter().map(|warning| Note {
            at,
            trace_id: None,
            code: warning.code(),
            path: warning.place.to_string(),
            message: warning.reason.to_string(),
        });
        error.chain(warnings)
    });
    keep(&mut notes);
}
