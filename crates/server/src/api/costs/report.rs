//! `GET /v1/costs`.
use super::csv::stream_csv;
use super::out::CostReportOut;
use crate::auth::{Allowed, Read};
use crate::http::cursor::{Tie, write_cursor};
use crate::http::problem::{Problem, ProblemOut};
use crate::http::query::Params;
use crate::state::AppState;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use cognobserve_model::query::{CostGroup, CostQuery};
use std::sync::Arc;

/// Rows of one page of JSON, at most and without `limit`.
const MAX_ROWS: usize = 10_000;

/// Cost and all other measures per group.
///
/// Rows and `unattributed` sum to `total` (by model: in the measures of spans). With `Accept: text/csv` all
/// rows come as CSV, `limit` and `cursor` do not apply, and what is unattributed is the row with an empty key.
#[utoipa::path(get, path = "/v1/costs", tag = "costs", params(
    ("groupBy" = String, Query, description = "user, model, day, session or metadata.KEY."),
    ("from" = Option<String>, Query, description = "At or after this time or date."),
    ("to" = Option<String>, Query, description = "Before this time or date."),
    ("tz" = Option<String>, Query, description = "IANA zone of dates and days; UTC without."),
    ("limit" = Option<i64>, Query, minimum = 1, maximum = 10000, description = "10,000 without."),
    ("cursor" = Option<String>, Query, description = "`nextCursor` of the page before."),
), responses(
    (status = 200, content((CostReportOut = "application/json"), (String = "text/csv"))),
    (status = "default", body = ProblemOut),
))]
pub async fn report_costs(
    State(state): State<Arc<AppState>>,
    allowed: Allowed<Read>,
    headers: HeaderMap,
    mut params: Params,
) -> Result<Response, Problem> {
    let zone = params.zone(&allowed);
    let period = params.range("from", "to", &zone);
    let group = params.read(
        "groupBy",
        "user, model, day, session or metadata.KEY",
        read_group,
    );
    if group.is_none() && params.text("groupBy").is_none() {
        params.refuse(
            "groupBy",
            "is needed: user, model, day, session or metadata.KEY",
        );
    }
    let group = group.unwrap_or(CostGroup::User);
    let tie = Tie::new("costs", (allowed.project(), &group, period, zone.name()));
    let wants_csv = wants_csv(&headers);
    let page = params.page_up_to(tie, MAX_ROWS, MAX_ROWS);
    params.finish()?;
    let query = CostQuery {
        group,
        sessions: true,
        period,
        zone,
        page,
    };
    let project = allowed.project().clone();
    let mut response = if wants_csv {
        stream_csv(state, project, query, "costs.csv").await?
    } else {
        let report = state.reports.report_costs(&project, query).await?;
        let next = report
            .next
            .as_ref()
            .map(|position| write_cursor(tie, position));
        Json(CostReportOut::new(report, next)).into_response()
    };
    response
        .headers_mut()
        .insert(header::VARY, HeaderValue::from_static("accept"));
    Ok(response)
}

pub(crate) fn read_group(text: &str) -> Option<CostGroup> {
    Some(match text {
        "user" => CostGroup::User,
        "model" => CostGroup::Model,
        "day" => CostGroup::Day,
        "session" => CostGroup::Session,
        _ => CostGroup::Metadata(
            text.strip_prefix("metadata.")
                .filter(|key| !key.is_empty())?
                .to_owned(),
        ),
    })
}

/// Whether CSV is named before JSON.
fn wants_csv(headers: &HeaderMap) -> bool {
    let accepted = headers
        .get_all(header::ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok());
    let mut types = accepted
        .flat_map(|value| value.split(','))
        .map(|range| range.split(';').next().unwrap_or("").trim());
    types
        .find(|kind| {
            ["text/csv", "application/json", "*/*"]
                .iter()
                .any(|known| kind.eq_ignore_ascii_case(known))
        })
        .is_some_and(|kind| kind.eq_ignore_ascii_case("text/csv"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn csv_is_sent_to_who_asks_for_it_first() {
        let headers =
            |accept: &str| HeaderMap::from_iter([(header::ACCEPT, accept.parse().unwrap())]);
        for accept in [
            "text/csv",
            "Text/CSV; charset=utf-8",
            "text/html, text/csv, */*",
        ] {
            assert!(wants_csv(&headers(accept)), "{accept}");
        }
        for accept in ["*/*", "application/json, text/csv", "text/html"] {
            assert!(!wants_csv(&headers(accept)), "{accept}");
        }
        assert!(!wants_csv(&HeaderMap::new()));
    }

    #[test]
    fn groups_are_words_or_a_metadata_key() {
        assert_eq!(
            read_group("metadata.plan.tier"),
            Some(CostGroup::Metadata("plan.tier".into()))
        );
        assert_eq!(read_group("day"), Some(CostGroup::Day));
        for bad in ["", "metadata.", "metadata", "User", "week"] {
            assert_eq!(read_group(bad), None, "{bad}");
        }
    }
}
