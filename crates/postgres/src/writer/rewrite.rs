//! Stored traces read, changed and written back, a stretch at a time.
use super::rows::{StoredTrace, TraceRow, Writes, read_trace};
use super::tx::Tx;
use crate::error::StoreResult;
use cognobserve_books::postings::Postings;

/// Traces of a stretch: some MB of states at most in the usual case.
pub(super) const STRETCH: usize = 2_000;

pub(super) async fn read_traces(
    tx: &Tx,
    project_no: i64,
    numbers: &[i64],
) -> StoreResult<Vec<StoredTrace>> {
    let query = "SELECT no, booked, state FROM traces WHERE project_no = $1 AND no = ANY ($2)";
    let rows = tx.query(query, &[&project_no, &numbers]).await?;
    rows.iter().map(read_trace).collect()
}

/// Books the difference of a changed trace and writes it back with the others.
pub(super) fn put_back(trace: StoredTrace, postings: &mut Postings, writes: &mut Writes) {
    let facts = trace.state.facts();
    postings.replace(trace.no, Some(&trace.booked), Some(&facts));
    writes.changed_traces.push(TraceRow {
        no: trace.no,
        facts,
        state: trace.state,
    });
}

/// The numbers of a query's first column.
pub(super) async fn list_numbers(
    tx: &Tx,
    query: &'static str,
    project_no: i64,
    key: i64,
) -> StoreResult<Vec<i64>> {
    let rows = tx.query(query, &[&project_no, &key]).await?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}
