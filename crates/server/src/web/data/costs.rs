//! `GET /costs` and the same as CSV.
use crate::api::costs::csv::stream_csv;
use crate::api::costs::report::read_group;
use crate::auth::page::{Refusal, redirect};
use crate::auth::{Inside, Read};
use crate::http::cursor::{Tie, write_cursor};
use crate::http::query::Params;
use crate::state::AppState;
use crate::web::answer::{Answer, answer};
use crate::web::frame::{frame_page, read_place, view_of};
use axum::extract::State;
use axum::http::StatusCode;
use cognobserve_dashboard::pages::costs::{Ask, render};
use cognobserve_dashboard::pages::pager::Paging;
use cognobserve_dashboard::{Nav, View};
use cognobserve_model::query::{CostGroup, CostQuery};
use std::sync::Arc;

fn read_ask(params: &mut Params, view: &View) -> Result<(Ask, Tie), Refusal> {
    let group = params.read(
        "groupBy",
        "user, model, day, session or metadata.KEY",
        read_group,
    );
    let mut ask = Ask {
        group: group.unwrap_or(CostGroup::User),
        after: None,
    };
    let tie = Tie::new(
        "costs page",
        (&view.project.id, ask.link(view, "/costs").to_string()),
    );
    ask.after = params.page(tie).after;
    std::mem::take(params).finish()?;
    Ok((ask, tie))
}

pub async fn show_costs(
    State(state): State<Arc<AppState>>,
    inside: Inside<Read>,
    mut params: Params,
) -> Answer {
    let frame = frame_page(&state, &inside, &params, "Costs", Nav::Costs).await?;
    // The form's own field, put as the API calls it.
    if let Some(key) = params
        .text("metadataKey")
        .filter(|key| !key.trim().is_empty())
    {
        let group = CostGroup::Metadata(key.trim().to_owned());
        let link = Ask { group, after: None }.link(view_of(&frame)?, "/costs");
        return Ok(redirect(&link.to_string()));
    }
    let place = read_place(&mut params);
    let (ask, tie) = read_ask(&mut params, view_of(&frame)?)?;
    let html = render(
        &*state.reports,
        frame,
        ask,
        &Paging {
            place,
            write: &move |at| write_cursor(tie, at),
        },
    )
    .await;
    answer(StatusCode::OK, html)
}

pub async fn download_costs(
    State(state): State<Arc<AppState>>,
    inside: Inside<Read>,
    mut params: Params,
) -> Answer {
    let frame = frame_page(&state, &inside, &params, "Costs", Nav::Costs).await?;
    let view = view_of(&frame)?;
    let (ask, _) = read_ask(&mut params, view)?;
    let query = CostQuery {
        sessions: true,
        ..ask.to_query(view, 1)
    };
    let what = format!("costs by {}", ask.word());
    let name = view.file_name(&what, "csv");
    Ok(stream_csv(state, inside.project.id, query, &name).await?)
}
