//! `GET /v1/costs/unpriced`.
use crate::auth::{Allowed, Read};
use crate::http::problem::{Problem, ProblemOut};
use crate::state::AppState;
use axum::Json;
use axum::extract::State;
use cognobserve_model::report::UnpricedModel;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// A model that was used without a known price.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = UnpricedModel)]
pub struct UnpricedOut {
    /// Null: spans with tokens and no model.
    pub model: Option<String>,
    pub span_count: i64,
    pub total_tokens: i64,
}

impl From<UnpricedModel> for UnpricedOut {
    fn from(model: UnpricedModel) -> UnpricedOut {
        UnpricedOut {
            model: model.model,
            span_count: model.span_count,
            total_tokens: model.total_tokens,
        }
    }
}

/// All of them; there is no further page.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = UnpricedModels)]
pub struct UnpricedListOut {
    pub items: Vec<UnpricedOut>,
    pub next_cursor: Option<String>,
}

/// Models with tokens and no price, most tokens first.
#[utoipa::path(get, path = "/v1/costs/unpriced", tag = "costs",
    responses((status = 200, body = UnpricedListOut), (status = "default", body = ProblemOut)))]
pub async fn list_unpriced(
    State(state): State<Arc<AppState>>,
    allowed: Allowed<Read>,
) -> Result<Json<UnpricedListOut>, Problem> {
    let models = state.reports.list_unpriced(allowed.project()).await?;
    Ok(Json(UnpricedListOut {
        items: models.into_iter().map(UnpricedOut::from).collect(),
        next_cursor: None,
    }))
}
