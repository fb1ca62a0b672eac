//! Double entry: every change of a trace's facts is taken out of and put into each rollup.
//!
//! Entries of one transaction are gathered per key and written in key order at its end.
use super::Changes;
use super::index::read_user_bounds;
use super::sessions::{Standings, post_session};
use crate::eras::{self, Bounds};
use crate::error::StoreResult;
use crate::held::Held;
use crate::lookup::era_of;
use crate::rollups::{
    MODEL_QUARTERS, PROJECT_QUARTERS, Totals, add_totals, read_totals, write_totals,
};
use crate::user_days;
use cognobserve_books::postings::{Entry, Postings};
use cognobserve_books::user_days::band_of;
use cognobserve_model::facts::Facts;
use cognobserve_model::measures::Measures;
use cognobserve_model::price::PriceBook;
use std::collections::BTreeMap;

pub(super) struct Books<'a> {
    pub project_no: i64,
    pub book: &'a PriceBook,
    pub postings: Postings,
    eras: BTreeMap<i64, Bounds>,
}

impl<'a> Books<'a> {
    pub fn new(project_no: i64, book: &'a PriceBook) -> Books<'a> {
        Books {
            project_no,
            book,
            postings: Postings::default(),
            eras: BTreeMap::new(),
        }
    }

    /// Takes a trace's old facts out and puts the new ones in.
    pub fn replace(&mut self, trace_no: i64, old: Option<&Facts>, new: Option<&Facts>) {
        if let Some(new) = new {
            self.eras
                .entry(era_of(trace_no))
                .or_insert(Bounds::at(new.time.0))
                .widen(new.time.0);
        }
        self.postings.replace(trace_no, old, new);
    }

    /// Writes everything. Index rows must be written before: bounds are read from them.
    pub fn close(
        self,
        conn: &Held,
        standings: &mut Standings,
        changes: &mut Changes,
    ) -> StoreResult<()> {
        let project = self.project_no;
        for (era, bounds) in self.eras {
            eras::widen(conn, era, bounds)?;
        }
        let Postings {
            mut users,
            days,
            project_quarters,
            model_quarters,
            sessions,
        } = self.postings;
        for (session, entry) in sessions {
            post_session(conn, standings, project, session, entry, &mut users)?;
        }
        let days: Vec<(i64, (i64, &Measures))> = days
            .iter()
            .map(|((day, user), delta)| (*day, (*user, delta)))
            .collect();
        for row in days.chunk_by(|(day, (user, _)), (next, (other, _))| {
            day == next && band_of(*user) == band_of(*other)
        }) {
            let deltas: Vec<(i64, &Measures)> = row.iter().map(|(_, delta)| *delta).collect();
            user_days::add(conn, project, row[0].0, &deltas)?;
        }
        for (quarter, delta) in &project_quarters {
            PROJECT_QUARTERS.add(conn, [project, *quarter], delta)?;
        }
        for ((quarter, model), delta) in &model_quarters {
            MODEL_QUARTERS.add(conn, [project, *quarter, *model], delta)?;
        }
        for (user, entry) in users {
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
