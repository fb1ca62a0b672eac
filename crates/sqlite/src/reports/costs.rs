//! Costs by user, model, day, session or metadata value; rows + unattributed = total.
use super::Snapshot;
use super::users::value_text;
use crate::error::{StoreResult, damaged, sql};
use crate::load::decode_profile;
use crate::rollups::decode;
use cognobserve_model::measures::Measures;
use cognobserve_model::query::{CostGroup, CostPosition, CostQuery, Period};
use cognobserve_model::report::{CostKey, CostReport, CostRow, UnpricedModel};
use cognobserve_model::time::{Day, MICROS_PER_QUARTER, Micros, Zone};
use hashbrown::HashMap;
use std::collections::BTreeMap;

/// All rows of a grouping, and what has no group.
struct Grouped {
    rows: Vec<CostRow>,
    unattributed: (Measures, i64),
}

pub(super) fn report(snapshot: &Snapshot, query: &CostQuery) -> StoreResult<CostReport> {
    let period = query.period;
    let total = snapshot.sum_project(period)?;
    let sessions = snapshot.count_sessions(period)?;
    let session_total: i64 = sessions.values().sum();
    let grouped = match &query.group {
        CostGroup::User => by_user(snapshot, period, &sessions)?,
        CostGroup::Metadata(key) => by_metadata(snapshot, period, &sessions, key)?,
        CostGroup::Model => by_model(snapshot, period)?,
        CostGroup::Day => by_day(snapshot, period, &query.zone)?,
        CostGroup::Session => by_session(snapshot, period, &total)?,
    };
    let (rows, next) = cut_page(snapshot, grouped.rows, query)?;
    Ok(CostReport {
        rows,
        next,
        unattributed: grouped.unattributed,
        total: (total, session_total),
    })
}

/// Cost descending, then key; the asked page of it.
fn cut_page(
    snapshot: &Snapshot,
    rows: Vec<CostRow>,
    query: &CostQuery,
) -> StoreResult<(Vec<CostRow>, Option<CostPosition>)> {
    let mut keyed: Vec<(CostPosition, CostRow)> = rows
        .into_iter()
        .map(|row| {
            (
                CostPosition {
                    cost_nanos: row.measures.cost_nanos,
                    key: row.key.order_key(),
                },
                row,
            )
        })
        .collect();
    let before = |a: &CostPosition, b: &CostPosition| {
        b.cost_nanos
            .cmp(&a.cost_nanos)
            .then_with(|| a.key.cmp(&b.key))
    };
    if let Some(after) = &query.page.after {
        keyed.retain(|(position, _)| before(position, after).is_gt());
    }
    keyed.sort_by(|(a, _), (b, _)| before(a, b));
    let more = keyed.len() > query.page.limit;
    keyed.truncate(query.page.limit);
    let next = keyed
        .last()
        .filter(|_| more)
        .map(|(position, _)| position.clone());
    let mut rows: Vec<CostRow> = keyed.into_iter().map(|(_, row)| row).collect();
    for row in &mut rows {
        if let CostKey::User { id, name, .. } = &mut row.key
            && let Some(no) = snapshot.shared.keys.reveal("usr_", id.as_str())
        {
            *name = snapshot.read_profile(no)?.0.name().map(Into::into);
        }
    }
    Ok((rows, next))
}

fn by_user(
    snapshot: &Snapshot,
    period: Period,
    sessions: &HashMap<i64, i64>,
) -> StoreResult<Grouped> {
    let mut sums = snapshot.sum_users(period)?;
    for user in sessions.keys() {
        sums.entry(*user).or_default();
    }
    let nobody = sums.remove(&0).unwrap_or_default();
    let directory = snapshot.shared.directory.read();
    let people = directory.people(snapshot.project_no);
    let mut rows = Vec::with_capacity(sums.len());
    for (no, measures) in sums {
        let session_count = sessions.get(&no).copied().unwrap_or(0);
        if measures.is_zero() && session_count == 0 {
            continue;
        }
        let id = snapshot.user_id(no);
        let key = match people.and_then(|people| people.find_no(no)) {
            Some(person) => CostKey::User {
                id,
                external_id: person.external_id.to_string(),
                name: None,
            },
            None => CostKey::Tombstone { id },
        };
        rows.push(CostRow {
            key,
            measures,
            session_count,
        });
    }
    Ok(Grouped {
        rows,
        unattributed: (nobody, sessions.get(&0).copied().unwrap_or(0)),
    })
}

