//! Every route, who may take it, and what they get who may: with ids that do not exist and, for
//! forms, with nothing in them. A route that is missing here fails the matrix.
use Gate::{Api, Call, Guest, Inside, Operator, Public, Visit};
use cognobserve_server::auth::power::Right;

/// Who may take a route.
#[derive(Clone, Copy, Debug)]
pub enum Gate {
    /// Anybody, and it is the same for all.
    Public,
    /// Keys, tokens and log-ins with the right in the project.
    Api(Right),
    /// The same, of a procedure.
    Call(Right),
    /// Anybody with a browser; a log-in gets the second status.
    Guest(u16),
    /// Anybody who is logged in.
    Visit,
    /// The log-in of the operator; for other log-ins it does not exist.
    Operator,
    /// Log-ins with the right in the project.
    Inside(Right),
}

pub struct Row {
    pub method: &'static str,
    pub path: &'static str,
    pub gate: Gate,
    /// What they get who may.
    pub done: u16,
}

const fn row(method: &'static str, path: &'static str, gate: Gate, done: u16) -> Row {
    Row {
        method,
        path,
        gate,
        done,
    }
}

pub const ROWS: &[Row] = &[
    row("GET", "/healthz", Public, 200),
    row("GET", "/readyz", Public, 200),
    row("GET", "/metrics", Public, 200),
    row("GET", "/openapi.json", Public, 200),
    row("GET", "/docs", Public, 200),
    row("GET", "/assets/{version}/{name}", Public, 404),
    row("POST", "/v1/traces", Api(Right::Ingest), 202),
    row("POST", "/v1/traces/batch", Api(Right::Ingest), 202),
    row("POST", "/v1/metrics", Api(Right::Ingest), 200),
    row("POST", "/v1/logs", Api(Right::Ingest), 200),
    row("GET", "/v1/users", Api(Right::Read), 200),
    row("GET", "/v1/users/summary", Api(Right::Read), 200),
    row("POST", "/v1/users/resolve", Api(Right::Read), 200),
    row(
        "GET",
        "/v1/users/by-external-id/{externalId}",
        Api(Right::Read),
        404,
    ),
    row("GET", "/v1/users/{id}", Api(Right::Read), 404),
    row("PATCH", "/v1/users/{id}", Api(Right::Edit), 404),
    row("DELETE", "/v1/users/{id}", Api(Right::Delete), 404),
    row("GET", "/v1/users/{id}/traces", Api(Right::Read), 404),
    row("GET", "/v1/users/{id}/sessions", Api(Right::Read), 404),
    row("GET", "/v1/users/{id}/analytics", Api(Right::Read), 404),
    row("GET", "/v1/sessions", Api(Right::Read), 200),
    row("GET", "/v1/sessions/{id}", Api(Right::Read), 404),
    row("PATCH", "/v1/sessions/{id}", Api(Right::Edit), 404),
    row("DELETE", "/v1/sessions/{id}", Api(Right::Delete), 404),
    row("GET", "/v1/sessions/{id}/timeline", Api(Right::Read), 404),
    row("GET", "/v1/traces", Api(Right::Read), 200),
    row("GET", "/v1/traces/{traceId}", Api(Right::Read), 404),
    row("DELETE", "/v1/traces/{traceId}", Api(Right::Delete), 404),
    row("GET", "/v1/costs", Api(Right::Read), 200),
    row("GET", "/v1/costs/unpriced", Api(Right::Read), 200),
    row("POST", "/v1/events", Api(Right::Ingest), 202),
    row("GET", "/v1/events", Api(Right::Read), 200),
    row("GET", "/v1/events/count", Api(Right::Read), 200),
    row("GET", "/v1/developers", Api(Right::Read), 200),
    row("GET", "/v1/developers/{developerId}", Api(Right::Read), 404),
    row(
        "GET",
        "/v1/developers/{developerId}/retention",
        Api(Right::Read),
        404,
    ),
    // Not offered without its setting.
    row("POST", "/v1/telemetry/events", Public, 404),
    row("GET", "/v1/telemetry/status", Api(Right::Read), 200),
    row("GET", "/v1/me", Api(Right::Read), 200),
    row("GET", "/api/trpc/users.list", Call(Right::Read), 200),
    row("GET", "/api/trpc/users.get", Call(Right::Read), 404),
    row(
        "GET",
        "/api/trpc/users.getByExternalId",
        Call(Right::Read),
        404,
    ),
    row("GET", "/api/trpc/users.traces", Call(Right::Read), 404),
    row("GET", "/api/trpc/users.analytics", Call(Right::Read), 404),
    row("GET", "/api/trpc/users.summary", Call(Right::Read), 200),
    row("POST", "/api/trpc/users.update", Call(Right::Edit), 404),
    row("POST", "/api/trpc/users.delete", Call(Right::Delete), 404),
    row("GET", "/api/trpc/sessions.list", Call(Right::Read), 200),
    row("GET", "/api/trpc/sessions.get", Call(Right::Read), 404),
    row("GET", "/api/trpc/sessions.timeline", Call(Right::Read), 404),
    row("POST", "/api/trpc/sessions.update", Call(Right::Edit), 404),
    row(
        "POST",
        "/api/trpc/sessions.delete",
        Call(Right::Delete),
        404,
    ),
    row("GET", "/login", Guest(303), 200),
    row("POST", "/login", Guest(403), 403),
    row("POST", "/logout", Guest(303), 403),
    row("GET", "/link/{secret}", Guest(404), 404),
    row("POST", "/link/{secret}", Guest(403), 403),
    row("GET", "/account", Visit, 200),
    row("POST", "/account/name", Visit, 303),
    row("POST", "/account/theme", Visit, 400),
    row("POST", "/account/password", Visit, 422),
    row("POST", "/account/logins/end", Visit, 404),
    row("POST", "/account/tokens", Visit, 422),
    row("POST", "/account/tokens/revoke", Visit, 404),
    row("GET", "/installation", Operator, 200),
    row("GET", "/projects/new", Visit, 200),
    row("POST", "/projects/new", Visit, 422),
    row("GET", "/workspaces/new", Visit, 200),
    row("POST", "/workspaces/new", Visit, 422),
    row("POST", "/projects/delete", Inside(Right::Own), 400),
    row("GET", "/members", Inside(Right::Read), 200),
    row("POST", "/members/invite", Inside(Right::ManageProject), 422),
    row("POST", "/members/role", Inside(Right::ManageProject), 422),
    // Anybody may remove themselves; this is nobody.
    row("POST", "/members/remove", Inside(Right::ManageProject), 404),
    row("GET", "/audit", Inside(Right::ManageProject), 200),
    row("GET", "/settings/keys", Inside(Right::ManageKeys), 200),
    row("POST", "/settings/keys", Inside(Right::ManageKeys), 422),
    row(
        "POST",
        "/settings/keys/revoke",
        Inside(Right::ManageKeys),
        404,
    ),
    row("GET", "/", Inside(Right::Read), 200),
    row("GET", "/users", Inside(Right::Read), 200),
    row("GET", "/users.csv", Inside(Right::Read), 200),
    row("GET", "/users/{id}", Inside(Right::Read), 404),
    row("GET", "/users/{id}/models", Inside(Right::Read), 404),
    row("GET", "/users/{id}/export", Inside(Right::Read), 404),
    row("GET", "/users/{id}/edit", Inside(Right::Edit), 404),
    row("POST", "/users/{id}/edit", Inside(Right::Edit), 404),
    row("GET", "/users/{id}/delete", Inside(Right::Delete), 404),
    row("POST", "/users/{id}/delete", Inside(Right::Delete), 404),
    row("GET", "/sessions", Inside(Right::Read), 200),
    row("GET", "/sessions/{id}", Inside(Right::Read), 404),
    row("GET", "/sessions/{id}/edit", Inside(Right::Edit), 404),
    row("POST", "/sessions/{id}/edit", Inside(Right::Edit), 404),
    row("GET", "/sessions/{id}/delete", Inside(Right::Delete), 404),
    row("POST", "/sessions/{id}/delete", Inside(Right::Delete), 404),
    row("GET", "/traces", Inside(Right::Read), 200),
    row("GET", "/traces/{traceId}", Inside(Right::Read), 404),
    row("GET", "/costs", Inside(Right::Read), 200),
    row("GET", "/costs.csv", Inside(Right::Read), 200),
    row("GET", "/events", Inside(Right::Read), 200),
    row("GET", "/developers", Inside(Right::Read), 200),
    row("GET", "/developers/{developerId}", Inside(Right::Read), 404),
    row("GET", "/search", Inside(Right::Read), 303),
    row("GET", "/settings", Inside(Right::Read), 200),
    row("POST", "/settings", Inside(Right::ManageProject), 422),
    row("GET", "/settings/suppressions", Inside(Right::Delete), 200),
    row("POST", "/settings/suppressions", Inside(Right::Delete), 422),
    row("GET", "/settings/prices", Inside(Right::Read), 200),
    row(
        "POST",
        "/settings/prices",
        Inside(Right::ManageProject),
        422,
    ),
    row(
        "POST",
        "/settings/prices/remove",
        Inside(Right::ManageProject),
        404,
    ),
];
