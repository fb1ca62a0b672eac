//! How much there is: what all projects hold, and which ids of one are suppressed.
//!
//! Everything is the sum of the users' totals, so that it takes as long as there are users, however
//! much they did.
use super::Param;
use super::rows::get;
use crate::error::StoreResult;
use crate::snapshot::Snapshot;
use cognobserve_model::id::ProjectId;
use cognobserve_model::report::{Inventory, ProjectCounts, Suppression, Suppressions};
use cognobserve_model::time::Micros;

pub(super) async fn count_projects(snapshot: &Snapshot) -> StoreResult<Inventory> {
    let query = include_str!("../sql/reports.count_projects.sql");
    let mut projects = Vec::new();
    for row in snapshot.query(query, &[]).await? {
        projects.push(ProjectCounts {
            project: ProjectId::new(get::<String>(&row, 0)?),
            workspace: get(&row, 1)?,
            name: get(&row, 2)?,
            users: get(&row, 3)?,
            sessions: get(&row, 4)?,
            traces: get(&row, 5)?,
            spans: get(&row, 6)?,
            last_trace: get::<Option<i64>>(&row, 7)?.map(Micros),
        });
    }
    let row = snapshot.query_one("SELECT count(*) FROM workspaces", &[]);
    Ok(Inventory {
        workspaces: get(&row.await?, 0)?,
        projects,
    })
}

pub(super) async fn list_suppressions(
    snapshot: &Snapshot,
    limit: usize,
) -> StoreResult<Suppressions> {
    let query = "SELECT count(*) FROM suppressions WHERE project_no = $1";
    let row = snapshot.query_one(query, &[&snapshot.project_no]).await?;
    let query = "SELECT user_no, at FROM suppressions WHERE project_no = $1 ORDER BY at DESC, user_no DESC LIMIT $2";
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let params: [Param; 2] = [&snapshot.project_no, &limit];
    let mut latest = Vec::new();
    for row in snapshot.query(query, &params).await? {
        latest.push(Suppression {
            user: snapshot.user_id(get(&row, 0)?),
            at: Micros(get(&row, 1)?),
        });
    }
    Ok(Suppressions {
        count: get(&row, 0)?,
        latest,
    })
}