/// By a key of the users' current profiles; who lacks it is unattributed, like nobody.
fn by_metadata(
    snapshot: &Snapshot,
    period: Period,
    sessions: &HashMap<i64, i64>,
    key: &str,
) -> StoreResult<Grouped> {
    let mut statement = snapshot
        .conn
        .prepare_cached("SELECT no, profile FROM users WHERE project_no = ?1 AND state = 0")
        .map_err(sql)?;
    let mut rows = statement.query([snapshot.project_no]).map_err(sql)?;
    let mut values: HashMap<i64, String> = HashMap::new();
    while let Some(row) = rows.next().map_err(sql)? {
        let profile = decode_profile(
            row.get_ref(1)
                .map_err(sql)?
                .as_blob()
                .map_err(|_| damaged("user"))?,
        )?;
        if let Some(json) = profile.metadata_value(key) {
            values.insert(row.get(0).map_err(sql)?, value_text(json));
        }
    }
    let mut groups: BTreeMap<Option<String>, (Measures, i64)> = BTreeMap::new();
    for (user, measures) in snapshot.sum_users(period)? {
        groups
            .entry(values.get(&user).cloned())
            .or_default()
            .0
            .add(&measures, 1);
    }
    for (user, count) in sessions {
        groups.entry(values.get(user).cloned()).or_default().1 += count;
    }
    let unattributed = groups.remove(&None).unwrap_or_default();
    let rows = groups
        .into_iter()
        .filter_map(|(value, (measures, session_count))| {
            let empty = measures.is_zero() && session_count == 0;
            value.filter(|_| !empty).map(|value| CostRow {
                key: CostKey::Value(value),
                measures,
                session_count,
            })
        });
    Ok(Grouped {
        rows: rows.collect(),
        unattributed,
    })
}

fn by_model(snapshot: &Snapshot, period: Period) -> StoreResult<Grouped> {
    let mut sums = snapshot.sum_models(period)?;
    let none = sums.remove(&0).unwrap_or_default();
    let mut name = snapshot
        .conn
        .prepare_cached("SELECT name FROM models WHERE no = ?1")
        .map_err(sql)?;
    let mut rows = Vec::with_capacity(sums.len());
    for (no, measures) in sums {
        if !measures.is_zero() {
            let name = name.query_row([no], |row| row.get(0)).map_err(sql)?;
            rows.push(CostRow {
                key: CostKey::Model(name),
                measures,
                session_count: 0,
            });
        }
    }
    Ok(Grouped {
        rows,
        unattributed: (none, 0),
    })
}

