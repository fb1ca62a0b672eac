//! `GET /v1/users`.
use super::out::UserOut;
use crate::api::page::PageOut;
use crate::auth::{Allowed, Read};
use crate::http::cursor::Tie;
use crate::http::problem::{Problem, ProblemOut};
use crate::http::query::Params;
use crate::state::AppState;
use axum::Json;
use axum::extract::State;
use cognobserve_model::query::{SortOrder, UserQuery, UserSort};
use std::sync::Arc;

/// Most `metadata.KEY` conditions in one request.
const MAX_METADATA_CONDITIONS: usize = 10;

/// Lists users with their sums.
///
/// Sorted over the whole filtered set; nulls last, ties by `externalId`. `from` and `to` bound
/// `lastSeenAt`, both inclusive. The sums are of `[statsFrom, statsTo)`, without these of all time.
#[utoipa::path(get, path = "/v1/users", tag = "users", params(
    ("search" = Option<String>, Query, description = "Case-insensitive part of name, e-mail or external id."),
    ("from" = Option<String>, Query, description = "Last seen at or after this time or date."),
    ("to" = Option<String>, Query, description = "Last seen at or before this time or date."),
    ("statsFrom" = Option<String>, Query, description = "Sums from this time or date on."),
    ("statsTo" = Option<String>, Query, description = "Sums before this time or date."),
    ("tz" = Option<String>, Query, description = "IANA zone in which dates are read; the project's without."),
    ("sortBy" = Option<String>, Query, description = "lastSeenAt (default), firstSeenAt, traceCount, totalCost, totalTokens, errorCount, errorTraceRate, avgLatencyMs, sessionCount, or name (else e-mail, else external id), without regard to case."),
    ("sortOrder" = Option<String>, Query, description = "desc (default) or asc."),
    ("metadata.KEY" = Option<String>, Query, description = "Users whose metadata has this value under KEY; may be repeated with other keys."),
    ("limit" = Option<i64>, Query, minimum = 1, maximum = 100, description = "50 without."),
    ("cursor" = Option<String>, Query, description = "`nextCursor` of the page before."),
), responses((status = 200, body = PageOut<UserOut>), (status = "default", body = ProblemOut)))]
pub async fn list_users(
    State(state): State<Arc<AppState>>,
    allowed: Allowed<Read>,
    mut params: Params,
) -> Result<Json<PageOut<UserOut>>, Problem> {
    let zone = params.zone(&allowed);
    let search = params.search("search");
    let last_seen = params.range("from", "to", &zone);
    let stats = params.range("statsFrom", "statsTo", &zone);
    let sort = params
        .word("sortBy", UserSort::ALL, UserSort::as_str)
        .unwrap_or(UserSort::LastSeenAt);
    let order = params
        .word("sortOrder", SortOrder::ALL, SortOrder::as_str)
        .unwrap_or(SortOrder::Desc);
    let metadata = params.prefixed("metadata.");
    if metadata.len() > MAX_METADATA_CONDITIONS || metadata.iter().any(|(key, _)| key.is_empty()) {
        params.refuse(
            "metadata",
            format!("needs a key, and at most {MAX_METADATA_CONDITIONS} of them"),
        );
    }
    let tie = Tie::new(
        "users",
        (
            allowed.project(),
            &search,
            last_seen,
            stats,
            sort,
            order,
            &metadata,
        ),
    );
    let page = params.page(tie);
    params.finish()?;
    let (last_seen_from, last_seen_to) = (last_seen.from, last_seen.to);
    let query = UserQuery {
        search,
        last_seen_from,
        last_seen_to,
        sort,
        order,
        stats,
        active_only: false,
        metadata,
        page,
    };
    let page = state.reports.list_users(allowed.project(), query).await?;
    Ok(Json(PageOut::new(page, tie, UserOut::from)))
}
