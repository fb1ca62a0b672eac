//! Double entry: every change of a trace's facts is taken out of and put into each rollup.
//!
//! Entries of one transaction are gathered per key and written in key order at its end.
use super::Changes;
use super::index::read_user_bounds;
use crate::error::StoreResult;
use crate::held::Held;
use crate::rollups::{
    MODEL_QUARTERS, PROJECT_QUARTERS, RollupCaches, USER_DAYS, USER_QUARTERS, read_totals,
    write_totals,
};
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
}

impl Entry {
    fn come(&mut self, time: i64) {
        self.earliest = Some(self.earliest.map_or(time, |old| old.min(time)));
        self.latest = Some(self.latest.map_or(time, |old| old.max(time)));
    }
}

pub(super) struct Books<'a> {
    pub project_no: i64,
    pub book: &'a PriceBook,
    pub users: BTreeMap<i64, Entry>,
    days: BTreeMap<(i64, i64), Measures>,
    quarters: BTreeMap<(i64, i64), Measures>,
    project_quarters: BTreeMap<i64, Measures>,
    model_quarters: BTreeMap<(i64, i64), Measures>,
    pub sessions: BTreeMap<i64, Entry>,
}

impl<'a> Books<'a> {
    pub fn new(project_no: i64, book: &'a PriceBook) -> Books<'a> {
        Books {
            project_no,
            book,
            users: BTreeMap::new(),
            days: BTreeMap::new(),
            quarters: BTreeMap::new(),
            project_quarters: BTreeMap::new(),
            model_quarters: BTreeMap::new(),
            sessions: BTreeMap::new(),
        }
    }

    /// Takes a trace's old facts out and puts the new ones in.
    pub fn replace(&mut self, trace_no: i64, old: Option<&Facts>, new: Option<&Facts>) {
        if let Some(old) = old {
            self.post(trace_no, old, -1);
        }
        if let Some(new) = new {
            self.post(trace_no, new, 1);
        }
    }

    fn post(&mut self, trace_no: i64, facts: &Facts, sign: i64) {
        let user = facts.user.map_or(0, |user| user.0);
        let time = facts.time.0;
        let (day, quarter) = (facts.time.day(), facts.time.quarter());
        let entry = self.users.entry(user).or_default();
        entry.measures.add(&facts.measures, sign);
        if sign > 0 {
            entry.come(time)
        } else {
            entry.reread = true
        }
        self.days
            .entry((day, user))
            .or_default()
            .add(&facts.measures, sign);
        self.quarters
            .entry((quarter, user))
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
            match sign > 0 {
                true => {
                    entry.come(time);
                    if user != 0 {
                        entry.identified.push((time, trace_no, user));
                    }
                }
                false => entry.reread = true,
            }
        }
    }

    /// Writes everything. Index rows must be written before: bounds are read from them.
    pub fn close(
        mut self,
        conn: &Held,
        caches: &mut RollupCaches,
        changes: &mut Changes,
    ) -> StoreResult<()> {
        caches.trim();
        let project = self.project_no;
        for (session, entry) in std::mem::take(&mut self.sessions) {
            super::sessions::post_session(conn, project, session, entry, &mut self.users)?;
        }
        for ((day, user), delta) in &self.days {
            USER_DAYS.add(conn, &mut caches.user_days, [project, *day, *user], delta)?;
        }
        for ((quarter, user), delta) in &self.quarters {
            USER_QUARTERS.add(
                conn,
                &mut caches.user_quarters,
                [project, *quarter, *user],
                delta,
            )?;
        }
        for (quarter, delta) in &self.project_quarters {
            PROJECT_QUARTERS.add(
                conn,
                &mut caches.project_quarters,
                [project, *quarter],
                delta,
            )?;
        }
        for ((quarter, model), delta) in &self.model_quarters {
            MODEL_QUARTERS.add(
                conn,
                &mut caches.model_quarters,
                [project, *quarter, *model],
                delta,
            )?;
        }
        for (user, entry) in &self.users {
            let mut totals = read_totals(conn, project, *user)?;
            totals.measures.add(&entry.measures, 1);
            totals.sessions += entry.sessions;
            if *user != 0 && entry.reread {
                (totals.first, totals.last) = read_user_bounds(conn, *user)?;
            } else if *user != 0 {
                totals.first = [totals.first, entry.earliest].into_iter().flatten().min();
                totals.last = [totals.last, entry.latest].into_iter().flatten().max();
            }
            write_totals(conn, project, *user, &totals)?;
            if *user != 0 {
                changes.set_totals(project, *user, &totals);
            }
        }
        Ok(())
    }
}
