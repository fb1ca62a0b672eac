//! Pages: one list of what there is, from which the router is made and the tests go.
//!
//! A handler takes `Guest`, `Visit` or `Inside<P>` and so says who may come; none reads a header
//! to decide that. What a page shows of a project comes from the ports, by its project alone.
pub mod access;
pub mod answer;
pub mod compress;
mod data;
pub mod frame;
mod installation;
mod remember;
mod words;

use crate::state::AppState;
use axum::Router;
use axum::handler::Handler;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{MethodRouter, get, post};
use std::sync::Arc;

pub use remember::remember_project;
pub use words::put_in_frame;

/// A way to call a page.
pub struct Page {
    /// `GET` or `POST`.
    pub method: &'static str,
    /// With parameters in braces.
    pub path: &'static str,
    handler: MethodRouter<Arc<AppState>>,
}

/// A page to look at.
pub fn show<H, T>(path: &'static str, handler: H) -> Page
where
    H: Handler<T, Arc<AppState>>,
    T: 'static,
{
    Page {
        method: "GET",
        path,
        handler: get(handler),
    }
}

/// A form to be sent.
pub fn take<H, T>(path: &'static str, handler: H) -> Page
where
    H: Handler<T, Arc<AppState>>,
    T: 'static,
{
    Page {
        method: "POST",
        path,
        handler: post(handler),
    }
}

/// The page that a form stands on, for whoever opens the address that the form was sent to.
pub fn find_page_of_form(path: &str) -> &'static str {
    match path.split('/').nth(1) {
        Some("account") => "/account",
        Some("members") => "/members",
        Some("settings") => "/settings",
        _ => "/",
    }
}

/// Every page and form.
pub fn list_pages() -> Vec<Page> {
    let mut pages = data::list_pages();
    pages.extend(access::list_pages());
    pages.push(show("/installation", installation::show_installation));
    pages
}

pub fn routes(state: &Arc<AppState>) -> Router<Arc<AppState>> {
    let pages = list_pages().into_iter();
    let router = pages.fold(Router::new(), |router, page| {
        router.route(page.path, page.handler)
    });
    router
        .layer(from_fn_with_state(Arc::clone(state), words::frame_words))
        .layer(from_fn(compress::compress_page))
        .route("/assets/{version}/{name}", get(data::read_asset))
}
