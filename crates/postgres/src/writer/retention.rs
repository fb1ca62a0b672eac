//! Removes payloads older than their project's retention. The books stay.
//!
//! A mark per project says up to which trace time that is done; traces that arrive or
//! move behind the mark lose their payload when they are written.
use super::rewrite::STRETCH;
use super::tx::Tx;
use crate::error::StoreResult;
use crate::store::PostgresStore;
use cognobserve_model::time::{MICROS_PER_DAY, Micros};

impl PostgresStore {
    /// One stretch of each project; answers how many traces lost their payload.
    pub(crate) async fn remove_expired(&self, now: Micros) -> StoreResult<u64> {
        let tx = Tx::begin(self).await?;
        let query = include_str!("../sql/ledger.lock_retained.sql");
        let mut removed = 0;
        for row in tx.query(query, &[]).await? {
            let (no, days): (i64, i64) = (row.get(0), row.get(1));
            let cutoff = now.0.saturating_sub(days.saturating_mul(MICROS_PER_DAY));
            let done: Option<i64> = row.get(2);
            removed += remove_stretch(&tx, no, done.unwrap_or(i64::MIN), cutoff).await?;
        }
        tx.commit().await?;
        Ok(removed)
    }
}

async fn remove_stretch(tx: &Tx, project_no: i64, mut done: i64, cutoff: i64) -> StoreResult<u64> {
    let mut removed = 0;
    // Whole stretches without payload are passed over in one call; one with payload ends it.
    while removed == 0 && done < cutoff {
        let query = include_str!("../sql/ledger.list_expired.sql");
        let limit = STRETCH as i64;
        let rows = tx
            .query(query, &[&project_no, &done, &cutoff, &limit])
            .await?;
        let with_payload = rows.iter().filter(|row| row.get(2));
        let numbers: Vec<i64> = with_payload.map(|row| row.get(1)).collect();
        removed = numbers.len() as u64;
        if removed > 0 {
            let query = "DELETE FROM payloads WHERE project_no = $1 AND trace_no = ANY ($2)";
            tx.execute(query, &[&project_no, &numbers]).await?;
        }
        let is_full = rows.len() == STRETCH;
        done = match rows.last().map(|row| row.get::<_, i64>(0)) {
            Some(time) if is_full && time > done => time,
            // More traces at one instant than a stretch: they are done, or the next call's.
            Some(time) if is_full && removed == 0 => time + 1,
            Some(time) if is_full => time,
            _ => cutoff,
        };
    }
    let query = "UPDATE projects SET payloads_removed_to = $2 WHERE no = $1";
    tx.execute(query, &[&project_no, &done]).await?;
    Ok(removed)
}
