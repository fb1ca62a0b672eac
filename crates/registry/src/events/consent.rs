//! Whether a workspace's developer wants events captured.
use crate::audit;
use crate::rows::{Rows, StoreResult, find};
use cognobserve_model::id::ProjectId;
use cognobserve_ports::Actor;

pub(super) async fn has_opted_out(rows: &mut dyn Rows, project: &ProjectId) -> StoreResult<bool> {
    Ok(find_choice(rows, project)
        .await?
        .is_some_and(|(_, out)| out))
}

/// The workspace, and what was said last.
async fn find_choice(rows: &mut dyn Rows, project: &ProjectId) -> StoreResult<Option<(i64, bool)>> {
    let query = "SELECT w.no, w.opted_out FROM living_projects p JOIN workspaces w ON w.no = p.workspace_no WHERE p.id = $1";
    let found = find(rows, query, &[project.as_str().into()]).await?;
    let read = |mut row: crate::rows::Row| Ok((row.number()?, row.number()? != 0));
    found.map(read).transpose()
}

pub(super) async fn opt_out(
    rows: &mut dyn Rows,
    project: &ProjectId,
    out: bool,
    by: &Actor,
) -> StoreResult<bool> {
    let Some((workspace, _)) = find_choice(rows, project).await? else {
        return Ok(false);
    };
    let update = "UPDATE workspaces SET opted_out = $2 WHERE no = $1 AND opted_out <> $2";
    let values = [workspace.into(), i64::from(out).into()];
    if rows.execute(update, &values).await? > 0 {
        let action = if out {
            "telemetry.disable"
        } else {
            "telemetry.enable"
        };
        audit::write(rows, Some(workspace), by, action, "").await?;
    }
    Ok(true)
}
