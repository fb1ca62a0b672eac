//! A user's days, and the project's summary.
use super::Snapshot;
use crate::error::StoreResult;
use cognobserve_model::query::DayRange;
use cognobserve_model::report::{DayStats, Summary, TopUser};
use cognobserve_model::time::Micros;
use std::cmp::Reverse;

const TOP_USERS: usize = 5;

/// Exactly `range.days` entries, today last.
pub(super) fn analyse(
    snapshot: &Snapshot,
    user: i64,
    range: &DayRange,
) -> StoreResult<Vec<DayStats>> {
    let sums = snapshot.chart_user(user, &range.edges())?;
    let series = range.iter().zip(sums);
    let mut series: Vec<DayStats> = series
        .map(|((day, _), measures)| DayStats {
            day,
            measures,
            session_count: 0,
        })
        .collect();
    snapshot.count_sessions_per_day(user, range, &mut series)?;
    Ok(series)
}

/// Counts of users and the costliest, all-time.
pub(super) fn summarise(snapshot: &Snapshot, since: Micros) -> StoreResult<Summary> {
    let mut summary = Summary {
        total_users: 0,
        active_users: 0,
        new_users: 0,
        top_by_cost: Vec::new(),
    };
    let mut top = Vec::new();
    {
        let directory = snapshot.shared.directory.read();
        let Some(people) = directory.people(snapshot.project_no) else {
            return Ok(summary);
        };
        for person in people.living() {
            summary.total_users += 1;
            summary.active_users += i64::from(person.last_seen() >= since.0);
            summary.new_users += i64::from(person.first_seen() >= since.0);
            let cost = person.sums.cost_nanos;
            let enters = top.len() < TOP_USERS
                || top
                    .last()
                    .is_some_and(|(worst, _, _)| Reverse(cost) <= *worst);
            if cost > 0 && enters {
                top.push((Reverse(cost), person.external_id.to_string(), person.no));
                top.sort();
                top.truncate(TOP_USERS);
            }
        }
    }
    for (Reverse(cost_nanos), external_id, no) in top {
        let name = snapshot.read_profile(no)?.0.name().map(Into::into);
        summary.top_by_cost.push(TopUser {
            id: snapshot.user_id(no),
            external_id,
            name,
            cost_nanos,
        });
    }
    Ok(summary)
}
