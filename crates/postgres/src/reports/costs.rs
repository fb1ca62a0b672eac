//! Costs by user, model, day, session or metadata value; rows + unattributed = total.
use super::rows::{add_measures, get, read_counts, read_facts, read_measures, read_profile};
use super::{Param, costs_by_user, missing};
use crate::error::StoreResult;
use crate::snapshot::Snapshot;
use cognobserve_books::costs::{CostPage, Gathered, cut_rows, sort_unpriced};
use cognobserve_books::objects::value_text;
use cognobserve_books::period::bounds;
use cognobserve_model::measures::Measures;
use cognobserve_model::query::{CostGroup, CostQuery, Period};
use cognobserve_model::report::{CostKey, CostReport, CostRow, UnpricedModel};
use cognobserve_model::time::{Day, MICROS_PER_QUARTER, Micros};
use hashbrown::HashMap;
use std::collections::BTreeMap;

/// The asked page of a grouping, and what has no group.
pub(super) struct Grouped {
    pub page: CostPage,
    pub unattributed: (Measures, i64),
}

pub(super) async fn report(snapshot: &Snapshot, query: &CostQuery) -> StoreResult<CostReport> {
    let total = snapshot.sum_project(query.period).await?;
    let sessions = match query.sessions {
        true => snapshot.count_sessions(query.period).await?,
        false => HashMap::new(),
    };
    let session_total: i64 = sessions.values().sum();
    let grouped = match &query.group {
        CostGroup::User => costs_by_user::group(snapshot, query, &sessions).await?,
        CostGroup::Metadata(key) => group_by_metadata(snapshot, query, &sessions, key).await?,
        CostGroup::Model => group_by_model(snapshot, query).await?,
        CostGroup::Day => group_by_day(snapshot, query).await?,
        CostGroup::Session => group_by_session(snapshot, query, &total).await?,
    };
    Ok(CostReport {
        rows: grouped.page.rows,
        next: grouped.page.next,
        unattributed: grouped.unattributed,
        total: (total, session_total),
    })
}

/// By a key of the users' current profiles; who lacks it is unattributed, like nobody.
async fn group_by_metadata(
    snapshot: &Snapshot,
    query: &CostQuery,
    sessions: &HashMap<i64, i64>,
    key: &str,
) -> StoreResult<Grouped> {
    // Whose column does not name the key need not be read.
    let scan = "SELECT no, profile FROM tracked_users WHERE project_no = $1 AND state = 0 AND strpos(metadata::text, $2) > 0";
    let quoted = format!("{}:", serde_json::Value::from(key));
    let mut values: HashMap<i64, String> = HashMap::new();
    snapshot
        .scan(scan, &[&snapshot.project_no, &quoted], |row| {
            if let Some(json) = read_profile(row, 1)?.metadata_value(key) {
                values.insert(get(row, 0)?, value_text(json));
            }
            Ok(())
        })
        .await?;
    let mut groups: BTreeMap<Option<String>, (Measures, i64)> = BTreeMap::new();
    for (user, measures) in snapshot.sum_users(query.period).await? {
        let group = groups.entry(values.get(&user).cloned()).or_default();
        group.0.add(&measures, 1);
    }
    for (user, count) in sessions {
        groups.entry(values.get(user).cloned()).or_default().1 += count;
    }
    let unattributed = groups.remove(&None).unwrap_or_default();
    let rows = groups.into_iter();
    let rows = rows.filter_map(|(value, (measures, session_count))| {
        let empty = measures.is_zero() && session_count == 0;
        value.filter(|_| !empty).map(|value| CostRow {
            key: CostKey::Value(value),
            measures,
            session_count,
        })
    });
    Ok(Grouped {
        page: cut_rows(rows, query),
        unattributed,
    })
}

async fn group_by_model(snapshot: &Snapshot, query: &CostQuery) -> StoreResult<Grouped> {
    let mut sums = snapshot.sum_models(query.period).await?;
    let none = sums.remove(&0).unwrap_or_default();
    sums.retain(|_, measures| !measures.is_zero());
    let numbers: Vec<i64> = sums.keys().copied().collect();
    let mut names = snapshot.read_model_names(&numbers).await?;
    let mut rows = Vec::with_capacity(sums.len());
    for (no, measures) in sums {
        let name = names.remove(&no).ok_or_else(|| missing("model"))?;
        rows.push(CostRow {
            key: CostKey::Model(name),
            measures,
            session_count: 0,
        });
    }
    Ok(Grouped {
        page: cut_rows(rows, query),
        unattributed: (none, 0),
    })
}

