//! API keys: their hashes and what they may do, never the keys.
use super::projects::{PROJECT_COLUMNS, project_no, project_of};
use super::{begin, missing_project, random_hex};
use crate::audit;
use crate::error::{StoreResult, damaged, sql};
use cognobserve_books::key_use::Use;
use cognobserve_model::account::{ApiKey, Grant, KeyHash, Scopes};
use cognobserve_model::id::{KeyId, ProjectId};
use cognobserve_model::time::Micros;
use cognobserve_ports::{Actor, ErrorKind, NewKey, StoreError};
use rusqlite::{Connection, OptionalExtension, Row};

const KEY_COLUMNS: &str = "SELECT k.id, p.id, k.name, k.prefix, k.scopes, k.created, k.created_by, k.expires, k.last_used, k.revoked
    FROM api_keys k JOIN projects p ON p.no = k.project_no";

fn key_of(row: &Row) -> rusqlite::Result<ApiKey> {
    let scopes: String = row.get(4)?;
    let time = |at: usize| row.get::<_, Option<i64>>(at).map(|at| at.map(Micros));
    Ok(ApiKey {
        id: KeyId::new(row.get::<_, String>(0)?),
        project: ProjectId::new(row.get::<_, String>(1)?),
        name: row.get(2)?,
        prefix: row.get(3)?,
        scopes: Scopes::parse(&scopes).unwrap_or_default(),
        created: Micros(row.get(5)?),
        created_by: row.get(6)?,
        expires: time(7)?,
        last_used: time(8)?,
        revoked: time(9)?,
    })
}

/// What the key grants, and when its last use was noted.
pub(super) fn authenticate(
    conn: &Connection,
    hash: &KeyHash,
    now: Micros,
) -> StoreResult<Option<(Grant, Option<Micros>)>> {
    let query = format!(
        "SELECT {PROJECT_COLUMNS}, k.id, k.scopes, k.expires, k.last_used
         FROM api_keys k JOIN projects p ON p.no = k.project_no JOIN workspaces w ON w.no = p.workspace_no
         WHERE k.hash = ?1 AND k.revoked IS NULL AND (k.expires IS NULL OR k.expires > ?2)"
    );
    let mut statement = conn.prepare_cached(&query).map_err(sql)?;
    let grant = statement.query_row((&hash[..], now.0), |row| {
        let project = project_of(row)?;
        let scopes: String = row.get(11)?;
        let time = |at: usize| row.get::<_, Option<i64>>(at).map(|at| at.map(Micros));
        let grant = Grant {
            key: KeyId::new(row.get::<_, String>(10)?),
            developer: project.developer.clone(),
            scopes: Scopes::parse(&scopes).unwrap_or_default(),
            expires: time(12)?,
            project,
        };
        Ok((grant, time(13)?))
    });
    grant.optional().map_err(sql)
}

/// Notes when keys were used; a later use that is noted already stays.
pub(super) fn note_uses(conn: &mut Connection, uses: &[Use]) -> StoreResult<()> {
    let tx = begin(conn)?;
    let query = "UPDATE api_keys SET last_used = ?2 WHERE id = ?1 AND ifnull(last_used, 0) < ?2";
    for (key, at) in uses {
        tx.execute(query, (key.as_str(), at.0)).map_err(sql)?;
    }
    tx.commit().map_err(sql)
}

pub(super) fn create(
    conn: &mut Connection,
    project: &str,
    key: &NewKey,
    by: &Actor,
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
        by.as_str(),
        key.expires.map(|at| at.0),
    );
    let insert = include_str!("../sql/accounts.insert_key.sql");
    if tx.execute(insert, row).map_err(sql)? == 0 {
        return Err(StoreError::new(
            ErrorKind::Conflict,
            "this key exists already",
        ));
    }
    audit::write(&tx, by, Some(no), "key.create", &id)?;
    tx.commit().map_err(sql)?;
    find(conn, &id)?.ok_or_else(|| damaged("key"))
}

pub(super) fn find(conn: &Connection, id: &str) -> StoreResult<Option<ApiKey>> {
    conn.query_row(&format!("{KEY_COLUMNS} WHERE k.id = ?1"), [id], key_of)
        .optional()
        .map_err(sql)
}

pub(super) fn list(conn: &Connection, project: &str) -> StoreResult<Vec<ApiKey>> {
    let query = format!("{KEY_COLUMNS} WHERE p.id = ?1 ORDER BY k.created DESC, k.id");
    let mut statement = conn.prepare_cached(&query).map_err(sql)?;
    statement
        .query_map([project], key_of)
        .and_then(Iterator::collect)
        .map_err(sql)
}

pub(super) fn revoke(
    conn: &mut Connection,
    project: &str,
    id: &str,
    by: &Actor,
) -> StoreResult<Option<ApiKey>> {
    let tx = begin(conn)?;
    let Some(no) = project_no(&tx, project)? else {
        return Ok(None);
    };
    let query =
        "UPDATE api_keys SET revoked = ?3 WHERE id = ?1 AND project_no = ?2 AND revoked IS NULL";
    let revoked = tx.execute(query, (id, no, Micros::now().0)).map_err(sql)?;
    if revoked > 0 {
        audit::write(&tx, by, Some(no), "key.revoke", id)?;
    }
    tx.commit().map_err(sql)?;
    Ok(find(conn, id)?.filter(|key| key.project.as_str() == project))
}
