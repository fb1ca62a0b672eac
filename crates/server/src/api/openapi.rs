//! `GET /openapi.json`: OpenAPI 3.1, generated from the handlers' own annotations.
use super::{costs, developers, events, health, me, sessions, telemetry, traces, users};
use crate::ingest;
use axum::Json;
use axum::response::IntoResponse;
use std::sync::OnceLock;
use utoipa::openapi::schema::Schema;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{Ref, RefOr};
use utoipa::{Modify, OpenApi};

/// The description of every route.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "CognObserve",
        description = "A ledger of end users for AI applications: who did what, what it cost, what failed.\n\n\
            Send a key as `X-API-Key` or `Authorization: Bearer`. A key belongs to one project; what belongs to another one is not found. \
            Errors are `application/problem+json`. Times are RFC 3339 in UTC. 429 and 503 say in `Retry-After` when to come again.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    paths(
        ingest::docs::ingest_traces,
        ingest::docs::ingest_batch,
        ingest::docs::ingest_events,
        ingest::docs::relay_events,
        ingest::docs::discard_metrics,
        ingest::docs::discard_logs,
        users::docs::list_users,
        users::docs::summarise_users,
        users::docs::resolve_users,
        users::docs::find_user_by_external_id,
        users::docs::find_user,
        users::docs::patch_user,
        users::docs::delete_user,
        users::docs::list_user_traces,
        users::docs::list_user_sessions,
        users::docs::analyse_user,
        sessions::docs::list_sessions,
        sessions::docs::find_session,
        sessions::docs::patch_session,
        sessions::docs::delete_session,
        sessions::docs::read_timeline,
        traces::docs::list_traces,
        traces::docs::find_trace,
        traces::docs::delete_trace,
        costs::docs::report_costs,
        costs::docs::list_unpriced,
        events::docs::list_events,
        events::docs::count_events,
        developers::docs::list_developers,
        developers::docs::find_developer,
        developers::docs::read_retention,
        telemetry::read_status,
        me::find_me,
        health::check_health,
        health::check_readiness,
        health::read_metrics,
    ),
    tags(
        (name = "ingest", description = "Sending traces. Scope `ingest`."),
        (name = "users", description = "The end users. Scope `read`; changes and deletions `admin`."),
        (name = "sessions", description = "Conversations. Scope `read`; changes and deletions `admin`."),
        (name = "traces", description = "Requests of the app. Scope `read`; deletions `admin`."),
        (name = "costs", description = "What to bill whom. Scope `read`."),
        (name = "events", description = "Product events: what end users did, by developer. Sending: scope `ingest`; asking: `read`."),
        (name = "me", description = "About the key itself. Scope `read`."),
        (name = "service", description = "For machines that watch. No key."),
    ),
    modifiers(&Keys, &Problems, &Pages),
    security(("apiKey" = []), ("bearer" = [])),
)]
struct ApiDoc;

struct Keys;

impl Modify for Keys {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let components = document.components.get_or_insert_default();
        let header =
            ApiKeyValue::with_description("X-API-Key", "`co_sk_` and 43 letters and digits.");
        components.add_security_scheme("apiKey", SecurityScheme::ApiKey(ApiKey::Header(header)));
        let bearer = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("The same key."))
            .build();
        components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
    }
}

/// Failures have a media type of their own, and every answer the description that it needs.
struct Problems;

impl Modify for Problems {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let items = document.paths.paths.values_mut();
        let operations = items
            .flat_map(|item| {
                [
                    &mut item.get,
                    &mut item.post,
                    &mut item.patch,
                    &mut item.delete,
                ]
            })
            .flatten();
        for response in operations.flat_map(|operation| operation.responses.responses.iter_mut()) {
            let (status, RefOr::T(response)) = response else {
                continue;
            };
            let is_failure = status == "default" || status.starts_with(['4', '5']);
            if !is_failure {
                if response.description.is_empty() {
                    response.description = "What was asked for.".to_owned();
                }
                continue;
            }
            response.description = "RFC 9457; `code` says what went wrong.".to_owned();
            if let Some(content) = response.content.shift_remove("application/json") {
                response
                    .content
                    .insert("application/problem+json".to_owned(), content);
            }
        }
    }
}

/// A page names the shape of its items instead of repeating it.
struct Pages;

impl Modify for Pages {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let Some(components) = &mut document.components else {
            return;
        };
        for (name, schema) in &mut components.schemas {
            let (Some(item), RefOr::T(Schema::Object(page))) = (name.strip_prefix("Page_"), schema)
            else {
                continue;
            };
            let items = Ref::from_schema_name(item).to_array_builder();
            page.properties.insert("items".to_owned(), items.into());
        }
    }
}

/// The document; built once.
pub fn describe_api() -> &'static utoipa::openapi::OpenApi {
    static DOCUMENT: OnceLock<utoipa::openapi::OpenApi> = OnceLock::new();
    DOCUMENT.get_or_init(ApiDoc::openapi)
}

pub async fn read_openapi() -> impl IntoResponse {
    Json(describe_api())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_is_what_was_agreed() {
        insta::assert_json_snapshot!("openapi", describe_api());
    }
}
