//! Who is on a page of users that is sorted by the sums of a period. The sums are added up here,
//! the sorted one alone; whoever can be on the page is then looked up.
use super::Param;
use super::period::NOBODY;
use super::rows::get;
use super::users::seen_bounds;
use crate::error::StoreResult;
use crate::snapshot::Snapshot;
use cognobserve_books::order::{Candidate, Picker, Ranking};
use cognobserve_books::period::bounds;
use cognobserve_model::query::{Period, SortOrder, UserPosition, UserQuery, UserSort};
use cognobserve_model::weight::Weight;
use hashbrown::{HashMap, HashSet};

/// The sorted sums of users, and their sessions if those are sorted by.
struct Sums {
    sort: UserSort,
    weights: HashMap<i64, Weight>,
    sessions: HashMap<i64, i64>,
}

impl Sums {
    fn value_of(&self, user: i64) -> Option<i128> {
        let weight = self.weights.get(&user).copied().unwrap_or_default();
        let sessions = self.sessions.get(&user).copied().unwrap_or(0);
        weight.sort_value(self.sort, sessions)
    }
}

/// A page's users by number, in order, and where the list goes on.
type Picked = (Vec<i64>, Option<UserPosition>);

/// `numbers`: those who are asked for, if not all.
pub(super) async fn pick(
    snapshot: &Snapshot,
    query: &UserQuery,
    numbers: Option<Vec<i64>>,
) -> StoreResult<Picked> {
    if query.sort == UserSort::SessionCount && query.order == SortOrder::Desc {
        let picked = pick_by_sessions(snapshot, query, numbers.as_deref()).await?;
        if let Some(picked) = picked {
            return Ok(picked);
        }
    }
    let sums = Sums {
        sort: query.sort,
        weights: snapshot.weigh_users(query.stats, query.sort).await?,
        sessions: match query.sort {
            UserSort::SessionCount => snapshot.count_sessions(query.stats).await?,
            _ => HashMap::new(),
        },
    };
    let ranking = rank(query, &sums, numbers.as_deref());
    let mut count = query.page.limit + 1;
    loop {
        // More than the page, since some may have been erased or come before it.
        count = count.saturating_mul(2);
        let first = ranking.list_first(count);
        let is_all = first.len() == ranking.count();
        let picked = pick_among(snapshot, query, &sums, Some(&first)).await?;
        if picked.1.is_some() || is_all && query.active_only {
            return Ok(picked);
        }
        if is_all {
            return pick_among(snapshot, query, &sums, numbers.as_deref()).await;
        }
    }
}

/// The page if it ends before those without a session: the sums of everybody need not be read to
/// know whether the few on it were active.
async fn pick_by_sessions(
    snapshot: &Snapshot,
    query: &UserQuery,
    numbers: Option<&[i64]>,
) -> StoreResult<Option<Picked>> {
    let sums = Sums {
        sort: query.sort,
        weights: HashMap::new(),
        sessions: snapshot.count_sessions(query.stats).await?,
    };
    let asked: Option<HashSet<i64>> = numbers.map(|numbers| numbers.iter().copied().collect());
    let is_asked = |user: i64| asked.as_ref().is_none_or(|asked| asked.contains(&user));
    let owners = sums.sessions.keys().copied();
    let owners = owners.filter(|user| *user != NOBODY && is_asked(*user));
    let valued = owners.map(|user| (sums.value_of(user), user)).collect();
    let after = query.page.after.as_ref().map(|position| position.value);
    let ranking = Ranking::new(query.order, after, valued);
    let mut count = query.page.limit + 1;
    loop {
        count = count.saturating_mul(2);
        let mut first = ranking.list_first(count);
        let is_all = first.len() == ranking.count();
        if query.active_only {
            first = list_active(snapshot, &first, query.stats).await?;
        }
        let picked = pick_among(snapshot, query, &sums, Some(&first)).await?;
        if picked.1.is_some() || is_all {
            return Ok(picked.1.is_some().then_some(picked));
        }
    }
}

/// Those of some users who have a trace of their own in the period: one of a session's may be another's.
async fn list_active(snapshot: &Snapshot, users: &[i64], period: Period) -> StoreResult<Vec<i64>> {
    let (from, to) = bounds(period);
    let query = include_str!("../sql/reports.list_active.sql");
    let params: [Param; 4] = [&snapshot.project_no, &from, &to, &users];
    let rows = snapshot.query(query, &params).await?;
    rows.iter().map(|row| get(row, 0)).collect()
}

/// Of a list of the active all who are; of one of everybody those alone who come before
/// whoever has no trace.
fn rank(query: &UserQuery, sums: &Sums, numbers: Option<&[i64]>) -> Ranking {
    let asked: Option<HashSet<i64>> = numbers.map(|numbers| numbers.iter().copied().collect());
    let is_asked = |user: i64| asked.as_ref().is_none_or(|asked| asked.contains(&user));
    let active = sums.weights.iter().filter(|(_, sum)| sum.trace_count > 0);
    let active = active.filter(|(user, _)| **user != 0 && is_asked(**user));
    let valued = active.map(|(user, _)| (sums.value_of(*user), *user));
    let comes_first = |value: Option<i128>| query.order == SortOrder::Desc && value > Some(0);
    let valued = valued.filter(|(value, _)| query.active_only || comes_first(*value));
    let after = query.page.after.as_ref().map(|position| position.value);
    Ranking::new(query.order, after, valued.collect())
}

/// The page among some, or all.
async fn pick_among(
    snapshot: &Snapshot,
    query: &UserQuery,
    sums: &Sums,
    numbers: Option<&[i64]>,
) -> StoreResult<Picked> {
    let mut picker: Picker<Box<str>> = Picker::new(query);
    let (from, to) = seen_bounds(query);
    let mut params: Vec<Param> = vec![&snapshot.project_no, &from, &to];
    let scan = match &numbers {
        Some(numbers) => {
            params.push(numbers);
            include_str!("../sql/reports.scan_some_users.sql")
        }
        None => include_str!("../sql/reports.scan_users.sql"),
    };
    snapshot
        .scan(scan, &params, |row| {
            let no = get(row, 0)?;
            picker.add(Candidate {
                value: sums.value_of(no),
                name: "".into(),
                external_id: get::<&str>(row, 1)?.into(),
                no,
            });
            Ok(())
        })
        .await?;
    let (picked, next) = picker.finish();
    Ok((picked.iter().map(|candidate| candidate.no).collect(), next))
}
