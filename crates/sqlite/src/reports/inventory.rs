//! How much there is: what all projects hold, and which ids of one are suppressed.
//!
//! Users are those of the directory, traces and spans the sum of the quarters of an hour; of
//! sessions the shortest list is walked, a few bytes each.
use super::Snapshot;
use crate::error::{StoreResult, damaged, sql};
use crate::writer::Shared;
use cognobserve_model::id::{ProjectId, UserId};
use cognobserve_model::measures::Measures;
use cognobserve_model::report::{Inventory, ProjectCounts, Suppression, Suppressions};
use cognobserve_model::time::Micros;
use rusqlite::Connection;

pub(super) fn count_projects(conn: &Connection, shared: &Shared) -> StoreResult<Inventory> {
    let mut statement = conn
        .prepare_cached(include_str!("../sql/reports.count_projects.sql"))
        .map_err(sql)?;
    let rows = statement.query_map([], |row| {
        let counts = ProjectCounts {
            project: ProjectId::new(row.get::<_, String>(1)?),
            workspace: row.get(2)?,
            name: row.get(3)?,
            users: 0,
            sessions: row.get(4)?,
            traces: 0,
            spans: 0,
            last_trace: row.get::<_, Option<i64>>(5)?.map(Micros),
        };
        Ok((row.get(0)?, counts))
    });
    let rows: Result<Vec<(i64, ProjectCounts)>, _> = rows.and_then(Iterator::collect);
    let mut projects = Vec::new();
    for (no, mut counts) in rows.map_err(sql)? {
        let directory = shared.directory.read();
        let people = directory.people(no);
        counts.users = people.map_or(0, |people| people.count_living() as i64);
        (counts.traces, counts.spans) = sum_quarters(conn, no)?;
        projects.push(counts);
    }
    let workspaces = conn.query_row("SELECT count(*) FROM workspaces", [], |row| row.get(0));
    Ok(Inventory {
        workspaces: workspaces.map_err(sql)?,
        projects,
    })
}

/// Traces and spans of a project.
fn sum_quarters(conn: &Connection, project_no: i64) -> StoreResult<(i64, i64)> {
    let mut statement = conn
        .prepare_cached("SELECT measures FROM project_quarters WHERE project_no = ?1")
        .map_err(sql)?;
    let mut rows = statement.query([project_no]).map_err(sql)?;
    let (mut traces, mut spans) = (0, 0);
    while let Some(row) = rows.next().map_err(sql)? {
        let bytes = row.get_ref(0).map_err(sql)?.as_blob();
        let sums = bytes.ok().and_then(Measures::decode_counts);
        let sums = sums.ok_or_else(|| damaged("rollup"))?;
        traces += sums.trace_count;
        spans += sums.span_count;
    }
    Ok((traces, spans))
}

pub(super) fn list_suppressions(snapshot: &Snapshot, limit: usize) -> StoreResult<Suppressions> {
    let (conn, project_no) = (snapshot.conn, snapshot.project_no);
    let query = "SELECT count(*) FROM suppressions WHERE project_no = ?1";
    let count = conn.query_row(query, [project_no], |row| row.get(0));
    let query = "SELECT user_no, at FROM suppressions WHERE project_no = ?1 ORDER BY at DESC, user_no DESC LIMIT ?2";
    let mut statement = conn.prepare_cached(query).map_err(sql)?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows = statement.query_map([project_no, limit], |row| {
        let user: UserId = snapshot.user_id(row.get(0)?);
        let at = Micros(row.get(1)?);
        Ok(Suppression { user, at })
    });
    Ok(Suppressions {
        count: count.map_err(sql)?,
        latest: rows.and_then(Iterator::collect).map_err(sql)?,
    })
}
