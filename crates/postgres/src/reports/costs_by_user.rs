//! Costs by user. The costs of all are added up; names and the other sums are read of those
//! alone who can be on the page.
use super::Param;
use super::costs::Grouped;
use super::period::NOBODY;
use super::rows::{get, read_profile};
use crate::error::StoreResult;
use crate::snapshot::Snapshot;
use cognobserve_books::costs::{CostPage, Gathered, Placed};
use cognobserve_books::order::Ranking;
use cognobserve_model::query::{CostPosition, CostQuery, Period, SortOrder, UserSort};
use cognobserve_model::report::{CostKey, CostRow};
use cognobserve_model::weight::Weight;
use futures_util::future::try_join;
use hashbrown::HashMap;
use std::borrow::Cow;

/// What is made into a row if it is on the page.
struct UserCost {
    no: i64,
    /// The external id, or a tombstone's own.
    key: Box<str>,
    is_living: bool,
    cost_nanos: i128,
}

impl Placed for UserCost {
    fn place(&self) -> (i128, Cow<'_, str>) {
        (self.cost_nanos, Cow::Borrowed(&self.key))
    }
}

type Picked = (Vec<UserCost>, Option<CostPosition>);

/// `sessions`: how many each user has in the period, if that is asked for.
pub(super) async fn group(
    snapshot: &Snapshot,
    query: &CostQuery,
    sessions: &HashMap<i64, i64>,
) -> StoreResult<Grouped> {
    let costs = add_costs(snapshot, query.period, sessions).await?;
    let (users, next) = pick(snapshot, query, &costs).await?;
    let living = users.iter().filter(|user| user.is_living);
    let living: Vec<i64> = living.map(|user| user.no).collect();
    let listed = users.iter().map(|user| user.no);
    let listed: Vec<i64> = listed.chain([NOBODY]).collect();
    let (mut names, mut sums) = try_join(
        read_user_names(snapshot, &living),
        snapshot.sum_some_users(&listed, query.period),
    )
    .await?;
    let nobody = sums.remove(&NOBODY).unwrap_or_default();
    let count_of = |user: i64| sessions.get(&user).copied().unwrap_or(0);
    let rows = users.into_iter().map(|user| {
        let id = snapshot.user_id(user.no);
        let key = match user.is_living {
            true => CostKey::User {
                id,
                external_id: user.key.into(),
                name: names.remove(&user.no).flatten(),
            },
            false => CostKey::Tombstone { id },
        };
        CostRow {
            key,
            measures: sums.remove(&user.no).unwrap_or_default(),
            session_count: count_of(user.no),
        }
    });
    Ok(Grouped {
        page: CostPage {
            rows: rows.collect(),
            next,
        },
        unattributed: (nobody, count_of(NOBODY)),
    })
}

/// The cost of everybody who did anything in the period.
async fn add_costs(
    snapshot: &Snapshot,
    period: Period,
    sessions: &HashMap<i64, i64>,
) -> StoreResult<HashMap<i64, i128>> {
    let by_cost = UserSort::TotalCost;
    let weights = snapshot.weigh_users(period, by_cost).await?;
    let is_active = |weight: &Weight| weight.trace_count != 0;
    let active = weights.iter().filter(|(_, weight)| is_active(weight));
    let valued = active.map(|(user, weight)| (*user, weight.sort_value(by_cost, 0)));
    let mut costs: HashMap<i64, i128> = valued
        .map(|(user, value)| (user, value.unwrap_or(0)))
        .collect();
    for user in sessions.keys() {
        costs.entry(*user).or_insert(0);
    }
    costs.remove(&NOBODY);
    Ok(costs)
}

async fn pick(
    snapshot: &Snapshot,
    query: &CostQuery,
    costs: &HashMap<i64, i128>,
) -> StoreResult<Picked> {
    let after = query.page.after.as_ref();
    let after = after.map(|position| Some(position.cost_nanos));
    let users = costs.iter().map(|(user, cost)| (Some(*cost), *user));
    let ranking = Ranking::new(SortOrder::Desc, after, users.collect());
    let mut count = query.page.limit + 1;
    loop {
        // More than the page, since some of the first may come before it.
        count = count.saturating_mul(2);
        let first = ranking.list_first(count);
        let picked = pick_among(snapshot, query, costs, &first).await?;
        if picked.1.is_some() || first.len() == ranking.count() {
            return Ok(picked);
        }
    }
}

async fn pick_among(
    snapshot: &Snapshot,
    query: &CostQuery,
    costs: &HashMap<i64, i128>,
    users: &[i64],
) -> StoreResult<Picked> {
    let mut gathered = Gathered::new(query);
    let scan = "SELECT user_no, external_id FROM tracked_user_totals WHERE project_no = $1 AND user_no = ANY ($2)";
    let params: [Param; 2] = [&snapshot.project_no, &users];
    snapshot
        .scan(scan, &params, |row| {
            let no = get(row, 0)?;
            let external_id: Option<&str> = get(row, 1)?;
            gathered.add(UserCost {
                no,
                key: match external_id {
                    Some(external_id) => external_id.into(),
                    None => snapshot.user_id(no).as_str().into(),
                },
                is_living: external_id.is_some(),
                cost_nanos: costs.get(&no).copied().unwrap_or(0),
            });
            Ok(())
        })
        .await?;
    Ok(gathered.finish())
}

async fn read_user_names(
    snapshot: &Snapshot,
    numbers: &[i64],
) -> StoreResult<HashMap<i64, Option<String>>> {
    let query = "SELECT no, profile FROM tracked_users WHERE project_no = $1 AND no = ANY ($2)";
    let params: [Param; 2] = [&snapshot.project_no, &numbers];
    let rows = snapshot.query(query, &params).await?;
    let names = rows.iter().map(|row| {
        let name = read_profile(row, 1)?.name().map(Into::into);
        Ok((get(row, 0)?, name))
    });
    names.collect()
}
