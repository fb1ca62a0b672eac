//! API keys: their hashes and what they may do, never the keys.
use super::{can_be_stored, make_id, projects};
use crate::audit;
use crate::error::{StoreResult, damaged, sql};
use cognobserve_books::key_use::Use;
use cognobserve_model::account::{ApiKey, Grant, KeyHash, Scopes};
use cognobserve_model::id::{KeyId, ProjectId};
use cognobserve_model::time::Micros;
use cognobserve_ports::{Actor, ErrorKind, NewKey, StoreError};
use deadpool_postgres::{GenericClient, Object, Transaction};
use tokio_postgres::Row;

fn read_row(row: &Row) -> Result<ApiKey, tokio_postgres::Error> {
    let scopes: String = row.try_get("scopes")?;
    let time = |column: &str| -> Result<_, tokio_postgres::Error> {
        Ok(row.try_get::<_, Option<i64>>(column)?.map(Micros))
    };
    Ok(ApiKey {
        id: KeyId::new(row.try_get::<_, String>("id")?),
        project: ProjectId::new(row.try_get::<_, String>("project")?),
        name: row.try_get("name")?,
        prefix: row.try_get("prefix")?,
        scopes: Scopes::parse(&scopes).unwrap_or_default(),
        created: Micros(row.try_get("created_at")?),
        created_by: row.try_get("created_by")?,
        expires: time("expires_at")?,
        last_used: time("last_used_at")?,
        revoked: time("revoked_at")?,
    })
}

/// What the key grants, and when its last use was noted.
pub(super) async fn authenticate(
    client: &Object,
    hash: &KeyHash,
    now: Micros,
) -> StoreResult<Option<(Grant, Option<Micros>)>> {
    let query = include_str!("../sql/accounts.authenticate.sql");
    let statement = client.prepare_cached(query).await.map_err(sql)?;
    let row = client.query_opt(&statement, &[&&hash[..], &now.0]).await;
    let row = row.map_err(sql)?;
    row.as_ref().map(read_grant).transpose().map_err(sql)
}

fn read_grant(row: &Row) -> Result<(Grant, Option<Micros>), tokio_postgres::Error> {
    let project = projects::read_row(row)?;
    let scopes: String = row.try_get("scopes")?;
    let grant = Grant {
        key: KeyId::new(row.try_get::<_, String>("key")?),
        developer: project.developer.clone(),
        scopes: Scopes::parse(&scopes).unwrap_or_default(),
        expires: row.try_get::<_, Option<i64>>("expires_at")?.map(Micros),
        project,
    };
    let noted: Option<i64> = row.try_get("last_used_at")?;
    Ok((grant, noted.map(Micros)))
}

/// Notes when keys were used; a later use that is noted already stays.
pub(super) async fn note_uses(client: &Object, uses: &[Use]) -> StoreResult<()> {
    let keys: Vec<&str> = uses.iter().map(|(key, _)| key.as_str()).collect();
    let times: Vec<i64> = uses.iter().map(|(_, at)| at.0).collect();
    let query = include_str!("../sql/accounts.note_uses.sql");
    let noted = client.execute(query, &[&keys, &times]).await;
    noted.map(drop).map_err(sql)
}

pub(super) async fn create(
    transaction: &Transaction<'_>,
    project: &ProjectId,
    key: &NewKey,
    by: &Actor,
) -> StoreResult<ApiKey> {
    let no = projects::lock(transaction, project).await?;
    let id = make_id("key_");
    let made = transaction
        .execute(
            include_str!("../sql/accounts.insert_key.sql"),
            &[
                &id,
                &no,
                &&key.hash[..],
                &key.prefix,
                &key.name,
                &key.scopes.to_string(),
                &Micros::now().0,
                &by.as_str(),
                &key.expires.map(|at| at.0),
            ],
        )
        .await
        .map_err(sql)?;
    if made == 0 {
        return Err(StoreError::new(
            ErrorKind::Conflict,
            "this key exists already",
        ));
    }
    let client = transaction.client();
    audit::write(client, by, Some(no), "key.create", &id).await?;
    let made = find(transaction, &id).await?;
    made.ok_or_else(|| damaged("key"))
}

pub(super) async fn find(client: &impl GenericClient, id: &str) -> StoreResult<Option<ApiKey>> {
    if !can_be_stored(id) {
        return Ok(None);
    }
    let query = include_str!("../sql/accounts.find_key.sql");
    let row = client.query_opt(query, &[&id]).await.map_err(sql)?;
    row.as_ref().map(read_row).transpose().map_err(sql)
}

pub(super) async fn list(client: &Object, project: &ProjectId) -> StoreResult<Vec<ApiKey>> {
    let query = include_str!("../sql/accounts.list_keys.sql");
    let rows = client.query(query, &[&project.as_str()]).await;
    let keys: Result<_, _> = rows.map_err(sql)?.iter().map(read_row).collect();
    keys.map_err(sql)
}

pub(super) async fn revoke(
    transaction: &Transaction<'_>,
    project: &ProjectId,
    key: &KeyId,
    by: &Actor,
) -> StoreResult<Option<ApiKey>> {
    let id = key.as_str();
    let known = find(transaction, id).await?;
    if known.is_none_or(|known| known.project != *project) {
        return Ok(None);
    }
    let query = "UPDATE api_keys SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL RETURNING project_no";
    let revoked = transaction.query_opt(query, &[&id, &Micros::now().0]).await;
    if let Some(row) = revoked.map_err(sql)? {
        let no: i64 = row.try_get(0).map_err(sql)?;
        let client = transaction.client();
        audit::write(client, by, Some(no), "key.revoke", id).await?;
    }
    find(transaction, id).await
}
