//! Removes the rows of deleted projects, a stretch per transaction: nobody waits long for a
//! lock, and what was removed stays removed if the process ends in between.
use crate::error::{StoreResult, sql};
use deadpool_postgres::{Object, Transaction};
use tokio_postgres::Client;

/// Rows of a stretch.
const STEP: i64 = 2_000;

/// Traces first, whose payloads follow them, then what they refer to.
const PURGES: [&str; 9] = [
    "DELETE FROM traces WHERE project_no = $1 AND no IN (SELECT no FROM traces WHERE project_no = $1 LIMIT $2)",
    // With what sinks gave up of them; in the order in which others delete them.
    "DELETE FROM events WHERE position IN (SELECT position FROM events WHERE project_no = $1 ORDER BY arrived, position LIMIT $2 FOR UPDATE)",
    "DELETE FROM forgotten WHERE project_no = $1 AND whose IN (SELECT whose FROM forgotten WHERE project_no = $1 LIMIT $2)",
    "DELETE FROM trace_sessions WHERE project_no = $1 AND no IN (SELECT no FROM trace_sessions WHERE project_no = $1 LIMIT $2)",
    "DELETE FROM tracked_user_totals WHERE project_no = $1 AND user_no IN (SELECT user_no FROM tracked_user_totals WHERE project_no = $1 LIMIT $2)",
    "DELETE FROM tracked_users WHERE project_no = $1 AND no IN (SELECT no FROM tracked_users WHERE project_no = $1 LIMIT $2)",
    "DELETE FROM user_days WHERE project_no = $1 AND (day, band) IN (SELECT day, band FROM user_days WHERE project_no = $1 LIMIT $2)",
    "DELETE FROM project_quarters WHERE project_no = $1 AND quarter IN (SELECT quarter FROM project_quarters WHERE project_no = $1 LIMIT $2)",
    "DELETE FROM model_quarters WHERE project_no = $1 AND (quarter, model_no) IN (SELECT quarter, model_no FROM model_quarters WHERE project_no = $1 LIMIT $2)",
];

/// Projects that were deleted and whose rows are not all removed.
pub(super) async fn list(client: &Client) -> StoreResult<Vec<i64>> {
    let query = "SELECT no FROM projects WHERE deleted_at IS NOT NULL ORDER BY no";
    let rows = client.query(query, &[]).await.map_err(sql)?;
    let numbers: Result<_, _> = rows.iter().map(|row| row.try_get(0)).collect();
    numbers.map_err(sql)
}

/// Removes all of a deleted project. Two who do so at once take turns.
pub(super) async fn purge(client: &mut Object, no: i64) -> StoreResult<()> {
    // Whoever still took the project for a living one has appended by now; the next see that it is not.
    let wait = "SELECT FROM event_log FOR UPDATE";
    client.batch_execute(wait).await.map_err(sql)?;
    loop {
        let transaction = client.transaction().await.map_err(sql)?;
        let more = remove_stretch(&transaction, no).await?;
        transaction.commit().await.map_err(sql)?;
        if !more {
            return Ok(());
        }
    }
}

/// Removes rows of the first table that has any; `false` when the project itself went.
async fn remove_stretch(transaction: &Transaction<'_>, no: i64) -> StoreResult<bool> {
    let exempt = transaction.batch_execute("SET LOCAL statement_timeout = 0");
    exempt.await.map_err(sql)?;
    let query = "SELECT FROM projects WHERE no = $1 AND deleted_at IS NOT NULL FOR UPDATE";
    let locked = transaction.query_opt(query, &[&no]).await.map_err(sql)?;
    if locked.is_none() {
        return Ok(false);
    }
    for purge in PURGES {
        let removed = transaction.execute(purge, &[&no, &STEP]).await;
        if removed.map_err(sql)? > 0 {
            return Ok(true);
        }
    }
    // What is left is little, and goes with the row.
    let query = "DELETE FROM projects WHERE no = $1";
    transaction.execute(query, &[&no]).await.map_err(sql)?;
    Ok(false)
}
