//! Recounting: what every sum of a project should be, gathered from its traces one by one
//! in the order of time, so that only one day's buckets are held; and the report of what differs.
use cognobserve_model::facts::Facts;
use cognobserve_model::measures::Measures;
use cognobserve_model::report::{Difference, Verification};
use cognobserve_model::trace::TraceState;
use std::collections::{BTreeMap, HashMap};

/// Differences told in full.
const SHOWN: usize = 100;

#[derive(Default)]
pub struct Report {
    pub found: Verification,
}

impl Report {
    /// Compares what is stored with what it should be.
    pub fn check<T: PartialEq + std::fmt::Debug>(
        &mut self,
        place: impl std::fmt::Display,
        stored: &T,
        recomputed: &T,
    ) {
        self.found.rollup_rows += 1;
        if stored != recomputed {
            self.found.difference_count += 1;
            if self.found.differences.len() < SHOWN {
                self.found.differences.push(Difference {
                    place: place.to_string(),
                    stored: format!("{stored:?}"),
                    recomputed: format!("{recomputed:?}"),
                });
            }
        }
    }
}

/// What a user or session should have.
#[derive(Default)]
pub struct Expected {
    pub measures: Measures,
    pub first: Option<i64>,
    pub last: Option<i64>,
    /// Sessions: the latest identified trace as (time, trace id, user).
    owner: Option<(i64, Box<str>, i64)>,
}

impl Expected {
    fn add(&mut self, facts: &Facts) {
        self.measures.add(&facts.measures, 1);
        let time = facts.time.0;
        self.first = Some(self.first.map_or(time, |first| first.min(time)));
        self.last = Some(self.last.map_or(time, |last| last.max(time)));
    }

    /// The number of the session's user; 0 is nobody.
    pub fn owner_no(&self) -> i64 {
        self.owner.as_ref().map_or(0, |(_, _, user)| *user)
    }

    /// The time of the trace that decides it.
    pub fn owner_time(&self) -> Option<i64> {
        self.owner.as_ref().map(|(time, _, _)| *time)
    }
}

/// By bucket and number of a user or model.
pub type Buckets = BTreeMap<(i64, i64), Measures>;

/// One project, counted anew.
#[derive(Default)]
pub struct Recount {
    /// User 0 is nobody.
    pub users: HashMap<i64, Expected>,
    pub sessions: HashMap<i64, Expected>,
    /// By UTC day and user.
    pub days: Buckets,
    /// By quarter and 0.
    pub project_quarters: Buckets,
    /// By quarter and model.
    pub model_quarters: Buckets,
}

impl Recount {
    /// What a trace counts, as its row is to say it: without the name.
    pub fn recompute(state: &TraceState) -> Facts {
        let mut facts = state.facts();
        facts.name = Box::default();
        facts
    }

    /// Counts a trace.
    pub fn add(&mut self, state: &TraceState, facts: &Facts) {
        let user = facts.user.map_or(0, |user| user.0);
        let time = facts.time;
        if let Some(session) = facts.session {
            let expected = self.sessions.entry(session.0).or_default();
            expected.add(facts);
            let owner = (time.0, state.id.clone(), user);
            if user != 0 && expected.owner.as_ref().is_none_or(|best| *best < owner) {
                expected.owner = Some(owner);
            }
        }
        self.users.entry(user).or_default().add(facts);
        let mut put = |buckets: fn(&mut Recount) -> &mut Buckets, key, measures: &Measures| {
            let sum = buckets(self).entry(key).or_default();
            sum.add(measures, 1);
        };
        put(|it| &mut it.days, (time.day(), user), &facts.measures);
        let quarter = time.quarter();
        put(|it| &mut it.project_quarters, (quarter, 0), &facts.measures);
        for (model, measures) in &facts.models {
            put(|it| &mut it.model_quarters, (quarter, model.0), measures);
        }
    }

    /// The sum over all users.
    pub fn total(&self) -> Measures {
        let mut total = Measures::default();
        let users = self.users.values();
        users.for_each(|user| total.add(&user.measures, 1));
        total
    }
}
