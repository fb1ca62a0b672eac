//! Headers that every answer carries.
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::Response;

const SECURITY: [(HeaderName, HeaderValue); 4] = [
    (
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    ),
    (
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"),
    ),
    (
        header::REFERRER_POLICY,
        HeaderValue::from_static("no-referrer"),
    ),
    // Answers are about people and change with every trace.
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
];

/// Adds what is missing; a page may have set a policy of its own.
pub async fn add_security_headers(mut response: Response) -> Response {
    for (name, value) in SECURITY {
        response.headers_mut().entry(name).or_insert(value);
    }
    response
}
