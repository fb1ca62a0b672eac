//! Tells the server how its tables grew, sooner than it would look by itself: until it knows,
//! it takes each of a table's indexes for as good as any other, and plans are kept.
use crate::error::{StoreResult, sql};
use crate::store::PostgresStore;
use std::sync::atomic::{AtomicU64, Ordering};

/// Pieces booked by this process before the first look, and how much more before each next one.
const FIRST: u64 = 256;
const FACTOR: u64 = 4;

/// What this process has booked, and when to look next.
pub(crate) struct Growth {
    booked: AtomicU64,
    next: AtomicU64,
}

impl Default for Growth {
    fn default() -> Growth {
        Growth {
            booked: AtomicU64::new(0),
            next: AtomicU64::new(FIRST),
        }
    }
}

impl Growth {
    /// How much was booked ever, if it is time to look.
    fn note(&self, pieces: usize) -> Option<u64> {
        let pieces = u64::try_from(pieces).unwrap_or(u64::MAX);
        let booked = self.booked.fetch_add(pieces, Ordering::Relaxed) + pieces;
        let due = self.next.load(Ordering::Relaxed);
        if booked < due {
            return None;
        }
        let next = booked.saturating_mul(FACTOR);
        let exchanged = self
            .next
            .compare_exchange(due, next, Ordering::Relaxed, Ordering::Relaxed);
        exchanged.is_ok().then_some(booked)
    }
}

impl PostgresStore {
    /// To be called after a commit; what it begins goes on by itself.
    pub(crate) fn note_growth(&self, pieces: usize) {
        let Some(booked) = self.growth().note(pieces) else {
            return;
        };
        let store = self.clone();
        tokio::spawn(async move {
            if let Err(error) = store.refresh_statistics(booked).await {
                tracing::debug!(%error, "statistics of the tables were not renewed");
            }
        });
    }

    /// Looks at the tables anew if the server believes that they hold much less than was booked.
    async fn refresh_statistics(&self, booked: u64) -> StoreResult<()> {
        let client = self.client().await?;
        let believed =
            "SELECT greatest(reltuples, 0)::bigint FROM pg_class WHERE oid = 'traces'::regclass";
        let row = client.query_one(believed, &[]).await.map_err(sql)?;
        let believed: i64 = row.try_get(0).map_err(sql)?;
        if u64::try_from(believed).unwrap_or(0) >= booked / 2 {
            return Ok(());
        }
        let analyse =
            "ANALYZE tracked_users, tracked_user_totals, trace_sessions, traces, payloads, models,
            user_days, project_quarters, model_quarters";
        client.batch_execute(analyse).await.map_err(sql)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_become_rarer() {
        let growth = Growth::default();
        let looks: Vec<u64> = (0..2000).filter_map(|_| growth.note(100)).collect();
        assert_eq!(looks, [300, 1200, 4800, 19_200, 76_800]);
    }
}
