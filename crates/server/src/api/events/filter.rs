//! Which events a question is about, and which questions have no answer where events are anonymous.
use crate::auth::{Allowed, Read};
use crate::http::problem::{Code, Problem};
use crate::http::query::Params;
use crate::state::AppState;
use cognobserve_model::event::EventFilter;
use cognobserve_model::id::{DeveloperId, UserId};
use cognobserve_model::time::Zone;

/// Longest id or name that is looked for, in bytes.
const MAX_TEXT_BYTES: usize = 1_024;

/// 403 in the open-source edition, whose events are of nobody.
pub fn refuse_people(state: &AppState) -> Result<(), Problem> {
    match state.telling.is_anonymous() {
        true => Err(Problem::new(
            Code::AnonymousEdition,
            "In the open-source edition events are stored without the people they are of; only sums can be asked for.",
        )),
        false => Ok(()),
    }
}

/// 400: the period holds more than is gone through for one answer.
pub fn refuse_too_much() -> Problem {
    Problem::invalid("days", "the period holds too much; ask for fewer days")
}

/// 400: more people were there before the period than are gone through for one answer.
pub fn refuse_many_before() -> Problem {
    Problem::invalid(
        "days",
        "too many end users were there before these days; ask for more days",
    )
}

impl Params {
    /// `event`, `developerId`, `endUserId`, `from` and `to`, in the caller's project. The last: whether it is about
    /// people.
    pub(in crate::api) fn events(
        &mut self,
        allowed: &Allowed<Read>,
        zone: &Zone,
    ) -> (EventFilter, bool) {
        let period = self.range("from", "to", zone);
        let mut text = |name| {
            let expected = "a text of 1 to 1,024 bytes";
            self.read(name, expected, |text| {
                (1..=MAX_TEXT_BYTES)
                    .contains(&text.len())
                    .then(|| text.to_owned())
            })
        };
        let filter = EventFilter {
            project: Some(allowed.project().clone()),
            developer: text("developerId").map(DeveloperId::new),
            end_user: text("endUserId").map(UserId::new),
            name: text("event"),
            from: period.from,
            to: period.to,
        };
        let is_about_people = filter.developer.is_some() || filter.end_user.is_some();
        (filter, is_about_people)
    }
}
