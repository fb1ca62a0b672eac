//! Removes what is left of deleted projects, a stretch per transaction.
use super::begin;
use crate::connect::raise_books_epoch;
use crate::error::{StoreResult, sql};
use rusqlite::{Connection, OptionalExtension};

/// Removes what is left of deleted projects; goes on where a crash left off.
pub(crate) fn finish_purges(conn: &mut Connection) -> StoreResult<()> {
    loop {
        let next: Option<i64> = conn
            .query_row("SELECT project_no FROM purges LIMIT 1", [], |row| {
                row.get(0)
            })
            .optional()
            .map_err(sql)?;
        let Some(no) = next else { return Ok(()) };
        while purge_step(conn, no)? {}
    }
}

const PURGE_STEP: i64 = 2_000;

/// Statements that remove one stretch of a project; traces last, they lead to the rest.
const PURGES: [&str; 11] = [
    "DELETE FROM user_days WHERE project_no = ?1 AND (day, band) IN (SELECT day, band FROM user_days WHERE project_no = ?1 LIMIT ?2)",
    "DELETE FROM project_quarters WHERE project_no = ?1 AND quarter IN (SELECT quarter FROM project_quarters WHERE project_no = ?1 LIMIT ?2)",
    "DELETE FROM model_quarters WHERE project_no = ?1 AND (quarter, model_no) IN (SELECT quarter, model_no FROM model_quarters WHERE project_no = ?1 LIMIT ?2)",
    "DELETE FROM user_totals WHERE project_no = ?1 AND user_no IN (SELECT user_no FROM user_totals WHERE project_no = ?1 LIMIT ?2)",
    "DELETE FROM project_sessions WHERE project_no = ?1 AND (last, session_no) IN (SELECT last, session_no FROM project_sessions WHERE project_no = ?1 LIMIT ?2)",
    "DELETE FROM prices WHERE project_no = ?1 AND model IN (SELECT model FROM prices WHERE project_no = ?1 LIMIT ?2)",
    "DELETE FROM suppressions WHERE project_no = ?1 AND external_hash IN (SELECT external_hash FROM suppressions WHERE project_no = ?1 LIMIT ?2)",
    "DELETE FROM models WHERE no IN (SELECT no FROM models WHERE project_no = ?1 LIMIT ?2)",
    "DELETE FROM forgotten WHERE project_no = ?1 AND whose IN (SELECT whose FROM forgotten WHERE project_no = ?1 LIMIT ?2)",
    // With what sinks gave up of them.
    "DELETE FROM events WHERE position IN (SELECT position FROM events WHERE project_no = ?1 LIMIT ?2)",
    "DELETE FROM users WHERE no IN (SELECT no FROM users WHERE project_no = ?1 LIMIT ?2)",
];

/// Removes one stretch; `false` when nothing was left.
fn purge_step(conn: &mut Connection, no: i64) -> StoreResult<bool> {
    let tx = begin(conn)?;
    crate::writer::Sequences::load(&tx)?.save(&tx)?;
    let mut removed = 0;
    for statement in PURGES {
        removed += tx.execute(statement, [no, PURGE_STEP]).map_err(sql)?;
    }
    removed += crate::writer::purge_traces(&tx, no, PURGE_STEP)?;
    if removed == 0 {
        tx.execute("DELETE FROM purges WHERE project_no = ?1", [no])
            .map_err(sql)?;
        raise_books_epoch(&tx)?;
    }
    tx.commit().map_err(sql)?;
    Ok(removed > 0)
}
