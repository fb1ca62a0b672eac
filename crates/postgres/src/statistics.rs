//! Tells the server how its tables grew, sooner than it would look by itself: until it knows,
//! it takes each of a table's indexes for as good as any other, and plans are kept.
use crate::error::{StoreResult, sql};
use crate::store::PostgresStore;

impl PostgresStore {
    /// To be called after a commit; what it begins goes on by itself.
    pub(crate) fn note_growth(&self, pieces: usize) {
        let Some(booked) = self.shared().growth.note(pieces) else {
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
