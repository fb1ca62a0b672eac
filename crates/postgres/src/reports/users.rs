//! Lists and details of users. By all-time sums the server sorts and pages; by those of a
//! period the page is picked in [`users_of_period`].
use super::listing::{find_listing, write_name};
use super::matching::{find_by_profile, is_sorted_by_totals, needs_a_look, write_pattern};
use super::rows::{cut_at_zero, get, read_measures, read_profile};
use super::{Param, missing, sessions, users_of_period};
use crate::error::StoreResult;
use crate::snapshot::Snapshot;
use cognobserve_books::period::bounds;
use cognobserve_books::shown::{Times, show_user};
use cognobserve_model::histogram::Histogram;
use cognobserve_model::query::{Page, Period, UserKey, UserPosition, UserQuery, UserSort};
use cognobserve_model::report::{UserDetail, UserStats, sort_value};
use futures_util::future::{try_join, try_join3};
use hashbrown::HashMap;
use tokio_postgres::Row;

/// The sessions shown with a user.
const LATEST_SESSIONS: usize = 10;

/// A living user with all-time sums.
struct Person {
    no: i64,
    /// Times of the first and last trace.
    bounds: (Option<i64>, Option<i64>),
    stats: UserStats,
}

fn read_person(snapshot: &Snapshot, row: &Row) -> StoreResult<Person> {
    let no = get(row, 0)?;
    let times = Times {
        first_seen: get(row, 2)?,
        last_seen: get(row, 3)?,
        created: get(row, 9)?,
        updated: get(row, 10)?,
    };
    let profile = read_profile(row, 8)?;
    let (id, project) = (snapshot.user_id(no), &snapshot.project);
    Ok(Person {
        no,
        bounds: (get(row, 4)?, get(row, 5)?),
        stats: UserStats {
            user: show_user(id, project, get(row, 1)?, &profile, times),
            measures: read_measures(row, 7)?,
            session_count: get(row, 6)?,
        },
    })
}

pub(super) async fn list(
    snapshot: &Snapshot,
    query: &UserQuery,
) -> StoreResult<Page<UserStats, UserPosition>> {
    let nobody = Page {
        items: Vec::new(),
        next: None,
    };
    // No stored text has this character.
    if query
        .search
        .as_ref()
        .is_some_and(|text| text.contains('\0'))
    {
        return Ok(nobody);
    }
    let numbers = match needs_a_look(query) {
        true => Some(find_by_profile(snapshot, query).await?),
        false => None,
    };
    if numbers.as_ref().is_some_and(Vec::is_empty) {
        return Ok(nobody);
    }
    if !is_sorted_by_totals(query) {
        let (picked, next) = users_of_period::pick(snapshot, query, numbers).await?;
        let mut people = read_people(snapshot, &picked).await?;
        sum_period(snapshot, &mut people, query.stats).await?;
        let items = people.into_iter().map(|person| person.stats).collect();
        return Ok(Page { items, next });
    }
    let (mut people, next) = list_by_totals(snapshot, query, numbers).await?;
    if !query.stats.is_all() {
        sum_period(snapshot, &mut people, query.stats).await?;
    }
    let items = people.into_iter().map(|person| person.stats);
    Ok(Page {
        items: items.collect(),
        next,
    })
}

/// Puts the sums of a period in the place of all-time ones; without latency histograms.
async fn sum_period(snapshot: &Snapshot, people: &mut [Person], period: Period) -> StoreResult<()> {
    let (from, to) = bounds(period);
    // Who did nothing before and after has the sums of all times.
    let lives_within = |person: &Person| match person.bounds {
        (Some(first), Some(last)) => from <= first && last < to,
        _ => true,
    };
    let others = people.iter().filter(|person| !lives_within(person));
    let others: Vec<i64> = others.map(|person| person.no).collect();
    let (mut sums, mut counts) = (HashMap::new(), HashMap::new());
    if !others.is_empty() {
        (sums, counts) = try_join(
            snapshot.sum_some_users(&others, period),
            snapshot.count_user_sessions(&others, period),
        )
        .await?;
    }
    for person in people {
        if lives_within(person) {
            person.stats.measures.trace_latency = Histogram::default();
        } else {
            person.stats.measures = sums.remove(&person.no).unwrap_or_default();
            person.stats.session_count = counts.get(&person.no).copied().unwrap_or(0);
        }
    }
    Ok(())
}

