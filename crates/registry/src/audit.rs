//! The audit log, as far as it is about workspaces; the stores write the lines about projects.
use crate::rows::{Row, Rows, StoreResult};
use crate::workspaces::find_workspace;
use cognobserve_model::id::ProjectId;
use cognobserve_model::people::AuditEntry;
use cognobserve_model::time::Micros;
use cognobserve_ports::Actor;

/// `detail` must hold no personal data.
pub(crate) async fn write(
    rows: &mut dyn Rows,
    workspace_no: Option<i64>,
    by: &Actor,
    action: &'static str,
    detail: &str,
) -> StoreResult<()> {
    let insert =
        "INSERT INTO audit (at, workspace_no, actor, action, detail) VALUES ($1, $2, $3, $4, $5)";
    let values = [
        Micros::now().into(),
        workspace_no.into(),
        by.as_str().into(),
        action.into(),
        detail.into(),
    ];
    rows.execute(insert, &values).await.map(drop)
}

/// Lines about the workspace and its projects, and what its members did to their own access.
pub(crate) async fn list(
    rows: &mut dyn Rows,
    workspace: &str,
    before: Option<i64>,
    limit: usize,
) -> StoreResult<Vec<AuditEntry>> {
    let Some(no) = find_workspace(rows, workspace).await? else {
        return Ok(Vec::new());
    };
    let query = "SELECT l.no, l.at, l.actor, l.action, l.detail, p.id
        FROM audit l LEFT JOIN projects p ON p.no = l.project_no
        WHERE (l.workspace_no = $1 OR p.workspace_no = $1 OR (l.workspace_no IS NULL AND l.project_no IS NULL
            AND l.actor IN (SELECT m.account_id FROM members m WHERE m.workspace_no = $1)))
        AND l.no < $2 ORDER BY l.no DESC LIMIT $3";
    let values = [
        no.into(),
        before.unwrap_or(i64::MAX).into(),
        i64::try_from(limit).unwrap_or(i64::MAX).into(),
    ];
    let found = rows.query(query, &values).await?;
    found.into_iter().map(read_entry).collect()
}

fn read_entry(mut row: Row) -> StoreResult<AuditEntry> {
    Ok(AuditEntry {
        no: row.number()?,
        at: row.time()?,
        actor: row.text()?,
        action: row.text()?,
        detail: row.text()?,
        project: row.maybe_text()?.map(ProjectId::new),
    })
}
