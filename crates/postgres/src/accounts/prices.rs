//! A project's overrides of the built-in prices. Every change raises the project's
//! `prices_version`, by which writers know that they must read their price book anew.
use super::{can_be_stored, missing_project};
use crate::audit;
use crate::error::{StoreResult, damaged, sql};
use crate::snapshot::Snapshot;
use cognobserve_books::told::tell_models;
use cognobserve_model::id::ProjectId;
use cognobserve_model::price::{PriceBook, PriceEntry, format_row, parse_row};
use cognobserve_ports::Actor;
use deadpool_postgres::Transaction;
use std::collections::BTreeMap;
use tokio_postgres::{Client, Row};

const LIST: &str =
    "SELECT effective_from, rates FROM prices WHERE project_no = $1 ORDER BY model, effective_from";

/// The effective date of an entry without one.
const EVER: i64 = i64::MIN;

/// The price book of a project: its overrides over the built-in table.
pub(crate) async fn read_book(client: &Client, project_no: i64) -> StoreResult<PriceBook> {
    let rows = client.query(LIST, &[&project_no]).await.map_err(sql)?;
    let entries: StoreResult<Vec<PriceEntry>> = rows.iter().map(read_row).collect();
    Ok(PriceBook::with_overrides(entries?))
}

pub(super) async fn list_in(snapshot: &Snapshot) -> StoreResult<Vec<PriceEntry>> {
    let rows = snapshot.query(LIST, &[&snapshot.project_no]).await?;
    rows.iter().map(read_row).collect()
}

fn read_row(row: &Row) -> StoreResult<PriceEntry> {
    let from: i64 = row.try_get(0).map_err(sql)?;
    let rates: String = row.try_get(1).map_err(sql)?;
    let mut entry = parse_row(&rates, 1).map_err(|_| damaged("price"))?;
    entry.effective_from = (from != EVER).then_some(from);
    Ok(entry)
}

pub(super) async fn put(
    transaction: &Transaction<'_>,
    project: &ProjectId,
    entries: &[PriceEntry],
    by: &Actor,
) -> StoreResult<()> {
    let no = raise_version(transaction, project).await?;
    // One statement cannot put a row twice; the later entry wins.
    let mut rows = BTreeMap::new();
    for entry in entries {
        let key = (
            entry.model.to_lowercase(),
            entry.effective_from.unwrap_or(EVER),
        );
        rows.insert(key, format_row(entry));
    }
    let (keys, rates): (Vec<(String, i64)>, Vec<String>) = rows.into_iter().unzip();
    let (models, dates): (Vec<String>, Vec<i64>) = keys.into_iter().unzip();
    let query = include_str!("../sql/accounts.put_prices.sql");
    let put = transaction
        .execute(query, &[&no, &models, &dates, &rates])
        .await;
    put.map_err(sql)?;
    let told = tell_models(entries.iter().map(|entry| &*entry.model));
    audit::write(transaction.client(), by, Some(no), "prices.put", &told).await
}

/// `false`: there is no such price.
pub(super) async fn remove(
    transaction: &Transaction<'_>,
    project: &ProjectId,
    model: &str,
    effective_from: Option<i64>,
    by: &Actor,
) -> StoreResult<bool> {
    let no = raise_version(transaction, project).await?;
    let (model, from) = (model.to_lowercase(), effective_from.unwrap_or(EVER));
    if !can_be_stored(&model) {
        return Ok(false);
    }
    let query = "DELETE FROM prices WHERE project_no = $1 AND model = $2 AND effective_from = $3";
    let removed = transaction.execute(query, &[&no, &model, &from]).await;
    if removed.map_err(sql)? == 0 {
        return Ok(false);
    }
    let told = tell_models([&*model].into_iter());
    audit::write(transaction.client(), by, Some(no), "prices.remove", &told).await?;
    Ok(true)
}

/// Comes first, so that two who change prices come one after the other; the project's number.
async fn raise_version(transaction: &Transaction<'_>, project: &ProjectId) -> StoreResult<i64> {
    let query = "UPDATE projects SET prices_version = prices_version + 1 WHERE id = $1 AND deleted_at IS NULL RETURNING no";
    let raised = transaction.query_opt(query, &[&project.as_str()]).await;
    let row = raised.map_err(sql)?.ok_or_else(missing_project)?;
    row.try_get(0).map_err(sql)
}
