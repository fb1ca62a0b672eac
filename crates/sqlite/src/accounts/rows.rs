//! Projects, keys and prices, on a connection of their own: the command line uses the
//! same code beside a running server.
use crate::audit::{self, Actor};
use crate::connect::{raise_accounts_epoch, raise_books_epoch};
use crate::error::{StoreResult, damaged, sql};
use cognobserve_model::account::{
    ApiKey, Capture, Grant, KeyHash, Project, ProjectSettings, Scopes,
};
use cognobserve_model::id::{DeveloperId, KeyId, ProjectId};
use cognobserve_model::price::{PriceBook, PriceEntry, format_row, parse_row};
use cognobserve_model::time::Micros;
use cognobserve_ports::{ErrorKind, NewKey, StoreError};
use rusqlite::{Connection, OptionalExtension, Row, TransactionBehavior};

const PROJECT_COLUMNS: &str = "p.id, w.name, p.name, w.developer, p.retention_payload_days, p.capture, p.time_zone, p.max_spans_per_second, p.max_users, p.created";

fn random_hex() -> String {
    let bytes: [u8; 12] = rand::random();
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn project_of(row: &Row) -> rusqlite::Result<Project> {
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

fn key_of(row: &Row) -> rusqlite::Result<ApiKey> {
    let scopes: String = row.get(4)?;
    Ok(ApiKey {
        id: KeyId::new(row.get::<_, String>(0)?),
        project: ProjectId::new(row.get::<_, String>(1)?),
        name: row.get(2)?,
        prefix: row.get(3)?,
        scopes: Scopes::parse(&scopes).unwrap_or_default(),
        created: Micros(row.get(5)?),
        revoked: row.get::<_, Option<i64>>(6)?.map(Micros),
    })
}

pub(crate) fn authenticate(conn: &Connection, hash: &KeyHash) -> StoreResult<Option<Grant>> {
    let query = format!(
        "SELECT {PROJECT_COLUMNS}, k.id, k.scopes FROM api_keys k JOIN projects p ON p.no = k.project_no JOIN workspaces w ON w.no = p.workspace_no
         WHERE k.hash = ?1 AND k.revoked IS NULL"
    );
    let mut statement = conn.prepare_cached(&query).map_err(sql)?;
    let grant = statement.query_row([&hash[..]], |row| {
        let project = project_of(row)?;
        let scopes: String = row.get(11)?;
        Ok(Grant {
            key: KeyId::new(row.get::<_, String>(10)?),
            developer: project.developer.clone(),
            scopes: Scopes::parse(&scopes).unwrap_or_default(),
            project,
        })
    });
    grant.optional().map_err(sql)
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

fn missing_project() -> StoreError {
    StoreError::new(ErrorKind::NotFound, "no such project")
}

fn begin(conn: &mut Connection) -> StoreResult<rusqlite::Transaction<'_>> {
    conn.transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(sql)
}

pub(crate) fn create_project(
    conn: &mut Connection,
    workspace: &str,
    name: &str,
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
    audit::write(&tx, Actor::Operator, None, "project.create", &id)?;
    tx.commit().map_err(sql)?;
    find_project(conn, &id)?.ok_or_else(missing_project)
}

pub(crate) fn update_settings(
    conn: &mut Connection,
    id: &str,
    settings: &ProjectSettings,
) -> StoreResult<Option<Project>> {
    let tx = begin(conn)?;
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
    tx.execute(query, row).map_err(sql)?;
    raise_accounts_epoch(&tx)?;
    audit::write(
        &tx,
        Actor::Operator,
        project_no(&tx, id)?,
        "project.settings",
        id,
    )?;
    tx.commit().map_err(sql)?;
    find_project(conn, id)
}

/// The project is gone at once; its rows follow, a stretch at a time.
pub(crate) fn delete_project(conn: &mut Connection, id: &str) -> StoreResult<bool> {
    let tx = begin(conn)?;
    let Some(no) = project_no(&tx, id)? else {
        return Ok(false);
    };
    tx.execute("DELETE FROM api_keys WHERE project_no = ?1", [no])
        .map_err(sql)?;
    tx.execute("DELETE FROM projects WHERE no = ?1", [no])
        .map_err(sql)?;
    tx.execute("INSERT INTO purges (project_no) VALUES (?1)", [no])
        .map_err(sql)?;
    raise_accounts_epoch(&tx)?;
    audit::write(&tx, Actor::Operator, None, "project.delete", id)?;
    tx.commit().map_err(sql)?;
    finish_purges(conn)?;
    Ok(true)
}

pub(crate) fn create_key(
    conn: &mut Connection,
    project: &str,
    key: &NewKey,
) -> StoreResult<ApiKey> {
    let tx = begin(conn)?;
    let no = project_no(&tx, project)?.ok_or_else(missing_project)?;
    let id = format!("key_{}", random_hex());
    let row = (
        &id,
        no,
        &key.hash[..],
        &key.prefix,
        &key.name,
        key.scopes.to_string(),
        Micros::now().0,
    );
    let made = tx
        .execute("INSERT OR IGNORE INTO api_keys (id, project_no, hash, prefix, name, scopes, created) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)", row)
        .map_err(sql)?;
    if made == 0 {
        return Err(StoreError::new(
            ErrorKind::Conflict,
            "this key exists already",
        ));
    }
    audit::write(&tx, Actor::Operator, Some(no), "key.create", &id)?;
    tx.commit().map_err(sql)?;
    find_key(conn, &id)?.ok_or_else(|| damaged("key"))
}

const KEY_COLUMNS: &str = "SELECT k.id, p.id, k.name, k.prefix, k.scopes, k.created, k.revoked FROM api_keys k JOIN projects p ON p.no = k.project_no";

fn find_key(conn: &Connection, id: &str) -> StoreResult<Option<ApiKey>> {
    conn.query_row(&format!("{KEY_COLUMNS} WHERE k.id = ?1"), [id], key_of)
        .optional()
        .map_err(sql)
}

pub(crate) fn list_keys(conn: &Connection, project: &str) -> StoreResult<Vec<ApiKey>> {
    let query = format!("{KEY_COLUMNS} WHERE p.id = ?1 ORDER BY k.created DESC, k.id");
    let mut statement = conn.prepare_cached(&query).map_err(sql)?;
    statement
        .query_map([project], key_of)
        .and_then(Iterator::collect)
        .map_err(sql)
}

pub(crate) fn revoke_key(conn: &mut Connection, id: &str) -> StoreResult<Option<ApiKey>> {
    let tx = begin(conn)?;
    let revoked = tx
        .execute(
            "UPDATE api_keys SET revoked = ?2 WHERE id = ?1 AND revoked IS NULL",
            (id, Micros::now().0),
        )
        .map_err(sql)?;
    if revoked > 0 {
        audit::write(&tx, Actor::Operator, None, "key.revoke", id)?;
    }
    tx.commit().map_err(sql)?;
    find_key(conn, id)
}

pub(crate) fn list_prices(conn: &Connection, project_no: i64) -> StoreResult<Vec<PriceEntry>> {
    let mut statement = conn
        .prepare_cached("SELECT effective_from, rates FROM prices WHERE project_no = ?1 ORDER BY model, effective_from")
        .map_err(sql)?;
    let rows = statement
        .query_map([project_no], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?))
        })
        .map_err(sql)?;
    let mut entries = Vec::new();
    for row in rows {
        let (from, rates) = row.map_err(sql)?;
        let mut entry = parse_row(&rates, 1).map_err(|_| damaged("price"))?;
        entry.effective_from = (from != i64::MIN).then_some(from);
        entries.push(entry);
    }
    Ok(entries)
}

