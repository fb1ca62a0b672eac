//! `GET /sessions` and one session as a conversation.
use crate::auth::{Inside, Read};
use crate::http::cursor::{Tie, write_cursor};
use crate::http::path::PathId;
use crate::http::query::Params;
use crate::state::AppState;
use crate::web::answer::{Answer, answer};
use crate::web::frame::{frame_page, read_place, view_of};
use axum::extract::State;
use axum::http::StatusCode;
use cognobserve_dashboard::Nav;
use cognobserve_dashboard::link::segment;
use cognobserve_dashboard::pages::FRUITLESS;
use cognobserve_dashboard::pages::pager::Paging;
use cognobserve_dashboard::pages::session;
use cognobserve_dashboard::pages::sessions::{Ask, render};
use cognobserve_model::id::{SessionId, UserId};
use cognobserve_model::query::TimePosition;
use std::sync::Arc;

pub async fn show_sessions(
    State(state): State<Arc<AppState>>,
    inside: Inside<Read>,
    mut params: Params,
) -> Answer {
    let frame = frame_page(&state, &inside, &params, "Sessions", Nav::Sessions).await?;
    let place = read_place(&mut params);
    let view = view_of(&frame)?;
    params.search("search");
    let mut ask = Ask {
        user: params
            .text("user")
            .filter(|id| !id.is_empty())
            .map(UserId::new),
        search: params.text("search").unwrap_or_default().trim().to_owned(),
        after: None,
        is_fruitless: params.text(FRUITLESS).is_some(),
    };
    let tie = Tie::new(
        "sessions page",
        (&view.project.id, ask.link(view).to_string()),
    );
    ask.after = params.page(tie).after;
    params.finish()?;
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

pub async fn show_session(
    State(state): State<Arc<AppState>>,
    inside: Inside<Read>,
    PathId(id): PathId,
    mut params: Params,
) -> Answer {
    let frame = frame_page(&state, &inside, &params, "Session", Nav::Sessions).await?;
    let here = view_of(&frame)?.link(format!("/sessions/{}", segment(&id)));
    let tie = Tie::new("session page", (&inside.project.id, &id));
    let place = read_place(&mut params);
    let position: Option<TimePosition> = params.page(tie).after;
    params.finish()?;
    let id = SessionId::new(id);
    let paging = Paging {
        place,
        write: &move |at: &TimePosition| write_cursor(tie, at),
    };
    let html = session::render(&*state.reports, frame, &id, position, &paging, &here).await;
    answer(StatusCode::OK, html)
}
