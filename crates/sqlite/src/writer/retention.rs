//! Removes payloads older than their project's retention. The books stay.
//!
//! A mark per project says up to which trace time that is done; traces that arrive or
//! move behind the mark lose their payload when they are written.
use super::Writer;
use crate::error::{StoreResult, sql};
use crate::payloads;
use cognobserve_model::time::{MICROS_PER_DAY, Micros};
use rusqlite::{Connection, OptionalExtension};

/// Traces looked at per call: keeps the writer free for deliveries.
const STEP: i64 = 2_000;

impl Writer {
    pub fn remove_expired_payloads(&mut self, now: Micros) -> StoreResult<u64> {
        self.transact(|tx, _, _, _| {
            let query = "SELECT no, retention_payload_days FROM projects WHERE retention_payload_days IS NOT NULL";
            let mut list = tx.prepare_cached(query).map_err(sql)?;
            let projects: Vec<(i64, i64)> = list.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).and_then(Iterator::collect).map_err(sql)?;
            let mut removed = 0;
            for (project_no, days) in projects {
                removed += remove_step(tx, project_no, now.0.saturating_sub(days.saturating_mul(MICROS_PER_DAY)))?;
            }
            Ok(removed)
        })
    }
}

fn remove_step(tx: &Connection, project_no: i64, cutoff: i64) -> StoreResult<u64> {
    let key = format!("retained_{project_no}");
    let done: Option<i64> = tx
        .query_row("SELECT value FROM meta WHERE key = ?1", [&key], |row| {
            row.get(0)
        })
        .optional()
        .map_err(sql)?;
    let mut done = done.unwrap_or(i64::MIN);
    let mut removed = 0;
    // Whole steps without payload are passed over in one call; one with payload ends it.
    while removed == 0 && done < cutoff {
        let query = "SELECT p.time, t.no, t.payload_no FROM project_traces p JOIN traces t ON t.no = p.trace_no
                     WHERE p.project_no = ?1 AND p.time >= ?2 AND p.time < ?3 ORDER BY p.time LIMIT ?4";
        let mut statement = tx.prepare_cached(query).map_err(sql)?;
        let rows = statement.query_map([project_no, done, cutoff, STEP], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        });
        let rows: Vec<(i64, i64, i64)> = rows.and_then(Iterator::collect).map_err(sql)?;
        for (_, no, payload_no) in &rows {
            if *payload_no > 0 {
                payloads::delete(tx, *payload_no)?;
                tx.execute("UPDATE traces SET payload_no = 0 WHERE no = ?1", [no])
                    .map_err(sql)?;
                removed += 1;
            }
        }
        let full = rows.len() as i64 == STEP;
        done = match rows.last() {
            Some((time, _, _)) if full && *time > done => *time,
            // More traces at one instant than a step: they are done, or the next call's.
            Some((time, _, _)) if full && removed == 0 => *time + 1,
            Some((time, _, _)) if full => *time,
            _ => cutoff,
        };
    }
    tx.execute(
        "INSERT OR REPLACE INTO meta (key, value) VALUES (?1, ?2)",
        (key, done),
    )
    .map_err(sql)?;
    Ok(removed)
}
