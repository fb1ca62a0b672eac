//! The sums of one transaction into the rollups. Rows are read, added to and written whole:
//! nobody else books in the project meanwhile. Trace rows must be written before, since
//! bounds and owners are read from them where something went away.
use super::sessions::OpenSessions;
use super::totals::post_totals;
use super::tx::Tx;
use crate::error::{StoreResult, damaged};
use cognobserve_books::postings::Postings;
use cognobserve_books::staged::Staged;
use cognobserve_books::user_days::{band_of, merge, push_entry};
use cognobserve_model::measures::Measures;
use hashbrown::HashMap;
use std::collections::BTreeMap;

/// Posts what happened to stored traces, which are written back already.
pub(super) async fn post_changes(
    tx: &Tx,
    project_no: i64,
    mut postings: Postings,
) -> StoreResult<()> {
    let entries = std::mem::take(&mut postings.sessions);
    let sessions = OpenSessions::open(tx, project_no, entries, HashMap::new()).await?;
    post(tx, project_no, postings, sessions, &BTreeMap::new()).await
}

/// Writes everything. `users`: those staged, of whom the new ones get a row of totals even
/// if they have no traces.
pub(super) async fn post(
    tx: &Tx,
    project_no: i64,
    postings: Postings,
    sessions: OpenSessions,
    users: &BTreeMap<i64, Staged>,
) -> StoreResult<()> {
    let Postings {
        users: mut people,
        days,
        project_quarters,
        model_quarters,
        ..
    } = postings;
    sessions.close(tx, &mut people).await?;
    for (no, _) in users.iter().filter(|(_, staged)| staged.is_new) {
        people.entry(*no).or_default();
    }
    post_days(tx, project_no, days).await?;
    post_project_quarters(tx, project_no, project_quarters).await?;
    post_model_quarters(tx, project_no, model_quarters).await?;
    post_totals(tx, project_no, people, users).await
}

async fn post_days(
    tx: &Tx,
    project_no: i64,
    days: BTreeMap<(i64, i64), Measures>,
) -> StoreResult<()> {
    let mut deltas: BTreeMap<(i64, i64), Vec<u8>> = BTreeMap::new();
    for ((day, user), delta) in days.iter().filter(|(_, delta)| !delta.is_zero()) {
        let row = deltas.entry((*day, band_of(*user))).or_default();
        push_entry(row, *user, &delta.encode())?;
    }
    if deltas.is_empty() {
        return Ok(());
    }
    let (days, bands): (Vec<i64>, Vec<i64>) = deltas.keys().copied().unzip();
    let query = include_str!("../sql/ledger.read_user_days.sql");
    for row in tx.query(query, &[&project_no, &days, &bands]).await? {
        let stored: &[u8] = row.get(2);
        if let Some(delta) = deltas.get_mut(&(row.get(0), row.get(1))) {
            *delta = merge(stored, delta)?;
        }
    }
    let (gone, kept): (Vec<_>, Vec<_>) = deltas.iter().partition(|(_, sums)| sums.is_empty());
    if !gone.is_empty() {
        let (days, bands): (Vec<i64>, Vec<i64>) = gone.into_iter().map(|(key, _)| *key).unzip();
        let query = include_str!("../sql/ledger.delete_user_days.sql");
        tx.execute(query, &[&project_no, &days, &bands]).await?;
    }
    let days: Vec<i64> = kept.iter().map(|((day, _), _)| *day).collect();
    let bands: Vec<i64> = kept.iter().map(|((_, band), _)| *band).collect();
    let sums: Vec<&[u8]> = kept.iter().map(|(_, sums)| sums.as_slice()).collect();
    let query = include_str!("../sql/ledger.put_user_days.sql");
    tx.execute(query, &[&project_no, &days, &bands, &sums])
        .await?;
    Ok(())
}

/// Adds a stored row to what it is to become.
fn add_stored(sums: &mut Measures, stored: &[u8]) -> StoreResult<()> {
    sums.add_encoded(stored).ok_or_else(|| damaged("rollup"))
}

async fn post_project_quarters(
    tx: &Tx,
    project_no: i64,
    mut quarters: BTreeMap<i64, Measures>,
) -> StoreResult<()> {
    quarters.retain(|_, delta| !delta.is_zero());
    if quarters.is_empty() {
        return Ok(());
    }
    let keys: Vec<i64> = quarters.keys().copied().collect();
    let query = "SELECT quarter, measures FROM project_quarters WHERE project_no = $1 AND quarter = ANY ($2)";
    for row in tx.query(query, &[&project_no, &keys]).await? {
        if let Some(sums) = quarters.get_mut(&row.get(0)) {
            add_stored(sums, row.get(1))?;
        }
    }
    let (gone, kept): (Vec<_>, Vec<_>) = quarters.into_iter().partition(|(_, sums)| sums.is_zero());
    if !gone.is_empty() {
        let gone: Vec<i64> = gone.into_iter().map(|(quarter, _)| quarter).collect();
        let query = "DELETE FROM project_quarters WHERE project_no = $1 AND quarter = ANY ($2)";
        tx.execute(query, &[&project_no, &gone]).await?;
    }
    let (keys, sums): (Vec<i64>, Vec<Vec<u8>>) = kept
        .into_iter()
        .map(|(quarter, sums)| (quarter, sums.encode()))
        .unzip();
    let query = include_str!("../sql/ledger.put_project_quarters.sql");
    tx.execute(query, &[&project_no, &keys, &sums]).await?;
    Ok(())
}

async fn post_model_quarters(
    tx: &Tx,
    project_no: i64,
    mut quarters: BTreeMap<(i64, i64), Measures>,
) -> StoreResult<()> {
    quarters.retain(|_, delta| !delta.is_zero());
    if quarters.is_empty() {
        return Ok(());
    }
    let (keys, models): (Vec<i64>, Vec<i64>) = quarters.keys().copied().unzip();
    let query = include_str!("../sql/ledger.read_model_quarters.sql");
    for row in tx.query(query, &[&project_no, &keys, &models]).await? {
        if let Some(sums) = quarters.get_mut(&(row.get(0), row.get(1))) {
            add_stored(sums, row.get(2))?;
        }
    }
    let (gone, kept): (Vec<_>, Vec<_>) = quarters.into_iter().partition(|(_, sums)| sums.is_zero());
    if !gone.is_empty() {
        let (keys, models): (Vec<i64>, Vec<i64>) = gone.into_iter().map(|(key, _)| key).unzip();
        let query = include_str!("../sql/ledger.delete_model_quarters.sql");
        tx.execute(query, &[&project_no, &keys, &models]).await?;
    }
    let (keys, models): (Vec<i64>, Vec<i64>) = kept.iter().map(|(key, _)| *key).unzip();
    let sums: Vec<Vec<u8>> = kept.iter().map(|(_, sums)| sums.encode()).collect();
    let query = include_str!("../sql/ledger.put_model_quarters.sql");
    tx.execute(query, &[&project_no, &keys, &models, &sums])
        .await?;
    Ok(())
}