pub(crate) fn put_prices(
    conn: &mut Connection,
    project: &str,
    entries: &[PriceEntry],
) -> StoreResult<()> {
    let tx = begin(conn)?;
    let no = project_no(&tx, project)?.ok_or_else(missing_project)?;
    for entry in entries {
        let row = (
            no,
            entry.model.to_lowercase(),
            entry.effective_from.unwrap_or(i64::MIN),
            format_row(entry),
        );
        tx.execute("INSERT OR REPLACE INTO prices (project_no, model, effective_from, rates) VALUES (?1, ?2, ?3, ?4)", row).map_err(sql)?;
    }
    raise_accounts_epoch(&tx)?;
    audit::write(
        &tx,
        Actor::Operator,
        Some(no),
        "prices.put",
        &entries.len().to_string(),
    )?;
    tx.commit().map_err(sql)
}

/// The price book of a project: its overrides over the built-in table.
pub(crate) fn read_book(conn: &Connection, project_no: i64) -> StoreResult<PriceBook> {
    Ok(PriceBook::with_overrides(list_prices(conn, project_no)?))
}

/// Removes what is left of deleted projects; goes on where a crash left off.
pub(crate) fn finish_purges(conn: &mut Connection) -> StoreResult<()> {
    loop {
        let next: Option<i64> = conn
            .query_row("SELECT project_no FROM purges LIMIT 1", [], |row| {
                row.get(0)
            })
            .optional()
            .map_err(sql)?;
        let Some(no) = next else { return Ok(()) };
        while purge_step(conn, no)? {}
    }
}

