//! Projects and their workspaces.
use super::{begin, finish_purges, missing_project, random_hex};
use crate::audit;
use crate::connect::raise_accounts_epoch;
use crate::error::{StoreResult, sql};
use cognobserve_books::told::tell_settings;
use cognobserve_model::account::{Capture, Project, ProjectSettings};
use cognobserve_model::id::{DeveloperId, ProjectId};
use cognobserve_model::time::Micros;
use cognobserve_ports::{Actor, ErrorKind, StoreError};
use rusqlite::{Connection, OptionalExtension, Row};

pub(super) const PROJECT_COLUMNS: &str = "p.id, w.name, p.name, w.developer, p.retention_payload_days, p.capture, p.time_zone, p.max_spans_per_second, p.max_users, p.created";

pub(super) fn project_of(row: &Row) -> rusqlite::Result<Project> {
    let capture: String = row.get(5)?;
    Ok(Project {
        id: ProjectId::new(row.get::<_, String>(0)?),
        workspace: row.get(1)?,
        name: row.get(2)?,
        developer: DeveloperId::new(row.get::<_, String>(3)?),
        settings: ProjectSettings {
            retention_payload_days: row.get(4)?,
            capture: Capture::parse(&capture).unwrap_or(Capture::Full),
            time_zone: row.get(6)?,
            max_spans_per_second: row.get(7)?,
            max_users: row
                .get::<_, Option<i64>>(8)?
                .and_then(|max| u64::try_from(max).ok()),
        },
        created: Micros(row.get(9)?),
    })
}

pub(crate) fn find_project(conn: &Connection, id_or_name: &str) -> StoreResult<Option<Project>> {
    let query = format!(
        "SELECT {PROJECT_COLUMNS} FROM projects p JOIN workspaces w ON w.no = p.workspace_no
         WHERE p.id = ?1 OR p.name = ?1 ORDER BY p.id = ?1 DESC, p.no LIMIT 1"
    );
    conn.query_row(&query, [id_or_name], project_of)
        .optional()
        .map_err(sql)
}

pub(crate) fn list_projects(conn: &Connection) -> StoreResult<Vec<Project>> {
    let query = format!(
        "SELECT {PROJECT_COLUMNS} FROM projects p JOIN workspaces w ON w.no = p.workspace_no ORDER BY w.name, p.name"
    );
    let mut statement = conn.prepare_cached(&query).map_err(sql)?;
    statement
        .query_map([], project_of)
        .and_then(Iterator::collect)
        .map_err(sql)
}

/// The number of a project that exists.
pub(crate) fn project_no(conn: &Connection, id: &str) -> StoreResult<Option<i64>> {
    let mut statement = conn
        .prepare_cached("SELECT no FROM projects WHERE id = ?1")
        .map_err(sql)?;
    statement
        .query_row([id], |row| row.get(0))
        .optional()
        .map_err(sql)
}

pub(crate) fn create_project(
    conn: &mut Connection,
    workspace: &str,
    name: &str,
    by: &Actor,
) -> StoreResult<Project> {
    let tx = begin(conn)?;
    let now = Micros::now().0;
    let developer = format!("dev_{}", random_hex());
    tx.execute(
        "INSERT OR IGNORE INTO workspaces (name, developer, created) VALUES (?1, ?2, ?3)",
        (workspace, developer, now),
    )
    .map_err(sql)?;
    let id = format!("prj_{}", random_hex());
    // A purged project's number must not be given again while its rows are being removed.
    let query = "INSERT OR IGNORE INTO projects (no, id, workspace_no, name, created, capture, time_zone)
                 SELECT 1 + max(ifnull((SELECT max(no) FROM projects), 0), ifnull((SELECT value FROM meta WHERE key = 'last_project'), 0)),
                        ?1, w.no, ?2, ?3, 'full', 'UTC' FROM workspaces w WHERE w.name = ?4";
    let made = tx
        .execute(query, (&id, name, now, workspace))
        .map_err(sql)?;
    if made == 0 {
        return Err(StoreError::new(
            ErrorKind::Conflict,
            format!("a project named {name:?} exists already"),
        ));
    }
    tx.execute(
        "INSERT OR REPLACE INTO meta (key, value) SELECT 'last_project', max(no) FROM projects",
        [],
    )
    .map_err(sql)?;
    raise_accounts_epoch(&tx)?;
    audit::write(&tx, by, project_no(&tx, &id)?, "project.create", &id)?;
    tx.commit().map_err(sql)?;
    find_project(conn, &id)?.ok_or_else(missing_project)
}

pub(crate) fn update_settings(
    conn: &mut Connection,
    id: &str,
    settings: &ProjectSettings,
    by: &Actor,
) -> StoreResult<Option<Project>> {
    let tx = begin(conn)?;
    let Some(before) = find_project(&tx, id)? else {
        return Ok(None);
    };
    let query = "UPDATE projects SET retention_payload_days = ?2, capture = ?3, time_zone = ?4, max_spans_per_second = ?5, max_users = ?6 WHERE id = ?1";
    let max_users = settings
        .max_users
        .map(|max| i64::try_from(max).unwrap_or(i64::MAX));
    let row = (
        id,
        settings.retention_payload_days,
        settings.capture.as_str(),
        &settings.time_zone,
        settings.max_spans_per_second,
        max_users,
    );
    if tx.execute(query, row).map_err(sql)? == 0 {
        return Ok(None);
    }
    raise_accounts_epoch(&tx)?;
    let no = project_no(&tx, id)?;
    let told = tell_settings(&before.settings, settings);
    audit::write(&tx, by, no, "project.settings", &told)?;
    tx.commit().map_err(sql)?;
    find_project(conn, id)
}

/// The project is gone at once; its rows follow, a stretch at a time.
pub(crate) fn delete_project(conn: &mut Connection, id: &str, by: &Actor) -> StoreResult<bool> {
    let tx = begin(conn)?;
    let Some(no) = project_no(&tx, id)? else {
        return Ok(false);
    };
    audit::write(&tx, by, Some(no), "project.delete", id)?;
    tx.execute("DELETE FROM api_keys WHERE project_no = ?1", [no])
        .map_err(sql)?;
    tx.execute("DELETE FROM projects WHERE no = ?1", [no])
        .map_err(sql)?;
    tx.execute("INSERT INTO purges (project_no) VALUES (?1)", [no])
        .map_err(sql)?;
    raise_accounts_epoch(&tx)?;
    tx.commit().map_err(sql)?;
    finish_purges(conn)?;
    Ok(true)
}