async fn list_by_totals(
    snapshot: &Snapshot,
    query: &UserQuery,
    numbers: Option<Vec<i64>>,
) -> StoreResult<(Vec<Person>, Option<UserPosition>)> {
    let listing = find_listing(query.sort, query.order);
    let (value, after) = match &query.page.after {
        None => (listing.start.to_owned(), ""),
        Some(position) if query.sort == UserSort::Name => (
            write_name(&position.name),
            cut_at_zero(&position.external_id),
        ),
        Some(position) if position.value.is_none() && !has_gaps(query.sort) => {
            // After those without a value, of whom there are none.
            return Ok((Vec::new(), None));
        }
        Some(position) => (
            listing.write_value(position.value),
            cut_at_zero(&position.external_id),
        ),
    };
    let (from, to) = seen_bounds(query);
    let (active_from, active_to) = bounds(query.stats);
    let limit = i64::try_from(query.page.limit).unwrap_or(i64::MAX - 1) + 1;
    let pattern = query.search.as_deref().map(write_pattern);
    let (text, wanted): (_, Param) = match &pattern {
        Some(pattern) if numbers.is_none() => (listing.search, pattern),
        _ => (listing.text, &numbers),
    };
    let project = &snapshot.project_no;
    let params: [Param; 10] = [
        project,
        &from,
        &to,
        wanted,
        &value,
        &after,
        &limit,
        &query.active_only,
        &active_from,
        &active_to,
    ];
    let rows = snapshot.query(text, &params).await?;
    let more = rows.len() > query.page.limit;
    let people = rows.iter().take(query.page.limit);
    let people = people.map(|row| read_person(snapshot, row));
    let people: Vec<Person> = people.collect::<StoreResult<_>>()?;
    let next = people.last().filter(|_| more).map(|last| {
        let stats = &last.stats;
        let (first, last) = (stats.user.first_seen, stats.user.last_seen);
        UserPosition {
            value: sort_value(
                query.sort,
                first,
                last,
                &stats.measures,
                stats.session_count,
            ),
            name: match query.sort {
                UserSort::Name => stats.user.sort_name(),
                _ => String::new(),
            },
            external_id: stats.user.external_id.clone(),
        }
    });
    Ok((people, next))
}

/// Whether some have no value to be sorted by.
fn has_gaps(sort: UserSort) -> bool {
    sort == UserSort::AvgLatencyMs
}

pub(super) fn seen_bounds(query: &UserQuery) -> (i64, i64) {
    (
        query.last_seen_from.map_or(i64::MIN, |from| from.0),
        query.last_seen_to.map_or(i64::MAX, |to| to.0),
    )
}

/// Living users by number, in this order.
async fn read_people(snapshot: &Snapshot, numbers: &[i64]) -> StoreResult<Vec<Person>> {
    let query = concat!(
        include_str!("../sql/reports.read_users.sql"),
        "WHERE t.project_no = $1 AND t.external_id IS NOT NULL AND t.user_no = ANY ($2)"
    );
    let params: [Param; 2] = [&snapshot.project_no, &numbers];
    let rows = snapshot.query(query, &params).await?;
    let mut people: HashMap<i64, Person> = HashMap::with_capacity(rows.len());
    for row in &rows {
        let person = read_person(snapshot, row)?;
        people.insert(person.no, person);
    }
    let listed = numbers.iter().map(|no| people.remove(no));
    listed
        .map(|person| person.ok_or_else(|| missing("user")))
        .collect()
}

/// One user with sums of a period and the latest sessions.
pub(super) async fn find(
    snapshot: &Snapshot,
    key: &UserKey,
    stats: Period,
) -> StoreResult<Option<UserDetail>> {
    let Some(person) = find_person(snapshot, key).await? else {
        return Ok(None);
    };
    let (no, mut found) = (person.no, person.stats);
    let latest = sessions::list_latest(snapshot, no, LATEST_SESSIONS);
    if stats.is_all() {
        let sessions = latest.await?;
        return Ok(Some(UserDetail {
            stats: found,
            sessions,
        }));
    }
    let numbers = [no];
    let (sessions, measures, counts) = try_join3(
        latest,
        snapshot.sum_user(no, stats, person.bounds),
        snapshot.count_user_sessions(&numbers, stats),
    )
    .await?;
    found.measures = measures;
    found.session_count = counts.get(&no).copied().unwrap_or(0);
    Ok(Some(UserDetail {
        stats: found,
        sessions,
    }))
}

async fn find_person(snapshot: &Snapshot, key: &UserKey) -> StoreResult<Option<Person>> {
    let row = match key {
        UserKey::Id(id) => {
            let query = concat!(
                include_str!("../sql/reports.read_users.sql"),
                "WHERE t.project_no = $1 AND t.external_id IS NOT NULL AND t.user_no = $2"
            );
            let no = snapshot.store.user_no(id);
            let params: [Param; 2] = [&snapshot.project_no, &no];
            snapshot.query_opt(query, &params).await?
        }
        UserKey::External(id) => {
            let query = concat!(
                include_str!("../sql/reports.read_users.sql"),
                "WHERE t.project_no = $1 AND u.external_id = $2"
            );
            if cut_at_zero(id) != id {
                return Ok(None);
            }
            snapshot
                .query_opt(query, &[&snapshot.project_no, id])
                .await?
        }
    };
    row.map(|row| read_person(snapshot, &row)).transpose()
}
