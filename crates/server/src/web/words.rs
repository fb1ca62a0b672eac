//! Pages of words, like that of a missing user, in the frame that all pages of their visitor have.
//! Invariant: what the frame shows does not depend on whether something is missing or foreign.
use super::answer::frame_around;
use crate::auth::Visit;
use crate::auth::page::Words;
use crate::state::AppState;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header;
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::Response;
use cognobserve_dashboard::Nav;
use cognobserve_dashboard::pages::problem;
use std::sync::Arc;

/// For the routes of pages; the answer must not be packed yet.
pub async fn frame_words(
    State(state): State<Arc<AppState>>,
    request: Request,
    next: Next,
) -> Response {
    let (parts, body) = request.into_parts();
    let asked = parts.clone();
    let response = next.run(Request::from_parts(parts, body)).await;
    put_in_frame(&state, &asked, response).await
}

/// The answer as it is, unless it is a page of words and somebody is logged in.
pub async fn put_in_frame(state: &AppState, asked: &Parts, response: Response) -> Response {
    let Some(words) = response.extensions().get::<Words>().cloned() else {
        return response;
    };
    // A store that fails has words of its own: they are shown bare.
    let Ok(Some(visit)) = Visit::find(asked, state).await else {
        return response;
    };
    let Ok(frame) = frame_around(state, &visit, &words.title, Nav::Nowhere).await else {
        return response;
    };
    let status = response.status().as_u16();
    let Ok(html) = problem::render(frame, status, &words.detail) else {
        return response;
    };
    let (mut head, _) = response.into_parts();
    head.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(head, Body::from(html))
}
