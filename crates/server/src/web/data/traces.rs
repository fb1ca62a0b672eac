//! `GET /traces` and one trace; also how a user's page reads the filters of its list.
use crate::auth::page::Refusal;
use crate::auth::{Inside, Read};
use crate::http::cursor::{Tie, write_cursor};
use crate::http::path::PathId;
use crate::http::query::Params;
use crate::state::AppState;
use crate::web::answer::{Answer, answer};
use crate::web::frame::{frame_page, read_place, view_of};
use axum::extract::State;
use axum::http::StatusCode;
use cognobserve_dashboard::pages::FRUITLESS;
use cognobserve_dashboard::pages::pager::Paging;
use cognobserve_dashboard::pages::trace;
use cognobserve_dashboard::pages::traces::{Ask, render};
use cognobserve_dashboard::{Nav, View};
use cognobserve_model::id::{SessionId, UserId};
use cognobserve_model::span::Level;
use std::sync::Arc;

/// No trace is said to be longer than a year.
const MAX_LATENCY_MS: i64 = 366 * 24 * 3_600_000;

/// Reads the filters of a list of traces on the page `path`.
pub fn read_ask(params: &mut Params, view: &View, path: &str) -> Result<(Ask, Tie), Refusal> {
    let given = |text: Option<String>| {
        text.map(|text| text.trim().to_owned())
            .filter(|text| !text.is_empty())
    };
    params.search("search");
    let mut ask = Ask {
        user: given(params.text("user")).map(UserId::new),
        session: given(params.text("session")).map(SessionId::new),
        level: params.word("level", Level::ALL, Level::as_str),
        search: given(params.text("search")).unwrap_or_default(),
        model: given(params.text("model")).unwrap_or_default(),
        name: given(params.text("name")).unwrap_or_default(),
        min_latency_ms: None,
        after: None,
        is_fruitless: params.text(FRUITLESS).is_some(),
    };
    // The form's empty choice.
    if given(params.text("minLatencyMs")).is_some() {
        ask.min_latency_ms = params.number("minLatencyMs", 0, MAX_LATENCY_MS);
    }
    let tie = Tie::new(
        "traces page",
        (&view.project.id, ask.link(view, path).to_string()),
    );
    ask.after = params.page(tie).after;
    std::mem::take(params).finish()?;
    Ok((ask, tie))
}

pub async fn show_traces(
    State(state): State<Arc<AppState>>,
    inside: Inside<Read>,
    mut params: Params,
) -> Answer {
    let frame = frame_page(&state, &inside, &params, "Traces", Nav::Traces).await?;
    let place = read_place(&mut params);
    let (ask, tie) = read_ask(&mut params, view_of(&frame)?, "/traces")?;
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

pub async fn show_trace(
    State(state): State<Arc<AppState>>,
    inside: Inside<Read>,
    PathId(id): PathId,
    mut params: Params,
) -> Answer {
    let frame = frame_page(&state, &inside, &params, "Trace", Nav::Traces).await?;
    let span = params.text("span");
    params.finish()?;
    let prices = state
        .accounts
        .list_prices(&view_of(&frame)?.project.id)
        .await?;
    let html = trace::render(&*state.reports, prices, frame, &id, span.as_deref()).await;
    answer(StatusCode::OK, html)
}
