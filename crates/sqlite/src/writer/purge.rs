//! Removes the traces and sessions of a deleted project, a stretch at a time.
use super::index;
use super::store_trace::read_trace;
use crate::error::{StoreResult, sql};
use crate::held::Held;
use crate::payloads;
use rusqlite::Connection;

/// Removes up to `limit` traces, or sessions once the traces are gone; how many.
pub(crate) fn purge_traces(conn: &Connection, project_no: i64, limit: i64) -> StoreResult<usize> {
    let tx = &Held::new(conn);
    let mut list = tx
        .prepare_cached("SELECT trace_no FROM project_traces WHERE project_no = ?1 LIMIT ?2")
        .map_err(sql)?;
    let numbers: Vec<i64> = list
        .query_map([project_no, limit], |row| row.get(0))
        .and_then(Iterator::collect)
        .map_err(sql)?;
    for no in &numbers {
        if let Some(trace) = read_trace(tx, *no)? {
            payloads::delete(tx, trace.payload_no)?;
            index::move_trace(tx, project_no, *no, Some(&trace.booked), None)?;
        }
        tx.execute("DELETE FROM traces WHERE no = ?1", [no])
            .map_err(sql)?;
    }
    if !numbers.is_empty() {
        return Ok(numbers.len());
    }
    // Lookup rows hold keyed hashes only; what they lead to is gone, so they match nothing.
    tx.execute(
        "DELETE FROM user_sessions WHERE project_no = ?1",
        [project_no],
    )
    .map_err(sql)?;
    tx.execute(
        "DELETE FROM sessions WHERE no IN (SELECT no FROM sessions WHERE project_no = ?1 LIMIT ?2)",
        [project_no, limit],
    )
    .map_err(sql)
}