fn by_day(snapshot: &Snapshot, period: Period, zone: &Zone) -> StoreResult<Grouped> {
    // Only days with data: found by the quarters that have any.
    let from = period.from.map_or(i64::MIN, |from| from.quarter());
    let to = period.to.map_or(i64::MAX, |to| to.quarter() + 1);
    let mut days: BTreeMap<_, Measures> = BTreeMap::new();
    for (quarter, measures) in snapshot.list_quarters(from, to)? {
        let start = Micros(quarter * MICROS_PER_QUARTER);
        let end = Micros(start.0 + MICROS_PER_QUARTER);
        let whole =
            period.from.is_none_or(|from| from <= start) && period.to.is_none_or(|to| end <= to);
        let measures = match whole {
            true => measures,
            false => {
                let from = period.from.map_or(start, |from| from.max(start));
                let to = period.to.map_or(end, |to| to.min(end));
                snapshot.sum_project(Period {
                    from: Some(from),
                    to: Some(to),
                })?
            }
        };
        if !measures.is_zero() {
            days.entry(zone.day_of(start))
                .or_default()
                .add(&measures, 1);
        }
    }
    let inside = |day: &Day| {
        let (from, to) = (zone.start_of(*day), zone.start_of(day.plus(1)));
        Period {
            from: Some(period.from.map_or(from, |bound| bound.max(from))),
            to: Some(period.to.map_or(to, |bound| bound.min(to))),
        }
    };
    let periods: Vec<Period> = days.keys().map(inside).collect();
    let sessions = snapshot.list_all_sessions(period)?;
    let counts =
        snapshot.count_in_each(sessions.into_iter().map(|(_, listed)| listed), &periods)?;
    let rows = days.into_iter().zip(counts);
    let rows = rows.map(|((day, measures), session_count)| CostRow {
        key: CostKey::Day(day),
        measures,
        session_count,
    });
    Ok(Grouped {
        rows: rows.collect(),
        unattributed: (Measures::default(), 0),
    })
}

fn by_session(snapshot: &Snapshot, period: Period, total: &Measures) -> StoreResult<Grouped> {
    let mut whole = snapshot
        .conn
        .prepare_cached("SELECT external_id, measures FROM sessions WHERE no = ?1")
        .map_err(sql)?;
    let query = "SELECT t.booked FROM session_traces s JOIN traces t ON t.no = s.trace_no WHERE s.session_no = ?1 AND s.time >= ?2 AND s.time < ?3";
    let mut inside = snapshot.conn.prepare_cached(query).map_err(sql)?;
    let (from, to) = (
        period.from.map_or(i64::MIN, |from| from.0),
        period.to.map_or(i64::MAX, |to| to.0),
    );
    let (mut rows, mut unattributed) = (Vec::new(), total.clone());
    for (_, (last, no, first)) in snapshot.list_all_sessions(period)? {
        let Some(first) = first.filter(|first| *first < to) else {
            continue;
        };
        let row = whole.query_row([no], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, Vec<u8>>(1)?))
        });
        let (external_id, measures) = row.map_err(sql)?;
        let mut measures = decode(&measures)?;
        if first < from || last >= to {
            measures = Measures::default();
            let mut traces = inside.query([no, from, to]).map_err(sql)?;
            while let Some(row) = traces.next().map_err(sql)? {
                let booked = row.get_ref(0).map_err(sql)?;
                let facts =
                    super::period::decode_facts(booked.as_blob().map_err(|_| damaged("trace"))?)?;
                measures.add(&facts.measures, 1);
            }
        }
        if measures.trace_count > 0 {
            unattributed.add(&measures, -1);
            let id = snapshot.session_id(no);
            rows.push(CostRow {
                key: CostKey::Session { id, external_id },
                measures,
                session_count: 1,
            });
        }
    }
    Ok(Grouped {
        rows,
        unattributed: (unattributed, 0),
    })
}

/// Models with tokens and no price, most tokens first.
pub(super) fn list_unpriced(snapshot: &Snapshot) -> StoreResult<Vec<UnpricedModel>> {
    let mut name = snapshot
        .conn
        .prepare_cached("SELECT name FROM models WHERE no = ?1")
        .map_err(sql)?;
    let mut rows = Vec::new();
    for (no, measures) in snapshot.sum_models(Period::ALL)? {
        if measures.unpriced_span_count <= 0 {
            continue;
        }
        let model = match no {
            0 => None,
            _ => Some(name.query_row([no], |row| row.get(0)).map_err(sql)?),
        };
        rows.push(UnpricedModel {
            model,
            span_count: measures.unpriced_span_count,
            total_tokens: measures.unpriced_tokens,
        });
    }
    rows.sort_by(|a, b| {
        b.total_tokens
            .cmp(&a.total_tokens)
            .then_with(|| a.model.cmp(&b.model))
    });
    Ok(rows)
}
