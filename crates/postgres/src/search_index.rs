//! The index for searching users by any part of a word. It needs the extension `pg_trgm`,
//! which not every server has or lets be made; without it searches read every user.
use crate::error::{StoreResult, sql};
use crate::migrate::{apply_outside, read_flag};
use tokio_postgres::Client;

/// Whether there is nothing to be made: the index is there, or the server has no such extension.
pub(crate) async fn is_settled(client: &Client) -> StoreResult<bool> {
    read_flag(client, include_str!("sql/search_index.is_settled.sql")).await
}

/// Makes the extension and the index if that is possible. `is_new`: no other process can
/// know the tables yet, so that nobody is kept waiting.
pub(crate) async fn settle(client: &Client, is_new: bool) -> StoreResult<()> {
    if is_settled(client).await? {
        return Ok(());
    }
    make_extension(client).await;
    let query = include_str!("sql/search_index.write_statement.sql");
    let Some(row) = client.query_opt(query, &[]).await.map_err(sql)? else {
        tracing::info!("searches of users go without an index: pg_trgm cannot be had here");
        return Ok(());
    };
    let statement: String = row.try_get(0).map_err(sql)?;
    let made = if is_new {
        let plain = statement.replace(" CONCURRENTLY", "");
        client.batch_execute(&plain).await.map_err(sql)
    } else {
        apply_outside(client, &statement).await
    };
    if let Err(error) = made {
        tracing::info!(%error, "searches of users go without an index");
    }
    Ok(())
}

/// In `public` if it may be: several stores in schemas of one database share it.
async fn make_extension(client: &Client) {
    for place in [" SCHEMA public", ""] {
        let make = format!("CREATE EXTENSION IF NOT EXISTS pg_trgm{place}");
        match client.batch_execute(&make).await {
            Ok(()) => return,
            Err(error) => tracing::debug!(error = %sql(error), "pg_trgm cannot be made"),
        }
    }
}
