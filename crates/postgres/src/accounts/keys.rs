//! API keys: their hashes and what they may do, never the keys.
use super::{can_be_stored, make_id, projects};
use crate::audit::{self, Actor};
use crate::error::{StoreResult, damaged, sql};
use cognobserve_model::account::{ApiKey, Grant, KeyHash, Scopes};
use cognobserve_model::id::{KeyId, ProjectId};
use cognobserve_model::time::Micros;
use cognobserve_ports::{ErrorKind, NewKey, StoreError};
use deadpool_postgres::{GenericClient, Object, Transaction};
use tokio_postgres::Row;

fn read_row(row: &Row) -> Result<ApiKey, tokio_postgres::Error> {
    let scopes: String = row.try_get("scopes")?;
    Ok(ApiKey {
        id: KeyId::new(row.try_get::<_, String>("id")?),
        project: ProjectId::new(row.try_get::<_, String>("project")?),
        name: row.try_get("name")?,
        prefix: row.try_get("prefix")?,
        scopes: Scopes::parse(&scopes).unwrap_or_default(),
        created: Micros(row.try_get("created_at")?),
        revoked: row.try_get::<_, Option<i64>>("revoked_at")?.map(Micros),
    })
}

pub(super) async fn authenticate(client: &Object, hash: &KeyHash) -> StoreResult<Option<Grant>> {
    let query = include_str!("../sql/accounts.authenticate.sql");
    let statement = client.prepare_cached(query).await.map_err(sql)?;
    let row = client.query_opt(&statement, &[&&hash[..]]).await;
    let row = row.map_err(sql)?;
    row.as_ref().map(read_grant).transpose().map_err(sql)
}

fn read_grant(row: &Row) -> Result<Grant, tokio_postgres::Error> {
    let project = projects::read_row(row)?;
    let scopes: String = row.try_get("scopes")?;
    Ok(Grant {
        key: KeyId::new(row.try_get::<_, String>("key")?),
        developer: project.developer.clone(),
        scopes: Scopes::parse(&scopes).unwrap_or_default(),
        project,
    })
}

pub(super) async fn create(
    transaction: &Transaction<'_>,
    project: &ProjectId,
    key: &NewKey,
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
    audit::write(client, Actor::Operator, Some(no), "key.create", &id).await?;
    let made = find(transaction, &id).await?;
    made.ok_or_else(|| damaged("key"))
}

async fn find(client: &impl GenericClient, id: &str) -> StoreResult<Option<ApiKey>> {
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
    key: &KeyId,
) -> StoreResult<Option<ApiKey>> {
    let id = key.as_str();
    if !can_be_stored(id) {
        return Ok(None);
    }
    let query = "UPDATE api_keys SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL";
    let revoked = transaction.execute(query, &[&id, &Micros::now().0]).await;
    if revoked.map_err(sql)? > 0 {
        let client = transaction.client();
        audit::write(client, Actor::Operator, None, "key.revoke", id).await?;
    }
    find(transaction, id).await
}
