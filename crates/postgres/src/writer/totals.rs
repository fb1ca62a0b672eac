//! Rows of totals: per user, tombstone, and nobody (0).
use super::tx::{Params, Tx};
use crate::error::{StoreResult, damaged};
use cognobserve_books::postings::Entry;
use cognobserve_books::staged::Staged;
use cognobserve_model::measures::Measures;
use hashbrown::HashMap;
use std::collections::BTreeMap;

/// A row as it is stored. No external id: a tombstone or nobody.
#[derive(Default)]
struct TotalsRow {
    external_id: Option<String>,
    created: i64,
    first: Option<i64>,
    last: Option<i64>,
    sessions: i64,
    measures: Measures,
}

/// Adds what happened to each user. Trace rows must be written: bounds of who lost
/// something are read from them.
pub(super) async fn post_totals(
    tx: &Tx,
    project_no: i64,
    entries: BTreeMap<i64, Entry>,
    staged: &BTreeMap<i64, Staged>,
) -> StoreResult<()> {
    if entries.is_empty() {
        return Ok(());
    }
    let users: Vec<i64> = entries.keys().copied().collect();
    let mut stored = read_totals(tx, project_no, &users).await?;
    let lost = |(user, entry): (&i64, &Entry)| (*user != 0 && entry.reread).then_some(*user);
    let lost: Vec<i64> = entries.iter().filter_map(lost).collect();
    let query = include_str!("../sql/ledger.read_user_bounds.sql");
    let params: Params = &[&project_no, &lost];
    let bounds = tx.query_some(query, params, lost.is_empty()).await?;
    let bounds: HashMap<i64, (Option<i64>, Option<i64>)> = bounds
        .iter()
        .map(|row| (row.get(0), (row.get(1), row.get(2))))
        .collect();
    let mut rows = Vec::with_capacity(entries.len());
    for (user, entry) in entries {
        let mut row = stored.remove(&user).unwrap_or_else(|| {
            let staged = staged.get(&user);
            TotalsRow {
                external_id: staged.map(|staged| staged.external_id.to_string()),
                created: staged.map_or(0, |staged| staged.created),
                ..TotalsRow::default()
            }
        });
        row.measures.add(&entry.measures, 1);
        row.sessions += entry.sessions;
        if user != 0 && entry.reread {
            (row.first, row.last) = bounds.get(&user).copied().unwrap_or_default();
        } else if user != 0 {
            row.first = [row.first, entry.earliest].into_iter().flatten().min();
            row.last = [row.last, entry.latest].into_iter().flatten().max();
        }
        rows.push((user, row));
    }
    write_totals(tx, project_no, &rows).await
}

async fn read_totals(
    tx: &Tx,
    project_no: i64,
    users: &[i64],
) -> StoreResult<HashMap<i64, TotalsRow>> {
    let query = include_str!("../sql/ledger.read_totals.sql");
    let mut found = HashMap::new();
    for row in tx.query(query, &[&project_no, &users]).await? {
        let measures: &[u8] = row.get("measures");
        let totals = TotalsRow {
            external_id: row.get("external_id"),
            created: row.get("created_at"),
            first: row.get("first_trace_at"),
            last: row.get("last_trace_at"),
            sessions: row.get("session_count"),
            measures: Measures::decode(measures).ok_or_else(|| damaged("totals"))?,
        };
        found.insert(row.get("user_no"), totals);
    }
    Ok(found)
}

async fn write_totals(tx: &Tx, project_no: i64, rows: &[(i64, TotalsRow)]) -> StoreResult<()> {
    let totals = || rows.iter().map(|(_, row)| row);
    let list = |get: fn(&TotalsRow) -> i64| -> Vec<i64> { totals().map(get).collect() };
    let maybe =
        |get: fn(&TotalsRow) -> Option<i64>| -> Vec<Option<i64>> { totals().map(get).collect() };
    // The driver has no number that is wide enough; the server reads them as text.
    let wide = |get: fn(&Measures) -> i128| -> Vec<String> {
        totals().map(|row| get(&row.measures).to_string()).collect()
    };
    let users: Vec<i64> = rows.iter().map(|(user, _)| *user).collect();
    let ids: Vec<Option<&str>> = totals().map(|row| row.external_id.as_deref()).collect();
    let measures: Vec<Vec<u8>> = totals().map(|row| row.measures.encode()).collect();
    tx.execute(
        include_str!("../sql/ledger.put_totals.sql"),
        &[
            &project_no,
            &users,
            &ids,
            &list(|row| row.created),
            &maybe(|row| row.first),
            &maybe(|row| row.last),
            &list(|row| row.sessions),
            &list(|row| row.measures.trace_count),
            &list(|row| row.measures.error_trace_count),
            &list(|row| row.measures.span_count),
            &list(|row| row.measures.error_count),
            &list(|row| row.measures.total_tokens),
            &wide(|sums| sums.cost_nanos),
            &list(|row| row.measures.ended_span_count),
            &wide(|sums| sums.span_latency_micros),
            &measures,
        ],
    )
    .await?;
    Ok(())
}
