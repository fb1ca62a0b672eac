//! `GET /v1/users/{id}/analytics`.
use crate::api::measures::CountedOut;
use crate::auth::{Allowed, Read};
use crate::http::path::PathId;
use crate::http::problem::{Problem, ProblemOut};
use crate::http::query::Params;
use crate::state::AppState;
use axum::Json;
use axum::extract::State;
use cognobserve_model::id::UserId;
use cognobserve_model::query::{DayRange, UserKey};
use cognobserve_model::report::DayStats;
use cognobserve_model::time::Micros;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

const DEFAULT_DAYS: u32 = 30;
const MAX_DAYS: i64 = 366;

/// One calendar day of a user, in the asked zone.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Day)]
pub struct DayOut {
    #[schema(format = Date)]
    pub date: String,
    #[serde(flatten)]
    pub counted: CountedOut,
}

impl From<DayStats> for DayOut {
    fn from(day: DayStats) -> DayOut {
        DayOut {
            date: day.day.to_string(),
            counted: CountedOut::new(&day.measures, day.session_count),
        }
    }
}

/// A user's days: exactly `days` entries, empty ones included, today last.
#[utoipa::path(get, path = "/v1/users/{id}/analytics", tag = "users", params(
    ("id" = String, Path, description = "Our id of the user."),
    ("days" = Option<i64>, Query, minimum = 1, maximum = 366, description = "30 without."),
    ("tz" = Option<String>, Query, description = "IANA zone whose calendar days are meant; the project's without."),
), responses((status = 200, body = Vec<DayOut>), (status = "default", body = ProblemOut)))]
pub async fn analyse_user(
    State(state): State<Arc<AppState>>,
    allowed: Allowed<Read>,
    PathId(id): PathId,
    mut params: Params,
) -> Result<Json<Vec<DayOut>>, Problem> {
    let zone = params.zone(&allowed);
    let days = params
        .number("days", 1, MAX_DAYS)
        .and_then(|days| u32::try_from(days).ok())
        .unwrap_or(DEFAULT_DAYS);
    params.finish()?;
    let range = DayRange {
        today: zone.day_of(Micros::now()),
        zone,
        days,
    };
    let days = state
        .reports
        .analyse_user(allowed.project(), &UserKey::Id(UserId::new(id)), range)
        .await?;
    let days = days.ok_or_else(Problem::not_found)?;
    Ok(Json(days.into_iter().map(DayOut::from).collect()))
}
