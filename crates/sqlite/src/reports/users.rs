//! Lists and details of users.
use super::Snapshot;
use crate::directory::{People, Person};
use crate::error::StoreResult;
use crate::error::{damaged, sql};
use crate::load::decode_profile;
use crate::rollups::read_totals;
use cognobserve_books::objects::value_text;
use cognobserve_books::order::{Candidate, Picker};
use cognobserve_books::period::bounds;
use cognobserve_books::shown::{Times, show_user};
use cognobserve_model::id::UserId;
use cognobserve_model::measures::Measures;
use cognobserve_model::profile::Profile;
use cognobserve_model::query::{Page, Period, UserKey, UserPosition, UserQuery, UserSort};
use cognobserve_model::report::{User, UserDetail, UserName, UserStats, sort_value};
use cognobserve_model::time::Micros;
use hashbrown::HashMap;
use std::collections::HashSet;

/// Sums of a period for every user, read once.
struct PeriodSums {
    measures: HashMap<i64, Measures>,
    sessions: Option<HashMap<i64, i64>>,
}

pub(super) fn list(
    snapshot: &Snapshot,
    query: &UserQuery,
) -> StoreResult<Page<UserStats, UserPosition>> {
    let period_sums = match query.stats.is_all() {
        true => None,
        false => Some(PeriodSums {
            measures: snapshot.sum_users(query.stats)?,
            sessions: match query.sort {
                UserSort::SessionCount => Some(snapshot.count_sessions(query.stats)?),
                _ => None,
            },
        }),
    };
    let with_metadata = match query.metadata.is_empty() {
        true => None,
        false => Some(find_by_metadata(snapshot, &query.metadata)?),
    };
    let (persons, next) = {
        let directory = snapshot.shared.directory.read();
        let Some(people) = directory.people(snapshot.project_no) else {
            return Ok(Page {
                items: Vec::new(),
                next: None,
            });
        };
        let (picked, next) = pick(people, query, period_sums.as_ref(), with_metadata.as_ref());
        let persons: Vec<Person> = picked
            .iter()
            .filter_map(|candidate| people.find_no(candidate.no).cloned())
            .collect();
        (persons, next)
    };
    let mut items = Vec::with_capacity(persons.len());
    for person in &persons {
        let (measures, session_count) = match &period_sums {
            None => {
                let totals = read_totals(snapshot.conn, snapshot.project_no, person.no)?;
                (totals.measures, totals.sessions)
            }
            Some(sums) => {
                let measures = sums.measures.get(&person.no).cloned().unwrap_or_default();
                let sessions = match &sums.sessions {
                    Some(counts) => counts.get(&person.no).copied().unwrap_or(0),
                    None => count_sessions(snapshot, person.no, query.stats)?,
                };
                (measures, sessions)
            }
        };
        items.push(UserStats {
            user: read_user(snapshot, person)?,
            measures,
            session_count,
        });
    }
    Ok(Page { items, next })
}

/// A user's sessions in a period.
fn count_sessions(snapshot: &Snapshot, user: i64, period: Period) -> StoreResult<i64> {
    let (from, to) = bounds(period);
    let totals = read_totals(snapshot.conn, snapshot.project_no, user)?;
    match (totals.first, totals.last) {
        // Who did nothing before and after has those of all times.
        (Some(first), Some(last)) if from <= first && last < to => Ok(totals.sessions),
        _ => snapshot.count_user_sessions(user, period),
    }
}

/// The page's users in order, and where it goes on.
fn pick<'a>(
    people: &'a People,
    query: &UserQuery,
    sums: Option<&PeriodSums>,
    with_metadata: Option<&HashSet<i64>>,
) -> (Vec<Candidate<&'a str>>, Option<UserPosition>) {
    let mut picker = Picker::new(query);
    let mut consider = |person: &'a Person| {
        if admits(query, with_metadata, person) && (!query.active_only || is_active(person, sums)) {
            picker.add(Candidate {
                value: value_of(query.sort, person, sums),
                name: match query.sort {
                    UserSort::Name => people.sort_name(person),
                    _ => "",
                },
                external_id: &*person.external_id,
                no: person.no,
            });
        }
    };
    match &query.search {
        Some(needle) => people.search(needle).into_iter().for_each(&mut consider),
        None => people.living().for_each(&mut consider),
    }
    picker.finish()
}

fn admits(query: &UserQuery, with_metadata: Option<&HashSet<i64>>, person: &Person) -> bool {
    let last = person.last_seen();
    query.last_seen_from.is_none_or(|from| from.0 <= last)
        && query.last_seen_to.is_none_or(|to| last <= to.0)
        && with_metadata.is_none_or(|numbers| numbers.contains(&person.no))
}

fn is_active(person: &Person, sums: Option<&PeriodSums>) -> bool {
    match sums {
        Some(sums) => {
            let sums = sums.measures.get(&person.no);
            sums.is_some_and(|sums| sums.trace_count > 0)
        }
        None => person.first.is_some(),
    }
}

