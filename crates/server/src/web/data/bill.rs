//! `GET /users/{id}/costs.csv`: what a user cost in the period, a row a model.
use crate::api::costs::csv::{attach, guard_formula};
use crate::api::measures::CountedOut;
use crate::auth::page::Refusal;
use crate::auth::{Inside, Read};
use crate::http::path::PathId;
use crate::http::problem::{Code, Problem};
use crate::http::query::Params;
use crate::state::AppState;
use crate::web::answer::Answer;
use crate::web::frame::{frame_page, view_of};
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use cognobserve_dashboard::Nav;
use cognobserve_model::id::UserId;
use cognobserve_model::measures::Measures;
use cognobserve_model::query::{Period, UserKey};
use cognobserve_model::report::User;
use std::sync::Arc;

/// What is counted of spans, and traces: a trace counts with each model that it touches.
const COUNTED: [&str; 9] = [
    "traceCount",
    "spanCount",
    "promptTokens",
    "completionTokens",
    "cachedTokens",
    "reasoningTokens",
    "totalTokens",
    "totalCostUsd",
    "unpricedSpanCount",
];

pub async fn download_bill(
    State(state): State<Arc<AppState>>,
    inside: Inside<Read>,
    PathId(id): PathId,
    params: Params,
) -> Answer {
    let frame = frame_page(&state, &inside, &params, "Costs", Nav::Users).await?;
    let view = view_of(&frame)?;
    let (project, key) = (&inside.project.id, UserKey::Id(UserId::new(id)));
    let found = state.reports.find_user(project, &key, Period::ALL).await?;
    let user = found.ok_or_else(Refusal::not_found)?.stats.user;
    let models = state
        .reports
        .cost_user_by_model(project, &key, view.period());
    let models = models.await?.ok_or_else(Refusal::not_found)?;
    let csv = write_bill(&user, &models).map_err(|error| {
        tracing::error!(%error, "a bill could not be written");
        Problem::new(Code::Internal, "The file could not be written.")
    })?;
    let file = view.file_name(&format!("costs of {}", user.external_id), "csv");
    let headers = [
        (
            header::CONTENT_TYPE,
            "text/csv; charset=utf-8; header=present".to_owned(),
        ),
        (header::CONTENT_DISPOSITION, attach(&file)),
    ];
    Ok((headers, csv).into_response())
}

/// A row a model; spans without one have an empty cell there.
fn write_bill(user: &User, models: &[(Option<String>, Measures)]) -> Result<Vec<u8>, csv::Error> {
    let mut csv = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(Vec::new());
    let key = ["userId", "externalId", "model"];
    csv.write_record(key.iter().chain(&COUNTED))?;
    for (model, sums) in models {
        let key = [
            user.id.as_str(),
            &user.external_id,
            model.as_deref().unwrap_or(""),
        ];
        let key = key.map(|text| guard_formula(text.to_owned()));
        let cells = CountedOut::new(sums, 0).csv_cells();
        let named = CountedOut::CSV_COLUMNS.iter().zip(cells);
        let counted = named.filter(|(name, _)| COUNTED.contains(name));
        csv.write_record(key.into_iter().chain(counted.map(|(_, cell)| cell)))?;
    }
    csv.into_inner().map_err(|error| error.into_error().into())
}
