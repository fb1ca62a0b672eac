//! Whether the server takes writes, and keeps them.
use crate::error::{StoreResult, sql};
use cognobserve_ports::{ErrorKind, StoreError};
use tokio_postgres::{Client, Row};

/// Settings without which a commit is not on the disk, and what happens then.
const SAFETY: [(&str, &str); 3] = [
    (
        "fsync",
        "the whole database may be damaged when its machine fails",
    ),
    (
        "full_page_writes",
        "pages may be damaged when its machine fails",
    ),
    (
        "synchronous_commit",
        "what was just accepted is lost when it fails",
    ),
];

pub(super) async fn check(client: &Client) -> StoreResult<Vec<String>> {
    let query = include_str!("../sql/reports.read_safety.sql");
    let row = client.query_one(query, &[]).await.map_err(sql)?;
    let is = |name: &str| row.try_get::<_, bool>(name).map_err(sql);
    let missing = match (is("is_standby")?, is("is_read_only")?) {
        (true, _) => "the server is a standby that follows another one",
        (false, true) => "its transactions are read-only by default",
        (false, false) => return list_dangers(&row),
    };
    Err(StoreError::new(
        ErrorKind::Unavailable,
        format!("the database takes no writes: {missing}"),
    ))
}

fn list_dangers(row: &Row) -> StoreResult<Vec<String>> {
    let mut dangers = Vec::new();
    for (setting, consequence) in SAFETY {
        if row.try_get::<_, String>(setting).map_err(sql)? == "off" {
            dangers.push(format!("PostgreSQL has {setting} off: {consequence}"));
        }
    }
    Ok(dangers)
}
