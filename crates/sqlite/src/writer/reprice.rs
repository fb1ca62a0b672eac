//! Prices spans anew by today's book, a stretch of traces at a time.
use super::books::Books;
use super::store_trace::{StoredTrace, read_trace, write_trace};
use super::{Writer, commit, index};
use crate::accounts::read_book;
use crate::audit::{self, Actor};
use crate::error::{StoreResult, damaged, sql};
use cognobserve_model::id::ModelNo;
use cognobserve_model::price::PriceBook;
use rusqlite::Connection;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

const STEP: i64 = 2_000;

/// Per user number: spans whose price changed, cost before and after.
pub(crate) type Shift = BTreeMap<i64, (i64, i128, i128)>;

/// Adds what a newly priced trace changes; `None` if nothing.
fn reprice_trace(
    mut trace: StoredTrace,
    book: &PriceBook,
    names: &HashMap<i64, Arc<str>>,
    shift: &mut Shift,
) -> Option<StoredTrace> {
    let before = trace.state.clone();
    let name_of = |no: ModelNo| names.get(&no.0).cloned().unwrap_or_else(|| "".into());
    trace.state.price(None, book, &name_of, true);
    let changed = before
        .spans
        .iter()
        .zip(&trace.state.spans)
        .filter(|(old, new)| old.pricing != new.pricing)
        .count();
    if changed == 0 {
        return None;
    }
    let facts = trace.state.facts();
    let entry = shift
        .entry(facts.user.map_or(0, |user| user.0))
        .or_default();
    entry.0 += changed as i64;
    entry.1 += trace.booked.measures.cost_nanos;
    entry.2 += facts.measures.cost_nanos;
    Some(trace)
}

fn read_names(conn: &Connection, project_no: i64) -> StoreResult<HashMap<i64, Arc<str>>> {
    let mut statement = conn
        .prepare_cached("SELECT no, name FROM models WHERE project_no = ?1")
        .map_err(sql)?;
    statement
        .query_map([project_no], |row| Ok((row.get(0)?, row.get(1)?)))
        .and_then(Iterator::collect)
        .map_err(sql)
}

fn list_traces(conn: &Connection, project_no: i64, after: i64) -> StoreResult<Vec<i64>> {
    let mut statement = conn
        .prepare_cached(
            "SELECT no FROM traces WHERE no > ?2 AND project_no = ?1 ORDER BY no LIMIT ?3",
        )
        .map_err(sql)?;
    statement
        .query_map([project_no, after, STEP], |row| row.get(0))
        .and_then(Iterator::collect)
        .map_err(sql)
}

/// What repricing would change, from one snapshot.
pub(crate) fn preview(conn: &Connection, project_no: i64) -> StoreResult<Shift> {
    let (book, names) = (read_book(conn, project_no)?, read_names(conn, project_no)?);
    let (mut shift, mut after) = (Shift::new(), 0);
    loop {
        let numbers = list_traces(conn, project_no, after)?;
        let Some(last) = numbers.last() else {
            return Ok(shift);
        };
        after = *last;
        for no in numbers {
            let trace = read_trace(conn, no)?.ok_or_else(|| damaged("trace"))?;
            reprice_trace(trace, &book, &names, &mut shift);
        }
    }
}

impl Writer {
    /// Reprices one stretch after a trace number; answers the last number, `None` at the end.
    pub fn reprice_step(
        &mut self,
        project: &str,
        after: i64,
        mut shift: Shift,
    ) -> StoreResult<(Option<i64>, Shift)> {
        self.transact(|tx, caches, _, changes| {
            let Some(project) = commit::find_project(tx, caches, project)? else {
                return Ok((None, shift));
            };
            let names = read_names(tx, project.no)?;
            let numbers = list_traces(tx, project.no, after)?;
            let mut books = Books::new(project.no, &project.book);
            for no in &numbers {
                let trace = read_trace(tx, *no)?.ok_or_else(|| damaged("trace"))?;
                if let Some(trace) = reprice_trace(trace, &project.book, &names, &mut shift) {
                    let facts = trace.state.facts();
                    books.replace(*no, Some(&trace.booked), Some(&facts));
                    index::move_trace(tx, project.no, *no, Some(&trace.booked), Some(&facts))?;
                    write_trace(tx, *no, project.no, trace.payload_no, &facts, &trace.state)?;
                }
            }
            books.close(tx, &mut caches.standings, changes)?;
            Ok((numbers.last().copied(), shift))
        })
    }

    /// Notes in the audit log that a project was repriced.
    pub fn note_reprice(&mut self, project: &str, detail: &str) -> StoreResult<()> {
        self.transact(|tx, caches, _, _| {
            let no = commit::find_project(tx, caches, project)?.map(|project| project.no);
            audit::write(tx, Actor::Operator, no, "prices.reprice", detail)
        })
    }
}
