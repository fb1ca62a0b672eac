//! Brings the schema to the format of this build, a numbered step at a time, while other
//! processes may run or start.
//!
//! A step is one transaction, unless its file begins with [`OUTSIDE`]: then each statement ends
//! at the end of a line, stands alone and may be repeated, for the step starts over after a crash
//! (`IF NOT EXISTS`; `DROP CONSTRAINT IF EXISTS x, ADD CONSTRAINT x … NOT VALID`). A step only
//! adds: processes of the version before go on with what they know.
use crate::connect::check_server;
use crate::error::{StoreResult, internal, pool, sql};
use crate::search_index;
use cognobserve_ports::{ErrorKind, StoreError};
use deadpool_postgres::{ClientWrapper, Object, Pool};
use std::time::Duration;
use tokio_postgres::Client;

#[cfg(test)]
mod tests;

/// The format that this build writes; a database of a newer one is refused.
pub const FORMAT: i64 = 9;

const STEPS: [&str; FORMAT as usize] = [
    include_str!("sql/migrations/0001.sql"),
    include_str!("sql/migrations/0002.sql"),
    include_str!("sql/migrations/0003.sql"),
    include_str!("sql/migrations/0004.sql"),
    include_str!("sql/migrations/0005.sql"),
    include_str!("sql/migrations/0006.sql"),
    include_str!("sql/migrations/0007.sql"),
    include_str!("sql/migrations/0008.sql"),
    include_str!("sql/migrations/0009.sql"),
];

/// The first line of a step with statements that cannot stand in a transaction.
const OUTSIDE: &str = "-- no transaction";

/// Between two attempts to be the one who migrates.
const PAUSE: Duration = Duration::from_millis(20);

pub(crate) async fn run(connections: &Pool) -> StoreResult<()> {
    let client = connections.get().await.map_err(pool)?;
    let found = read_format(&client).await?;
    refuse_newer(found, FORMAT)?;
    if found == FORMAT && search_index::is_settled(&client).await? {
        return Ok(());
    }
    // Not given back: whatever happens, the lock ends with the connection.
    let mut client = Object::take(client);
    begin_alone(&client).await?;
    let before = apply(&mut client, &STEPS).await?;
    search_index::settle(&client, before == 0).await?;
    end_alone(&client).await
}

/// Whether a step was ever taken.
pub(crate) async fn is_made(connections: &Pool) -> StoreResult<bool> {
    let client = connections.get().await.map_err(pool)?;
    Ok(read_format(&client).await? > 0)
}

/// Takes the steps that the database lacks; its format before. The caller is alone.
async fn apply(client: &mut ClientWrapper, steps: &[&str]) -> StoreResult<i64> {
    let newest = i64::try_from(steps.len()).unwrap_or(i64::MAX);
    // Somebody else may have migrated meanwhile.
    let found = read_format(client).await?;
    refuse_newer(found, newest)?;
    let make = "CREATE TABLE IF NOT EXISTS schema_migrations (version bigint PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())";
    client.batch_execute(make).await.map_err(sql)?;
    for (version, step) in (1..).zip(steps) {
        if version <= found {
            continue;
        }
        tracing::info!(version, "migrating the database");
        if step.starts_with(OUTSIDE) {
            // In a new schema there is nobody to be kept waiting.
            let step = match found {
                0 => step.replace(" CONCURRENTLY", ""),
                _ => step.to_string(),
            };
            apply_outside(client, &step).await?;
            record(client, version).await?;
        } else {
            let transaction = client.transaction().await.map_err(sql)?;
            transaction.batch_execute(step).await.map_err(sql)?;
            record(transaction.client(), version).await?;
            transaction.commit().await.map_err(sql)?;
        }
    }
    Ok(found)
}

async fn record(client: &Client, version: i64) -> StoreResult<()> {
    let query = "INSERT INTO schema_migrations (version) VALUES ($1)";
    let recorded = client.execute(query, &[&version]).await;
    recorded.map(drop).map_err(sql)
}

/// Runs statements one by one, each committed by itself.
pub(crate) async fn apply_outside(client: &Client, step: &str) -> StoreResult<()> {
    drop_half_built(client, step).await?;
    for statement in split(step) {
        client.batch_execute(&statement).await.map_err(sql)?;
    }
    Ok(())
}

/// An index whose building was cut off stays behind, is kept up to date, and serves nobody;
/// `IF NOT EXISTS` takes it for done.
async fn drop_half_built(client: &Client, step: &str) -> StoreResult<()> {
    let query = include_str!("sql/migrate.list_half_built.sql");
    for row in client.query(query, &[]).await.map_err(sql)? {
        let name: String = row.try_get(0).map_err(sql)?;
        let drop: String = row.try_get(1).map_err(sql)?;
        let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if step.split(|c| !is_word(c)).any(|word| word == name) {
            tracing::info!(index = name, "building anew what was cut off");
            client.batch_execute(&drop).await.map_err(sql)?;
        }
    }
    Ok(())
}

/// Statements end with a line; lines of comment are left out.
fn split(step: &str) -> Vec<String> {
    let (mut statements, mut current) = (Vec::new(), String::new());
    for line in step.lines().filter(|line| !line.starts_with("--")) {
        current.push_str(line);
        current.push('\n');
        if line.trim_end().ends_with(';') {
            statements.push(std::mem::take(&mut current));
        }
    }
    if !current.trim().is_empty() {
        statements.push(current);
    }
    statements
}

/// The newest step that was taken; 0 on an empty schema.
async fn read_format(client: &Client) -> StoreResult<i64> {
    let query = include_str!("sql/migrate.read_state.sql");
    let row = client.query_one(query, &[]).await.map_err(sql)?;
    let version: String = row.try_get("version").map_err(sql)?;
    check_server(row.try_get("number").map_err(sql)?, &version)?;
    if row
        .try_get::<_, Option<String>>("schema")
        .map_err(sql)?
        .is_none()
    {
        return Err(internal("no schema of the connection's search_path exists"));
    }
    if !row.try_get::<_, bool>("is_made").map_err(sql)? {
        return Ok(0);
    }
    let query = "SELECT coalesce(max(version), 0) FROM schema_migrations";
    let row = client.query_one(query, &[]).await.map_err(sql)?;
    row.try_get(0).map_err(sql)
}

fn refuse_newer(found: i64, newest: i64) -> StoreResult<()> {
    if found <= newest {
        return Ok(());
    }
    let message = format!(
        "the store has format {found}, this version reads up to {newest}: use the newer version"
    );
    Err(StoreError::new(ErrorKind::TooNew, message))
}

/// Waits until nobody else migrates this schema. It asks again and again, since a statement
/// that waits for the lock would be waited for by the building of an index elsewhere.
async fn begin_alone(client: &Client) -> StoreResult<()> {
    let query = include_str!("sql/migrate.try_lock.sql");
    let mut waits = false;
    while !read_flag(client, query).await? {
        if !waits {
            tracing::info!("waiting for another process that migrates the database");
            waits = true;
        }
        tokio::time::sleep(PAUSE).await;
    }
    let exempt = client.batch_execute("SET statement_timeout = 0").await;
    exempt.map_err(sql)
}

async fn end_alone(client: &Client) -> StoreResult<()> {
    let ended = client
        .batch_execute("SELECT pg_advisory_unlock_all()")
        .await;
    ended.map_err(sql)
}

pub(crate) async fn read_flag(client: &Client, query: &str) -> StoreResult<bool> {
    let row = client.query_one(query, &[]).await.map_err(sql)?;
    row.try_get(0).map_err(sql)
}
