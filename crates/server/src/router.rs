//! Every route on one screen, and the layers around them.
//!
//! Ingest and the rest differ in one thing: on ingest even a panic is answered 503,
//! because exporters drop a batch for good after a 500.
use crate::api::{
    costs, developers, docs, events, health, me, openapi, sessions, telemetry, traces, users,
};
use crate::auth::page::{keep_theme, redirect, render_message, with_theme_of};
use crate::config::{Role, Roles};
use crate::grpc;
use crate::http::headers::{add_page_headers, add_security_headers};
use crate::http::panic::{answer_ingest_panic, answer_page_panic, answer_panic};
use crate::http::problem::{Code, Problem};
use crate::ingest;
use crate::metrics::{Area, CountedAs};
use crate::state::AppState;
use crate::trpc;
use crate::web;
use axum::Router;
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::middleware::{Next, from_fn, map_response};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use std::sync::Arc;
use tower_http::catch_panic::CatchPanicLayer;

/// What a process of these roles serves.
pub fn build_router(state: Arc<AppState>, roles: &Roles) -> Router {
    let ingest = Router::new()
        .route("/v1/traces", post(ingest::ingest_traces))
        .route("/v1/traces/batch", post(ingest::ingest_batch))
        .route("/v1/events", post(ingest::ingest_events))
        .route("/v1/telemetry/events", post(ingest::relay_events))
        .route("/v1/metrics", post(ingest::discard_metrics))
        .route("/v1/logs", post(ingest::discard_logs));

    let api = Router::new()
        .route("/v1/users", get(users::list_users))
        .route("/v1/users/summary", get(users::summarise_users))
        .route("/v1/users/resolve", post(users::resolve_users))
        .route(
            "/v1/users/by-external-id/{externalId}",
            get(users::find_user_by_external_id),
        )
        .route(
            "/v1/users/{id}",
            get(users::find_user)
                .patch(users::patch_user)
                .delete(users::delete_user),
        )
        .route("/v1/users/{id}/traces", get(users::list_user_traces))
        .route("/v1/users/{id}/sessions", get(users::list_user_sessions))
        .route("/v1/users/{id}/analytics", get(users::analyse_user))
        .route("/v1/sessions", get(sessions::list_sessions))
        .route(
            "/v1/sessions/{id}",
            get(sessions::find_session)
                .patch(sessions::patch_session)
                .delete(sessions::delete_session),
        )
        .route("/v1/sessions/{id}/timeline", get(sessions::read_timeline))
        .route("/v1/traces", get(traces::list_traces))
        .route(
            "/v1/traces/{traceId}",
            get(traces::find_trace).delete(traces::delete_trace),
        )
        .route("/v1/costs", get(costs::report_costs))
        .route("/v1/costs/unpriced", get(costs::list_unpriced))
        .route("/v1/events", get(events::list_events))
        .route("/v1/events/count", get(events::count_events))
        .route("/v1/developers", get(developers::list_developers))
        .route(
            "/v1/developers/{developerId}",
            get(developers::find_developer),
        )
        .route(
            "/v1/developers/{developerId}/retention",
            get(developers::read_retention),
        )
        .route("/v1/telemetry/status", get(telemetry::read_status))
        .route("/v1/me", get(me::find_me));

    let service = Router::new()
        .route("/healthz", get(health::check_health))
        .route("/readyz", get(health::check_readiness))
        .route("/metrics", get(health::read_metrics))
        .route("/openapi.json", get(openapi::read_openapi))
        .route("/docs", get(docs::read_docs));

    let ingest = ingest.route_layer(CatchPanicLayer::custom(answer_ingest_panic));
    let calls = grpc::ingest_routes().route_layer(CatchPanicLayer::custom(grpc::answer_panic));
    let ingest = count(ingest.merge(calls), &state, Area::Ingest);
    let api = api.route_layer(CatchPanicLayer::custom(answer_panic));
    let procedures = trpc::routes(api.clone().with_state(Arc::clone(&state)));
    let procedures = procedures.route_layer(CatchPanicLayer::custom(trpc::answer_panic));
    let api = count(api.merge(procedures), &state, Area::Api);
    let service = service.route_layer(CatchPanicLayer::custom(answer_panic));
    let calls = grpc::service_routes(roles.contains(Role::Ingest));
    let calls = calls.route_layer(CatchPanicLayer::custom(grpc::answer_panic));
    let service = count(service.merge(calls), &state, Area::Service);
    let pages = web::routes(&state)
        .route_layer(from_fn(web::remember_project))
        .route_layer(CatchPanicLayer::custom(answer_page_panic))
        .route_layer(from_fn(keep_theme))
        .route_layer(map_response(add_page_headers));
    let pages = count(pages, &state, Area::Web);
    let mut served = service;
    if roles.contains(Role::Ingest) {
        served = served.merge(ingest);
    }
    if roles.contains(Role::Api) {
        served = served.merge(api);
    }
    if roles.contains(Role::Web) {
        served = served.merge(pages);
    }
    let nothing = match roles.are_all() {
        true => "There is no such path.".to_owned(),
        false => format!("There is no such path here: this process does {roles}."),
    };
    served
        .fallback(
            async move |State(state): State<Arc<AppState>>, asked: Parts| {
                let headers = &asked.headers;
                match asks_for_page(headers) {
                    _ if trpc::is_below(asked.uri.path()) => trpc::answer_unserved(nothing),
                    true => {
                        let page =
                            || render_message(StatusCode::NOT_FOUND, "Nothing is here", &nothing);
                        let page = with_theme_of(headers, page);
                        add_page_headers(web::put_in_frame(&state, &asked, page).await).await
                    }
                    false if grpc::is_call(headers) => grpc::answer_unknown(&nothing),
                    false => Problem::new(Code::NotFound, nothing).into_response(),
                }
            },
        )
        .method_not_allowed_fallback(async |method: Method, uri: Uri, headers: HeaderMap| {
            match method == Method::GET && asks_for_page(&headers) {
                true => redirect(web::find_page_of_form(uri.path())),
                false => Problem::new(
                    Code::MethodNotAllowed,
                    "The path does not take this method.",
                )
                .into_response(),
            }
        })
        .layer(map_response(add_security_headers))
        .with_state(state)
}

/// Whether somebody looks, and no program asks.
fn asks_for_page(headers: &HeaderMap) -> bool {
    let wanted = headers.get(header::ACCEPT);
    wanted.is_some_and(|wanted| wanted.as_bytes().starts_with(b"text/html"))
}

/// Counts the answers of an area's routes.
fn count(
    router: Router<Arc<AppState>>,
    state: &Arc<AppState>,
    area: Area,
) -> Router<Arc<AppState>> {
    let metrics = state.metrics.clone();
    router.route_layer(from_fn(move |request: Request, next: Next| {
        let metrics = metrics.clone();
        async move {
            let response: Response = next.run(request).await;
            let told = response.extensions().get::<CountedAs>();
            let status = told.map_or(response.status(), |counted| counted.0);
            metrics.count_request(area, status);
            response
        }
    }))
}
