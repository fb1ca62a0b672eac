//! A project's overrides of the built-in prices.
use super::projects::project_no;
use super::{begin, missing_project};
use crate::audit;
use crate::connect::raise_accounts_epoch;
use crate::error::{StoreResult, damaged, sql};
use cognobserve_books::told::tell_models;
use cognobserve_model::price::{PriceBook, PriceEntry, format_row, parse_row};
use cognobserve_ports::Actor;
use rusqlite::Connection;

/// The effective date of an entry without one.
const EVER: i64 = i64::MIN;

pub(super) fn list(conn: &Connection, project_no: i64) -> StoreResult<Vec<PriceEntry>> {
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
        entry.effective_from = (from != EVER).then_some(from);
        entries.push(entry);
    }
    Ok(entries)
}

pub(super) fn put(
    conn: &mut Connection,
    project: &str,
    entries: &[PriceEntry],
    by: &Actor,
) -> StoreResult<()> {
    let tx = begin(conn)?;
    let no = project_no(&tx, project)?.ok_or_else(missing_project)?;
    for entry in entries {
        let row = (
            no,
            entry.model.to_lowercase(),
            entry.effective_from.unwrap_or(EVER),
            format_row(entry),
        );
        tx.execute("INSERT OR REPLACE INTO prices (project_no, model, effective_from, rates) VALUES (?1, ?2, ?3, ?4)", row).map_err(sql)?;
    }
    raise_accounts_epoch(&tx)?;
    let told = tell_models(entries.iter().map(|entry| &*entry.model));
    audit::write(&tx, by, Some(no), "prices.put", &told)?;
    tx.commit().map_err(sql)
}

/// `false`: there is no such price.
pub(super) fn remove(
    conn: &mut Connection,
    project: &str,
    model: &str,
    effective_from: Option<i64>,
    by: &Actor,
) -> StoreResult<bool> {
    let tx = begin(conn)?;
    let no = project_no(&tx, project)?.ok_or_else(missing_project)?;
    let query = "DELETE FROM prices WHERE project_no = ?1 AND model = ?2 AND effective_from = ?3";
    let row = (no, model.to_lowercase(), effective_from.unwrap_or(EVER));
    if tx.execute(query, row).map_err(sql)? == 0 {
        return Ok(false);
    }
    raise_accounts_epoch(&tx)?;
    let told = tell_models([model].into_iter());
    audit::write(&tx, by, Some(no), "prices.remove", &told)?;
    tx.commit().map_err(sql)?;
    Ok(true)
}

/// The price book of a project: its overrides over the built-in table.
pub(crate) fn read_book(conn: &Connection, project_no: i64) -> StoreResult<PriceBook> {
    Ok(PriceBook::with_overrides(list(conn, project_no)?))
}
