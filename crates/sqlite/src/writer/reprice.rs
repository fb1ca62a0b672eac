//! Prices spans anew by today's book, a stretch of traces at a time.
use super::books::Books;
use super::store_trace::{StoredTrace, read_trace, write_trace};
use super::{Writer, commit, index};
use crate::accounts::read_book;
use crate::audit;
use crate::error::{StoreResult, damaged, sql};
use cognobserve_books::repricing::{Shift, reprice_trace};
use cognobserve_model::facts::Facts;
use cognobserve_model::id::ModelNo;
use cognobserve_model::price::PriceBook;
use cognobserve_ports::Actor;
use rusqlite::Connection;
use std::collections::HashMap;
use std::sync::Arc;

const STEP: i64 = 2_000;

/// Prices a trace anew; `None` if nothing changed.
fn reprice_stored(
    mut trace: StoredTrace,
    book: &PriceBook,
    names: &HashMap<i64, Arc<str>>,
    shift: &mut Shift,
) -> Option<(StoredTrace, Facts)> {
    let name_of = |no: ModelNo| names.get(&no.0).cloned().unwrap_or_else(|| "".into());
    let facts = reprice_trace(&trace.booked, &mut trace.state, book, &name_of, shift)?;
    Some((trace, facts))
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
            reprice_stored(trace, &book, &names, &mut shift);
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
                let repriced = reprice_stored(trace, &project.book, &names, &mut shift);
                if let Some((trace, facts)) = repriced {
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
            audit::write(tx, &Actor::Operator, no, "prices.reprice", detail)
        })
    }
}
