//! Double entry: every change of a trace's facts is taken out of and put into each rollup.
//! Entries of one transaction are gathered per key, to be written in key order at its end.
use crate::staged::Staged;
use cognobserve_model::facts::Facts;
use cognobserve_model::measures::Measures;
use std::collections::BTreeMap;

/// What happened to one user or session.
#[derive(Default)]
pub struct Entry {
    pub measures: Measures,
    /// Times (and for sessions the users) of traces that came.
    pub earliest: Option<i64>,
    pub latest: Option<i64>,
    /// Traces that came with a user: time, trace number, user.
    pub identified: Vec<(i64, i64, i64)>,
    /// Something went away: bounds and owner must be read anew.
    pub reread: bool,
    /// Sessions gained and lost.
    pub sessions: i64,
    /// A session that is new or whose profile has changed.
    pub staged: Option<Staged>,
}

impl Entry {
    fn note(&mut self, posting: Posting, time: i64) {
        match posting {
            Posting::Put => {
                self.earliest = Some(self.earliest.map_or(time, |old| old.min(time)));
                self.latest = Some(self.latest.map_or(time, |old| old.max(time)));
            }
            Posting::Take => self.reread = true,
            Posting::PutInSamePlace | Posting::TakeFromSamePlace => {}
        }
    }
}

/// What one transaction changes in the sums of one project. User 0 is nobody.
#[derive(Default)]
pub struct Postings {
    pub users: BTreeMap<i64, Entry>,
    /// By UTC day and user.
    pub days: BTreeMap<(i64, i64), Measures>,
    pub project_quarters: BTreeMap<i64, Measures>,
    /// By quarter and model.
    pub model_quarters: BTreeMap<(i64, i64), Measures>,
    pub sessions: BTreeMap<i64, Entry>,
}

impl Postings {
    /// Takes a trace's old facts out and puts the new ones in.
    pub fn replace(&mut self, trace_no: i64, old: Option<&Facts>, new: Option<&Facts>) {
        let stays = old.zip(new).is_some_and(|(old, new)| {
            (old.user, old.session, old.time) == (new.user, new.session, new.time)
        });
        let (take, put) = match stays {
            true => (Posting::TakeFromSamePlace, Posting::PutInSamePlace),
            false => (Posting::Take, Posting::Put),
        };
        if let Some(old) = old {
            self.post(trace_no, old, take);
        }
        if let Some(new) = new {
            self.post(trace_no, new, put);
        }
    }

    fn post(&mut self, trace_no: i64, facts: &Facts, posting: Posting) {
        let sign = posting.sign();
        let user = facts.user.map_or(0, |user| user.0);
        let (day, quarter) = (facts.time.day(), facts.time.quarter());
        let entry = self.users.entry(user).or_default();
        entry.measures.add(&facts.measures, sign);
        entry.note(posting, facts.time.0);
        self.days
            .entry((day, user))
            .or_default()
            .add(&facts.measures, sign);
        self.project_quarters
            .entry(quarter)
            .or_default()
            .add(&facts.measures, sign);
        for (model, measures) in &facts.models {
            self.model_quarters
                .entry((quarter, model.0))
                .or_default()
                .add(measures, sign);
        }
        if let Some(session) = facts.session {
            let entry = self.sessions.entry(session.0).or_default();
            entry.measures.add(&facts.measures, sign);
            entry.note(posting, facts.time.0);
            if posting == Posting::Put && user != 0 {
                entry.identified.push((facts.time.0, trace_no, user));
            }
        }
    }
}

/// What is done with a trace's facts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Posting {
    Put,
    Take,
    /// User, session and time stay: only sums change.
    PutInSamePlace,
    TakeFromSamePlace,
}

impl Posting {
    fn sign(self) -> i64 {
        match self {
            Posting::Put | Posting::PutInSamePlace => 1,
            Posting::Take | Posting::TakeFromSamePlace => -1,
        }
    }
}