fn value_of(sort: UserSort, person: &Person, sums: Option<&PeriodSums>) -> Option<i128> {
    let Some(sums) = sums else {
        return person.sort_value(sort);
    };
    let (first, last) = (Micros(person.first_seen()), Micros(person.last_seen()));
    let sessions = sums
        .sessions
        .as_ref()
        .and_then(|counts| counts.get(&person.no))
        .copied()
        .unwrap_or(0);
    match sums.measures.get(&person.no) {
        Some(measures) => sort_value(sort, first, last, measures, sessions),
        None => sort_value(sort, first, last, &Measures::default(), sessions),
    }
}

/// Users whose metadata has these values.
fn find_by_metadata(snapshot: &Snapshot, wanted: &[(String, String)]) -> StoreResult<HashSet<i64>> {
    let mut statement = snapshot
        .conn
        .prepare_cached("SELECT no, profile FROM users WHERE project_no = ?1 AND state = 0")
        .map_err(sql)?;
    let mut rows = statement.query([snapshot.project_no]).map_err(sql)?;
    let mut found = HashSet::new();
    while let Some(row) = rows.next().map_err(sql)? {
        let profile = decode_profile(
            row.get_ref(1)
                .map_err(sql)?
                .as_blob()
                .map_err(|_| damaged("user"))?,
        )?;
        if wanted.iter().all(|(key, value)| {
            profile
                .metadata_value(key)
                .is_some_and(|json| value_text(json) == *value)
        }) {
            found.insert(row.get(0).map_err(sql)?);
        }
    }
    Ok(found)
}

fn read_user(snapshot: &Snapshot, person: &Person) -> StoreResult<User> {
    let (profile, created, updated): (Profile, i64, i64) = snapshot.read_profile(person.no)?;
    let times = Times {
        first_seen: person.first_seen(),
        last_seen: person.last_seen(),
        created,
        updated,
    };
    let (id, external_id) = (snapshot.user_id(person.no), person.external_id.to_string());
    Ok(show_user(
        id,
        snapshot.project,
        external_id,
        &profile,
        times,
    ))
}

/// What each user is called, in this order, by one statement.
pub(super) fn name(snapshot: &Snapshot, users: &[UserId]) -> StoreResult<Vec<Option<UserName>>> {
    let keys = &snapshot.shared.keys;
    let number = |user: &UserId| keys.reveal("usr_", user.as_str());
    let numbers: Vec<Option<i64>> = users.iter().map(number).collect();
    let mut asked: Vec<i64> = numbers.iter().copied().flatten().collect();
    asked.sort_unstable();
    asked.dedup();
    let listed: Vec<String> = asked.iter().map(i64::to_string).collect();
    let query = "SELECT no, external_id, profile FROM users WHERE project_no = ?1 AND state = 0 AND no IN (SELECT value FROM json_each(?2))";
    let mut statement = snapshot.conn.prepare_cached(query).map_err(sql)?;
    let listed = format!("[{}]", listed.join(","));
    let mut rows = statement
        .query((snapshot.project_no, listed))
        .map_err(sql)?;
    let mut names: HashMap<i64, UserName> = HashMap::with_capacity(asked.len());
    while let Some(row) = rows.next().map_err(sql)? {
        let profile = row.get_ref(2).map_err(sql)?;
        let profile = decode_profile(profile.as_blob().map_err(|_| damaged("user"))?)?;
        let name = UserName {
            external_id: row.get(1).map_err(sql)?,
            name: profile.name().map(Into::into),
            email: profile.email().map(Into::into),
        };
        names.insert(row.get(0).map_err(sql)?, name);
    }
    let named = numbers.iter().map(|no| names.get(&(*no)?).cloned());
    Ok(named.collect())
}

/// One user with sums of a period and the 10 latest sessions.
pub(super) fn find(
    snapshot: &Snapshot,
    key: &UserKey,
    stats: Period,
) -> StoreResult<Option<UserDetail>> {
    let Some(no) = snapshot.find_user_no(key) else {
        return Ok(None);
    };
    let person = {
        let directory = snapshot.shared.directory.read();
        directory
            .people(snapshot.project_no)
            .and_then(|people| people.find_no(no))
            .cloned()
    };
    let Some(mut person) = person else {
        return Ok(None);
    };
    let totals = read_totals(snapshot.conn, snapshot.project_no, no)?;
    (person.first, person.last) = (totals.first, totals.last);
    let user = read_user(snapshot, &person)?;
    let (measures, session_count) = match stats.is_all() {
        true => (totals.measures, totals.sessions),
        false => (
            snapshot.sum_user(no, stats)?,
            snapshot.count_user_sessions(no, stats)?,
        ),
    };
    let sessions = super::sessions::list_latest(snapshot, no, 10)?;
    Ok(Some(UserDetail {
        stats: UserStats {
            user,
            measures,
            session_count,
        },
        sessions,
    }))
}
