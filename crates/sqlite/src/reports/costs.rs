//! Costs by user, model, day, session or metadata value; rows + unattributed = total.
use super::Snapshot;
use crate::directory::Person;
use crate::error::{StoreResult, damaged, sql};
use crate::load::decode_profile;
use crate::rollups::decode;
use cognobserve_books::costs::{CostPage, Gathered, Placed, cut_rows, sort_unpriced};
use cognobserve_books::objects::value_text;
use cognobserve_model::id::UserId;
use cognobserve_model::measures::Measures;
use cognobserve_model::query::{CostGroup, CostQuery, Period};
use cognobserve_model::report::{CostKey, CostReport, CostRow, UnpricedModel};
use cognobserve_model::time::{Day, MICROS_PER_QUARTER, Micros};
use hashbrown::HashMap;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// The asked page of a grouping, and what has no group.
struct Grouped {
    page: CostPage,
    unattributed: (Measures, i64),
}

pub(super) fn report(snapshot: &Snapshot, query: &CostQuery) -> StoreResult<CostReport> {
    let period = query.period;
    let total = snapshot.sum_project(period)?;
    let sessions = match query.sessions {
        true => snapshot.count_sessions(period)?,
        false => HashMap::new(),
    };
    let session_total: i64 = sessions.values().sum();
    let grouped = match &query.group {
        CostGroup::User => by_user(snapshot, query, &sessions)?,
        CostGroup::Metadata(key) => by_metadata(snapshot, query, &sessions, key)?,
        CostGroup::Model => by_model(snapshot, query)?,
        CostGroup::Day => by_day(snapshot, query)?,
        CostGroup::Session => by_session(snapshot, query, &total)?,
    };
    Ok(CostReport {
        rows: grouped.page.rows,
        next: grouped.page.next,
        unattributed: grouped.unattributed,
        total: (total, session_total),
    })
}

/// What is made into a row if it is on the page.
struct UserSum<'d> {
    no: i64,
    /// `None`: erased.
    person: Option<&'d Person>,
    id: UserId,
    measures: Measures,
    session_count: i64,
}

impl Placed for UserSum<'_> {
    fn place(&self) -> (i128, Cow<'_, str>) {
        let external_id = self.person.map(|person| &*person.external_id);
        let key = external_id.unwrap_or(self.id.as_str());
        (self.measures.cost_nanos, Cow::Borrowed(key))
    }
}

fn by_user(
    snapshot: &Snapshot,
    query: &CostQuery,
    sessions: &HashMap<i64, i64>,
) -> StoreResult<Grouped> {
    let mut sums = snapshot.sum_users(query.period)?;
    for user in sessions.keys() {
        sums.entry(*user).or_default();
    }
    let nobody = sums.remove(&0).unwrap_or_default();
    let directory = snapshot.shared.directory.read();
    let people = directory.people(snapshot.project_no);
    let mut gathered = Gathered::new(query);
    for (no, measures) in sums {
        let session_count = sessions.get(&no).copied().unwrap_or(0);
        if !measures.is_zero() || session_count > 0 {
            gathered.add(UserSum {
                no,
                person: people.and_then(|people| people.find_no(no)),
                id: snapshot.user_id(no),
                measures,
                session_count,
            });
        }
    }
    let (users, next) = gathered.finish();
    let (mut rows, mut numbers) = (Vec::with_capacity(users.len()), Vec::new());
    for user in users {
        let id = user.id;
        let key = match user.person {
            Some(person) => CostKey::User {
                id,
                external_id: person.external_id.to_string(),
                name: None,
            },
            None => CostKey::Tombstone { id },
        };
        rows.push(CostRow {
            key,
            measures: user.measures,
            session_count: user.session_count,
        });
        numbers.push(user.no);
    }
    // Names are in the file: the directory is let go first.
    drop(directory);
    for (row, no) in rows.iter_mut().zip(numbers) {
        if let CostKey::User { name, .. } = &mut row.key {
            *name = snapshot.read_profile(no)?.0.name().map(Into::into);
        }
    }
    Ok(Grouped {
        page: CostPage { rows, next },
        unattributed: (nobody, sessions.get(&0).copied().unwrap_or(0)),
    })
}

/// By a key of the users' current profiles; who lacks it is unattributed, like nobody.
fn by_metadata(
    snapshot: &Snapshot,
    query: &CostQuery,
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
    for (user, measures) in snapshot.sum_users(query.period)? {
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
        page: cut_rows(rows, query),
        unattributed,
    })
}

fn by_model(snapshot: &Snapshot, query: &CostQuery) -> StoreResult<Grouped> {
    let mut sums = snapshot.sum_models(query.period)?;
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
        page: cut_rows(rows, query),
        unattributed: (none, 0),
    })
}

fn by_day(snapshot: &Snapshot, query: &CostQuery) -> StoreResult<Grouped> {
    let (period, zone) = (query.period, &query.zone);
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
    let sessions = match query.sessions {
        true => snapshot.list_all_sessions(period)?,
        false => Default::default(),
    };
    let counts =
        snapshot.count_in_each(sessions.into_iter().map(|(_, listed)| listed), &periods)?;
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

fn by_session(snapshot: &Snapshot, query: &CostQuery, total: &Measures) -> StoreResult<Grouped> {
    let period = query.period;
    let mut whole = snapshot
        .conn
        .prepare_cached("SELECT external_id, measures FROM sessions WHERE no = ?1")
        .map_err(sql)?;
    let booked = "SELECT t.booked FROM session_traces s JOIN traces t ON t.no = s.trace_no WHERE s.session_no = ?1 AND s.time >= ?2 AND s.time < ?3";
    let mut inside = snapshot.conn.prepare_cached(booked).map_err(sql)?;
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
        page: cut_rows(rows, query),
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
    for (no, (span_count, total_tokens)) in snapshot.sum_unpriced()? {
        rows.push(UnpricedModel {
            model: match no {
                0 => None,
                _ => Some(name.query_row([no], |row| row.get(0)).map_err(sql)?),
            },
            span_count,
            total_tokens,
        });
    }
    sort_unpriced(&mut rows);
    Ok(rows)
}