const PURGE_STEP: i64 = 2_000;

/// Statements that remove one stretch of a project; traces last, they lead to the rest.
const PURGES: [&str; 9] = [
    "DELETE FROM user_days WHERE project_no = ?1 AND (day, band) IN (SELECT day, band FROM user_days WHERE project_no = ?1 LIMIT ?2)",
    "DELETE FROM project_quarters WHERE project_no = ?1 AND quarter IN (SELECT quarter FROM project_quarters WHERE project_no = ?1 LIMIT ?2)",
    "DELETE FROM model_quarters WHERE project_no = ?1 AND (quarter, model_no) IN (SELECT quarter, model_no FROM model_quarters WHERE project_no = ?1 LIMIT ?2)",
    "DELETE FROM user_totals WHERE project_no = ?1 AND user_no IN (SELECT user_no FROM user_totals WHERE project_no = ?1 LIMIT ?2)",
    "DELETE FROM project_sessions WHERE project_no = ?1 AND (last, session_no) IN (SELECT last, session_no FROM project_sessions WHERE project_no = ?1 LIMIT ?2)",
    "DELETE FROM prices WHERE project_no = ?1 AND model IN (SELECT model FROM prices WHERE project_no = ?1 LIMIT ?2)",
    "DELETE FROM suppressions WHERE project_no = ?1 AND external_hash IN (SELECT external_hash FROM suppressions WHERE project_no = ?1 LIMIT ?2)",
    "DELETE FROM models WHERE no IN (SELECT no FROM models WHERE project_no = ?1 LIMIT ?2)",
    "DELETE FROM users WHERE no IN (SELECT no FROM users WHERE project_no = ?1 LIMIT ?2)",
];

/// Removes one stretch; `false` when nothing was left.
fn purge_step(conn: &mut Connection, no: i64) -> StoreResult<bool> {
    let tx = begin(conn)?;
    crate::writer::Sequences::load(&tx)?.save(&tx)?;
    let mut removed = 0;
    for statement in PURGES {
        removed += tx.execute(statement, [no, PURGE_STEP]).map_err(sql)?;
    }
    removed += crate::writer::purge_traces(&tx, no, PURGE_STEP)?;
    if removed == 0 {
        tx.execute("DELETE FROM purges WHERE project_no = ?1", [no])
            .map_err(sql)?;
        raise_books_epoch(&tx)?;
    }
    tx.commit().map_err(sql)?;
    Ok(removed > 0)
}
