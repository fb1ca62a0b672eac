//! What clients are warned of or refused, kept for `GET /v1/me` and counted: the answer to
//! "why is my user missing". Never what was sent.
use super::decode::{Failure, Reply};
use super::delivery::Delivery;
use super::lane::Note;
use crate::state::AppState;
use cognobserve_model::time::Micros;
use cognobserve_pipeline::Warning;

fn note_warning(at: Micros, trace_id: Option<&str>, warning: &Warning) -> Note {
    Note {
        at,
        trace_id: trace_id.map(str::to_owned),
        code: warning.code(),
        path: warning.place.to_string(),
        message: warning.reason.to_string(),
    }
}

/// Notes what was left out of a delivery that was taken.
pub fn note_reply(state: &AppState, delivery: &Delivery, reply: &Reply) {
    let at = delivery.now;
    let lane = &delivery.caller.lane;
    match reply {
        Reply::Trace(told) if told.warnings.is_empty() => {}
        Reply::Trace(told) => {
            state.metrics.warnings.add(told.warnings.len() as u64);
            lane.note(
                told.warnings
                    .iter()
                    .map(|warning| note_warning(at, Some(&told.trace_id), warning)),
            );
        }
        Reply::Batch(items) => {
            let refused = items.iter().filter_map(|item| item.as_ref().err());
            let told = items.iter().filter_map(|item| item.as_ref().ok());
            state
                .metrics
                .refused_items
                .add(refused.clone().count() as u64);
            state
                .metrics
                .warnings
                .add(told.clone().map(|told| told.warnings.len() as u64).sum());
            let faults = refused.map(|refused| Note {
                at,
                trace_id: refused.trace_id.clone(),
                code: refused.fault.code(),
                path: refused.fault.path.clone(),
                message: refused.fault.message.clone(),
            });
            let warnings = told.flat_map(|told| {
                told.warnings
                    .iter()
                    .map(|warning| note_warning(at, Some(&told.trace_id), warning))
            });
            lane.note(faults.chain(warnings));
        }
        Reply::Otlp { accepted, .. } => {
            state.metrics.refused_items.add(accepted.rejected.count);
            state.metrics.warnings.add(accepted.warnings.len() as u64);
            let rejects = accepted.rejected.messages.iter().map(|message| Note {
                at,
                trace_id: None,
                code: "span_rejected",
                path: String::new(),
                message: message.clone(),
            });
            lane.note(
                rejects.chain(
                    accepted
                        .warnings
                        .iter()
                        .map(|warning| note_warning(at, None, warning)),
                ),
            );
        }
    }
}

/// Notes a delivery that was refused as a whole.
pub fn note_failure(delivery: &Delivery, failure: &Failure) {
    let at = delivery.now;
    let problem = &failure.problem;
    let first = problem.errors.first();
    let note = Note {
        at,
        trace_id: failure.trace_id.clone(),
        code: problem.code.as_str(),
        path: first.map(|error| error.path.clone()).unwrap_or_default(),
        message: first.map_or_else(|| problem.detail.to_string(), |error| error.message.clone()),
    };
    let warnings = failure
        .warnings
        .iter()
        .map(|warning| note_warning(at, failure.trace_id.as_deref(), warning));
    delivery
        .caller
        .lane
        .note(std::iter::once(note).chain(warnings));
}
