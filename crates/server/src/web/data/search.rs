//! `GET /search`: from whatever was pasted to the right page.
use crate::auth::page::{Refusal, redirect};
use crate::auth::{Inside, Read};
use crate::http::query::Params;
use crate::state::AppState;
use crate::web::answer::{Answer, answer};
use crate::web::frame::frame_page;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::IntoResponse;
use cognobserve_dashboard::pages::search::{self, Found};
use cognobserve_dashboard::{Frame, Nav};
use std::sync::Arc;

async fn read(
    state: &AppState,
    inside: &Inside<Read>,
    mut params: Params,
) -> Result<(Frame, String), Refusal> {
    let frame = frame_page(state, inside, &params, "Search", Nav::Nowhere).await?;
    let text = params.text("q").unwrap_or_default();
    params.finish()?;
    Ok((frame, text))
}

pub async fn search(
    State(state): State<Arc<AppState>>,
    inside: Inside<Read>,
    params: Params,
) -> Answer {
    let (frame, text) = read(&state, &inside, params).await?;
    match search::find(&*state.reports, frame, &text).await? {
        Found::Page(link) => Ok(redirect(&link.to_string())),
        Found::Html(html) => answer(StatusCode::OK, Ok(html)),
    }
}

/// The second half, which the page of the first asks for when it is shown.
pub async fn look_further(
    State(state): State<Arc<AppState>>,
    inside: Inside<Read>,
    headers: HeaderMap,
    params: Params,
) -> Answer {
    let (frame, text) = read(&state, &inside, params).await?;
    match search::look_further(&*state.reports, frame, &text).await? {
        Found::Html(html) => answer(StatusCode::OK, Ok(html)),
        // A part of a page goes on as a whole.
        Found::Page(link) if headers.contains_key("hx-request") => {
            let mut response = StatusCode::OK.into_response();
            let place =
                HeaderValue::from_str(&link.to_string()).unwrap_or(HeaderValue::from_static("/"));
            response.headers_mut().insert("hx-redirect", place);
            Ok(response)
        }
        Found::Page(link) => Ok(redirect(&link.to_string())),
    }
}
