//! Workspaces by name.
use crate::rows::{Rows, StoreResult, find};

pub(crate) async fn find_workspace(rows: &mut dyn Rows, name: &str) -> StoreResult<Option<i64>> {
    let found = find(
        rows,
        "SELECT no FROM workspaces WHERE name = $1",
        &[name.into()],
    )
    .await?;
    found.map(|mut row| row.number()).transpose()
}

/// The number of a workspace, whose members nobody else changes before the transaction ends.
pub(crate) async fn lock_workspace(rows: &mut dyn Rows, name: &str) -> StoreResult<Option<i64>> {
    let lock = "UPDATE workspaces SET name = name WHERE name = $1 RETURNING no";
    let found = find(rows, lock, &[name.into()]).await?;
    found.map(|mut row| row.number()).transpose()
}
