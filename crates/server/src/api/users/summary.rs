//! `GET /v1/users/summary`.
use crate::auth::{Allowed, Read};
use crate::http::problem::{Problem, ProblemOut};
use crate::http::query::Params;
use crate::state::AppState;
use axum::Json;
use axum::extract::State;
use cognobserve_model::money::Dollars;
use cognobserve_model::report::{Summary, TopUser};
use cognobserve_model::time::{MICROS_PER_DAY, Micros};
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

const DEFAULT_DAYS: i64 = 7;
const MAX_DAYS: i64 = 366;

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = UsersSummary)]
pub struct SummaryOut {
    pub total_users: i64,
    /// Seen within the last `days` x 24 hours.
    pub active_users: i64,
    /// First seen within them.
    pub new_users: i64,
    /// At most five, by all-time cost; without cost nobody is listed.
    pub top_users_by_cost: Vec<TopUserOut>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = TopUser)]
pub struct TopUserOut {
    pub user_id: String,
    pub external_id: String,
    pub name: Option<String>,
    pub total_cost: f64,
    pub total_cost_usd: String,
}

impl From<TopUser> for TopUserOut {
    fn from(user: TopUser) -> TopUserOut {
        TopUserOut {
            user_id: user.id.to_string(),
            external_id: user.external_id,
            name: user.name,
            total_cost: Dollars(user.cost_nanos).to_f64(),
            total_cost_usd: Dollars(user.cost_nanos).to_string(),
        }
    }
}

impl From<Summary> for SummaryOut {
    fn from(summary: Summary) -> SummaryOut {
        SummaryOut {
            total_users: summary.total_users,
            active_users: summary.active_users,
            new_users: summary.new_users,
            top_users_by_cost: summary
                .top_by_cost
                .into_iter()
                .map(TopUserOut::from)
                .collect(),
        }
    }
}

/// How many users there are, are active and are new, and who costs most.
#[utoipa::path(get, path = "/v1/users/summary", tag = "users", params(
    ("days" = Option<i64>, Query, minimum = 1, maximum = 366, description = "7 without; each is 24 hours."),
), responses((status = 200, body = SummaryOut), (status = "default", body = ProblemOut)))]
pub async fn summarise_users(
    State(state): State<Arc<AppState>>,
    allowed: Allowed<Read>,
    mut params: Params,
) -> Result<Json<SummaryOut>, Problem> {
    let days = params.number("days", 1, MAX_DAYS).unwrap_or(DEFAULT_DAYS);
    params.finish()?;
    let since = Micros(Micros::now().0 - days * MICROS_PER_DAY);
    Ok(Json(
        state
            .reports
            .summarise(allowed.project(), since)
            .await?
            .into(),
    ))
}