async fn group_by_day(snapshot: &Snapshot, query: &CostQuery) -> StoreResult<Grouped> {
    let (period, zone) = (query.period, &query.zone);
    // Only days with data: found by the quarters that have any.
    let from = period.from.map_or(i64::MIN, |from| from.quarter());
    let to = period.to.map_or(i64::MAX, |to| to.quarter() + 1);
    let mut days: BTreeMap<Day, Measures> = BTreeMap::new();
    let mut cut: Vec<Period> = Vec::new();
    snapshot
        .scan_quarters(from, to, |quarter, row| {
            let start = Micros(quarter * MICROS_PER_QUARTER);
            let end = Micros(start.0 + MICROS_PER_QUARTER);
            let inside = Period {
                from: Some(period.from.map_or(start, |from| from.max(start))),
                to: Some(period.to.map_or(end, |to| to.min(end))),
            };
            if inside.from == Some(start) && inside.to == Some(end) {
                let day = days.entry(zone.day_of(start)).or_default();
                return add_measures(day, row, 1);
            }
            cut.push(inside);
            Ok(())
        })
        .await?;
    // At most the first and the last.
    for inside in cut {
        let measures = snapshot.sum_project(inside).await?;
        if let Some(from) = inside.from {
            let day = days.entry(zone.day_of(from)).or_default();
            day.add(&measures, 1);
        }
    }
    days.retain(|_, measures| !measures.is_zero());
    let inside = |day: &Day| {
        let (from, to) = (zone.start_of(*day), zone.start_of(day.plus(1)));
        Period {
            from: Some(period.from.map_or(from, |bound| bound.max(from))),
            to: Some(period.to.map_or(to, |bound| bound.min(to))),
        }
    };
    let periods: Vec<Period> = days.keys().map(inside).collect();
    let counts = match query.sessions {
        true => snapshot.count_sessions_in_each(None, &periods).await?,
        false => vec![0; periods.len()],
    };
    let rows = days.into_iter().zip(counts);
    let rows = rows.map(|((day, measures), session_count)| CostRow {
        key: CostKey::Day(day),
        measures,
        session_count,
    });
    Ok(Grouped {
        page: cut_rows(rows, query),
        unattributed: (Measures::default(), 0),
    })
}

async fn group_by_session(
    snapshot: &Snapshot,
    query: &CostQuery,
    total: &Measures,
) -> StoreResult<Grouped> {
    let (from, to) = bounds(query.period);
    let params: [Param; 3] = [&snapshot.project_no, &from, &to];
    let scan = include_str!("../sql/reports.scan_session_traces.sql");
    let mut reaching_out: HashMap<i64, Measures> = HashMap::new();
    snapshot
        .scan(scan, &params, |row| {
            let sum = reaching_out.entry(get(row, 0)?).or_default();
            sum.add(&read_facts(row, 1)?.measures, 1);
            Ok(())
        })
        .await?;
    let (mut gathered, mut unattributed) = (Gathered::new(query), total.clone());
    let scan = include_str!("../sql/reports.sum_sessions.sql");
    snapshot
        .scan(scan, &params, |row| {
            let no = get(row, 0)?;
            let measures = match get(row, 3)? {
                true => reaching_out.remove(&no).unwrap_or_default(),
                false => read_measures(row, 2)?,
            };
            if measures.trace_count > 0 {
                unattributed.add(&measures, -1);
                gathered.add(CostRow {
                    key: CostKey::Session {
                        id: snapshot.session_id(no),
                        external_id: get(row, 1)?,
                    },
                    measures,
                    session_count: 1,
                });
            }
            Ok(())
        })
        .await?;
    let (rows, next) = gathered.finish();
    Ok(Grouped {
        page: CostPage { rows, next },
        unattributed: (unattributed, 0),
    })
}

/// Models with tokens and no price, most tokens first.
pub(super) async fn list_unpriced(snapshot: &Snapshot) -> StoreResult<Vec<UnpricedModel>> {
    let query =
        "SELECT model_no, measures FROM model_quarters WHERE project_no = $1 AND is_unpriced";
    let mut sums: HashMap<i64, (i64, i64)> = HashMap::new();
    snapshot
        .scan(query, &[&snapshot.project_no], |row| {
            let counts = read_counts(row, 1)?;
            let sum = sums.entry(get(row, 0)?).or_default();
            sum.0 += counts.unpriced_span_count;
            sum.1 += counts.unpriced_tokens;
            Ok(())
        })
        .await?;
    let numbers: Vec<i64> = sums.keys().copied().collect();
    let mut names = snapshot.read_model_names(&numbers).await?;
    let mut models = Vec::with_capacity(sums.len());
    for (no, (span_count, total_tokens)) in sums {
        models.push(UnpricedModel {
            model: match no {
                0 => None,
                _ => Some(names.remove(&no).ok_or_else(|| missing("model"))?),
            },
            span_count,
            total_tokens,
        });
    }
    sort_unpriced(&mut models);
    Ok(models)
}
