//! Whether a workspace's developer wants events captured.
use crate::rows::{Rows, StoreResult, find};
use cognobserve_model::id::ProjectId;

pub(super) async fn has_opted_out(rows: &mut dyn Rows, project: &ProjectId) -> StoreResult<bool> {
    let query = "SELECT w.opted_out FROM living_projects p JOIN workspaces w ON w.no = p.workspace_no WHERE p.id = $1";
    let found = find(rows, query, &[project.as_str().into()]).await?;
    let flag = found.map(|mut row| row.number()).transpose()?;
    Ok(flag.is_some_and(|flag| flag != 0))
}

pub(super) async fn opt_out(
    rows: &mut dyn Rows,
    project: &ProjectId,
    out: bool,
) -> StoreResult<bool> {
    let update = "UPDATE workspaces SET opted_out = $2 WHERE no = (SELECT workspace_no FROM living_projects WHERE id = $1)";
    let values = [project.as_str().into(), i64::from(out).into()];
    Ok(rows.execute(update, &values).await? > 0)
}
