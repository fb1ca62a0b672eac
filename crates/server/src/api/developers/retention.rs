//! `GET /v1/developers/{developerId}/retention`: how many end users come, day by day, and how many come back.
use super::one::check_own;
use crate::api::events::{refuse_many_before, refuse_people, refuse_too_much};
use crate::auth::{Allowed, Read};
use crate::http::path::PathId;
use crate::http::problem::{Problem, ProblemOut};
use crate::http::query::Params;
use crate::state::AppState;
use axum::Json;
use axum::extract::State;
use cognobserve_model::event::retention::{
    MAX_KNOWN, MAX_QUARTERS, ask_before, count_users, list_cohorts, read_known,
};
use cognobserve_model::event::{ActiveQuarter, EventFilter, EventGroup};
use cognobserve_model::id::{DeveloperId, UserId};
use cognobserve_model::time::{Day, Micros, Zone};
use serde::Serialize;
use std::collections::HashSet;
use std::sync::Arc;
use utoipa::ToSchema;

const DEFAULT_DAYS: i64 = 30;
const MAX_DAYS: i64 = 366;

/// One calendar day.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RetentionDay)]
pub struct ActiveDayOut {
    #[schema(format = Date)]
    pub date: String,
    /// Different end users with an event on that day.
    pub end_users: u64,
}

/// The end users who were first seen in one week, of all events that are kept.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RetentionCohort)]
pub struct CohortOut {
    /// Its Monday.
    #[schema(format = Date)]
    pub week: String,
    pub end_users: u64,
    /// How many of them had an event in that week, in the next one, and so on up to this week.
    pub active: Vec<u64>,
}

#[derive(Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = Retention)]
pub struct RetentionOut {
    /// Exactly as many as asked for, today last.
    pub days: Vec<ActiveDayOut>,
    /// Oldest first; weeks without anybody new are left out.
    pub cohorts: Vec<CohortOut>,
}

/// A developer's end users over time.
///
/// Who was there before the days that are asked for is in `days`, and new in no week.
#[utoipa::path(get, path = "/v1/developers/{developerId}/retention", tag = "events", params(
    ("developerId" = String, Path, description = "The owner of a workspace, or an account."),
    ("days" = Option<i64>, Query, minimum = 1, maximum = 366, description = "30 without."),
    ("event" = Option<String>, Query, description = "By events of this name alone."),
    ("tz" = Option<String>, Query, description = "IANA zone whose calendar days and weeks are meant; the project's without."),
), responses((status = 200, body = RetentionOut), (status = 403, body = ProblemOut), (status = "default", body = ProblemOut)))]
pub async fn read_retention(
    State(state): State<Arc<AppState>>,
    allowed: Allowed<Read>,
    PathId(id): PathId,
    mut params: Params,
) -> Result<Json<RetentionOut>, Problem> {
    refuse_people(&state)?;
    let zone = params.zone(&allowed);
    let (filter, _) = params.events(&allowed, &zone);
    let days = params.number("days", 1, MAX_DAYS).unwrap_or(DEFAULT_DAYS);
    params.finish()?;
    let id = DeveloperId::new(id);
    let of_developer = EventFilter {
        developer: Some(id.clone()),
        from: None,
        to: None,
        ..filter
    };
    let any = state.events.count_events(&of_developer, None, 1).await?;
    if any.is_empty() {
        check_own(&allowed, &id)?;
    }
    let today = zone.day_of(Micros::now());
    let first = today.plus(1 - days);
    let filter = EventFilter {
        from: Some(zone.start_of(first)),
        to: Some(zone.start_of(today.plus(1))),
        ..of_developer
    };
    let quarters = state
        .events
        .list_active_quarters(&filter, MAX_QUARTERS + 1)
        .await?;
    if quarters.len() > MAX_QUARTERS {
        return Err(refuse_too_much());
    }
    let known = find_known(&state, &filter).await?;
    Ok(Json(summarise(&quarters, &known, &zone, first, today)))
}

/// Who was there before what is asked about.
async fn find_known(state: &AppState, filter: &EventFilter) -> Result<HashSet<UserId>, Problem> {
    let Some(before) = ask_before(filter) else {
        return Ok(HashSet::new());
    };
    let by_user = Some(&EventGroup::EndUser);
    // One group more is of nobody, and one says that there are too many.
    let groups = state.events.count_events(&before, by_user, MAX_KNOWN + 2);
    read_known(groups.await?).ok_or_else(refuse_many_before)
}

fn summarise(
    quarters: &[ActiveQuarter],
    known: &HashSet<UserId>,
    zone: &Zone,
    first: Day,
    today: Day,
) -> RetentionOut {
    let dates: Vec<Day> = (0..=today.since(first)).map(|n| first.plus(n)).collect();
    let edges = dates.iter().copied().chain([today.plus(1)]);
    let edges: Vec<Micros> = edges.map(|day| zone.start_of(day)).collect();
    let days = dates.iter().zip(count_users(quarters, &edges));
    let cohorts = list_cohorts(quarters, known, zone, first, today);
    RetentionOut {
        days: days
            .map(|(date, end_users)| ActiveDayOut {
                date: date.to_string(),
                end_users,
            })
            .collect(),
        cohorts: cohorts
            .into_iter()
            .map(|cohort| CohortOut {
                week: cohort.week.to_string(),
                end_users: cohort.end_users,
                active: cohort.active,
            })
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn active(user: &str, at: &str) -> ActiveQuarter {
        let at = cognobserve_model::time::parse_rfc3339(at).unwrap();
        ActiveQuarter {
            end_user: UserId::new(user),
            quarter: at.quarter(),
        }
    }

    #[test]
    fn days_are_of_the_zone_and_weeks_begin_on_monday() {
        let zone = Zone::parse("Asia/Kathmandu").unwrap();
        let day = |text| Day::parse(text).unwrap();
        let quarters = [
            // Sunday the 15th 18:15 UTC is Monday the 16th there.
            active("ann", "2026-11-15T18:00:00Z"),
            active("ann", "2026-11-15T18:15:00Z"),
            active("ann", "2026-11-23T10:00:00Z"),
            active("ann", "2026-11-23T10:15:00Z"),
            active("bob", "2026-11-15T18:15:00Z"),
            // Before the period.
            active("eve", "2026-11-14T10:00:00Z"),
            // They were there long before.
            active("old", "2026-11-17T10:00:00Z"),
        ];
        let known = HashSet::from([UserId::new("old")]);
        let (first, today) = (day("2026-11-15"), day("2026-11-23"));
        let told = summarise(&quarters, &known, &zone, first, today);
        let seen: Vec<u64> = told.days.iter().map(|it| it.end_users).collect();
        assert_eq!(seen, [1, 2, 1, 0, 0, 0, 0, 0, 1]);
        assert_eq!(told.days[0].date, "2026-11-15");
        assert_eq!(told.days[8].date, "2026-11-23");
        let cohort = |week: &str, end_users, active: &[u64]| CohortOut {
            week: week.into(),
            end_users,
            active: active.to_vec(),
        };
        let expected = [
            cohort("2026-11-09", 1, &[1, 1, 1]),
            cohort("2026-11-16", 1, &[1, 0]),
        ];
        assert_eq!(told.cohorts, expected);
    }
}
