//! Double entry: every change of a trace's facts is taken out of and put into each rollup.
//!
//! Entries of one transaction are gathered per key and written in key order at its end.
use super::Changes;
use super::desk::Staged;
use super::index::read_user_bounds;
use super::sessions::{Standings, post_session};
use crate::eras::{self, Bounds};
use crate::error::StoreResult;
use crate::held::Held;
use crate::lookup::era_of;
use crate::rollups::{
    MODEL_QUARTERS, PROJECT_QUARTERS, Totals, add_totals, read_totals, write_totals,
};
use crate::user_days::{self, band_of};
use cognobserve_model::facts::Facts;
use cognobserve_model::measures::Measures;
use cognobserve_model::price::PriceBook;
use std::collections::BTreeMap;

/// What happened to one user or session.
#[derive(Default)]
pub(super) struct Entry {
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

pub(super) struct Books<'a> {
    pub project_no: i64,
    pub book: &'a PriceBook,
    pub users: BTreeMap<i64, Entry>,
    days: BTreeMap<(i64, i64), Measures>,
    project_quarters: BTreeMap<i64, Measures>,
    model_quarters: BTreeMap<(i64, i64), Measures>,
    pub sessions: BTreeMap<i64, Entry>,
    eras: BTreeMap<i64, Bounds>,
}

impl<'a> Books<'a> {
    pub fn new(project_no: i64, book: &'a PriceBook) -> Books<'a> {
        Books {
            project_no,
            book,
            users: BTreeMap::new(),
            days: BTreeMap::new(),
            project_quarters: BTreeMap::new(),
            model_quarters: BTreeMap::new(),
            sessions: BTreeMap::new(),
            eras: BTreeMap::new(),
        }
    }

    /// Takes a trace's old facts out and puts the new ones in.
    pub fn replace(&mut self, trace_no: i64, old: Option<&Facts>, new: Option<&Facts>) {
        let stays = old.zip(new).is_some_and(|(old, new)| {
            (old.user, old.session, old.time) == (new.user, new.session, new.time)
        });
        if let Some(old) = old {
            self.post(
                trace_no,
                old,
                if stays {
                    Posting::TakeFromSamePlace
                } else {
                    Posting::Take
                },
            );
        }
        if let Some(new) = new {
            self.eras
                .entry(era_of(trace_no))
                .or_insert(Bounds::at(new.time.0))
                .widen(new.time.0);
            self.post(
                trace_no,
                new,
                if stays {
                    Posting::PutInSamePlace
                } else {
                    Posting::Put
                },
            );
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

    /// Writes everything. Index rows must be written before: bounds are read from them.
    pub fn close(
        mut self,
        conn: &Held,
        standings: &mut Standings,
        changes: &mut Changes,
    ) -> StoreResult<()> {
        let project = self.project_no;
        for (era, bounds) in self.eras {
            eras::widen(conn, era, bounds)?;
        }
        for (session, entry) in std::mem::take(&mut self.sessions) {
            post_session(conn, standings, project, session, entry, &mut self.users)?;
        }
        let days: Vec<(i64, (i64, &Measures))> = self
            .days
            .iter()
            .map(|((day, user), delta)| (*day, (*user, delta)))
            .collect();
        for row in days.chunk_by(|(day, (user, _)), (next, (other, _))| {
            day == next && band_of(*user) == band_of(*other)
        }) {
            let deltas: Vec<(i64, &Measures)> = row.iter().map(|(_, delta)| *delta).collect();
            user_days::add(conn, project, row[0].0, &deltas)?;
        }
        for (quarter, delta) in &self.project_quarters {
            PROJECT_QUARTERS.add(conn, [project, *quarter], delta)?;
        }
        for ((quarter, model), delta) in &self.model_quarters {
            MODEL_QUARTERS.add(conn, [project, *quarter, *model], delta)?;
        }
        for (user, entry) in self.users {
            post_user(conn, project, user, entry, changes)?;
        }
        Ok(())
    }
}

fn post_user(
    conn: &Held,
    project: i64,
    user: i64,
    entry: Entry,
    changes: &mut Changes,
) -> StoreResult<()> {
    let is_somebody = user != 0;
    if is_somebody && entry.reread {
        let mut totals = read_totals(conn, project, user)?;
        totals.measures.add(&entry.measures, 1);
        totals.sessions += entry.sessions;
        (totals.first, totals.last) = read_user_bounds(conn, user)?;
        write_totals(conn, project, user, &totals)?;
        changes.set_totals(project, user, &totals);
        return Ok(());
    }
    let delta = Totals {
        first: entry.earliest.filter(|_| is_somebody),
        last: entry.latest.filter(|_| is_somebody),
        sessions: entry.sessions,
        measures: entry.measures,
    };
    if is_somebody {
        changes.add_totals(project, user, &delta);
    }
    add_totals(conn, project, user, &delta)
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
