//! `GET /developers` and one developer.
use super::events::{find_typed, open_source, read_ask};
use crate::api::events::refuse_people;
use crate::auth::page::redirect;
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
use cognobserve_dashboard::pages::developers::{Ask, PATH, one, render, render_unknown};
use cognobserve_dashboard::pages::pager::Paging;
use cognobserve_model::event::DeveloperSort;
use cognobserve_model::id::DeveloperId;
use std::sync::Arc;

pub async fn show_developers(
    State(state): State<Arc<AppState>>,
    inside: Inside<Read>,
    mut params: Params,
) -> Answer {
    let frame = frame_page(&state, &inside, &params, "Developers", Nav::Developers).await?;
    let source = open_source(&state, &inside).await?;
    let view = view_of(&frame)?;
    if source.is_anonymous {
        if let Some(link) = find_typed(&state, &mut params, view, PATH).await? {
            return Ok(redirect(&link));
        }
        let (ask, _) = read_ask(&state, &mut params, view, PATH)?;
        return answer(StatusCode::OK, render_unknown(&source, frame, ask).await);
    }
    let place = read_place(&mut params);
    let sort = params.word("sortBy", DeveloperSort::ALL, DeveloperSort::as_str);
    let mut ask = Ask {
        sort: sort.unwrap_or(DeveloperSort::UniqueEndUsers),
        after: None,
    };
    let here = ask.link(view).to_string();
    let tie = Tie::new("developers page", (&view.project.id, here));
    ask.after = params.page(tie).after;
    params.finish()?;
    let paging = Paging {
        place,
        write: &move |at| write_cursor(tie, at),
    };
    answer(StatusCode::OK, render(&source, frame, ask, &paging).await)
}

pub async fn show_developer(
    State(state): State<Arc<AppState>>,
    inside: Inside<Read>,
    PathId(id): PathId,
    mut params: Params,
) -> Answer {
    let frame = frame_page(&state, &inside, &params, "Developer", Nav::Developers).await?;
    refuse_people(&state)?;
    let view = view_of(&frame)?;
    let path = format!("{PATH}/{}", segment(&id));
    if let Some(link) = find_typed(&state, &mut params, view, &path).await? {
        return Ok(redirect(&link));
    }
    let (mut ask, _) = read_ask(&state, &mut params, view, &path)?;
    let is_own =
        id == inside.project.developer.as_str() || id == inside.visit.visitor.account.id.as_str();
    (ask.event, ask.end_user) = (String::new(), None);
    ask.developer = Some(DeveloperId::new(id));
    let source = open_source(&state, &inside).await?;
    answer(
        StatusCode::OK,
        one::render(&source, frame, ask, is_own).await,
    )
}
